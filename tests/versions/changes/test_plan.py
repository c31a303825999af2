"""A merge as a plan: what it says that it does, and how it follows a branch that moves."""

from __future__ import annotations

import pytest

from wsinb.errors import Conflict
from wsinb.testing.merging import IDS, edit, row


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
