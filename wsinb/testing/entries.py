"""Projects whose slides have no files, which will do for all that concerns annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wsinb.versions.author import default_author
from wsinb.versions.graph.commits import Draft
from wsinb.versions.slideentry import SlideEntry

if TYPE_CHECKING:
    from wsinb.project import Project
    from wsinb.versions.graph.records import Record

__all__ = ["add_slides"]


def add_slides(
    project: Project, *slides: str | SlideEntry, size: tuple[int, int] = (1000, 1000), branch: str = "main"
) -> None:
    """Add slides that have no files to a project, as one commit.

    Parameters
    ----------
    project
        To whose slide list they are added.
    slides
        Their names; whole entries where paths, checksums or metadata matter.
    size
        Width and height, in level-0 pixels, of those that are given by name.
    branch
        Where the commit is made.
    """
    entries = [_entry(slide, size) if isinstance(slide, str) else slide for slide in slides]
    added = {entry.name: entry.to_json() for entry in entries}
    repository = project.repository

    def prepare(record: Record) -> Draft:
        known = repository.slides_of(record) | added
        return Draft("Add slides", default_author(), slides=known, edits={"slides": {"added": list(added)}})

    repository.edit(prepare, branch)


def _entry(name: str, size: tuple[int, int]) -> SlideEntry:
    return SlideEntry(name, f"{name}.svs", "sha256:00", size)
