"""Notebooks of tasks that failed: put where their author finds them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from wsinb.errors import InvalidInput, StorageError
from wsinb.jobs.runs import Outcome, Plan
from wsinb.versions.storage.layout import artifact_key, quote_name
from wsinb.versions.storage.objects import read_verified

if TYPE_CHECKING:
    from wsinb.project import Project

__all__ = ["FAILED_FOLDER", "keep_notebooks"]

FAILED_FOLDER = "failed-jobs"
MANY = 20


def keep_notebooks(project: Project, plan: Plan, failed: Mapping[int, Outcome]) -> dict[int, str]:
    """Write the notebooks of failed tasks, as far as they ran, to the project's folder ``failed-jobs``.

    Returns
    -------
    dict
        By task the path of the file, or why there is none; all are in the store as well. The first twenty.
    """
    return {task: _kept(project, plan, failed[task]) for task in sorted(failed)[:MANY]}


def _kept(project: Project, plan: Plan, outcome: Outcome) -> str:
    if outcome.notebook is None:
        return "not written"
    slides = plan.tasks[outcome.task]
    slide = f"-{quote_name(slides[0])}" if plan.per_slide else ""
    name = f"{plan.job}-{plan.id}{slide}.ipynb"
    sha = outcome.notebook.sha256
    try:
        data = read_verified(project.repository.store, artifact_key(sha), sha)
    except StorageError as error:
        return f"not read: {error}"
    folders = [Path(tempfile.gettempdir())]
    with suppress(InvalidInput):  # a project in no folder
        folders.insert(0, project.path / FAILED_FOLDER)
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
            return str(folder / name)
        except OSError:
            continue  # a read-only project: the temporary folder is next
    return "not kept: no folder is writable"
