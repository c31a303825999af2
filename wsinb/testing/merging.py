"""A project with two branches and edits on them, for tests of merging."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import shapely

from wsinb.annotate import Label, new_annotations
from wsinb.project import Project, create_project
from wsinb.testing.entries import add_slides
from wsinb.versions import Commit

__all__ = ["IDS", "edit", "fill", "make_project", "row"]

IDS = [str(uuid.UUID(int=i)) for i in range(1, 7)]
"""Ids of the squares that `fill` stores."""


def make_project(folder: Path) -> Project:
    """Make a project with three labels and what `fill` stores."""
    project = create_project(folder, author="ann")
    project.labels.add([Label("tumor", key="t"), Label("stroma"), Label("fat")])
    add_slides(project, "one")
    fill(project)
    return project


def fill(project: Project) -> None:
    """Store six squares on the slide one, and let a branch "review" begin there."""
    session = project.session(author="ann")
    boxes = [shapely.box(20 * i, 0, 20 * i + 10, 10) for i in range(6)]
    session["one"].upsert(new_annotations(boxes, id=IDS, label="tumor", properties={"n": 1}))
    session.commit("six squares")
    project.branch("review")


def edit(
    project: Project,
    branch: str,
    changes: Mapping[str, Mapping[str, Any] | None],
    author: str = "ann",
    slide: str = "one",
) -> Commit:
    """Set columns of some annotations, {id: {column: value}}, as a commit; None deletes."""
    session = project.session(branch, author=author)
    gdf = session[slide].read().set_index("id", drop=False)
    for id_, values in changes.items():
        if values is None:
            session[slide].delete(id_)
        else:
            session[slide].upsert(gdf.loc[[id_]].assign(**values).reset_index(drop=True))
    return session.commit(f"edit by {author}")


def row(project: Project, id_: str, version: str = "main", slide: str = "one") -> dict[str, Any] | None:
    """Return one annotation at a version by columns, or None if there is none of that id."""
    gdf = project.read(slide, version)
    found: list[dict[str, Any]] = gdf[gdf["id"] == id_].to_dict("records")
    return found[0] if found else None
