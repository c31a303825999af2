"""Rows in bulk that a session stores at once and keeps only by their parts."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest
import shapely

from wsinb.annotate import Label, new_annotations
from wsinb.errors import Conflict, StorageError
from wsinb.project import create_project, open_project
from wsinb.testing.entries import add_slides
from wsinb.testing.model_store import rows_of
from wsinb.versions.tables import spilled, staging

ROWS = 60


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(staging, "BULK_ROWS", 20)
    monkeypatch.setattr(staging, "PART_ROWS", 25)
    project = create_project(tmp_path)
    add_slides(project, "s")
    project.labels.add([Label("tumor"), Label("stroma")])
    return project


def points(n=ROWS, start=0):
    return new_annotations([shapely.Point(start + i, i) for i in range(n)], label="tumor")


def staged(session):
    return session._staged["s"]


def part_ids(project):
    files = (project.path / ".wsinb" / "parts").glob("*.parquet")
    return {file.stem: set(pq.read_table(file, columns=["id"]).column("id").to_pylist()) for file in files}


def committed_parts(project):
    state = project.repository.committer.state(project.repository.branch_head("main"), "s")
    return project.repository.tables.parts(state), state


def test_bulk_is_stored_at_once_and_seen_by_nobody_else(project):
    session = project.session()
    session["s"].upsert(points())
    assert len(staged(session).ids) == 0
    assert sum(len(ids) for ids in part_ids(project).values()) == ROWS
    assert len(session["s"].read()) == ROWS
    assert len(project.read("s")) == 0
    session.discard()
    assert len(session["s"].read()) == 0
    assert session.changes == {}


def test_a_stream_of_small_tables_is_stored_as_it_grows(project):
    session = project.session()
    tables = [points(9, 100 * i) for i in range(10)]
    for table in tables:
        session["s"].upsert(table)
        assert len(staged(session).ids) <= 20
    assert session.changes == {"s": {"added": 90, "updated": 0, "deleted": 0}}
    expected = {
        id_: row for table in tables for id_, row in rows_of(table.assign(created_by=session.author)).items()
    }
    assert rows_of(session["s"].edits()) == expected
    session.commit("all")
    assert rows_of(open_project(project.path).read("s")) == expected


def test_edits_of_stored_rows_hold_before_and_after_the_commit(project):
    session = project.session()
    table = points()
    session["s"].upsert(table)
    changed = table.iloc[:3].assign(label="stroma")
    session["s"].upsert(changed)
    session["s"].delete(list(table["id"][3:5]))
    session["s"].upsert(points(1))
    assert session.changes == {"s": {"added": ROWS - 2 + 1, "updated": 0, "deleted": 0}}
    assert session["s"].deleted() == []
    before = rows_of(session["s"].read())
    assert rows_of(session["s"].edits()) == before
    commit = session.commit("all")
    assert commit.changes["s"] == {"added": ROWS - 1, "updated": 0, "deleted": 0}
    again = open_project(project.path)
    assert rows_of(again.read("s")) == before
    parts, state = committed_parts(again)
    assert state.rows == len(before) == ROWS - 1
    found = part_ids(again)
    inside = [id_ for part in parts for id_ in found[part.sha256]]
    edited = set(table["id"][:5])
    assert not edited & set(inside)
    assert len(inside) == len(set(inside))


def test_a_row_that_was_stored_deleted_and_added_again_is_there_once(project):
    session = project.session()
    table = points()
    session["s"].upsert(table)
    session["s"].delete(table["id"][0])
    session["s"].upsert(table)
    assert sorted(session["s"].read()["id"]) == sorted(table["id"])
    session.commit("all")
    assert sorted(project.read("s")["id"]) == sorted(table["id"])


def test_stored_rows_that_are_edited_in_any_order_are_there_once(project):
    session = project.session()
    session["s"].upsert(points())
    for label in ("stroma", "tumor", "stroma"):
        rows = session["s"].read().sample(12, random_state=len(label))
        session["s"].upsert(rows.assign(label=label))
        session["s"].upsert(rows.assign(score=0.5).iloc[::-1])
        assert len(session["s"].edits()) == session["s"].edits()["id"].nunique() == ROWS
    expected = rows_of(session["s"].read())
    session.commit("edited in between")
    assert project.read("s")["id"].nunique() == len(project.read("s")) == ROWS
    assert rows_of(project.read("s")) == expected


def test_all_of_it_deleted_again_is_no_edit(project):
    session = project.session()
    session["s"].upsert(points())
    session["s"].delete(list(session["s"].read()["id"]))
    assert session.changes == {}
    assert len(session["s"].read()) == 0


def test_ids_that_change_sets_speak_of_never_go_to_parts(project):
    table = points()
    session = project.session()
    session["s"].upsert(table.iloc[:5])
    session.commit("few")
    session["s"].delete(list(table["id"][:5]))
    session.commit("none")
    session["s"].upsert(table)
    session.commit("all")
    parts, _ = committed_parts(project)
    assert sum(part.rows for part in parts) == ROWS - 5
    assert sorted(project.read("s")["id"]) == sorted(table["id"])


def test_what_others_did_to_the_same_ids_is_a_conflict_that_can_be_resolved(project):
    table = points()
    mine, theirs = project.session(author="me"), project.session(author="them")
    mine["s"].upsert(table)
    theirs["s"].upsert(table.iloc[:2].assign(label="stroma"))
    theirs.commit("two of them")
    with pytest.raises(Conflict) as caught:
        mine.commit("all of them")
    assert sorted(caught.value.ids["s"]) == sorted(table["id"][:2])
    assert len(mine["s"].edits()) == ROWS
    mine.commit("all of them", resolve="ours")
    assert set(project.read("s")["label"]) == {"tumor"}
    assert len(project.read("s")) == ROWS


def test_parts_that_were_cleared_away_meanwhile_are_told(project):
    session = project.session()
    session["s"].upsert(points())
    for file in (project.path / ".wsinb" / "parts").glob("*"):
        file.unlink()
    with pytest.raises(StorageError, match=r"cleared away before the commit: call session.discard"):
        session.commit("all")


def test_parts_of_long_ago_are_stored_anew(project, monkeypatch):
    session = project.session()
    session["s"].upsert(points())
    monkeypatch.setattr(spilled, "RENEW_AFTER_S", -1.0)
    put = []
    store = project.repository.store
    monkeypatch.setattr(
        store, "put_if_absent", lambda key, data, kept=store.put_if_absent: put.append(key) or kept(key, data)
    )
    session.commit("all")
    names = {part.sha256 for part in committed_parts(project)[0]}
    assert {key for key in put if key.startswith("parts/")} == {f"parts/{name}.parquet" for name in names}
    assert {key for key in put if key.startswith("keys/")} == {f"keys/{name}.keys" for name in names}
