"""What a request is about: a slide file, alone or as a project's slide."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wsinb.errors import InvalidInput, PathNotAllowed, UnknownProject, UnknownSlide, UnknownVersion
from wsinb.serve.messages import Request
from wsinb.serve.vectors.cache import TableKey

if TYPE_CHECKING:
    import pyarrow as pa

    from wsinb.project import Project, SlideEntry
    from wsinb.serve.core import Core
    from wsinb.serve.vectors.live import LiveEdits
    from wsinb.serve.vectors.update import Delta
    from wsinb.versions import SlideDiff
    from wsinb.versions.graph.records import State
    from wsinb.versions.tables.columns import Column
    from wsinb.versions.tables.ids import Ids
    from wsinb.versions.tables.lean import Piece

__all__ = [
    "AnnotationTable",
    "Source",
    "annotation_table",
    "draft_table",
    "open_allowed_project",
    "project_around",
    "project_source",
    "slide_source",
]

MAX_LOOK_BACK = 200
MAX_DELTA = 50_000
"""More changes than this between two versions: the index is built anew."""
_LIVE = re.compile(r"(?P<commit>[0-9a-f]{64})[+ ](?P<draft>[0-9a-f]{32})\.(?P<revision>[0-9]{1,15})")
# a plus in a query is read as a space


@dataclass(frozen=True)
class Source:
    """A slide file that may be opened, with the project and the slide's entry in it, if any."""

    path: Path
    project: Project | None = None
    entry: SlideEntry | None = None


@dataclass(frozen=True)
class AnnotationTable:
    """The annotations of a project's slide at one commit, or with the edits of a session on top.

    Attributes
    ----------
    version
        What a browser calls the version: the whole id of the commit, or
        ``<commit>+<draft>.<revision>``.
    commit
        The commit, or that under the edits.
    key
        Names the table by the commit that last changed it, or by the edits.
    project, entry
        The project, and the slide's entry at that commit.
    edits
        What was edited on top of the commit, if anything.
    """

    version: str
    commit: str
    key: TableKey
    project: Project
    entry: SlideEntry
    edits: LiveEdits | None = None

    @property
    def pieces(self) -> list[Piece]:
        """The files that hold the table, to be read in part."""
        from wsinb.versions.tables.lean import lean_pieces

        tables = self.project.repository.tables
        if self.edits is None:
            return lean_pieces(tables, self._state)
        return lean_pieces(tables, self._state, self.edits.overlay, self.edits.parts)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The project's own columns, those that were removed too."""
        repository = self.project.repository
        return repository.columns_of(repository.version(self.commit).record)

    def lookup(self, ids: Ids) -> pa.Table:
        """Return the rows of ids that exist, in any order; own columns by key."""
        from wsinb.versions.tables.columns import concat
        from wsinb.versions.tables.ids import isin

        tables = self.project.repository.tables
        if self.edits is None:
            return tables.lookup(self._state, ids)
        overlay = self.edits.overlay
        found = tables.lookup(self._state, ids, overlay)
        rest = ids.take(~isin(ids, overlay.ids))
        return concat([found, tables.rows_in_parts(self.edits.parts, rest)]).combine_chunks()

    def since(self, version: str) -> Delta | None:
        """Return what happened to the table since another version; None if it is much, or cannot be told."""
        from wsinb.serve.vectors.update import Delta
        from wsinb.versions.tables.ids import concat_ids, last_of_each

        commit, _, revision = version.partition("+")
        if self.edits is None:
            part = None if revision else self._difference(commit)
            return None if part is None else Delta(part.ids, part.new)
        if revision:
            draft, _, number = revision.partition(".")
            same = (commit, draft) == (self.edits.header.base, self.edits.header.id)
            ids = self.edits.since(int(number)) if same else None
        else:
            part = self._difference(commit)
            ids = None if part is None else concat_ids([part.ids, self.edits.since(None) or part.ids])
        if ids is None or len(ids) > MAX_DELTA:
            return None
        ids = ids.take(last_of_each(ids))
        return Delta(ids, self.lookup(ids))

    @property
    def _state(self) -> State:
        repository = self.project.repository
        return repository.committer.state(repository.version(self.commit), self.key.slide)

    def _difference(self, commit: str) -> SlideDiff | None:
        """Return what the commit differs in from another; None if it is much, or cannot be told."""
        try:
            part = self.project.diff(commit, self.commit, slides=self.key.slide)[self.key.slide]
        except (UnknownVersion, UnknownSlide):
            return None
        return None if len(part) > MAX_DELTA else part


def annotation_table(core: Core, request: Request, version: str) -> AnnotationTable:
    """Return the table that the query names by ``project`` and ``slide``, at a version or a live one."""
    project = open_allowed_project(core, request.text("project"))
    slide = request.text("slide")
    live = _LIVE.fullmatch(version)
    if live is not None:
        return _live_table(
            core, request, project, slide, live["draft"], int(live["revision"]), live["commit"]
        )
    commit = project.resolve(version)
    entry = _entry(project, slide, commit)
    key = TableKey(project.path, _last_change(project, entry.name, commit), entry.name)
    return AnnotationTable(commit, commit, key, project, entry)


def draft_table(core: Core, request: Request, draft: str) -> AnnotationTable:
    """Return the table with all edits that a session or viewer has made up to now."""
    project = open_allowed_project(core, request.text("project"))
    return _live_table(core, request, project, request.text("slide"), draft, None, None)


def _live_table(
    core: Core,
    request: Request,
    project: Project,
    slide: str,
    draft: str,
    revision: int | None,
    commit: str | None,
) -> AnnotationTable:
    from wsinb.serve.bodies import author_of
    from wsinb.serve.vectors.live import journal_of, read_edits

    folder = project.repository.journals
    core.paths.check(folder)  # which may be a link to somewhere else
    path, header = journal_of(folder, draft, author_of(request))
    if header.slide not in (None, slide) or commit not in (None, header.base):
        raise UnknownVersion(f"The draft {draft[:10]} belongs to another slide or version.")
    entry = _entry(project, slide, header.base)
    before = core.vectors.edits.last((project.path, draft, entry.name))
    edits = read_edits(project, path, header, entry.name, revision, before)
    core.vectors.edits.keep((project.path, draft, entry.name), edits)
    version = f"{header.base}+{draft}.{edits.revision}"
    key = TableKey(project.path, version, entry.name)
    return AnnotationTable(version, header.base, key, project, entry, edits)


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
