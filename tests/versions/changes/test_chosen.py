"""What is chosen for a conflict decides that one and nothing else, and is refused at once if it cannot be."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
import shapely

from wsinb.annotate import new_annotations
from wsinb.errors import Conflict, InvalidInput, UnknownLabel
from wsinb.testing.merging import IDS, edit, row
from wsinb.versions import ConflictItem, Value


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
