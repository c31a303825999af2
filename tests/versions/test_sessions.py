"""Sessions: what they read, keep, refuse and commit."""

from __future__ import annotations

import io
import uuid
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
import shapely

from wsinb.annotate import Label, from_features, new_annotations, to_features
from wsinb.errors import (
    Conflict,
    InvalidAnnotation,
    InvalidInput,
    UnknownAnnotation,
    UnknownLabel,
    UnknownSlide,
    UnknownVersion,
)
from wsinb.testing.entries import add_slides
from wsinb.testing.model_store import rows_of


@pytest.fixture
def project(place):
    made = place.create()
    made.labels.add([Label("tumor"), Label("stroma")])
    add_slides(made, "one", "two")
    return made


def squares(n=1, **columns):
    return new_annotations([shapely.box(20 * i, 0, 20 * i + 10, 10) for i in range(n)], **columns)


def test_a_session_reads_its_own_edits_and_others_do_not(project):
    session = project.session(author="ann")
    ids = session["one"].upsert(squares(2, label="tumor"))
    assert list(session["one"].read()["id"]) == ids
    assert len(project.read("one")) == 0
    assert len(session["one"].read(version="main")) == 0
    commit = session.commit("two squares")
    assert set(project.read("one")["id"]) == set(ids)
    assert commit.changes == {"one": {"added": 2, "updated": 0, "deleted": 0}}
    assert (commit.author, commit.message) == ("ann", "two squares")
    assert project.head() == commit.id == session.base


def test_a_session_does_not_see_what_others_commit(project):
    reader, writer = project.session(), project.session()
    writer["one"].upsert(squares())
    writer.commit("added")
    assert len(reader["one"].read()) == 0
    reader.discard()
    assert len(reader["one"].read()) == 1


def test_what_a_session_reads_is_what_the_store_will_hold(project):
    session = project.session()
    session["one"].upsert(new_annotations([shapely.Point(1.2345678, -0.001)]))
    before = session["one"].read()
    session.commit("a point")
    pd.testing.assert_frame_equal(pd.DataFrame(before), pd.DataFrame(project.read("one")))
    assert before.geometry[0].x == round(1.2345678 * 64) / 64


def test_an_update_keeps_who_created_and_says_who_updated(project):
    first = project.session(author="ann")
    first["one"].upsert(squares(label="tumor"))
    first.commit("add")
    created = project.read("one").iloc[0]
    second = project.session(author="bob")
    second["one"].upsert(second["one"].read().assign(label="stroma", created_by="bob"))
    second.commit("relabel")
    row = project.read("one").iloc[0]
    assert (row["created_by"], row["updated_by"], row["label"]) == ("ann", "bob", "stroma")
    assert row["created_at"] == created["created_at"]
    assert row["updated_at"] > row["created_at"]
    assert pd.isna(created["updated_by"])


def test_columns_that_an_upsert_lacks_keep_their_stored_values(project):
    session = project.session()
    session["one"].upsert(squares(label="tumor", z=3, c=1, media=[["a.png"]], score=0.25))
    session.commit("add")
    feature = {**to_features(session["one"].read())[0], "label": "stroma"}
    session["one"].upsert(from_features([feature, {"geometry": {"type": "Point", "coordinates": [5, 5]}}]))
    session.commit("relabel and add")
    old, new = project.read("one").set_index("shape").loc[["polygon", "point"]].to_dict("records")
    assert (old["label"], old["z"], old["c"], old["media"], old["score"]) == (
        "stroma",
        3,
        1,
        '["a.png"]',
        0.25,
    )
    assert (new["z"], new["layer"]) == (0, "manual")


def test_rows_that_change_nothing_are_not_touched(project):
    session = project.session()
    session["one"].upsert(squares(3, label="tumor"))
    session.commit("add")
    gdf = session["one"].read()
    gdf.loc[1, "label"] = "stroma"
    assert session["one"].upsert(gdf) == list(gdf["id"])
    assert session.commit("one of three").changes["one"] == {"added": 0, "updated": 1, "deleted": 0}
    session["one"].upsert(session["one"].read())
    with pytest.raises(InvalidInput, match="nothing to commit"):
        session.commit("nothing")


def test_a_row_added_and_deleted_before_the_commit_leaves_no_trace(project):
    session = project.session()
    ids = session["one"].upsert(squares(2))
    session["one"].delete(ids[0])
    assert session.changes == {"one": {"added": 1, "updated": 0, "deleted": 0}}
    session["one"].delete([ids[1], ids[1]])
    with pytest.raises(InvalidInput, match="nothing to commit"):
        session.commit("nothing")


def test_a_deleted_row_may_come_back(project):
    session = project.session()
    ids = session["one"].upsert(squares())
    session.commit("add")
    gdf = session["one"].read()
    session["one"].delete(ids)
    assert session["one"].deleted() == ids
    session.commit("delete")
    assert len(project.read("one")) == 0
    session["one"].upsert(gdf)
    assert session.commit("back").changes["one"]["added"] == 1
    assert list(project.read("one")["id"]) == ids


def test_edits_and_deletions_can_be_looked_at(project):
    session = project.session()
    session["one"].upsert(squares(2))
    assert len(session["one"].edits()) == 2
    assert len(session["two"].edits()) == 0
    assert "2 uncommitted edits" in repr(session)


def test_disjoint_edits_rebase(project):
    start = project.session()
    ids = start["one"].upsert(squares(2, label="tumor"))
    start.commit("add")
    first, second = project.session(author="ann"), project.session(author="bob")
    for session, id_, label in ((first, ids[0], "stroma"), (second, ids[1], None)):
        gdf = session["one"].read()
        session["one"].upsert(gdf[gdf["id"] == id_].assign(label=label))
    first.commit("first")
    commit = second.commit("second")
    assert commit.parents == (project.log()[1].id,)
    labels = project.read("one").set_index("id")["label"]
    assert labels[ids[0]] == "stroma"
    assert pd.isna(labels[ids[1]])
    assert len(second["one"].read()) == 2


def test_edits_of_the_same_row_conflict_and_stay_in_the_session(project):
    start = project.session()
    ids = start["one"].upsert(squares(2, label="tumor"))
    start.commit("add")
    first, second = project.session(author="ann"), project.session(author="bob")
    first["one"].delete(ids[0])
    first.commit("delete")
    head = project.head()
    second["one"].upsert(second["one"].read().assign(label="stroma"))
    with pytest.raises(Conflict, match=r"(?s)changed on 'main' meanwhile \(by ann\).*edits\(\)") as caught:
        second.commit("relabel")
    assert caught.value.ids == {"one": [ids[0]]}
    assert project.head() == head
    assert set(second["one"].edits()["id"]) == set(ids)
    with pytest.raises(Conflict):
        second.commit("again")


def test_adding_the_same_new_id_twice_conflicts(project):
    gdf = squares(id=str(uuid.uuid4()))
    first, second = project.session(), project.session()
    first["one"].upsert(gdf)
    second["one"].upsert(gdf)
    first.commit("one")
    with pytest.raises(Conflict):
        second.commit("two")


def test_the_same_id_on_two_slides_does_not_conflict(project):
    gdf = squares(id=str(uuid.uuid4()))
    first, second = project.session(), project.session()
    first["one"].upsert(gdf)
    second["two"].upsert(gdf)
    first.commit("one")
    second.commit("two")
    assert rows_of(project.read("one")) == rows_of(project.read("two"))


def test_edits_of_a_slide_that_was_removed_conflict(project):
    session = project.session()
    session["one"].upsert(squares())
    project.slides.remove("one")
    add_slides(project, "one")
    with pytest.raises(Conflict, match="Slide 'one' was removed"):
        session.commit("late")
    assert len(session["one"].edits()) == 1


def test_a_removed_slide_keeps_its_annotations_in_earlier_versions_and_returns_empty(project):
    session = project.session()
    session["one"].upsert(squares())
    before = session.commit("add").id
    project.slides.remove("one")
    with pytest.raises(UnknownSlide, match=r"'main'.*'two'"):
        project.read("one")
    add_slides(project, "one")
    assert len(project.read("one")) == 0
    assert len(project.read("one", before)) == 1


@pytest.mark.parametrize("message", ["", "  ", None, 3, "\ud800"])
def test_a_commit_needs_a_message(project, message):
    session = project.session()
    session["one"].upsert(squares())
    with pytest.raises(InvalidInput, match="message"):
        session.commit(message)
    session.commit("now")


def test_bad_input_changes_nothing(project):
    session = project.session()
    with pytest.raises(InvalidAnnotation):
        session["one"].upsert(squares(2).assign(score=[0.5, 7]))
    with pytest.raises(InvalidAnnotation, match="UUID"):
        session["one"].upsert(squares().assign(id="x")[["id", "geometry"]])
    with pytest.raises(UnknownLabel, match=r"did you mean 'tumor'.*labels.add"):
        session["one"].upsert(squares(label="tumro"))
    ids = session["one"].upsert(squares())
    with pytest.raises(UnknownAnnotation, match="has no annotation"):
        session["one"].delete([*ids, str(uuid.uuid4())])
    with pytest.raises(InvalidInput, match="UUID"):
        session["one"].delete(["x"])
    assert list(session["one"].read()["id"]) == ids


def test_labels_added_after_the_session_was_opened_are_known(project):
    session = project.session()
    project.labels.add(Label("necrosis"))
    session["one"].upsert(squares(label="necrosis"))
    session.commit("necrosis")
    project.labels.remove("necrosis")
    # a row may keep a label that is gone, and take no other unknown one
    gdf = project.session()["one"].read()
    later = project.session()
    later["one"].upsert(gdf.assign(score=0.5))
    with pytest.raises(UnknownLabel):
        later["two"].upsert(squares(label="necrosis"))


def test_unknown_slides_and_branches_are_named(project):
    session = project.session()
    with pytest.raises(UnknownSlide, match="did you mean 'one'"):
        session["onne"]
    add_slides(project, "three")
    with pytest.raises(UnknownSlide, match="open a new session"):
        session["three"]
    assert list(session) == ["one", "two"]
    with pytest.raises(UnknownVersion, match="'main'"):
        project.session("mian")
    with pytest.raises(InvalidInput, match="name a branch"):
        project.session("../main")
    with pytest.raises(InvalidInput, match="author"):
        project.session(author=" ")


@pytest.mark.parametrize("bbox", [(0, 0, 1), (0, 0, 1, "x"), (5, 0, 1, 1), (0, 0, float("nan"), 1), 5])
def test_bad_boxes_are_refused(project, bbox):
    with pytest.raises(InvalidInput, match="box"):
        project.read("one", bbox=bbox)


def test_a_box_gives_what_meets_it_and_nothing_of_the_whole_image(project):
    session = project.session()
    session["one"].upsert(squares(3))
    session["one"].upsert(new_annotations([None, shapely.Point(500, 500)], shape=["image", "point"]))
    for _ in range(2):
        found = session["one"].read(bbox=(25, 2, 45, 3))
        assert sorted(found.bounds["minx"]) == [20, 40]
        assert len(session["one"].read(bbox=(500, 500, 501, 501))) == 1
        assert len(session["one"].read(bbox=(499, 499, 500, 500))) == 0  # the maxima lie outside
        assert len(session["one"].read()) == 5
        session._staged and session.commit("stored")


def test_versions_go_by_branch_hash_and_its_first_digits(project):
    session = project.session()
    session["one"].upsert(squares())
    first = session.commit("first")
    session["one"].upsert(squares())
    session.commit("second")
    for name in (first.id, first.id[:8], first.id[:6].upper()):
        assert project.resolve(name) == first.id
        assert len(project.read("one", name)) == 1
    assert project.commit(first.id[:10]) == first
    for name in (first.id[:5], "zzz", "", "0" * 64, None, "main~1"):
        with pytest.raises(UnknownVersion):
            project.read("one", name)
    with pytest.raises(UnknownVersion, match="did you mean 'main'"):
        project.log("mian")


def test_the_log_is_newest_first_and_reads_well(project):
    session = project.session(author="<b>ann</b>")
    session["one"].upsert(squares(2))
    session.commit("first & <i>second</i>")
    log = project.log()
    assert [entry.message for entry in log][::-1][:2] == ["Project created", "Add labels stroma, tumor"]
    assert log[0].time >= log[1].time
    assert [len(project.log(limit=n)) for n in (0, 2, None)] == [0, 2, 4]
    assert log[:2] == project.log(limit=2)
    lines = repr(log).splitlines()
    assert lines[0].split() == ["commit", "time", "(UTC)", "author", "changes", "message"]
    assert log[0].id[:10] in lines[1]
    assert "+2" in lines[1]
    html = log._repr_html_()
    assert "<b>" not in html
    assert "first &amp; &lt;i&gt;" in html
    with pytest.raises(InvalidInput, match="limit"):
        project.log(limit=-1)


def test_many_rows_become_parts_that_geopandas_reads(project):
    gpd = pytest.importorskip("geopandas")
    n = 30_000
    xy = np.random.default_rng(0).uniform(0, 1000, (n, 2))
    gdf = new_annotations([*shapely.points(xy), None], shape=[*["point"] * n, "image"], label="tumor")
    session = project.session()
    session["one"].upsert(gdf)
    session.commit("many")
    store = project.repository.store
    files = [io.BytesIO(store.get(f"parts/{name}")) for name in store.list("parts/")]
    assert len(files) == 2
    whole = pd.concat([gpd.read_parquet(file) for file in files])
    assert len(whole) == n + 1
    assert whole.crs is None
    inside = pd.concat([gpd.read_parquet(file, bbox=(100, 100, 200, 200)) for file in files])
    expected = set(gdf["id"][:n][((gdf.geometry.x >= 100) & (gdf.geometry.x <= 200) & (gdf.geometry.y >= 100)
                                  & (gdf.geometry.y <= 200))[:n]])  # fmt: skip
    assert expected <= set(inside["id"])
    assert len(inside) < n / 20
    assert set(project.read("one", bbox=(100, 100, 200, 200))["id"]) == expected
    assert set(project.read("one")["id"]) == set(gdf["id"])

    # edits on top of parts: scattered updates, deletions, and new rows in bulk beside old ones
    changed = session["one"].read(bbox=(0, 0, 300, 300)).assign(label="stroma")
    gone = list(gdf["id"][:50])
    session["one"].upsert(changed)
    session["one"].delete(gone)
    mixed = pd.concat(
        [gdf.iloc[-2000:].assign(score=0.5), new_annotations(shapely.points(xy[:25_000] + 0.5))]
    )
    session["one"].upsert(mixed.reset_index(drop=True))
    before = rows_of(session["one"].read())
    counts = session.commit("edits").changes["one"]
    assert counts["added"] == 25_000
    assert rows_of(project.read("one")) == before
    assert project.repository.count("one") == len(before) == n + 1 - 50 + 25_000
    # a deleted row that comes back in bulk is not hidden by its deletion
    session["one"].upsert(
        pd.concat([gdf.iloc[:50], new_annotations(shapely.points(xy[:21_000]))], ignore_index=True)
    )
    session.commit("back")
    assert set(gone) <= set(project.read("one")["id"])


def test_threads_may_share_a_session_and_lose_nothing(project):
    """Also while one of them commits again and again."""
    session = project.session()
    before = len(session["one"].read())

    def edit(number):
        for step in range(8):
            square = shapely.box(20 * number, 20 * step, 20 * number + 8, 20 * step + 8)
            session["one"].upsert(new_annotations([square], label="tumor"))
            if number == 0:
                session.commit(f"step {step}")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(edit, range(6)))
    if session.changes:
        session.commit("the rest")
    assert len(project.read("one")) == before + 48
    assert project.recover() == []
