"""Where jobs keep finished tiles, so that a run that was interrupted goes on from them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from wsinb.names import given_path

if TYPE_CHECKING:
    from wsinb.project import Project

__all__ = ["checkpoint_folder"]


def checkpoint_folder(project: Project, folder: str | None, *about: object) -> Path | None:
    """Return a folder for the finished tiles of one run.

    Parameters
    ----------
    project : Project
    folder : str or None
        What a person gave: the folder of all runs, relative to that of the project, since a notebook that
        runs as a job works in a folder that is gone afterwards. None: nothing is kept.
    *about : texts and numbers
        What decides the result. Other ones give another folder, so that runs do not meet there.

    Raises
    ------
    InvalidInput
        If it is no path, or relative and the project is in an object store.
    """
    if folder is None:
        return None
    what = "A checkpoint is the path of a folder"
    given = Path(folder).expanduser()
    place = given_path(given if given.is_absolute() else project.path / given, what)
    return place / hashlib.sha256(repr(about).encode()).hexdigest()[:24]
