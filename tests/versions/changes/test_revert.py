"""Going back: reverting commits, restoring annotations."""

from __future__ import annotations

import uuid

import numpy as np
import pytest
import shapely

from wsinb.annotate import Label, new_annotations
from wsinb.errors import Conflict, InvalidInput, UnknownAnnotation, UnknownSlide, UnknownVersion
from wsinb.project import create_project
from wsinb.testing.entries import add_slides
from wsinb.testing.model_store import rows_of
from wsinb.versions import Value
from wsinb.versions.tables import staging

IDS = [str(uuid.UUID(int=i)) for i in range(1, 7)]


@pytest.fixture
def project(tmp_path):
    made = create_project(tmp_path / "study", author="ann")
    made.labels.add([Label("tumor"), Label("stroma"), Label("fat")])
    add_slides(made, "one")
    session = made.session(author="ann")
    boxes = [shapely.box(20 * i, 0, 20 * i + 10, 10) for i in range(6)]
    session["one"].upsert(new_annotations(boxes, id=IDS, label="tumor"))
    session.commit("six squares")
    return made


def edit(project, changes, branch="main", author="bob"):
    session = project.session(branch, author=author)
    gdf = session["one"].read().set_index("id", drop=False)
    for id_, values in changes.items():
        if values is None:
            session["one"].delete(id_)
        else:
            session["one"].upsert(gdf.loc[[id_]].assign(**values).reset_index(drop=True))
    return session.commit("an edit")


def labels(project, version="main"):
    gdf = project.read("one", version)
    found = dict(zip(gdf["id"], gdf["label"], strict=True))
    return [found.get(id_) for id_ in IDS]


def test_a_revert_undoes_one_commit_and_keeps_later_ones(project):
    before = rows_of(project.read("one"))
    undone = edit(project, {IDS[0]: {"label": "fat"}, IDS[1]: None})
    edit(project, {IDS[2]: {"label": "stroma"}})
    commit = project.revert(undone.id, author="carol")
    assert commit.message == f"Revert {undone.id[:10]}: an edit"
    assert commit.author == "carol"
    assert len(commit.parents) == 1
    assert commit.changes == {"one": {"added": 1, "updated": 1, "deleted": 0}}
    after = rows_of(project.read("one"))
    assert {id_: after[id_] for id_ in IDS if id_ != IDS[2]} == {
        id_: before[id_] for id_ in IDS if id_ != IDS[2]
    }
    assert labels(project)[2] == "stroma"


def test_another_field_that_changed_since_is_no_conflict(project):
    undone = edit(project, {IDS[0]: {"label": "fat"}})
    edit(project, {IDS[0]: {"score": 0.5}})
    project.revert(undone.id)
    row = project.read("one").set_index("id").loc[IDS[0]]
    assert (row["label"], row["score"]) == ("tumor", 0.5)


@pytest.mark.parametrize(
    ("resolve", "expected"),
    [("ours", ["stroma", None]), ("theirs", ["tumor", "tumor"]), (lambda item: Value("fat"), None)],
)
def test_what_changed_again_is_a_conflict(project, resolve, expected):
    undone = edit(project, {IDS[0]: {"label": "fat"}, IDS[1]: {"label": "fat"}, IDS[2]: {"label": "fat"}})
    edit(project, {IDS[0]: {"label": "stroma"}})
    if expected:
        edit(project, {IDS[1]: None})
    with pytest.raises(Conflict, match="changed on 'main' after commit") as caught:
        project.revert(undone.id)
    assert caught.value.ids["one"][0] == IDS[0]
    first = caught.value.conflicts[0]
    assert first.values == ("fat", "stroma", "tumor")
    project.revert(undone.id, resolve=resolve)
    assert labels(project)[:3] == [*(expected or ["fat", "tumor"]), "tumor"]


def test_a_revert_can_be_reverted(project):
    undone = edit(project, {IDS[0]: {"label": "fat"}, IDS[1]: None})
    after = rows_of(project.read("one"))
    again = project.revert(project.revert(undone.id).id)
    assert again.message.startswith("Revert ")
    assert rows_of(project.read("one")) == after


def test_a_merge_is_reverted_against_its_first_parent(project):
    project.branch("review")
    edit(project, {IDS[0]: {"label": "fat"}}, "review")
    edit(project, {IDS[1]: {"label": "stroma"}})
    merged = project.merge("review")
    project.revert(merged.id)
    assert labels(project)[:2] == ["tumor", "stroma"]
    # the branch counts as merged: what it did before does not come again by merging
    with pytest.raises(InvalidInput, match="up to date"):
        project.merge("review")


def test_a_removed_slide_comes_back_with_its_table(project, monkeypatch):
    monkeypatch.setattr(staging, "BULK_ROWS", 20)
    session = project.session()
    session["one"].upsert(new_annotations(shapely.points(np.arange(50), 5), label="fat"))
    session.commit("fifty points")
    edit(project, {IDS[0]: {"label": "fat"}, IDS[1]: None})
    before = rows_of(project.read("one"))
    project.slides.remove("one")
    removal = project.head()
    parts = project.repository.store.list("parts/")
    commit = project.revert(removal)
    assert commit.edits == {"slides": {"added": ["one"]}}
    assert commit.changes == {"one": {"added": 55, "updated": 0, "deleted": 0}}
    assert rows_of(project.read("one")) == before
    assert project.repository.store.list("parts/") == parts


def test_lists_are_set_back_where_they_still_stand(project):
    project.labels.add(Label("nerve"))
    added = project.head()
    project.labels.add(Label("stroma", color="#00ff00"))
    changed = project.head()
    project.columns.add("area", "float")
    column = project.head()
    project.revert(added)
    project.revert(column)
    assert set(project.labels) == {"tumor", "stroma", "fat"}
    assert list(project.columns) == []
    project.labels.add(Label("stroma", color="#0000ff"))
    with pytest.raises(Conflict, match="Entry labels/stroma") as caught:
        project.revert(changed)
    assert caught.value.ids == {}
    project.revert(changed, resolve="theirs")
    assert project.labels["stroma"].color == Label("stroma").color


def test_reverts_that_cannot_be_are_refused(project):
    root = project.log()[-1].id
    with pytest.raises(InvalidInput, match="the first of the project"):
        project.revert(root)
    undone = edit(project, {IDS[0]: {"label": "fat"}})
    project.revert(undone.id)
    with pytest.raises(InvalidInput, match="nothing to revert"):
        project.revert(undone.id)
    project.branch("review", at=root)
    with pytest.raises(InvalidInput, match="'review' does not hold commit"):
        project.revert(undone.id, "review")
    with pytest.raises(UnknownVersion, match="did you mean 'review'"):
        project.revert(undone.id, "reviw")


def test_restoring_sets_rows_as_they_were(project):
    old = project.head()
    edit(project, {IDS[0]: {"label": "fat"}, IDS[1]: None, IDS[2]: {"label": "fat"}})
    commit = project.restore("one", IDS[:2], at=old, author="carol")
    assert commit.message == f"Restore 2 annotations of one from {old}"
    assert commit.changes == {"one": {"added": 1, "updated": 1, "deleted": 0}}
    assert labels(project)[:3] == ["tumor", "tumor", "fat"]
    row = project.read("one").set_index("id").loc[IDS[0]]
    assert (row["created_by"], row["updated_by"]) == ("ann", "carol")


def test_a_session_stages_what_it_restores(project):
    old = project.head()
    project.tag("v1", at=old)
    edit(project, {IDS[0]: None})
    session = project.session()
    session["one"].restore(IDS[0], "v1")
    assert session.changes == {"one": {"added": 1, "updated": 0, "deleted": 0}}
    assert labels(project)[0] is None
    session["one"].delete(IDS[0])
    assert session.changes == {}


def test_what_cannot_be_restored_is_named(project):
    project.tag("v1")
    strange = str(uuid.UUID(int=99))
    with pytest.raises(UnknownAnnotation, match=f"had no annotation {strange} at 'v1'"):
        project.restore("one", [IDS[0], strange], at="v1")
    with pytest.raises(InvalidInput, match="nothing to restore"):
        project.restore("one", IDS, at="v1")
    with pytest.raises(UnknownVersion, match="there is 'main', 'v1'"):
        project.restore("one", IDS, at="v2")
    with pytest.raises(UnknownSlide):
        project.restore("two", IDS, at="v1")
    with pytest.raises(UnknownSlide, match="in version"):
        project.restore("one", IDS, at=project.log()[-1].id)


def test_a_checkout_shows_a_version_and_never_changes(project):
    project.sets.add("all", ["one"])
    project.tag("v1")
    project.sets.remove("all")
    project.attach("v1", "note.txt", b"good")
    edit(project, {IDS[0]: None})
    project.labels.remove("fat")
    checkout = project.checkout("v1")
    assert (checkout.name, checkout.commit.id) == ("study", project.resolve("v1"))
    assert (list(checkout), set(checkout.labels)) == (["one"], {"tumor", "stroma", "fat"})
    assert checkout.slides["one"].path == "one.svs"
    assert len(checkout["one"]) == len(checkout["one"].read()) == 6
    assert len(checkout["one"].read(bbox=(0, 0, 15, 15))) == 1
    assert [artifact.name for artifact in checkout.artifacts()] == ["note.txt"]
    assert checkout.read_artifact("note.txt") == b"good"
    assert list(checkout.columns) == []
    assert checkout.sets["all"].slides == ["one"]
    assert "<Checkout of 'v1': 'study' at " in repr(checkout)
    assert "<td>6</td>" in checkout._repr_html_()
    for change in (checkout["one"].upsert, checkout["one"].delete):
        with pytest.raises(InvalidInput, match=r"read-only: edit in project.session\(\)"):
            change(IDS)
    with pytest.raises(UnknownSlide, match="in version 'v1'"):
        checkout["two"]
    with pytest.raises(UnknownVersion, match="there is 'main', 'v1'"):
        project.checkout("v2")
