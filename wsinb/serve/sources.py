"""What a request is about: a slide file, alone or as a project's slide."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wsinb.errors import InvalidInput, PathNotAllowed, UnknownProject, UnknownSlide, UnknownVersion
from wsinb.serve.messages import Request
from wsinb.serve.vector_cache import TableKey

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from wsinb.frames import Box
    from wsinb.project import Project, SlideEntry
    from wsinb.serve.core import Core
    from wsinb.serve.vector_update import Delta

__all__ = [
    "AnnotationTable",
    "Source",
    "annotation_table",
    "open_allowed_project",
    "project_around",
    "project_source",
    "slide_source",
]

MAX_LOOK_BACK = 200
MAX_DELTA = 20_000
"""More changes than this between two versions: the index is built anew."""


@dataclass(frozen=True)
class Source:
    """A slide file that may be opened, with the project and the slide's entry in it, if any."""

    path: Path
    project: Project | None = None
    entry: SlideEntry | None = None


@dataclass(frozen=True)
class AnnotationTable:
    """The annotations of a project's slide at one commit.

    Attributes
    ----------
    commit
        Whole id of the commit.
    key
        Names the table by the commit that last changed it.
    project, entry
        The project, and the slide's entry at that commit.
    """

    commit: str
    key: TableKey
    project: Project
    entry: SlideEntry

    def read(self, bbox: Box | None = None) -> GeoDataFrame:
        """Return the annotations, or those whose boxes meet `bbox`."""
        found: GeoDataFrame = self.project.read(self.key.slide, version=self.commit, bbox=bbox)
        return found

    def since(self, commit: str) -> Delta | None:
        """Return what happened to the table since another commit; None if it is much, or cannot be told."""
        from wsinb.annotate import from_arrow
        from wsinb.serve.vector_update import Delta
        from wsinb.versions.tables.ids import id_texts

        try:
            part = self.project.diff(commit, self.commit, slides=self.key.slide)[self.key.slide]
            if len(part) > MAX_DELTA:
                return None
            return Delta(id_texts(part.ids), from_arrow(part.new))
        except (UnknownVersion, UnknownSlide):
            return None


def annotation_table(core: Core, request: Request, version: str) -> AnnotationTable:
    """Return the table that the query names by ``project`` and ``slide``, at a version."""
    project = open_allowed_project(core, request.text("project"))
    commit = project.resolve(version)
    entry = _entry(project, request.text("slide"), commit)
    key = TableKey(project.path, _last_change(project, entry.name, commit), entry.name)
    return AnnotationTable(commit, key, project, entry)


def slide_source(core: Core, request: Request) -> Source:
    """Return the source that the query names: ``path``, or ``project`` and ``slide``."""
    path = request.optional_text("path")
    if path is not None:
        if request.optional_text("project") is not None:
            raise InvalidInput("Name a slide by either 'path' or 'project' and 'slide', not both.")
        return Source(core.paths.resolve(path))
    from wsinb.versions.slidelist import check_there

    source = project_source(core, request.text("project"), request.text("slide"))
    if source.entry is not None:
        check_there(source.entry, source.path)
    return source


def project_source(core: Core, folder: object, slide: object) -> Source:
    """Return a project's slide, by its name; the slide's file is confined like any other path."""
    project = open_allowed_project(core, folder)
    if not isinstance(slide, str):
        raise InvalidInput("The name of a slide must be a text.")
    entry = project.slides[slide]
    return Source(core.paths.check(project.path / entry.path), project, entry)


def open_allowed_project(core: Core, folder: object) -> Project:
    """Open the project in `folder`, a path as it comes from a browser."""
    return core.projects.open(core.paths.resolve(folder))


def project_around(core: Core, path: Path) -> Project | None:
    """Return the nearest project at or above the file `path` that may be opened, or None."""
    from wsinb.project import find_project

    folder = find_project(path)
    if folder is None or not core.paths.allows(folder.resolve()):
        return None
    try:
        return core.projects.open(folder.resolve())
    except (PathNotAllowed, UnknownProject):
        return None


def _last_change(project: Project, slide: str, commit: str) -> str:
    """Return the newest commit, from `commit` back, that may have changed the annotations of `slide`.

    Commits that touch labels or other slides then share one index.
    """
    last = commit
    for record in project.log(commit, limit=MAX_LOOK_BACK):
        if record.id != last:
            break  # beside the line of first parents
        edited = (name for names in record.edits.get("slides", {}).values() for name in names)
        if slide in record.changes or slide in edited or len(record.parents) != 1:
            break
        last = record.parents[0]
    return last


def _entry(project: Project, slide: str, version: str) -> SlideEntry:
    from wsinb.versions.slideentry import check_slide

    slides = project.slides_at(version)
    check_slide(slide, slides, f"in version {version[:10]}")
    return slides[slide]
