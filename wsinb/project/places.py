"""Where projects are: making, opening and finding them."""

from __future__ import annotations

import contextlib
from pathlib import Path

from wsinb.errors import InvalidInput, ProjectExists, StorageError, UnknownProject
from wsinb.project.project import Project
from wsinb.versions import PosixStore, Repository
from wsinb.versions.storage.layout import FORMAT_KEY

__all__ = ["create_project", "find_project", "open_project"]

STORE = ".wsinb"


def create_project(folder: str | Path, name: str | None = None, author: str | None = None) -> Project:
    """Make a project in a folder, which is made if missing; its store is ``<folder>/.wsinb``.

    Parameters
    ----------
    folder
        Where the project lives.
    name
        What people call it; the name of the folder by default.
    author
        Who commits the empty project; the user by default.

    Returns
    -------
    Project

    Raises
    ------
    ProjectExists
        If the folder holds one already.
    InvalidInput
        If the name is empty or cannot be printed.
    StorageError
        If the folder cannot be written.
    """
    path = _absolute(folder)
    title = path.name if name is None else name
    if not isinstance(title, str) or not title.strip() or not title.isprintable():
        raise InvalidInput(f"A project needs a printable name, not {title!r}.")
    try:
        is_file = path.exists() and not path.is_dir()
    except OSError as error:
        raise StorageError(
            f"Cannot make a project in {path}: {error.strerror}; choose another folder."
        ) from error
    if is_file:
        raise StorageError(f"Cannot make a project in {path}: it is a file, not a folder.")
    if (path / STORE / FORMAT_KEY).exists():
        raise ProjectExists(
            f"There is a project in {path} already: open it with open_project({str(folder)!r})."
        )
    Repository.create(PosixStore(path / STORE), title.strip(), author)
    return open_project(path)


def open_project(folder: str | Path) -> Project:
    """Open the project in a folder.

    Raises
    ------
    UnknownProject
        If the folder holds none.
    StorageError
        If its format is newer than this version of wsinb reads, or it cannot be read.
    """
    path = _absolute(folder)
    try:
        found = (path / STORE).is_dir()
    except PermissionError as error:
        raise StorageError(
            f"Cannot read the project in {path}: permission is denied; ask its owner."
        ) from error
    except OSError:
        found = False  # no folder can have such a name
    if not found:
        above = find_project(path)
        hint = f"there is one in {above}" if above else f"make one with create_project({str(folder)!r})"
        raise UnknownProject(f"There is no project in {path}: {hint}.")
    return Project(path, Repository.open(PosixStore(path / STORE)))


def find_project(path: str | Path) -> Path | None:
    """Return the nearest folder, at or above a file or folder, that holds a project."""
    start = _absolute(path)
    for folder in (start, *start.parents):
        with contextlib.suppress(OSError):  # unreadable, or a name that no folder can have
            if (folder / STORE / FORMAT_KEY).is_file():
                return folder
    return None


def _absolute(folder: str | Path) -> Path:
    if not isinstance(folder, str | Path) or not str(folder):
        raise InvalidInput(f"A project's folder is a path, not {folder!r}.")
    return Path(folder).expanduser().absolute()
