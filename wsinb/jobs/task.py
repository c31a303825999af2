"""`run_task`: one attempt at a task, from the plan of a run to its outcome; what a worker does."""

from __future__ import annotations

import io
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wsinb.errors import JobFailed, StorageError, WsinbError
from wsinb.jobs.content import content_hash
from wsinb.jobs.engine import ENGINE_NAME, Kernel, Limits, Mask, register
from wsinb.jobs.messages import RESULT_MIME
from wsinb.jobs.outbox import OUTBOX, read_files, read_tables
from wsinb.jobs.runs import Outcome, Plan, RunStore, StoredFile, StoredTable
from wsinb.jobs.runs.outcome import DONE, FAILED, LOST
from wsinb.progress import Cancelled, Step
from wsinb.versions.storage.layout import artifact_key
from wsinb.versions.storage.objects import read_verified

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from wsinb.project import Project

__all__ = ["run_task"]

LONGEST = 500


def run_task(
    project: Project,
    plan: Plan,
    task: int,
    attempt: int,
    kernel: Kernel,
    on_step: Callable[[Step], object] | None = None,
) -> Outcome:
    """Execute the notebook of a plan on the slides of a task, and store what came of it.

    Parameters
    ----------
    project : Project
        Whose store holds the notebook, and takes the outcome.
    plan : Plan
    task, attempt : int
        Which one, and how often it was tried before.
    kernel : Kernel
        Stays, whatever happens, for the next task.
    on_step : callable, optional
        Is told the progress; what it raises stops the task and is raised from here.

    Returns
    -------
    Outcome
        Also of a task that failed or lost its kernel.
    """
    mask, begun = Mask(), time.perf_counter()
    facts: dict[str, Any] = {"started_at": datetime.now(UTC).isoformat(), "worker": _name_of(kernel)}
    try:
        with _scratch_folder() as folder:
            told = _attempt(project, plan, task, folder, kernel, on_step, mask)
        outcome = Outcome(task, attempt, seconds=time.perf_counter() - begun, **{**facts, **told})
        RunStore(project.repository.store).put(plan.id, outcome)
    except StorageError as error:  # the store is away or full: worth another attempt, which may store again
        seconds = time.perf_counter() - begun
        return Outcome(task, attempt, LOST, mask.text(str(error)), seconds=seconds, **facts)
    return outcome


def _attempt(
    project: Project,
    plan: Plan,
    task: int,
    folder: Path,
    kernel: Kernel,
    on_step: Callable[[Step], object] | None,
    mask: Mask,
) -> dict[str, Any]:
    """Execute and collect; return the members of the outcome."""
    outbox, file = folder / "outbox", folder / f"{plan.job}.ipynb"
    outbox.mkdir()
    prepared = _prepared(project, plan, task)
    told: dict[str, Any]
    try:
        executed = _execute(plan, prepared, file, outbox, kernel, on_step)
        told = _told_result(executed)
        if told["commit"] is not None:
            told["commit"] = project.resolve(told["commit"])
        stored = {
            "tables": list(_stored_tables(project, outbox)),
            "files": list(_stored_files(project, outbox)),
        }
        told = {"state": DONE, **told, **stored, "cells": _cell_seconds(executed)}
    except _Raised as raised:
        told = {"state": FAILED, "message": raised.message, "cell": raised.cell}
    except _Died:
        told = {"state": LOST, "message": "its kernel died, perhaps for want of memory"}
    except (Cancelled, StorageError):
        raise
    except WsinbError as error:
        told = {"state": FAILED, "message": str(error)}
    told["message"] = mask.text(told.get("message", ""))
    told["metrics"] = mask.value(told.get("metrics", {}))
    return {**told, "notebook": _stored_notebook(project, file, mask)}


class _Raised(Exception):
    """A cell of the notebook raised."""

    def __init__(self, message: str, cell: int) -> None:
        super().__init__(message)
        self.message, self.cell = message, cell


class _Died(Exception):
    """The kernel died."""


def _prepared(project: Project, plan: Plan, task: int) -> NotebookNode:
    """Return the notebook of a plan with the parameters of a task in it."""
    import nbformat
    from papermill.parameterize import parameterize_notebook

    data = read_verified(project.repository.store, artifact_key(plan.source), plan.source)
    notebook = nbformat.reads(data.decode(), as_version=4)  # type: ignore[no-untyped-call]
    slides = {"slides": plan.tasks[task]} if "slides" in plan.takes else {}
    # here and not by execute_notebook, whose own reading of the cell does not know `type | None` and warns
    prepared: NotebookNode = parameterize_notebook(
        _upgraded(notebook), {**plan.parameters, **slides}, kernel_name="python3", language="python"
    )
    return prepared


def _upgraded(notebook: NotebookNode) -> NotebookNode:
    """Return a notebook with the members that papermill writes to, as its own reader makes them."""
    notebook.metadata.setdefault("papermill", {})
    for cell in notebook.cells:
        cell.metadata.setdefault("tags", [])
        cell.metadata.setdefault("papermill", {})
    return notebook


def _execute(
    plan: Plan,
    prepared: NotebookNode,
    file: Path,
    outbox: Path,
    kernel: Kernel,
    on_step: Callable[[Step], object] | None,
) -> NotebookNode:
    import papermill
    from nbclient.exceptions import DeadKernelError

    register()
    try:
        executed: NotebookNode = papermill.execute_notebook(
            prepared,
            str(file),
            engine_name=ENGINE_NAME,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            progress=on_step,
            kernel=kernel,
            kernel_folder=str(file.parent),
            kernel_environment={"WSINB_AUTHOR": plan.author, OUTBOX: str(outbox)},
            limits=Limits(plan.time_limit, plan.memory_limit),
        )
        return executed
    except papermill.PapermillExecutionError as error:
        raise _Raised(f"{error.ename}: {_shortened(error.evalue)}", error.cell_index + 1) from None
    except DeadKernelError:
        if kernel.was_killed:
            raise Cancelled(f"job {plan.job!r} was stopped") from None
        raise _Died from None


def _told_result(notebook: NotebookNode) -> dict[str, Any]:
    """Return the commit and the metrics that an executed notebook told last."""
    told = [
        output.data[RESULT_MIME]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "display_data" and RESULT_MIME in output.data
    ]
    if not told:
        raise JobFailed("the notebook told no result; call wsinb.jobs.result(...) in its last cell")
    commit, metrics = told[-1].get("commit"), told[-1].get("metrics")
    if not (commit is None or isinstance(commit, str)) or not isinstance(metrics, dict):
        raise JobFailed("the notebook told a result that is not one of wsinb.jobs.result(...)")
    return {"commit": commit, "metrics": metrics}


def _stored_tables(project: Project, outbox: Path) -> Iterator[StoredTable]:
    """Put the tables of an outbox into the project's store; nothing names them before the outcome does."""
    import pyarrow.parquet as pq

    for given in read_tables(outbox):
        table = pq.read_table(given.path)
        artifact = project.repository.artifacts.put(f"{given.slide} {given.layer}"[:200], given.path)
        yield StoredTable(
            given.slide, given.layer, given.message, table.num_rows, content_hash(table), artifact.sha256
        )


def _stored_files(project: Project, outbox: Path) -> Iterator[StoredFile]:
    """Put the files of an outbox into the project's store."""
    for name, path in read_files(outbox):
        artifact = project.repository.artifacts.put(name, path)
        yield StoredFile(name, artifact.sha256, artifact.size)


def _stored_notebook(project: Project, file: Path, mask: Mask) -> StoredFile | None:
    """Put the notebook, as far as it ran, into the store without secrets."""
    import nbformat

    if not file.is_file():
        return None
    notebook = mask.value(nbformat.read(str(file), as_version=4))  # type: ignore[no-untyped-call]
    text = io.StringIO()
    nbformat.write(notebook, text)  # type: ignore[no-untyped-call]
    stored = project.repository.artifacts.put(file.name, text.getvalue().encode())
    return StoredFile(stored.name, stored.sha256, stored.size)


def _cell_seconds(notebook: NotebookNode) -> list[float | None]:
    return [cell.metadata.papermill.get("duration") for cell in notebook.cells if cell.cell_type == "code"]


@contextmanager
def _scratch_folder() -> Iterator[Path]:
    """Give a temporary folder that is gone afterwards, however the task ends."""
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


def _name_of(kernel: Kernel) -> str:
    import platform

    process = kernel.process
    return platform.node() if process is None else f"{platform.node()}:{process.pid}"


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
