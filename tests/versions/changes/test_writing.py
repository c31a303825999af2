"""Merging rows in bulk: parts are taken over where they can be."""

from __future__ import annotations

import uuid

import numpy as np
import shapely

from wsinb.annotate import new_annotations
from wsinb.testing.entries import add_slides
from wsinb.testing.merging import IDS, edit, row
from wsinb.testing.model_store import rows_of
from wsinb.versions.tables import files, reading, staging


def small_parts(monkeypatch):
    monkeypatch.setattr(staging, "BULK_ROWS", 20)
    monkeypatch.setattr(staging, "PART_ROWS", 50)
    for module in (staging, reading, files):
        monkeypatch.setattr(module, "ROW_GROUP", 16)


def add_many(project, branch, n, slide="one"):
    session = project.session(branch)
    xy = np.arange(n)
    ids = session[slide].upsert(new_annotations(shapely.points(1000 + xy, xy % 97), label="tumor"))
    return session.commit(f"{n} points"), ids


def part_names(project, version, slide="one"):
    repository = project.repository
    state = repository.committer.state(repository.version(version), slide)
    return {part.sha256 for part in repository.tables.parts(state)}


def test_rows_in_bulk_are_taken_over_as_parts(project, monkeypatch):
    small_parts(monkeypatch)
    _, ids = add_many(project, "review", 400)
    edit(project, "main", {IDS[0]: {"label": "fat"}})
    parts = part_names(project, "review")
    assert len(parts) == 8
    before = set(project.repository.store.list("parts/"))
    project.merge("review")
    assert part_names(project, "main") == parts
    assert set(project.repository.store.list("parts/")) == before
    assert set(project.read("one")["id"]) == {*IDS, *ids}
    assert row(project, IDS[0])["label"] == "fat"


def test_parts_are_taken_over_with_what_changed_in_them_since(project, monkeypatch):
    small_parts(monkeypatch)
    _, ids = add_many(project, "review", 400)
    edit(project, "review", {ids[0]: {"label": "fat"}, ids[7]: None, IDS[1]: {"label": "fat"}})
    edit(project, "main", {IDS[0]: {"label": "fat"}})
    before = project.head()
    expected = project.plan_merge("review").diff
    commit = project.merge("review")
    assert commit.changes == {"one": {"added": 399, "updated": 1, "deleted": 0}}
    assert part_names(project, "main") == part_names(project, "review")
    theirs = rows_of(project.read("one", "review"))
    assert rows_of(project.read("one")) == {**theirs, IDS[0]: rows_of(project.read("one"))[IDS[0]]}
    assert project.repository.count("one") == 405
    assert project.diff(before, commit.id) == expected
    assert project.diff(commit.id, before) == ~expected
    # and once more, after upkeep has rewritten everything
    project.compact()
    assert rows_of(project.read("one")) == {**theirs, IDS[0]: rows_of(project.read("one"))[IDS[0]]}
    assert project.diff(before) == expected
    assert project.revert(commit.id).changes == {"one": {"added": 0, "updated": 1, "deleted": 399}}
    assert rows_of(project.read("one")) == rows_of(project.read("one", before))


def test_a_part_is_not_taken_over_where_an_id_was_deleted_before(project, monkeypatch):
    small_parts(monkeypatch)
    twice = str(uuid.UUID(int=50))
    session = project.session()
    session["one"].upsert(new_annotations([shapely.Point(1, 1)], id=[twice]))
    session.commit("a point")
    edit(project, "main", {twice: None})
    session = project.session("review")
    points = new_annotations(shapely.points(np.arange(40), 5))
    points.loc[3, "id"] = twice
    session["one"].upsert(points)
    session.commit("40 points, among them that one")
    project.merge("review")
    assert rows_of(project.read("one")) == rows_of(project.read("one", "review"))
    assert project.repository.count("one") == 46


def test_parts_of_which_much_changed_are_written_anew(project, monkeypatch):
    small_parts(monkeypatch)
    _, ids = add_many(project, "review", 60)
    edit(project, "review", {id_: {"label": "fat"} for id_ in ids[:40]})
    project.merge("review")
    assert not part_names(project, "main") & part_names(project, "review")
    assert rows_of(project.read("one")) == rows_of(project.read("one", "review"))


def test_merges_go_on_after_upkeep_on_both_sides(project, monkeypatch):
    small_parts(monkeypatch)
    _, ids = add_many(project, "review", 200)
    for number in range(20):
        edit(project, "review", {ids[number]: {"z": number}, ids[50 + number]: None})
        edit(project, "main", {IDS[number % 6]: {"score": number / 20}})
    for branch in ("main", "review"):
        project.compact(branch=branch)
    main, review = (rows_of(project.read("one", branch)) for branch in ("main", "review"))
    project.merge("review")
    expected = {**review, **{id_: main[id_] for id_ in IDS}}
    assert rows_of(project.read("one")) == expected
    project.compact()
    assert rows_of(project.read("one")) == expected
    project.merge("main", "review")
    assert rows_of(project.read("one", "review")) == expected


def test_a_slide_with_bulk_rows_arrives_as_a_whole(project, monkeypatch):
    small_parts(monkeypatch)
    add_slides(project, "two", branch="review")
    _, ids = add_many(project, "review", 100, "two")
    project.merge("review")
    assert part_names(project, "main", "two") == part_names(project, "review", "two")
    assert set(project.read("two")["id"]) == set(ids)
