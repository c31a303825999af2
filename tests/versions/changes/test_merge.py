"""Merging: what is taken, what is in the way, and who wins a race."""

from __future__ import annotations

import json
import multiprocessing

import pytest
import shapely

from wsinb.annotate import Label, new_annotations
from wsinb.errors import Conflict, InvalidInput, UnknownVersion
from wsinb.project import open_project
from wsinb.testing.merging import IDS, edit, fill, row
from wsinb.versions.graph.records import Record

SPAWN = multiprocessing.get_context("spawn")


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
