"""What a request is about: a slide file, alone or as a project's slide."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wsinb.errors import InvalidInput, UnknownProject
from wsinb.serve.messages import Request

if TYPE_CHECKING:
    from wsinb.project import Project, SlideEntry
    from wsinb.serve.core import Core

__all__ = ["Source", "open_allowed_project", "project_source", "slide_source"]


@dataclass(frozen=True)
class Source:
    """A slide file that may be opened, with the project and the slide's entry in it, if any."""

    path: Path
    project: Project | None = None
    entry: SlideEntry | None = None


def slide_source(core: Core, request: Request) -> Source:
    """Return the source that the query names: ``path``, or ``project`` and ``slide``."""
    path = request.optional_text("path")
    if path is not None:
        if request.optional_text("project") is not None:
            raise InvalidInput("Name a slide by either 'path' or 'project' and 'slide', not both.")
        return Source(core.paths.resolve(path))
    return project_source(
        core, request.text("project"), request.text("slide"), request.optional_text("version")
    )


def project_source(core: Core, folder: object, slide: object, version: str | None = None) -> Source:
    """Return a project's slide, by its name; the slide's file is confined like any other path."""
    project = open_allowed_project(core, folder)
    if not isinstance(slide, str):
        raise InvalidInput("The name of a slide must be a text.")
    slides = project.slides if version is None else project.slides_at(version)
    entry = slides[slide]
    return Source(core.paths.check(project.path / entry.path), project, entry)


def open_allowed_project(core: Core, folder: object) -> Project:
    """Open the project in `folder`, a path as it comes from a browser."""
    from wsinb.project import open_project

    return open_project(core.paths.resolve(folder))


def project_around(core: Core, path: Path) -> Project | None:
    """Return the nearest project at or above the file `path` that may be opened, or None."""
    from wsinb.project import find_project, open_project

    folder = find_project(path)
    if folder is None or not core.paths.allows(folder.resolve()):
        return None
    try:
        return open_project(folder)
    except UnknownProject:
        return None
