"""A project and edits on it, for tests of what a journal keeps."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from wsinb.annotate import Label, new_annotations
from wsinb.project import Project, create_project
from wsinb.testing.entries import add_slides
from wsinb.versions.tables.ids import id_texts

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.versions import Session

__all__ = ["IDS", "journal_file", "journals", "make_project", "points", "staged_of"]

IDS = [str(uuid.UUID(int=i << 64 | i % 3)) for i in range(8)]
"""Ids to give to annotations; the first four are those that `make_project` stores."""


def make_project(folder: Path) -> Project:
    """Make a project with the slides one and two, and on one 4 points that are committed."""
    project = create_project(folder)
    project.labels.add([Label("tumor"), Label("stroma")])
    add_slides(project, "one", "two")
    session = project.session()
    session["one"].upsert(points(4, id=IDS[:4], label="tumor"))
    session.commit("before")
    return project


def points(n: int, l0_y: float = 0, **columns: Any) -> gpd.GeoDataFrame:
    """Return points along a line, 10 level-0 pixels apart."""
    return new_annotations([shapely.Point(10 * i, l0_y) for i in range(n)], **columns)


def journals(project: Project) -> list[str]:
    """Return the names of all files of the project's journals."""
    folder = project.repository.journals
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def journal_file(project: Project) -> Path:
    """Return the file of the only journal of the project."""
    (path,) = project.repository.journals.glob("*.jsonl")
    return path


def staged_of(session: Session) -> dict[tuple[str, str], dict[str, Any]]:
    """Return all edits of a session by slide and id: every value, the operation and the hashes."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for slide, edits in session._staged.items():
        staged = edits.in_memory()
        rows = staged.table.to_pylist()
        kept = [{name: value for name, value in row.items() if value is not None} for row in rows]
        found |= {(slide, id_): row for id_, row in zip(id_texts(staged.ids), kept, strict=True)}
    return found
