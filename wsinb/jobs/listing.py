"""`list_runs`: the runs of a project as a table."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from wsinb.jobs.runs import End, Plan, RunStore, Start, state_of

if TYPE_CHECKING:
    import pandas as pd

    from wsinb.project import Project

__all__ = ["list_runs"]

FACTS = ("id", "job", "state", "started", "seconds", "author", "slides", "input", "output", "message")
FETCHERS = 16


def list_runs(project: Project, job: str | None = None, limit: int | None = None) -> pd.DataFrame:
    """Return the runs of a project, the newest first.

    Parameters
    ----------
    project : Project
    job : str, optional
        Only those of a job.
    limit : int, optional
        At most so many.

    Returns
    -------
    DataFrame
        By id: job, state (see `wsinb.jobs.runs.state`), when it was started (UTC), seconds, author, number of
        slides, input and output version and what went wrong; then a column ``p.<name>`` for each parameter in
        which runs of the same job differ, and one for each metric that is a number, text or truth value.
    """
    import pandas as pd

    runs = RunStore(project.repository.store)
    ids = runs.ids()
    with ThreadPoolExecutor(FETCHERS) as pool:
        fetched = pool.map(lambda id_: (runs.plan(id_), runs.last_start(id_), runs.last_end(id_)), ids)
        found = [run for run in fetched if job in (None, run[0].job)][:limit]
    varying = _varying([plan for plan, _, _ in found])
    rows = [
        {**_facts(plan, start, end), **_parameters(plan, varying), **_metrics(end)}
        for plan, start, end in found
    ]
    table = pd.DataFrame(rows, columns=None if rows else FACTS)
    table["started"] = pd.to_datetime(table["started"], utc=True)
    return table.set_index("id")


def _facts(plan: Plan, start: Start | None, end: End | None) -> dict[str, Any]:
    return {
        "id": plan.id,
        "job": plan.job,
        "state": state_of(start, end),
        "started": plan.started_at,
        "seconds": None if end is None else round(end.seconds, 3),
        "author": plan.author,
        "slides": len(plan.slides),
        "input": plan.input_version,
        "output": None if end is None else end.output_version,
        "message": "" if end is None else end.message,
    }


def _varying(plans: list[Plan]) -> dict[str, set[str]]:
    """Return for each job the parameters that its runs do not have in common."""
    seen: dict[str, dict[str, set[str]]] = {}
    for plan in plans:
        values = seen.setdefault(plan.job, {})
        for name, value in plan.parameters.items():
            if name != "version":  # is the column `input`
                values.setdefault(name, set()).add(repr(value))
    return {
        job: {name for name, values in several.items() if len(values) > 1} for job, several in seen.items()
    }


def _parameters(plan: Plan, varying: dict[str, set[str]]) -> dict[str, Any]:
    return {f"p.{name}": value for name, value in plan.parameters.items() if name in varying[plan.job]}


def _metrics(end: End | None) -> dict[str, Any]:
    told = {} if end is None else end.metrics
    return {name: value for name, value in told.items() if isinstance(value, int | float | str | bool)}
