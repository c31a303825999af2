"""Run a notebook as a job: check, pin, execute, record."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput, InvalidParameter, JobFailed, StorageError, WsinbError
from wsinb.jobs.messages import RESULT_MIME
from wsinb.jobs.outcome import JobResult
from wsinb.jobs.parameters import validate
from wsinb.jobs.record import RunPlan, new_run_id, record_json, write_record
from wsinb.jobs.registry import find_job
from wsinb.jobs.select import select_slides
from wsinb.progress import Progress

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from wsinb.project import Project

__all__ = ["INPUTS", "JobResult", "plan_run", "run"]

FAILED_FOLDER = "failed-jobs"
INPUTS = ("project", "slides", "version", "branch")
"""Parameters of a notebook that are set by arguments of `run`."""


def run(
    project: Project,
    name: str,
    slides: str | Iterable[str] | None = None,
    version: str | None = None,
    branch: str = "main",
    author: str | None = None,
    progress: Progress = None,
    **values: object,
) -> JobResult:
    """Run a notebook as a job on slides of a project.

    Parameters
    ----------
    project : Project
        Where the slides, the input version and the result live.
    name : str
        A shipped job (``segment_train``, ``segment_apply``) or the path of a notebook with a parameters cell.
    slides : str or iterable of str, optional
        Names or patterns (``"case-*"``) of slides; all slides of the version by default.
    version : str, optional
        Commit, branch or tag that the job reads, pinned to a commit id; the head of `branch` by default.
    branch : str
        The branch that the job commits to.
    author : str, optional
        Author of the commit; the user by default.
    progress : bool, callable or None
        See `wsinb.progress`. A callable may raise `wsinb.progress.Cancelled`.
    **values
        Parameters of the notebook.

    Raises
    ------
    UnknownJob, InvalidParameter, InvalidInput, UnknownSlide, UnknownVersion
        Before a kernel starts; `InvalidInput` if the author is no name.
    JobFailed
        If a cell raises, the kernel dies, or the notebook tells no usable result; the notebook as far as it
        ran is kept, and the message says where.
    Cancelled, KeyboardInterrupt
        If the run is stopped; its kernel is ended and nothing is attached.
    """
    plan = plan_run(project, name, slides, version, branch, author, values)
    started_at, start = datetime.now(UTC), time.perf_counter()
    with _scratch_folder() as folder:
        file = folder / f"{plan.job}.ipynb"
        executed = _execute(plan, file, project, progress)
        try:
            told, metrics = _told_result(executed, plan.job)
            output_version = None if told is None else project.resolve(told)
        except WsinbError as error:
            raise JobFailed(f"{error} (the executed notebook: {_keep(file, project, plan)})") from error
        notebook = f"{plan.job}-{plan.id}.ipynb"
        record = write_record(
            plan,
            output_version=output_version,
            metrics=metrics,
            started_at=started_at,
            seconds={"total": time.perf_counter() - start, "cells": _cell_seconds(executed)},
            notebook=notebook,
        )
        commit = output_version or plan.input_version
        project.attach(commit, notebook, file.read_bytes())
        project.attach(commit, f"{plan.job}-{plan.id}.json", record_json(record))
    return JobResult(plan.id, plan.job, commit, metrics, record, notebook)


def plan_run(
    project: Project,
    name: str,
    slides: str | Iterable[str] | None,
    version: str | None,
    branch: str,
    author: str | None,
    values: Mapping[str, object],
) -> RunPlan:
    """Check everything that was asked for and pin what the job reads; see `run`."""
    from wsinb.versions.author import check_author

    found = find_job(name, project)
    signed = check_author(author)
    declared, job = found.parameters, found.path.stem
    for reserved in INPUTS:
        if reserved in values:
            raise InvalidParameter(f"Give {reserved!r} as an argument of run, not as a parameter of {job!r}.")
    names_of_inputs = {parameter.name for parameter in declared} & set(INPUTS)
    if slides is not None and "slides" not in names_of_inputs:
        raise InvalidParameter(f"Job {job!r} takes no slides; leave them out.")
    # before the store is asked, so that a misspelt name is answered at once
    validate([p for p in declared if p.name not in INPUTS], values, job)
    input_version = project.resolve(branch if version is None else version)
    takes_slides = "slides" in names_of_inputs
    names = select_slides(project, slides, input_version) if takes_slides else []
    given = {"project": project.url, "slides": names, "version": input_version, "branch": branch}
    return RunPlan(
        id=new_run_id(),
        job=job,
        notebook=found.path,
        parameters=validate(declared, {**values, **{name: given[name] for name in names_of_inputs}}, job),
        slides=_pinned(project, names, input_version),
        input_version=input_version,
        branch=branch,
        author=signed,
    )


def _pinned(project: Project, names: Iterable[str], version: str) -> list[dict[str, Any]]:
    entries = project.slides_at(version)
    return [
        {
            "name": name,
            "checksum": entries[name].checksum,
            "size": list(entries[name].size),
            "mpp": _listed(entries[name].mpp),
        }
        for name in names
    ]


def _execute(plan: RunPlan, output: Path, project: Project, progress: Progress) -> NotebookNode:
    """Execute the plan's notebook into the file `output` and return it.

    Raises
    ------
    JobFailed
        If a cell raises or the kernel dies; the partial notebook is kept first.
    """
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    from wsinb.jobs import engine

    engine.register()
    # here and not by execute_notebook, whose own reading of the cell does not know `type | None` and warns
    prepared = parameterize_notebook(
        load_notebook_node(str(plan.notebook)), plan.parameters, kernel_name="python3", language="python"
    )
    try:
        executed: NotebookNode = papermill.execute_notebook(
            prepared,
            str(output),
            engine_name=engine.ENGINE_NAME,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            progress=progress,
            kernel_folder=str(output.parent),
            kernel_environment={"WSINB_AUTHOR": plan.author},
        )
        return executed
    except papermill.PapermillExecutionError as error:
        kept = _keep(output, project, plan)
        raise JobFailed(
            f"Job {plan.job!r} failed in cell {error.cell_index + 1}: {error.ename}: "
            f"{_shortened(error.evalue)} "
            f"(the notebook as far as it ran: {kept})"
        ) from None
    except DeadKernelError as error:
        kept = _keep(output, project, plan)
        raise JobFailed(
            f"The kernel of job {plan.job!r} died, perhaps for want of memory "
            f"(the notebook as far as it ran: {kept})."
        ) from error


def _told_result(notebook: NotebookNode, job: str) -> tuple[str | None, dict[str, Any]]:
    """Return the commit and the metrics that an executed notebook told last."""
    told = [
        output.data[RESULT_MIME]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "display_data" and RESULT_MIME in output.data
    ]
    if not told:
        raise InvalidInput(
            f"Job {job!r} ran but told no result; call wsinb.jobs.result(...) in its last cell."
        )
    message = told[-1]
    commit, metrics = message.get("commit"), message.get("metrics")
    if not (commit is None or isinstance(commit, str)) or not isinstance(metrics, dict):
        raise InvalidInput(f"Job {job!r} told a result that is not one of wsinb.jobs.result(...).")
    return commit, metrics


def _cell_seconds(notebook: NotebookNode) -> list[float | None]:
    return [cell.metadata.papermill.get("duration") for cell in notebook.cells if cell.cell_type == "code"]


@contextmanager
def _scratch_folder() -> Iterator[Path]:
    """Give a temporary folder that is gone afterwards, however the run ends."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="wsinb-job-"))
    except OSError as error:
        raise StorageError(
            f"No temporary folder can be made for the job ({error.strerror}): "
            "set TMPDIR to a folder that can be written and has room."
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _keep(notebook: Path, project: Project, plan: RunPlan) -> str:
    """Move the notebook of a failed run to where its author finds it, and return that place."""
    if not notebook.is_file():
        return "not written"
    name = f"{plan.job}-{plan.id}.ipynb"
    folders = [Path(tempfile.gettempdir())]
    with suppress(InvalidInput):  # a project in no folder
        folders.insert(0, project.path / FAILED_FOLDER)
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(notebook, folder / name)
            return str(folder / name)
        except OSError:
            continue  # a read-only project: the temporary folder is next
    return "not kept: no folder is writable"


def _shortened(text: str, limit: int = 500) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
