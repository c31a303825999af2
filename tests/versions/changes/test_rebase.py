"""Committing a session when others have committed meanwhile."""

from __future__ import annotations

import pytest

from wsinb.errors import Conflict
from wsinb.testing.merging import IDS, edit, row


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
