"""Merging: what is taken, what is in the way, how it is resolved, and who wins a race."""

from __future__ import annotations

import json
import multiprocessing
import uuid
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely

from wsinb.annotate import Label, new_annotations
from wsinb.errors import Conflict, InvalidInput, UnknownLabel, UnknownVersion
from wsinb.project import create_project, open_project
from wsinb.testing.entries import add_slides
from wsinb.testing.model_store import rows_of
from wsinb.versions import ConflictItem, Value
from wsinb.versions.graph.records import Record
from wsinb.versions.slidelist import SlideEntry
from wsinb.versions.tables import files, reading, staging

IDS = [str(uuid.UUID(int=i)) for i in range(1, 7)]
SPAWN = multiprocessing.get_context("spawn")


def edit(project, branch, changes, author="ann", slide="one"):
    """Set columns of some annotations, {id: {column: value}}, as a commit; None deletes."""
    session = project.session(branch, author=author)
    gdf = session[slide].read().set_index("id", drop=False)
    for id_, values in changes.items():
        if values is None:
            session[slide].delete(id_)
        else:
            session[slide].upsert(gdf.loc[[id_]].assign(**values).reset_index(drop=True))
    return session.commit(f"edit by {author}")


def row(project, id_, version="main", slide="one"):
    gdf = project.read(slide, version)
    found = gdf[gdf["id"] == id_].to_dict("records")
    return found[0] if found else None


@pytest.fixture
def project(tmp_path):
    """A project with six squares on one slide, and a branch "review" that begins there."""
    made = create_project(tmp_path / "study", author="ann")
    made.labels.add([Label("tumor", key="t"), Label("stroma"), Label("fat")])
    add_slides(made, "one")
    fill(made)
    return made


def fill(project):
    session = project.session(author="ann")
    boxes = [shapely.box(20 * i, 0, 20 * i + 10, 10) for i in range(6)]
    session["one"].upsert(new_annotations(boxes, id=IDS, label="tumor", properties={"n": 1}))
    session.commit("six squares")
    project.branch("review")


def test_each_side_gets_what_the_other_did(place):
    project = place.create("one")
    project.labels.add([Label("tumor"), Label("stroma")])
    fill(project)
    ours = edit(project, "main", {IDS[0]: {"label": "stroma"}, IDS[1]: None, IDS[2]: {"label": "stroma"}})
    theirs = edit(project, "review", {IDS[3]: {"score": 0.5}, IDS[4]: None, IDS[2]: {"score": 0.25}}, "bob")
    commit = project.merge("review", author="carol")
    assert commit.parents == (ours.id, theirs.id)
    assert (commit.message, commit.author) == ("Merge review into main", "carol")
    assert commit.changes == {"one": {"added": 0, "updated": 2, "deleted": 1}}
    assert set(project.read("one")["id"]) == {IDS[0], IDS[2], IDS[3], IDS[5]}
    assert row(project, IDS[3])["updated_by"] == "bob"
    both = row(project, IDS[2])
    assert (both["label"], both["score"], both["created_by"], both["updated_by"]) == (
        "stroma",
        0.25,
        "ann",
        "bob",
    )
    assert project.log()[0].message == "Merge review into main"
    assert {ours.id, theirs.id} < {each.id for each in project.log()}
    assert [each.author for each in project.blame("one", IDS[3])][-2:] == ["bob", "ann"]


def test_the_same_edit_on_both_sides_is_no_conflict(project):
    for branch, author in (("main", "ann"), ("review", "bob")):
        edit(project, branch, {IDS[0]: {"label": "stroma"}, IDS[1]: None}, author)
    commit = project.merge("review")
    assert commit.changes == {}
    assert row(project, IDS[0])["updated_by"] == "ann"


def test_moved_and_moved_back_is_no_change(project):
    edit(project, "review", {IDS[0]: {"label": "stroma"}})
    edit(project, "review", {IDS[0]: {"label": "tumor"}, IDS[1]: {"label": "fat"}})
    edit(project, "main", {IDS[0]: {"label": "fat"}})
    project.merge("review")
    assert row(project, IDS[0])["label"] == row(project, IDS[1])["label"] == "fat"


def test_conflicts_are_objects(project):
    moved = shapely.box(0, 0, 5, 5)
    edit(project, "main", {IDS[0]: {"label": "stroma", "score": 0.5}, IDS[1]: {"label": "fat"}})
    edit(project, "review", {IDS[0]: {"label": "fat", "geometry": moved}, IDS[1]: None})
    before = project.head()
    with pytest.raises(
        Conflict, match=r"2 things, such as label of annotation .* changed on 'main'"
    ) as caught:
        project.merge("review")
    assert project.head() == before
    assert caught.value.ids == {"one": IDS[:2]}
    field, whole = caught.value.conflicts
    assert field.key == ("one", IDS[0], "label")
    assert field.values == ("tumor", "stroma", "fat")
    assert field.theirs["geometry"] == moved
    assert (field.ours["score"], field.base["score"]) == (0.5, None)
    assert whole.key == ("one", IDS[1], None)
    assert (whole.ours["label"], whole.theirs) == ("fat", None)
    assert "ours 'stroma', theirs 'fat', base 'tumor'" in repr(field)
    assert "ours changed, theirs removed" in repr(whole)


@pytest.mark.parametrize(
    ("choice", "label", "there"),
    [
        ("ours", "stroma", True),
        ("theirs", "fat", False),
        ("base", "tumor", True),
        (Value("fat"), "fat", None),
    ],
)
def test_a_choice_decides_what_both_changed_and_nothing_else(project, choice, label, there):
    edit(project, "main", {IDS[0]: {"label": "stroma", "score": 0.5}, IDS[1]: {"label": "fat"}})
    edit(project, "review", {IDS[0]: {"label": "fat", "z": 2}, IDS[1]: None})
    merge = project.plan_merge("review")
    for conflict in merge.conflicts:
        if conflict.field is not None or there is not None:
            merge.resolve(conflict, choice)
    if there is None:
        merge.resolve(merge.unresolved[0], Value({"label": "stroma", "score": 0.75}))
    merge.commit()
    merged = row(project, IDS[0])
    assert (merged["label"], merged["score"], merged["z"]) == (label, 0.5, 2)
    kept = row(project, IDS[1])
    assert (kept is not None) == (there is not False)
    if choice == "base":
        assert kept["label"] == "tumor"
    if there is None:
        assert (kept["label"], kept["score"]) == ("stroma", 0.75)


def test_a_value_may_be_a_shape_or_a_deletion(project):
    edit(project, "main", {IDS[0]: {"geometry": shapely.box(0, 0, 5, 5)}, IDS[1]: None})
    edit(project, "review", {IDS[0]: {"geometry": shapely.box(0, 0, 7, 7)}, IDS[1]: {"z": 1}})
    merge = project.plan_merge("review")
    place, deleted = merge.conflicts
    merge.resolve(place, Value(shapely.Point(3.001, 3)))
    with pytest.raises(InvalidInput, match="a dict of columns, or None"):
        merge.resolve(deleted, Value("keep"))
    with pytest.raises(InvalidInput, match="no column that a Value can set 'created_by'"):
        merge.resolve(deleted, Value({"created_by": "me"}))
    with pytest.raises(InvalidInput, match="shapely"):
        merge.resolve(place, Value("POINT (1 1)"))
    merge.resolve(deleted, Value(None))
    merge.commit()
    merged = row(project, IDS[0])
    assert (merged["geometry"], merged["shape"]) == (shapely.Point(3, 3), "point")
    assert row(project, IDS[1]) is None


def test_a_resolver_may_be_a_function(project):
    edit(project, "main", {IDS[0]: {"score": 0.5}, IDS[1]: {"score": 0.25}})
    edit(project, "review", {IDS[0]: {"score": 0.75}, IDS[1]: {"score": 0.75}})
    seen = []

    def mean(item: ConflictItem):
        seen.append(item.key)
        _, ours, theirs = item.values
        return Value((ours + theirs) / 2)

    project.merge("review", resolve=mean)
    assert [row(project, id_)["score"] for id_ in IDS[:2]] == [0.625, 0.5]
    assert seen == [("one", id_, "score") for id_ in IDS[:2]]


@pytest.mark.parametrize(
    ("choice", "error", "message"),
    [
        ("mine", InvalidInput, "'ours', 'theirs', 'base'"),
        (Value("tumour"), UnknownLabel, "did you mean 'tumor'"),
        (Value(3), UnknownLabel, "no label 3"),
    ],
)
def test_choices_that_cannot_be_are_refused_at_once(project, choice, error, message):
    edit(project, "main", {IDS[0]: {"label": "stroma"}})
    edit(project, "review", {IDS[0]: {"label": "fat"}})
    merge = project.plan_merge("review")
    with pytest.raises(error, match=message):
        merge.resolve(merge.conflicts[0], choice)
    assert len(merge.unresolved) == 1
    with pytest.raises(error, match=message):
        project.merge("review", resolve=lambda item: choice)
    with pytest.raises(InvalidInput, match="no conflict"):
        merge.resolve("label", "ours")
    with pytest.raises(InvalidInput, match="A resolver is"):
        project.merge("review", resolve="mine")


def test_a_plan_says_what_it_does(project):
    edit(project, "main", {IDS[0]: {"label": "stroma"}})
    edit(project, "review", {IDS[0]: {"label": "fat"}, IDS[1]: None})
    merge = project.plan_merge("review")
    assert (merge.ours, merge.theirs) == (project.head(), project.head("review"))
    assert merge.base == project.commit("review").parents[0]
    assert merge.diff.counts == {"one": {"added": 0, "deleted": 1, "updated": 0}}
    assert "1 conflicts, 1 of them unresolved" in repr(merge)
    merge.resolve(merge.conflicts[0], "theirs")
    assert merge.diff.counts == {"one": {"added": 0, "deleted": 1, "updated": 1}}
    assert "0 of them unresolved" in repr(merge)
    assert "<table>" in merge._repr_html_()
    assert project.head() == merge.ours


def test_a_plan_follows_a_branch_that_moves(project):
    edit(project, "main", {IDS[0]: {"label": "stroma"}})
    edit(project, "review", {IDS[0]: {"label": "fat"}, IDS[1]: {"label": "fat"}})
    merge = project.plan_merge("review")
    merge.resolve(merge.conflicts[0], "theirs")
    moved = edit(project, "main", {IDS[5]: {"label": "stroma"}}, "bob")
    commit = merge.commit()
    assert commit.parents[0] == moved.id
    assert [row(project, id_)["label"] for id_ in (IDS[0], IDS[1], IDS[5])] == ["fat", "fat", "stroma"]


def test_what_comes_up_meanwhile_is_not_decided_by_older_choices(project):
    edit(project, "main", {IDS[0]: {"label": "stroma"}})
    edit(project, "review", {IDS[0]: {"label": "fat"}, IDS[1]: {"label": "fat"}})
    merge = project.plan_merge("review")
    merge.resolve(merge.conflicts[0], "ours")
    edit(project, "main", {IDS[1]: {"label": "stroma"}}, "bob")
    with pytest.raises(Conflict) as caught:
        merge.commit()
    assert [item.id for item in caught.value.conflicts] == [IDS[1]]
    merge.resolve(merge.unresolved[0], "theirs")
    merge.commit()
    assert [row(project, id_)["label"] for id_ in IDS[:2]] == ["stroma", "fat"]


OWN = {
    "float": (0.25, [float("inf"), True, "1"]),
    "int": (7, [1.5, True, "1", 2**63]),
    "text": ("seven", [7, b"seven", "\ud800"]),
    "bool": (True, [1, "yes"]),
    "time": (datetime(2026, 1, 2, tzinfo=UTC), [datetime(2026, 1, 2), "2026-01-02", 0]),
}


@pytest.mark.parametrize("kind", OWN)
def test_a_value_for_an_own_column_is_one_that_a_session_would_take(project, kind):
    project.columns.add("own", kind)
    project.branch("other")
    good, bad = OWN[kind]
    ours, theirs = {
        "float": (1.0, 2.0),
        "int": (1, 2),
        "text": ("a", "b"),
        "bool": (True, False),
        "time": (datetime(2026, 1, 3, tzinfo=UTC), datetime(2026, 1, 4, tzinfo=UTC)),
    }[kind]
    edit(project, "main", {IDS[0]: {"own": ours}})
    edit(project, "other", {IDS[0]: {"own": theirs}})
    plan = project.plan_merge("other")
    (conflict,) = plan.conflicts
    for value in bad:
        with pytest.raises(InvalidInput, match=f"Column 'own' has the type '{kind}'"):
            plan.resolve(conflict, Value(value))
    plan.resolve(conflict, Value(good))
    plan.commit()
    assert row(project, IDS[0])["own"] == good


def test_a_choice_does_not_hold_for_another_value(project):
    edit(project, "main", {IDS[0]: {"label": "stroma"}})
    edit(project, "review", {IDS[0]: {"label": "fat"}})
    merge = project.plan_merge("review")
    merge.resolve(merge.conflicts[0], "ours")
    edit(project, "main", {IDS[0]: {"label": None}}, "bob")
    with pytest.raises(Conflict):
        merge.commit()
    merge.resolve(merge.unresolved[0], "ours")
    merge.commit()
    assert not isinstance(row(project, IDS[0])["label"], str)


def test_an_id_that_both_added_is_merged_without_a_base(project):
    new = str(uuid.UUID(int=50))
    for branch, values in (("main", {"label": "fat", "z": 1}), ("review", {"label": "stroma", "z": 1})):
        session = project.session(branch, author=branch)
        session["one"].upsert(new_annotations([shapely.Point(1, 1)], id=[new], **values))
        session.commit("the same id")
    merge = project.plan_merge("review")
    (item,) = merge.conflicts
    assert (item.field, item.base) == ("label", None)
    with pytest.raises(InvalidInput, match="There is no base"):
        merge.resolve(item, "base")
    merge.resolve(item, "theirs")
    merge.commit()
    merged = row(project, new)
    assert (merged["label"], merged["z"], merged["created_by"]) == ("stroma", 1, "main")


def test_nothing_to_merge_is_said(project):
    with pytest.raises(InvalidInput, match="nothing to merge: 'main' is up to date with 'review'"):
        project.merge("review")
    edit(project, "review", {IDS[0]: {"z": 1}})
    project.merge("review")
    with pytest.raises(InvalidInput, match="up to date"):
        project.merge("review")
    project.merge("main", "review")
    with pytest.raises(UnknownVersion, match="did you mean 'review'"):
        project.merge("reviw")
    with pytest.raises(UnknownVersion, match="did you mean 'review'"):
        project.merge("main", "reviw")


def test_versions_without_a_common_commit_are_refused(project):
    record = project.repository.record("main")
    data = {**record.data, "parents": [], "generation": 0, "depth": 0, "skip": None, "message": "elsewhere"}
    stranger = Record(project.repository.committer._put(data), data)
    with pytest.raises(InvalidInput, match="share no commit"):
        project.merge(stranger.id)


def test_a_merge_after_a_merge_takes_only_what_is_new(project):
    edit(project, "review", {IDS[0]: {"label": "fat"}})
    project.merge("review")
    edit(project, "main", {IDS[0]: {"label": "stroma"}})
    edit(project, "review", {IDS[1]: {"label": "fat"}})
    commit = project.merge("review")
    assert commit.changes == {"one": {"added": 0, "updated": 1, "deleted": 0}}
    assert row(project, IDS[0])["label"] == "stroma"


def test_a_criss_cross_takes_one_base_and_says_what_both_changed(project):
    edit(project, "main", {IDS[0]: {"label": "stroma"}})
    edit(project, "review", {IDS[1]: {"label": "fat"}})
    main, review = project.head(), project.head("review")
    project.merge(review, "main")
    project.merge(main, "review")
    edit(project, "main", {IDS[0]: {"score": 0.5}, IDS[2]: {"label": "fat"}})
    edit(project, "review", {IDS[1]: {"score": 0.5}, IDS[2]: {"label": "stroma"}})
    merge = project.plan_merge("review")
    assert merge.base in (main, review)
    assert [item.key for item in merge.conflicts] == [("one", IDS[2], "label")]
    merge.resolve(merge.conflicts[0], "ours")
    merge.commit()
    rows = [row(project, id_) for id_ in IDS[:3]]
    assert [(each["label"], each["score"]) for each in rows[:2]] == [("stroma", 0.5), ("fat", 0.5)]
    assert rows[2]["label"] == "fat"


def test_lists_merge_by_entry(project):
    two = SlideEntry("two", "two.svs", "sha256:00", (1000, 1000), metadata={"patient": "p1"})
    add_slides(project, two, branch="review")
    project.labels.on("review").add([Label("necrosis"), Label("stroma", color="#00ff00")])
    project.columns.on("review").add("area", "float")
    add_slides(project, "three")
    project.labels.remove("fat")
    commit = project.merge("review")
    assert set(project.slides) == {"one", "two", "three"}
    assert set(project.labels) == {"tumor", "stroma", "necrosis"}
    assert project.labels["stroma"].color == "#00ff00"
    assert list(project.columns) == ["area"]
    assert commit.edits == {
        "slides": {"added": ["two"]},
        "labels": {"added": ["necrosis"], "updated": ["stroma"]},
        "columns": {"added": ["area"]},
    }


def test_members_of_an_entry_merge_and_clash(project):
    project.labels.on("review").add(Label("stroma", color="#00ff00"))
    project.labels.add(Label("stroma", order=7, key="s"))
    project.merge("review")
    assert project.labels["stroma"] == Label("stroma", color="#00ff00", order=7, key="s")
    project.labels.on("review").add(Label("stroma", color="#0000ff"))
    project.labels.add(Label("stroma", color="#ff0000"))
    merge = project.plan_merge("review")
    (item,) = merge.conflicts
    assert item.key == (None, "labels/stroma", None)
    assert (item.ours["color"], item.theirs["color"]) == ("#ff0000", "#0000ff")
    for wrong in ("red", {**item.ours, "color": "red"}, {**item.ours, "name": "other"}):
        with pytest.raises(InvalidInput):
            merge.resolve(item, Value(wrong))
    merge.resolve(item, Value({**item.ours, "color": "#123456"}))
    merge.commit()
    assert project.labels["stroma"].color == "#123456"


def test_two_labels_never_share_a_key_after_a_merge(project):
    project.labels.on("review").add(Label("nerve", key="n"))
    project.labels.add(Label("necrosis", key="n"))
    project.merge("review")
    assert (project.labels["necrosis"].key, project.labels["nerve"].key) == ("n", None)


def test_two_new_columns_of_one_name_are_refused(project):
    project.columns.on("review").add("area", "float")
    project.columns.add("Area", "float")
    with pytest.raises(InvalidInput, match="Both sides added a column"):
        project.merge("review")
    project.columns.on("review").rename("area", "area of cells")
    project.merge("review")
    assert set(project.columns) == {"Area", "area of cells"}


def test_own_columns_merge_like_others(project):
    project.columns.add("area", "float")
    project.merge("main", "review")
    edit(project, "main", {IDS[0]: {"area": 1.5}, IDS[1]: {"area": 1.0}})
    edit(project, "review", {IDS[0]: {"label": "fat"}, IDS[1]: {"area": 2.0}, IDS[2]: {"area": 3.0}})
    project.columns.rename("area", "cell area")
    merge = project.plan_merge("review")
    (item,) = merge.conflicts
    assert item.values[1:] == (1.0, 2.0)
    with pytest.raises(InvalidInput, match="cell area"):
        merge.resolve(item, Value("large"))
    merge.resolve(item, Value(1.75))
    merge.commit()
    rows = [row(project, id_) for id_ in IDS[:3]]
    assert [each["cell area"] for each in rows] == [1.5, 1.75, 3.0]
    assert rows[0]["label"] == "fat"


def test_a_slide_that_one_side_leaves_alone_may_go(project):
    project.slides.on("review").remove("one")
    commit = project.merge("review")
    assert (list(project.slides), commit.edits) == ([], {"slides": {"removed": ["one"]}})
    assert len(project.read("one", commit.parents[0])) == 6


@pytest.mark.parametrize(("choice", "labels"), [("ours", ["fat"]), ("theirs", None), ("base", ["tumor"])])
@pytest.mark.parametrize("removed_by", ["main", "review"])
def test_a_slide_removed_here_and_edited_there_is_a_conflict(project, choice, labels, removed_by):
    edited = "review" if removed_by == "main" else "main"
    project.slides.on(removed_by).remove("one")
    edit(project, edited, {IDS[0]: {"label": "fat"}})
    with pytest.raises(Conflict, match="slides/one"):
        project.merge(removed_by, edited)
    merge = project.plan_merge(removed_by, edited)
    assert [item.key for item in merge.conflicts] == [(None, "slides/one", None)]
    with pytest.raises(InvalidInput, match="cannot add or remove"):
        merge.resolve(merge.conflicts[0], Value({"path": "x"}))
    merge.resolve(merge.conflicts[0], choice)
    expected = merge.diff
    before = project.head(edited)
    commit = merge.commit()
    assert project.diff(before, commit.id) == expected
    assert ("one" in project.slides_at(edited)) == (labels is not None)
    if labels:
        assert [row(project, IDS[0], edited)["label"]] == labels


def test_a_slide_comes_back_where_the_edits_are_chosen(project):
    project.slides.remove("one")
    edit(project, "review", {IDS[0]: {"label": "fat"}})
    project.merge("review", resolve="theirs")
    assert rows_of(project.read("one")) == rows_of(project.read("one", "review"))
    assert project.slides["one"].path == "one.svs"


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


def test_a_session_on_a_moved_branch_merges_by_field(project):
    session = project.session(author="late")
    gdf = session["one"].read().set_index("id", drop=False).loc[IDS[:3]].reset_index(drop=True)
    session["one"].upsert(gdf.assign(label="fat"))
    session["one"].delete(IDS[3])
    edit(
        project,
        "main",
        {IDS[0]: {"score": 0.5}, IDS[1]: {"label": "stroma"}, IDS[3]: {"z": 2}, IDS[4]: {"z": 1}},
        "bob",
    )
    with pytest.raises(Conflict, match="resolve='ours'") as caught:
        session.commit("late")
    assert caught.value.ids == {"one": [IDS[0], IDS[1], IDS[3]]}
    kinds = {item.id: item.field for item in caught.value.conflicts}
    assert kinds == {IDS[0]: None, IDS[1]: "label", IDS[3]: None}
    label = next(item for item in caught.value.conflicts if item.field == "label")
    assert label.values == ("tumor", "fat", "stroma")
    assert len(session["one"].edits()) == 3

    commit = session.commit("late", resolve=lambda item: "theirs" if item.field is None else "ours")
    assert commit.changes == {"one": {"added": 0, "updated": 3, "deleted": 0}}
    rows = [row(project, id_) for id_ in IDS[:5]]
    assert [each["label"] for each in rows] == ["fat", "fat", "fat", "tumor", "tumor"]
    assert (rows[0]["score"], rows[3]["z"], rows[4]["z"]) == (0.5, 2, 1)
    assert session.base == commit.id
    assert not session.changes


def test_resolve_is_not_asked_where_others_changed_other_rows(project):
    session = project.session()
    session["one"].delete(IDS[0])
    edit(project, "main", {IDS[1]: {"z": 1}})
    session.commit("delete", resolve=lambda item: pytest.fail("nothing to resolve"))
    assert len(project.read("one")) == 5


def merge_often(place, number):
    """Count up on a branch of one's own and merge it, while others do the same."""
    project = open_project(place)
    branch = f"branch-{number}"
    project.branch(branch)
    for i in range(4):
        edit(project, branch, {IDS[number]: {"properties": json.dumps({"n": 10 * number + i})}}, branch)
        session = project.session(branch)
        session["one"].upsert(new_annotations([shapely.Point(number, i)]))
        session.commit("point")
        project.merge(branch, author=branch)
    return number


@pytest.mark.slow
def test_merges_of_several_processes_all_land(shared_place):
    project = shared_place.create("one")
    project.labels.add(Label("tumor"))
    fill(project)
    with SPAWN.Pool(3) as pool:
        pool.starmap(merge_often, [(shared_place.url, number) for number in range(3)])
    assert len(project.read("one")) == 6 + 3 * 4
    values = [json.loads(row(project, IDS[number])["properties"])["n"] for number in range(3)]
    assert values == [10 * number + 3 for number in range(3)]
    merges = [commit for commit in project.log() if len(commit.parents) == 2]
    assert len(merges) == 12


def merge_once(folder, _):
    try:
        open_project(folder).merge("review")
    except InvalidInput as error:
        return "up to date" in str(error)
    return "merged"


@pytest.mark.slow
def test_of_two_merges_of_the_same_one_wins(project):
    edit(project, "review", {IDS[0]: {"label": "fat"}})
    with SPAWN.Pool(2) as pool:
        results = pool.starmap(merge_once, [(str(project.path), number) for number in range(2)])
    assert sorted(map(str, results)) == ["True", "merged"]
    assert len([commit for commit in project.log() if len(commit.parents) == 2]) == 1
