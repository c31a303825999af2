"""A small project whose upkeep begins after very few commits and rows."""

from __future__ import annotations

import pytest
import shapely

from wsinb.annotate import Label, new_annotations
from wsinb.project import Project, create_project
from wsinb.testing.entries import add_slides
from wsinb.versions.tables import files, history, reading, staging
from wsinb.versions.upkeep import fold, runs, tend


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Make parts of 8 rows, merge after 3 commits, fold from 6 rows on."""
    monkeypatch.setattr(staging, "BULK_ROWS", 5)
    monkeypatch.setattr(staging, "PART_ROWS", 8)
    for module in (staging, reading, files, history):
        monkeypatch.setattr(module, "ROW_GROUP", 3)
    for module in (runs, tend):
        monkeypatch.setattr(module, "MERGE_AT", 3)
    for module in (fold, tend):
        monkeypatch.setattr(module, "FOLD_AT", 6)
    return monkeypatch


@pytest.fixture
def project(tmp_path, tiny) -> Project:
    """Make a project with the slides one and two, and on one 40 points along a line, in five parts."""
    made = create_project(tmp_path / "study", author="a")
    made.labels.add([Label("tumor"), Label("stroma")])
    add_slides(made, "one", "two")
    session = made.session(author="a")
    session["one"].upsert(new_annotations([shapely.Point(10 * i, 0) for i in range(40)], label="tumor"))
    session.commit("points")
    return made
