"""Which jobs there are, and where their notebooks lie."""

from __future__ import annotations

import difflib
from importlib.resources import files
from pathlib import Path

from wsinb.errors import UnknownJob

__all__ = ["find_job", "job_names", "notebooks_folder"]


def notebooks_folder() -> Path:
    """Return the folder of the shipped notebooks: in the installed package, or beside it in a checkout."""
    package = Path(str(files("wsinb")))
    installed = package / "notebooks"
    return installed if installed.is_dir() else package.parent / "notebooks"


def job_names() -> list[str]:
    """Return the names of the shipped jobs, sorted."""
    return sorted(path.stem for path in (notebooks_folder() / "jobs").glob("*.ipynb"))


def find_job(name: str | Path) -> Path:
    """Return the notebook of a job.

    Parameters
    ----------
    name : str or Path
        The name of a shipped job (``segment_apply``), or the path of any notebook that has a parameters cell.

    Raises
    ------
    UnknownJob
        If there is neither a shipped job of that name nor a notebook at that path.
    """
    text = str(name)
    shipped = job_names()
    if text in shipped:
        return notebooks_folder() / "jobs" / f"{text}.ipynb"
    path = Path(text).expanduser()
    if path.suffix == ".ipynb" and path.is_file():
        return path.resolve()
    if path.suffix == ".ipynb":
        raise UnknownJob(f"There is no notebook at {path}; give the path of a notebook or one of {shipped}.")
    near = difflib.get_close_matches(text, shipped, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise UnknownJob(
        f"There is no job {text!r}; {hint}the jobs are {', '.join(shipped)}, or give a notebook's path."
    )
