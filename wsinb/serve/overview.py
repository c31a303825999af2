"""A project at a glance: its slides with the number of annotations and how far the work on them is."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wsinb.errors import WsinbError
from wsinb.serve.messages import Request, Response, json_response
from wsinb.serve.sources import open_allowed_project, project_around

if TYPE_CHECKING:
    from wsinb.project import Project, SlideEntry
    from wsinb.serve.core import Core

__all__ = ["PROGRESS", "get_project", "get_projects", "overview", "ready_projects"]

PROGRESS = ("to do", "in work", "done")
MAX_FOLDERS = 10_000
MAX_LOOKED_AT = 200
"""In so many folders a server looks for projects as it starts: its first answers wait for it."""
MAX_PROJECTS = 200


def get_project(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with the slides, labels and branches of a project."""
    project = open_allowed_project(core, request.text("project"))
    return json_response(overview(core, project, request.optional_text("branch") or "main"))


def get_projects(core: Core, request: Request, arguments: Mapping[str, str]) -> Response:
    """Answer with the project at or above a folder and those directly inside it."""
    folder = core.paths.resolve(request.optional_text("folder") or ".")
    here = project_around(core, folder) if _is_in_project(folder) else None
    found = [] if here is None else [here]
    found += [project for project in _inside(core, folder) if here is None or project.path != here.path]
    return json_response({"projects": [_named(project) for project in found]})


def ready_projects(core: Core) -> None:
    """Load what reads projects if the root folder is in one or has one directly inside.

    This takes a second, which the first answer would wait for. A server whose user has no projects never
    loads it.
    """
    root = core.paths.root
    if _is_in_project(root) or next(_folders(root, MAX_LOOKED_AT), None) is not None:
        import wsinb.project  # noqa: F401


def overview(core: Core, project: Project, branch: str) -> dict[str, Any]:
    """Return the answer of GET ``project``."""
    head = project.head(branch)
    counts = project.counts_at(head)
    tabs = _Tabs(core, project)
    slides = project.slides_at(head)
    return {
        "path": str(project.path),
        "name": project.name,
        "branch": branch,
        "head": head,
        "slides": [_slide(entry, counts[name], tabs.path_of(entry)) for name, entry in slides.items()],
        "labels": project.labels_at(head).to_json(),
        "branches": sorted(project.branches),
    }


def _slide(entry: SlideEntry, n: int, path: str | None) -> dict[str, Any]:
    progress = entry.metadata.get("progress")
    return {
        "name": entry.name,
        "path": path,
        "file": entry.path,
        "width": entry.size[0],
        "height": entry.size[1],
        "mpp": None if entry.mpp is None else list(entry.mpp),
        "metadata": dict(entry.metadata),
        "n": n,
        "progress": progress if progress in PROGRESS else PROGRESS[0],
    }


class _Tabs:
    """Finds the files which, opened by their path alone, are shown as this very slide of this project."""

    def __init__(self, core: Core, project: Project) -> None:
        self._root = core.paths.root
        self._project = project
        self._ours: dict[Path, bool] = {}
        self._taken: set[Path] = set()

    def path_of(self, entry: SlideEntry) -> str | None:
        """Return the path of a slide's file below the server's root, or None where that would not do.

        Files are neither opened nor looked at: there may be hundreds, on a slow disk.
        """
        file = Path(os.path.normpath(self._project.path / entry.path))
        first = file not in self._taken
        self._taken.add(file)
        if not first or not file.is_relative_to(self._root) or not self._is_ours(file.parent):
            return None
        place = file.relative_to(self._root)
        # Jupyter opens no hidden files
        hidden = any(part.startswith(".") for part in place.parts)
        return None if hidden else place.as_posix()

    def _is_ours(self, folder: Path) -> bool:
        from wsinb.project import find_project

        if folder not in self._ours:
            self._ours[folder] = find_project(folder) == self._project.path
        return self._ours[folder]


def _inside(core: Core, folder: Path) -> Iterator[Project]:
    for name in sorted(_folders(folder))[:MAX_PROJECTS]:
        # what is damaged or out of reach is told when it is opened
        with suppress(WsinbError):
            yield core.projects.open(core.paths.check(folder / name))


def _folders(folder: Path, most: int = MAX_FOLDERS) -> Iterator[str]:
    """Yield the names of the folders inside one that hold a project."""
    with suppress(OSError), os.scandir(folder) as entries:
        for _, entry in zip(range(most), entries, strict=False):
            if not entry.name.startswith(".") and _holds_project(entry.path):
                yield entry.name


def _is_in_project(folder: Path) -> bool:
    """Return whether a folder is a project's or is inside one, without loading what reads projects."""
    return any(map(_holds_project, (folder, *folder.parents)))


def _holds_project(folder: str | Path) -> bool:
    # strings, not paths: asked of thousands of folders
    return os.path.isfile(os.path.join(folder, ".wsinb", "format.json"))  # noqa: PTH113, PTH118


def _named(project: Project) -> dict[str, Any]:
    return {"path": str(project.path), "name": project.name}
