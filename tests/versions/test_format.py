"""The on-disk format: what docs/format.md promises, also what later writers may put there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from wsinb.annotate import Label, new_annotations
from wsinb.errors import InvalidInput, ProjectExists, StorageError, UnknownProject, UnknownVersion
from wsinb.project import create_project, open_project
from wsinb.testing.entries import add_slides
from wsinb.testing.model_store import rows_of
from wsinb.versions.graph.commits import Draft
from wsinb.versions.graph.refs import LAST
from wsinb.versions.storage.layout import canonical, commit_key, ref_prefix, run_key, sha256
from wsinb.versions.tables.files import encode_changes
from wsinb.versions.tables.ids import decode_keys, id_texts


@pytest.fixture
def project(tmp_path):
    made = create_project(tmp_path / "study", "A study")
    add_slides(made, "one")
    return made


def commit_points(project, n=1, slide="one", x=0.0):
    session = project.session()
    session[slide].upsert(new_annotations([shapely.Point(x + i, 0) for i in range(n)]))
    return session.commit(f"{n} points")


def store_files(project):
    root = project.path / ".wsinb"
    return {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}


def test_objects_are_named_by_their_content(project):
    commit_points(project)
    commit_points(project, 21_000)
    project.attach("main", "model.npz", b"weights")
    checked = 0
    for key, path in store_files(project).items():
        if key.startswith(("objects/", "parts/", "artifacts/")):
            assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name.split(".")[0]
            checked += 1
    assert checked >= 8


def test_a_commit_is_canonical_json_and_the_newest_entry_of_its_branch(project):
    commit = commit_points(project)
    files = store_files(project)
    data = files[f"objects/{commit.id}.commit.json"].read_bytes()
    assert data == canonical(json.loads(data))
    entries = sorted(key for key in files if key.startswith("refs/heads/main/"))
    assert files[entries[0]].read_bytes() == data
    assert [int(key[-21:-5], 16) for key in entries] == [LAST - n for n in (2, 1, 0)]


def test_a_small_commit_writes_two_objects_and_one_ref(project):
    commit_points(project)
    before = set(store_files(project))
    commit_points(project)
    new = sorted(key.split("/")[0] for key in set(store_files(project)) - before)
    assert new == ["objects", "objects", "refs"]


def test_a_small_commit_flushes_four_times(project, monkeypatch):
    session = project.session()
    session["one"].upsert(new_annotations([shapely.Point(0, 0)]))
    flushed = []
    original = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (flushed.append(handle), original(handle))[1])
    session.commit("one edit")
    assert len(flushed) == 4


def test_keys_of_a_part_find_its_rows(project):
    commit_points(project, 21_000)
    files = store_files(project)
    part = next(key for key in files if key.startswith("parts/"))
    key = part.replace("parts/", "keys/").replace(".parquet", ".keys")
    ids, rows = decode_keys(files[key].read_bytes(), key)
    assert pq.read_table(files[part], columns=["id"]).column("id").take(rows).to_pylist() == id_texts(ids)
    assert (np.diff(ids.high.astype(object)) >= 0).all()


def test_change_sets_are_geoparquet_with_the_operation(project):
    gpd = pytest.importorskip("geopandas")
    commit_points(project, 3)
    sets = [path for key, path in store_files(project).items() if key.endswith(".changes.parquet")]
    assert list(gpd.read_parquet(sets[0])["_op"]) == ["add"] * 3


def upkeep(project, slide="one"):
    """Merge the change sets of a slide into a run, as the format allows; return the ref entry."""
    head = project.repository.branch_head("main")
    store, tables = project.repository.store, project.repository.tables
    state = project.repository.committer.state(head, slide)
    overlays = [tables._overlay(f"objects/{sha}.changes.parquet") for sha in state.changes]
    merged = pd.concat([overlay.table.to_pandas() for overlay in overlays]).drop_duplicates("id", keep="last")
    data = encode_changes(pa.Table.from_pandas(merged, overlays[0].table.schema, preserve_index=False))
    store.put_if_absent(run_key(sha256(data)), data)
    swapped = {**state.to_json(), "runs": [*state.runs, sha256(data)], "changes": []}
    entry = canonical({"commit": head.record.id, "states": {slide: swapped}})
    assert store.put_if_absent(f"{ref_prefix('heads', 'main')}{LAST - head.number - 1:016x}.json", entry)


def test_merged_runs_read_the_same_never_show_in_the_log_and_carry_on(project):
    session = project.session()
    ids = session["one"].upsert(new_annotations([shapely.Point(i, 0) for i in range(6)]))
    session.commit("add")
    session["one"].delete(ids[:2])
    session["one"].upsert(session["one"].read().assign(score=0.5))
    session.commit("edit")
    pinned = project.session()
    before, log = rows_of(project.read("one")), project.log()
    upkeep(project)
    again = open_project(project.path)
    assert rows_of(again.read("one")) == before
    assert again.log() == log
    assert again.head() == log[0].id
    # a session opened before the upkeep commits without conflict, one opened after it too
    pinned["one"].delete(ids[2])
    pinned.commit("pinned")
    after = again.session()
    after["one"].upsert(new_annotations([shapely.Point(9, 9)]))
    after.commit("after")
    rows = rows_of(project.read("one"))
    assert rows.keys() >= before.keys() - {ids[2]}
    assert len(rows) == len(before) - 1 + 1 == project.repository.count("one")
    state = project.repository.committer.state(project.repository.branch_head("main"), "one")
    assert (len(state.runs), len(state.changes)) == (1, 2)
    # the runs survive commits that do not touch the slide
    project.labels.add(Label("a"))
    assert rows_of(project.read("one")) == rows


def test_upkeep_of_a_slide_survives_a_commit_that_does_not_touch_it(project):
    commit_points(project, 2)
    commit_points(project, 2)
    upkeep(project)
    project.labels.add(Label("a"))
    state = project.repository.committer.state(project.repository.branch_head("main"), "one")
    assert (len(state.runs), len(state.changes)) == (1, 0)


def test_tags_and_deleted_branches_are_understood(project):
    commit = commit_points(project)
    refs, store = project.repository.refs, project.repository.store
    assert refs.advance("tags", "v1/final", 0, commit.id)
    assert refs.advance("heads", "review", 0, commit.id)
    commit_points(project)
    assert project.resolve("v1/final") == project.resolve("review") == commit.id
    assert len(project.read("one", "v1/final")) == 1
    assert refs.names("heads") == ["main", "review"]
    session = project.session("review")
    session["one"].upsert(new_annotations([shapely.Point(7, 7)]))
    session.commit("on review")
    assert len(project.read("one", "review")) == 2
    store.put_if_absent(f"{ref_prefix('heads', 'review')}{LAST - 2:016x}.json", canonical({"deleted": True}))
    with pytest.raises(UnknownVersion):
        project.read("one", "review")


@pytest.mark.parametrize("slides", [17, 100, 1100])
def test_many_slides_are_split_and_all_are_found(project, slides):
    names = [f"slide {i}" for i in range(slides)]
    add_slides(project, *names)
    touched = [names[0], names[-1]]
    session = project.session()
    for name in touched:
        session[name].upsert(new_annotations([shapely.Point(0, 0)]))
    session.commit("two of them")
    commit_points(project, 2, names[0])
    commit_points(project, 1, "one")
    assert [len(project.read(name)) for name in (*touched, names[3], "one")] == [3, 1, 0, 1]
    assert set(open_project(project.path).slides) == {"one", *names}


def test_a_commit_over_many_slides_keeps_each_state(project):
    names = [f"s{i}" for i in range(40)]
    add_slides(project, *names)
    session = project.session()
    for name in names:
        session[name].upsert(new_annotations([shapely.Point(0, 0)]))
    session.commit("all")
    for name in names[:3]:
        commit_points(project, 1, name)
    assert [len(project.read(name)) for name in names] == [2] * 3 + [1] * 37


def test_history_can_be_jumped(project):
    for _ in range(20):
        commit_points(project)
    history = project.repository.ancestry
    for record in history.walk(project.head()):
        if record.parents:
            assert history.record(record.data["skip"]).depth == record.depth & (record.depth - 1)


def test_a_newer_format_is_refused_with_the_remedy(project):
    marker = project.path / ".wsinb" / "format.json"
    marker.write_text('{"format": 99}')
    with pytest.raises(StorageError, match=r"format 99.*reads up to 1: update it"):
        open_project(project.path)
    for damaged in ("{", "[]", '{"format": "x"}'):
        marker.write_text(damaged)
        with pytest.raises(StorageError, match="damaged"):
            open_project(project.path)


def test_columns_of_an_unknown_type_are_refused_with_the_remedy(project):
    repository = project.repository
    column = {"key": "c_0", "name": "area", "type": "quaternion", "unit": None, "description": ""}
    metadata = {**repository.metadata_of(repository.record("main")), "columns": [column]}
    repository.edit(lambda record: Draft("columns", "a", project=repository.objects.put(metadata)))
    for read in (project.session, lambda: project.read("one")):
        with pytest.raises(StorageError, match=r"'area' .* 'quaternion'.*update it"):
            read()


def test_a_half_made_project_is_none_and_can_be_made_again(project):
    (project.path / ".wsinb" / "format.json").unlink()
    with pytest.raises(UnknownProject, match="create_project"):
        open_project(project.path)
    create_project(project.path)
    with pytest.raises(ProjectExists, match="open it with open_project"):
        create_project(project.path)


def use_everything(project):
    project.read_artifact("main", "a")
    project.session()["one"].delete(project.read("one")["id"][:1])


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    made = create_project(tmp_path_factory.mktemp("full") / "study")
    add_slides(made, "one")
    commit_points(made, 21_000)
    commit_points(made, 5)
    made.attach("main", "a", b"bytes")
    return made


@pytest.fixture
def copied(full, tmp_path):
    return open_project(shutil.copytree(full.path, tmp_path / "copy"))


@pytest.mark.parametrize("kind", ["objects", "parts", "keys", "artifacts", "refs"])
def test_damage_is_named_by_file(copied, kind):
    for key, path in store_files(copied).items():
        if key.startswith(kind):
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    fresh = open_project(copied.path)
    with pytest.raises(StorageError, match=f"{kind}/.*damaged"):
        use_everything(fresh)


@pytest.mark.parametrize("kind", ["objects", "parts", "keys", "artifacts"])
def test_missing_files_are_named(copied, kind):
    head = copied.head()
    for key, path in store_files(copied).items():
        if key.startswith(kind) and key != commit_key(head):
            path.unlink()
    fresh = open_project(copied.path)
    with pytest.raises(StorageError, match=f"{kind}/.*missing"):
        use_everything(fresh)


@pytest.mark.parametrize(
    "name", ["", "-x", ".x", "a//b", "a/", "a b", "ä", "a\n", "x" * 101, "f" * 64, None, "../x"]
)
def test_names_that_cannot_be_refs_are_refused(project, name):
    with pytest.raises(InvalidInput, match="cannot name a branch"):
        project.session(name)


def change_sets(project, commit, slide="one"):
    """Return the rows of the change sets of a commit by id."""
    root = project.path / ".wsinb" / "objects"
    shas = project.repository.record(commit.id).data["changes"][slide]["sets"]
    rows = [row for sha in shas for row in pq.read_table(root / f"{sha}.changes.parquet").to_pylist()]
    return {row["id"]: row for row in rows}


def test_change_sets_tell_the_content_before_and_after(project):
    session = project.session()
    first, second = session["one"].upsert(new_annotations([shapely.Point(0, 0), shapely.Point(9, 9)]))
    added = change_sets(project, session.commit("add"))
    session["one"].upsert(session["one"].read().assign(score=0.5))
    session["one"].delete(second)
    edited = change_sets(project, session.commit("edit"))
    session["one"].upsert(session["one"].read().assign(score=None))
    back = change_sets(project, session.commit("back"))
    assert [row["_op"] for row in (added[first], edited[first], edited[second])] == [
        "add",
        "update",
        "delete",
    ]
    assert added[first]["_old"] == added[second]["_old"] == edited[second]["_new"] == 0
    assert edited[first]["_old"] == added[first]["_new"] == back[first]["_new"] != 0
    assert edited[second]["_old"] == added[second]["_new"]
    assert back[first]["_old"] == edited[first]["_new"] != edited[first]["_old"]


def test_old_is_the_content_in_the_base_whatever_was_staged_between(project):
    session = project.session()
    (one,) = session["one"].upsert(new_annotations([shapely.Point(0, 0)]))
    base = change_sets(project, session.commit("add"))[one]["_new"]
    for score in (0.1, 0.2):
        session["one"].upsert(session["one"].read().assign(score=score))
    session["one"].delete(one)
    session["one"].upsert(project.read("one").assign(score=0.3))
    row = change_sets(project, session.commit("edit"))[one]
    assert (row["_op"], row["_old"]) == ("update", base)


def test_hashes_of_rows_in_parts_are_taken_from_the_rows(project):
    commit_points(project, 21_000)
    gdf = project.read("one")[:3]
    session = project.session()
    session["one"].upsert(gdf.assign(score=0.5))
    edited = change_sets(project, session.commit("edit"))
    session["one"].upsert(gdf)
    back = change_sets(project, session.commit("back"))
    assert {id_: row["_old"] for id_, row in edited.items()} == {
        id_: row["_new"] for id_, row in back.items()
    }
    assert len(edited) == 3


@pytest.mark.parametrize("between", ["changed", "deleted"])
def test_edited_and_edited_back_is_no_edit(project, between):
    session = project.session()
    (one,) = session["one"].upsert(new_annotations([shapely.Point(0, 0)]))
    session.commit("add")
    if between == "changed":
        session["one"].upsert(session["one"].read().assign(score=0.5))
    else:
        session["one"].delete(one)
    assert session.changes
    session["one"].upsert(project.read("one"))
    assert not session.changes
    with pytest.raises(InvalidInput, match="nothing to commit"):
        session.commit("nothing")
    pd.testing.assert_frame_equal(session["one"].read(), project.read("one"))


def stored_state(project, slide="one"):
    return project.repository.committer.state(project.repository.branch_head("main"), slide).to_json()


def test_a_state_says_where_its_table_began_and_which_rows_came_in_bulk(project):
    assert stored_state(project)["since"] is None
    commit_points(project)
    depth = project.repository.record("main").depth
    assert (stored_state(project)["since"], stored_state(project)["bulk"]) == (depth, [])
    bulk = commit_points(project, 21_000)
    commit_points(project)
    state = stored_state(project)
    parts = project.repository.record(bulk.id).data["changes"]["one"]["parts"]
    assert len(parts) == 1
    assert state["since"] == depth
    assert state["bulk"] == [{"depth": depth + 1, "generation": depth + 1, "parts": parts}]


def test_a_removed_and_added_slide_begins_anew(project):
    commit_points(project, 21_000)
    project.slides.remove("one")
    add_slides(project, "one")
    assert len(project.read("one")) == 0
    commit_points(project)
    state = stored_state(project)
    assert (state["since"], state["bulk"], state["rows"]) == (project.repository.record("main").depth, [], 1)


def test_commits_carry_the_slide_sets_on_and_name_their_journal(project):
    repository = project.repository
    assert repository.record("main").data["sets"] is None
    sets = repository.objects.put({"sets": {}})
    repository.edit(lambda record: Draft("sets", "a", sets=sets, journal="j1"))
    assert [repository.record("main").data[name] for name in ("sets", "journal")] == [sets, "j1"]
    project.labels.add(Label("a"))
    assert [repository.record("main").data[name] for name in ("sets", "journal")] == [sets, None]


def test_members_of_later_writers_are_ignored_and_carried_on(project):
    repository = project.repository
    project.labels.add([Label("tumor"), Label("stroma")])
    project.columns.add("area", "float")

    def later(record):
        labels = repository.objects.get(record.data["labels"])
        new = [{**label, "voice": "loud"} for label in labels["sets"]["default"]]
        metadata = repository.metadata_of(record)
        columns = [{**column, "axis": 1} for column in metadata["columns"]]
        slides = {name: {**entry, "colour": 5} for name, entry in repository.slides_of(record).items()}
        return Draft(
            "later",
            "a",
            slides=slides,
            labels=repository.objects.put({"sets": {"default": new, "other": []}, "more": 1}),
            project=repository.put_metadata(record, columns=columns, owner="x"),
        )

    repository.edit(later)
    assert list(project.labels) == ["stroma", "tumor"]
    assert project.columns["area"].type == "float"
    project.labels.add(Label("good"))
    project.columns.rename("area", "size")
    project.slides.set_metadata("one", {"a": 1})
    record = repository.record("main")
    labels = repository.objects.get(record.data["labels"])
    assert (labels["more"], labels["sets"]["other"]) == (1, [])
    voices = {label["name"]: label.get("voice") for label in labels["sets"]["default"]}
    assert voices == {"tumor": "loud", "stroma": "loud", "good": None}
    assert repository.metadata_of(record)["owner"] == "x"
    assert [column["axis"] for column in repository.metadata_of(record)["columns"]] == [1]
    assert repository.slides_of(record)["one"]["colour"] == 5
