"""Merging the lists of a project: slides, labels and columns, entry by entry."""

from __future__ import annotations

import pytest

from wsinb.annotate import Label
from wsinb.errors import Conflict, InvalidInput
from wsinb.testing.entries import add_slides
from wsinb.testing.merging import IDS, edit, row
from wsinb.testing.model_store import rows_of
from wsinb.versions import Value
from wsinb.versions.slidelist import SlideEntry


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
