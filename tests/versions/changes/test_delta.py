"""Differences as values: what they say, how they are combined, picked, applied and shown."""

from __future__ import annotations

import uuid

import numpy as np
import pytest
import shapely

from wsinb.annotate import Label, new_annotations
from wsinb.errors import Conflict, InvalidInput, UnknownLabel, UnknownSlide, UnknownVersion
from wsinb.project import create_project
from wsinb.testing.entries import add_slides
from wsinb.versions.changes.fields import kind_for_people
from wsinb.versions.changes.slidedelta import SlideDiff

IDS = [str(uuid.UUID(int=i << 64)) for i in range(6)]


def squares(ids, x=0, **columns):
    boxes = [shapely.box(x + 100 * i, 0, x + 100 * i + 10, 10) for i in range(len(ids))]
    return new_annotations(boxes, id=list(ids), **columns)


def commit(project, slide="one", upsert=None, delete=(), branch="main"):
    session = project.session(branch, author="ann")
    if upsert is not None:
        session[slide].upsert(upsert)
    if delete:
        session[slide].delete(delete)
    return session.commit("edit").id


@pytest.fixture
def project(tmp_path):
    made = create_project(tmp_path / "study")
    made.labels.add([Label("tumor"), Label("stroma")])
    add_slides(made, "one", "<two>")
    return made


@pytest.fixture
def edited(project):
    """A project with a version "before" and one "after": one row moved, one relabelled, one gone, one new."""
    rows = squares(IDS[:4], label="tumor", layer="ann")
    commit(project, upsert=rows)
    project.tag("before")
    rows.loc[0, "geometry"] = shapely.box(5, 5, 15, 15)
    rows.loc[1, "label"] = "stroma"
    added = squares([IDS[4]], x=900, label="stroma", layer="bob")
    session = project.session(author="bob")
    session["one"].upsert(rows)
    session["one"].upsert(added)
    session["one"].delete([IDS[3]])
    session["<two>"].upsert(squares([IDS[5]]))
    session.commit("all sorts")
    project.tag("after")
    return project


def test_a_difference_says_what_happened_to_each_annotation(edited):
    diff = edited.diff("before", "after")
    assert diff.slides == ("<two>", "one")
    assert diff.counts == {
        "<two>": {"added": 1, "deleted": 0, "updated": 0},
        "one": {"added": 1, "deleted": 1, "updated": 2},
    }
    assert (len(diff), bool(diff), "one" in diff, "three" in diff) == (5, True, True, False)
    changes = {change.id: change for change in diff["one"].changes()}
    assert {id_: (change.kind, change.fields) for id_, change in changes.items()} == {
        IDS[0]: ("updated", ("geometry",)),
        IDS[1]: ("updated", ("label",)),
        IDS[3]: ("deleted", ()),
        IDS[4]: ("added", ()),
    }
    assert (changes[IDS[1]].old["label"], changes[IDS[1]].new["label"]) == ("tumor", "stroma")
    assert changes[IDS[0]].new["geometry"].equals(shapely.box(5, 5, 15, 15))
    assert (changes[IDS[3]].new, changes[IDS[4]].old) == (None, None)
    assert changes[IDS[3]].old["layer"] == "ann"


def test_who_edited_is_no_difference(project):
    first = commit(project, upsert=squares(IDS[:1], label="tumor"))
    commit(project, upsert=squares(IDS[:1], label="stroma"))
    back = commit(project, upsert=squares(IDS[:1], label="tumor"))
    assert not project.diff(first, back)
    assert project.read("one", back)["updated_by"][0] == "ann"


def test_changes_follow_each_other_in_space(project):
    start = project.head()
    rng = np.random.default_rng(1)
    l0_xy = rng.uniform(0, 50_000, (300, 2))
    commit(project, upsert=new_annotations(shapely.points(l0_xy)))
    steps = np.array([change.new["geometry"].coords[0] for change in project.diff(start)["one"]])
    travelled = np.hypot(*np.diff(steps, axis=0).T).sum()
    shuffled = np.hypot(*np.diff(l0_xy, axis=0).T).sum()
    assert travelled < shuffled / 5


def test_differences_of_lists(edited):
    edited.labels.remove("tumor")
    edited.labels.add(Label("stroma", color="#112233"))
    edited.slides.remove("<two>")
    edited.columns.add("area", "float")
    diff = edited.diff("after")
    assert diff.edits == {
        "slides": {"removed": ["<two>"]},
        "labels": {"removed": ["tumor"], "updated": ["stroma"]},
        "columns": {"added": ["area"]},
    }
    assert diff.counts == {"<two>": {"added": 0, "deleted": 1, "updated": 0}}
    assert (~diff).edits["labels"] == {"added": ["tumor"], "updated": ["stroma"]}
    assert diff + ~diff == edited.diff("main", "main")
    assert edited.diff("after", slides="one").edits == {}
    added = edited.diff("after", "main")
    edited.columns.rename("area", "size")
    edited.columns.remove("size")
    renamed = edited.diff(added.b, "main")
    assert renamed.edits == {"columns": {"removed": ["size"]}}
    # what was added and is hidden again still has its place: it is in no table
    assert (added + renamed).edits == edited.diff("after").edits


def test_own_columns_go_by_their_present_name(edited):
    edited.columns.add("area", "float")
    rows = edited.read("one")
    commit(edited, upsert=rows.assign(area=[1.0] * len(rows)))
    edited.columns.rename("area", "size")
    part = edited.diff("after")["one"]
    assert set(part.fields) == {("size",)}
    change = next(part.changes())
    assert (change.old["size"], change.new["size"]) == (None, 1.0)
    assert list(edited.diff("after").to_frame()["size"]) == [1.0] * len(rows)


def test_differences_add_up_only_where_they_meet(edited):
    first = edited.diff("before", "after")
    commit(edited, upsert=squares([IDS[0]], x=40))
    second = edited.diff("after")
    assert first + second == edited.diff("before")
    assert (first + second).filter(ids=IDS[0])["one"].kinds.tolist() == ["updated"]
    with pytest.raises(InvalidInput, match=f"annotation {IDS[0]} of slide 'one'"):
        second + first
    edited.labels.add(Label("tumor", color="#000000"))
    label = edited.diff(second.b)
    with pytest.raises(InvalidInput, match="'tumor' of labels"):
        label + label
    assert first != second
    assert first != "first"
    assert first["one"] != second["one"]


def test_picking(edited):
    diff = edited.diff("before", "after")
    assert diff.filter(slides="one").slides == ("one",)
    assert diff.filter(slides=[]).slides == ()
    assert diff.filter(kinds=["added", "deleted"]).counts["one"] == {"added": 1, "deleted": 1, "updated": 0}
    assert ids_of(diff.filter(ids=[IDS[0], IDS[5]])) == {IDS[0], IDS[5]}
    assert ids_of(diff.filter(labels="stroma")) == {IDS[1], IDS[4]}  # as it is, or as it was
    assert ids_of(diff.filter(labels="tumor", kinds="updated")) == {IDS[0], IDS[1]}
    assert ids_of(diff.filter(labels=[None])) == {IDS[5]}
    assert ids_of(diff.filter(layers={"bob"})) == {IDS[4]}
    assert ids_of(diff.filter(bbox=(0, 0, 12, 3))) == {IDS[0], IDS[5]}  # the old box meets it
    assert ids_of(diff.filter(where=lambda change: "label" in change.fields)) == {IDS[1]}
    edited.labels.add(Label("other"))
    assert edited.diff("after").filter().edits == {}
    with pytest.raises(InvalidInput, match="did you mean 'deleted'"):
        diff.filter(kinds="delete")
    with pytest.raises(InvalidInput, match="UUID"):
        diff.filter(ids="x")
    with pytest.raises(InvalidInput, match="four numbers"):
        diff.filter(bbox=(1, 2))


def ids_of(diff):
    return set(diff.to_frame()["id"])


def test_applying_on_another_branch(edited):
    edited.branch("review", "before")
    diff = edited.diff("before", "after")
    session = edited.session("review")
    diff.apply(session)
    assert session.changes["one"] == {"added": 1, "updated": 2, "deleted": 1}
    session.commit("the same again")
    assert not edited.diff("after", "review")
    back = edited.session("review")
    (~diff.filter(ids=IDS[3])).apply(back)
    back.commit("but this one")
    assert ids_of(edited.diff("after", "review")) == {IDS[3]}


def test_applying_to_other_rows_is_a_conflict(edited):
    diff = edited.diff("before", "after")
    session = edited.session()
    with pytest.raises(Conflict, match="did not match the difference") as caught:
        diff.apply(session)
    # IDS[2] did not differ; the rest is not as it was before
    assert caught.value.ids == {"one": [IDS[0], IDS[1], IDS[3], IDS[4]], "<two>": [IDS[5]]}
    moved = next(item for item in caught.value.conflicts if item.id == IDS[0])
    assert (moved.base["geometry"], moved.ours["geometry"]) == (
        squares(IDS[:1]).geometry[0],
        shapely.box(5, 5, 15, 15),
    )
    gone = next(item for item in caught.value.conflicts if item.id == IDS[3])
    assert (gone.ours, gone.theirs, gone.base["label"]) == (None, None, "tumor")
    assert session.changes == {}


def test_applying_needs_slides_and_labels(edited):
    commit(edited, upsert=squares([IDS[2]], label="stroma"))
    diff = edited.diff("after")
    edited.labels.remove("stroma")
    edited.labels.remove("tumor")
    session = edited.session()
    with pytest.raises(UnknownLabel, match="tumor"):
        (~diff).apply(session)
    edited.slides.remove("one")
    with pytest.raises(UnknownSlide, match="'one'"):
        diff.apply(edited.session())
    assert session.changes == {}


def test_the_table_of_a_difference(edited):
    frame = edited.diff("before", "after").to_frame()
    assert list(frame.columns[:4]) == ["slide", "id", "kind", "fields"]
    assert frame.active_geometry_name == "geometry"
    row = frame.set_index("id").loc[IDS[3]]
    assert (row["slide"], row["kind"], row["label"]) == ("one", "deleted", "tumor")
    assert row["geometry"].equals(squares(IDS[:4]).geometry[3])
    none = edited.diff("after", "after").to_frame()
    assert list(none.columns) == list(frame.columns)
    assert len(none) == 0


def test_a_difference_is_told_in_a_few_lines(edited):
    diff = edited.diff("before", "after")
    lines = repr(diff).splitlines()
    assert lines[0] == f"Differences from {diff.a[:10]} to {diff.b[:10]}: 5 annotations"
    assert [line.split() for line in lines[1:]] == [
        ["slide", "added", "deleted", "updated"],
        ["<two>", "1", "0", "0"],
        ["one", "1", "1", "2"],
    ]
    html = diff._repr_html_()
    assert "&lt;two&gt;" in html
    assert "<two>" not in html
    edited.labels.add(Label("<b>"))
    assert "labels added: &lt;b&gt;" in edited.diff("after")._repr_html_()
    assert repr(edited.diff("after", "after")).endswith(": none")
    assert repr(diff["one"]) == "<differences of 'one': 1 added, 1 deleted, 2 updated>"
    assert len(edited.diff("after", "after")["one"]) == 0


def test_names_that_do_not_exist(edited):
    diff = edited.diff("before", "after")
    with pytest.raises(UnknownSlide, match="did you mean 'one'"):
        diff["onee"]
    with pytest.raises(UnknownSlide, match="'three'"):
        edited.diff("before", slides="three")
    with pytest.raises(UnknownVersion, match="did you mean 'before'"):
        edited.diff("befor")


def test_a_view_needs_two_versions(edited):
    diff = edited.diff("before", "after")
    seen = []
    diff._show = lambda slide, **options: seen.append((slide, options))
    diff.view("one", width="9em")
    assert seen == [("one", {"version": diff.b, "compare": diff.a, "width": "9em"})]
    with pytest.raises(InvalidInput, match="not between two versions"):
        edited.show(edited.log()[-1].id).diff.view("one")


def test_a_difference_of_tables_in_memory(edited):
    old, new = (
        edited.repository.tables.read(edited.repository.committer.state(head, "one"))
        for head in map(edited.repository.version, ("before", "after"))
    )
    assert SlideDiff.between("one", old, new) == edited.diff("before", "after")["one"]


def test_what_a_commit_did(edited):
    shown = edited.show("after")
    assert shown.diff == edited.diff("before", "after")
    assert shown.commit == edited.commit("after")
    text = repr(shown)
    assert text.startswith(f"commit {shown.commit.id}\nauthor bob\n")
    assert "    all sorts\n" in text
    assert "all sorts" in shown._repr_html_()
    first = edited.show(edited.log()[-1].id)
    assert set(first.diff.edits["project"]["added"]) == {"id", "name"}
    assert len(first.diff) == 0


def test_a_merge_is_shown_against_its_first_parent(edited):
    edited.branch("side", "before")
    commit(edited, upsert=squares([IDS[2]], x=7), branch="side")
    merged = edited.merge("side")
    shown = edited.show()
    assert shown.commit.id == merged.id
    assert ids_of(shown.diff) == {IDS[2]}
    assert f"merges {merged.parents[1][:10]}" in repr(shown)


def test_the_state_of_a_branch(edited):
    status = edited.status()
    assert [(each.slide, each.rows, each.parts, each.changes) for each in status.slides] == [
        ("<two>", 1, 0, 1),
        ("one", 4, 0, 2),
    ]
    assert (status.branch, status.commit, status.rows) == ("main", edited.head(), 5)
    assert repr(status).splitlines()[-1].split() == ["all", "5", "0", "0", "3"]
    assert "&lt;two&gt;" in status._repr_html_()
    for x in range(20):
        commit(edited, upsert=squares([IDS[0]], x=x))
    assert {each.slide: each.runs for each in edited.status().slides} == {"<two>": 0, "one": 1}
    with pytest.raises(UnknownVersion):
        edited.status("before")


@pytest.mark.parametrize(
    ("kind", "fields", "word"),
    [
        ("added", (), "added"),
        ("deleted", (), "deleted"),
        ("updated", ("geometry",), "moved"),
        ("updated", ("label",), "relabelled"),
        ("updated", ("geometry", "label"), "changed"),
        ("updated", ("score",), "changed"),
    ],
)
def test_what_people_call_a_change(kind, fields, word):
    assert kind_for_people(kind, fields) == word
