"""Open projects, so that what they have read is not read again by every request."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wsinb.errors import UnknownProject
from wsinb.serve.lru import Lru
from wsinb.serve.paths import PathGuard

if TYPE_CHECKING:
    from wsinb.project import Project

__all__ = ["ProjectCache"]

MAX_PROJECTS = 32


class ProjectCache:
    """Keeps the projects used last; a folder that was made anew is opened anew.

    Parameters
    ----------
    paths
        Confines the store of a project, which may be a link.
    """

    def __init__(self, paths: PathGuard) -> None:
        self._paths = paths
        self._projects: Lru[tuple[Path, int, int], Project] = Lru(MAX_PROJECTS, lambda project: 1)

    def open(self, folder: Path) -> Project:
        """Open the project in `folder`, an allowed real path; raise UnknownProject where there is none."""
        store = self._paths.check(folder / ".wsinb")
        try:
            status = (store / "format.json").stat()
        except OSError as error:
            message = f"There is no project in {folder}: save an annotation there, or name another folder."
            raise UnknownProject(message) from error

        def make() -> Project:
            from wsinb.project import open_project

            return open_project(folder)

        return self._projects.get((folder, status.st_ino, status.st_mtime_ns), make)

    def clear(self) -> None:
        """Forget all projects."""
        self._projects.clear()
