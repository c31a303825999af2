"""`finish`: one commit with what all tasks of a run gave, and the record beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from wsinb.jobs.engine import Mask
from wsinb.jobs.layers import replace_rows
from wsinb.jobs.live import Live
from wsinb.jobs.outbox import read_table
from wsinb.jobs.outcome import JobResult
from wsinb.jobs.record import make_record, record_json
from wsinb.jobs.runs import End, Outcome, Plan, RunStore, StoredFile, StoredTable
from wsinb.versions import Artifact
from wsinb.versions.storage.layout import artifact_key
from wsinb.versions.storage.objects import read_verified

if TYPE_CHECKING:
    import pyarrow as pa

    from wsinb.project import Project

__all__ = ["finish", "result_of", "stored_table"]

MANY = 20


def finish(
    project: Project, plan: Plan, start: int, outcomes: Sequence[Outcome], seconds: float, live: Live
) -> JobResult:
    """Commit the tables of all tasks, attach the record and the notebook, and end the run."""
    committed = _commit(project, plan, outcomes)
    version = committed or plan.input_version
    for file in (file for outcome in outcomes for file in outcome.files):
        project.repository.link(version, Artifact(file.name, file.sha256, file.size), plan.author)
    metrics = _metrics(outcomes)
    record = Mask().value(
        make_record(plan, outcomes, output_version=committed, metrics=metrics, seconds=seconds)
    )
    name = f"{plan.job}-{plan.id}"
    for called, notebook in _notebooks(plan, outcomes):
        project.repository.link(version, Artifact(called, notebook.sha256, notebook.size), plan.author)
    kept = project.attach(version, f"{name}.json", record_json(record))
    live.state("done", f"version {version[:12]}")
    end = End(
        "done",
        metrics=metrics,
        output_version=committed,
        record=kept.sha256,
        log=project.repository.artifacts.put(f"{plan.id}.log", live.log()).sha256,
        seconds=seconds,
        ended_at=datetime.now(UTC).isoformat(),
    )
    RunStore(project.repository.store).end(plan.id, start, end)
    return JobResult(plan.id, plan.job, version, metrics, record)


def _notebooks(plan: Plan, outcomes: Sequence[Outcome]) -> Iterator[tuple[str, StoredFile]]:
    """Yield the executed notebooks with names for artifacts; of very many slides those of the first twenty.

    All of them are in the store, named by hash in the record.
    """
    for outcome in outcomes[:MANY]:
        if outcome.notebook is not None:
            slide = f"-{plan.tasks[outcome.task][0]}" if plan.per_slide else ""
            yield f"{plan.job}-{plan.id}{slide}.ipynb", outcome.notebook


def result_of(project: Project, plan: Plan, end: End) -> JobResult:
    """Return the result of a run that ended well."""
    version = end.output_version or plan.input_version
    record = json.loads(project.read_artifact(version, f"{plan.job}-{plan.id}.json"))
    return JobResult(plan.id, plan.job, version, end.metrics, record)


def stored_table(project: Project, table: StoredTable) -> pa.Table:
    """Return a table that a task gave, from the project's store."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = read_verified(project.repository.store, artifact_key(table.sha256), table.sha256)
    return pq.read_table(pa.BufferReader(data))


def _commit(project: Project, plan: Plan, outcomes: Sequence[Outcome]) -> str | None:
    """Commit all tables at once; return the commit, or the last one that a notebook made by itself."""
    by_themselves = [outcome.commit for outcome in outcomes if outcome.commit is not None]
    tables = [table for outcome in outcomes for table in outcome.tables]
    if not tables or not plan.commit:
        return by_themselves[-1] if by_themselves else None
    session = project.session(plan.branch, author=plan.author)
    for table in tables:
        replace_rows(session[table.slide], table.layer, read_table(stored_table(project, table)))
    if not session.changes:
        return by_themselves[-1] if by_themselves else None
    return session.commit(_message(plan, tables)).id


def _message(plan: Plan, tables: Sequence[StoredTable]) -> str:
    messages = {table.message for table in tables}
    if not plan.per_slide and len(messages) == 1:
        return messages.pop()
    slides = len({table.slide for table in tables})
    rows = sum(table.rows for table in tables)
    return f"{plan.title}: {rows} annotations on {slides} slide{'s' if slides != 1 else ''}"


def _metrics(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the metrics of a run: of several tasks, counts are added up and other numbers averaged."""
    if len(outcomes) == 1:
        return dict(outcomes[0].metrics)
    together: dict[str, Any] = {}
    for name in dict.fromkeys(name for outcome in outcomes for name in outcome.metrics):
        values = [outcome.metrics[name] for outcome in outcomes if name in outcome.metrics]
        if all(type(value) is int for value in values):
            together[name] = sum(values)
        elif all(type(value) in (int, float) for value in values):
            together[name] = sum(values) / len(values)
        elif all(isinstance(value, dict) for value in values):
            together[name] = {key: item for value in values for key, item in value.items()}
        elif all(value == values[0] for value in values):
            together[name] = values[0]
    return together
