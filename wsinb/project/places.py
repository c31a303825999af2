"""Where projects are: making, opening and finding them."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from wsinb.errors import InvalidInput, ProjectExists, StorageError, UnknownProject
from wsinb.names import given_path
from wsinb.project.project import Project
from wsinb.versions import PosixStore, Repository
from wsinb.versions.about import check_title
from wsinb.versions.storage.layout import FORMAT_KEY
from wsinb.versions.storage.urls import Address, local_path

__all__ = ["create_project", "find_project", "open_project"]

STORE = ".wsinb"
PLACE = "The folder of a project is a path"


def create_project(
    place: str | Path, name: str | None = None, author: str | None = None, **options: Any
) -> Project:
    """Make a project in a folder, which is made if missing, or in an object store.

    Its store is the folder ``.wsinb`` of that place.

    Parameters
    ----------
    place
        A folder, or an address: ``s3://bucket/study``, ``gs://bucket/study``, ``az://container/study``,
        or ``memory://name``, which lasts as long as the process.
    name
        What people call it; the last part of the place by default.
    author
        Who commits the empty project; the user by default.
    options
        How to reach an object store, see `open_project`.

    Returns
    -------
    Project

    Raises
    ------
    ProjectExists
        If there is one already.
    InvalidInput
        If the name is empty or cannot be printed, or the address or an option is unknown.
    StorageError
        If the place cannot be written.
    """
    path = _folder_of(place, options)
    if path is not None:
        return _create_in_folder(path, place, name, author)
    address = Address.parse(str(place), options)
    title = check_title(address.name if name is None else name)
    try:
        Repository.create(address.store(STORE), title, author)
    except ProjectExists:
        raise ProjectExists(
            f"There is a project in {address.place} already: open it with open_project()."
        ) from None
    return open_project(place, **options)


def _create_in_folder(path: Path, place: str | Path, name: str | None, author: str | None) -> Project:
    title = check_title(path.name if name is None else name)
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
            f"There is a project in {path} already: open it with open_project({str(place)!r})."
        )
    Repository.create(PosixStore(path / STORE), title, author)
    return open_project(path)


def open_project(place: str | Path, **options: Any) -> Project:
    """Open the project in a folder or an object store.

    Parameters
    ----------
    place
        A folder, or an address as in `create_project`.
    options
        How to reach an object store: `endpoint`, `region`, `access_key_id`, `secret_access_key` and the
        other settings of obstore's stores; what is not given is taken from the environment, such as
        ``AWS_ACCESS_KEY_ID``. `timeout` is the seconds to wait for an answer (30), `patience` those after
        which failed requests are not tried again (60). They can stand in the address, after ``?``.

    Raises
    ------
    UnknownProject
        If there is none.
    InvalidInput
        If the address or an option is unknown.
    StorageError
        If its format is newer than this version of wsinb reads, or it cannot be read.
    """
    path = _folder_of(place, options)
    if path is not None:
        return _open_in_folder(path, place)
    address = Address.parse(str(place), options)
    try:
        return Project(address.url, None, Repository.open(address.store(STORE)))
    except UnknownProject:
        hint = " (a memory lasts as long as the process that made it)" if address.scheme == "memory" else ""
        raise UnknownProject(
            f"There is no project in {address.place}{hint}: make one with create_project({str(place)!r})."
        ) from None


def _open_in_folder(path: Path, place: str | Path) -> Project:
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
        hint = f"there is one in {above}" if above else f"make one with create_project({str(place)!r})"
        raise UnknownProject(f"There is no project in {path}: {hint}.")
    return Project(str(path), path, Repository.open(PosixStore(path / STORE)))


def find_project(path: str | Path) -> Path | None:
    """Return the nearest folder, at or above a file or folder, that holds a project."""
    start = _absolute(path)
    for folder in (start, *start.parents):
        with contextlib.suppress(OSError):  # unreadable, or a name that no folder can have
            if (folder / STORE / FORMAT_KEY).is_file():
                return folder
    return None


def _folder_of(place: str | Path, options: dict[str, Any]) -> Path | None:
    """Return the folder that a place is, or None if it is an address."""
    path = local_path(place)
    if path is not None and options:
        raise InvalidInput(f"A project in a folder takes no option {min(options)!r}: leave it out.")
    return None if path is None else given_path(path, PLACE)


def _absolute(folder: str | Path) -> Path:
    if not isinstance(folder, str | Path) or not str(folder):
        raise InvalidInput(f"A project's folder is a path, not {folder!r}.")
    return given_path(folder, PLACE)
