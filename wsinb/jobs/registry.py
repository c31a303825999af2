"""Which jobs there are: shipped ones, those of a project and of other packages, any notebook by its path."""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Iterator
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from wsinb.errors import InvalidInput, UnknownJob
from wsinb.jobs.job import Job

if TYPE_CHECKING:
    from wsinb.project import Project

__all__ = ["ENTRY_POINTS", "PROJECT_FOLDER", "all_jobs", "find_job", "job_names", "notebooks_folder"]

ENTRY_POINTS = "wsinb.jobs"
PROJECT_FOLDER = "jobs"
SHIPPED = "wsinb"
PROJECT = "project"
PATH = "path"


def notebooks_folder() -> Path:
    """Return the folder of the shipped notebooks: in the installed package, or beside it in a checkout."""
    package = Path(str(files("wsinb")))
    installed = package / "notebooks"
    return installed if installed.is_dir() else package.parent / "notebooks"


def all_jobs(project: Project | None = None) -> list[Job]:
    """Return every job that has a name, sorted by it.

    Parameters
    ----------
    project : Project, optional
        Its folder ``jobs`` holds jobs as well; one of the name of a shipped job takes its place.

    Returns
    -------
    list of Job
        Jobs of other packages are called ``<entry point>/<notebook>``, so that they take nobody's name.
    """
    found = {job.name: job for job in _shipped()}
    found.update((job.name, job) for job in _of_packages())
    found.update((job.name, job) for job in _of_project(project))
    return [found[name] for name in sorted(found)]


def job_names(project: Project | None = None) -> list[str]:
    """Return the names of the jobs, sorted; see `all_jobs`."""
    return [job.name for job in all_jobs(project)]


def find_job(name: str | Path, project: Project | None = None) -> Job:
    """Return a job.

    Parameters
    ----------
    name : str or Path
        The name of a job (``segment_apply``), or the path of any notebook that has a parameters cell.
    project : Project, optional
        Where to look for jobs as well.

    Raises
    ------
    UnknownJob
        If there is neither a job of that name nor a notebook at that path.
    """
    text = str(name)
    known = {job.name: job for job in all_jobs(project)}
    if text in known:
        return known[text]
    path = Path(text).expanduser()
    if path.suffix == ".ipynb" and path.is_file():
        return Job(path.stem, path.resolve(), PATH)
    names = ", ".join(known)
    if path.suffix == ".ipynb":
        raise UnknownJob(f"There is no notebook at {path}; give the path of a notebook or one of {names}.")
    near = difflib.get_close_matches(text, known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise UnknownJob(f"There is no job {text!r}; {hint}the jobs are {names}, or give a notebook's path.")


def _shipped() -> Iterator[Job]:
    for path in _notebooks(notebooks_folder() / "jobs"):
        yield Job(path.stem, path, SHIPPED)


def _of_project(project: Project | None) -> Iterator[Job]:
    if project is None:
        return
    try:
        folder = project.path / PROJECT_FOLDER
    except InvalidInput:  # a project in no folder
        return
    for path in _notebooks(folder):
        yield Job(path.stem, path, PROJECT)


def _of_packages() -> Iterator[Job]:
    """Yield the notebooks of packages that are named by entry points, without importing what holds them."""
    for point in entry_points(group=ENTRY_POINTS):
        try:
            spec = importlib.util.find_spec(point.module)
        except (ImportError, ValueError):  # a package that is broken or gone must not hide the others
            continue
        for place in (spec and spec.submodule_search_locations) or ():
            for path in _notebooks(Path(place)):
                yield Job(f"{point.name}/{path.stem}", path, point.dist.name if point.dist else point.name)


def _notebooks(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.ipynb") if path.is_file())
