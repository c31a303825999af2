"""Branches and tags: making, listing, ending, and who wins a race."""

from __future__ import annotations

import json
import multiprocessing
import shutil

import pytest
import shapely

from wsinb.annotate import Label, new_annotations
from wsinb.errors import InvalidInput, StorageError, UnknownVersion
from wsinb.project import create_project, open_project
from wsinb.testing.entries import add_slides
from wsinb.versions.graph.refs import entry_key

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def project(tmp_path):
    made = create_project(tmp_path / "study", author="ann")
    add_slides(made, "one")
    return made


def add_point(project, branch="main", x=0):
    session = project.session(branch)
    ids = session["one"].upsert(new_annotations([shapely.Point(x, 0)]))
    return session.commit(f"point at {x}"), ids


def test_a_branch_begins_where_it_is_said_and_goes_its_own_way(project):
    first, _ = add_point(project)
    second, _ = add_point(project)
    project.branch("review")
    project.branch("people/ann", at=first.id[:8])
    assert dict(project.branches) == {"main": second.id, "people/ann": first.id, "review": second.id}
    third, _ = add_point(project, "review")
    assert (project.head("review"), project.head()) == (third.id, second.id)
    assert [commit.message for commit in project.log("review", 1)] == ["point at 0"]
    assert len(project.read("one", "review")) == 3
    assert len(project.read("one")) == 2


def test_a_tag_stays(project):
    first, _ = add_point(project)
    project.tag("v1", at="main")
    add_point(project)
    assert dict(project.tags) == {"v1": first.id}
    assert len(project.read("one", "v1")) == 1
    with pytest.raises(UnknownVersion, match="no branch 'v1'"):
        project.session("v1")


@pytest.mark.parametrize("make", ["branch", "tag"])
@pytest.mark.parametrize("taken", ["branch", "tag"])
def test_a_name_is_used_once(project, make, taken):
    getattr(project, taken)("v1")
    add_point(project)
    with pytest.raises(InvalidInput, match=f"There is a {taken} 'v1' already, at commit") as caught:
        getattr(project, make)("v1")
    assert f"project.delete_{taken}('v1')" in str(caught.value)
    assert "delete" not in _refusal(project, "main")


def _refusal(project, name):
    with pytest.raises(InvalidInput) as caught:
        project.tag(name)
    return str(caught.value)


@pytest.mark.parametrize("name", ["", "a b", "-x", "../x", "x//y", ".x", "a" * 101, "0" * 64, None, 3])
def test_names_that_cannot_be_used_are_refused(project, name):
    for make in (project.branch, project.tag):
        with pytest.raises(InvalidInput, match="cannot name a branch or tag"):
            make(name)


def test_unknown_places_suggest_near_names(project):
    project.branch("review")
    with pytest.raises(UnknownVersion, match="did you mean 'review'"):
        project.branch("other", at="reviw")
    with pytest.raises(UnknownVersion, match="did you mean 'review'"):
        project.delete_branch("reviw")
    with pytest.raises(UnknownVersion, match="no tag 'review'"):
        project.delete_tag("review")


def test_a_deleted_branch_is_gone_but_its_commits_stay(project):
    project.branch("review")
    commit, ids = add_point(project, "review")
    session = project.session("review")
    session["one"].upsert(new_annotations([shapely.Point(5, 5)]))
    project.delete_branch("review")
    assert list(project.branches) == ["main"]
    for use in (project.head, project.delete_branch, project.session, project.read):
        with pytest.raises(UnknownVersion):
            use(*(["one", "review"] if use == project.read else ["review"]))
    with pytest.raises(UnknownVersion, match="no branch 'review'"):
        session.commit("too late")
    assert len(session["one"].edits()) == 1
    project.branch("review", at=commit.id)
    assert list(project.read("one", "review")["id"]) == ids
    session.commit("on the branch that came back")
    assert len(project.read("one", "review")) == 2


def test_main_is_never_deleted(project):
    with pytest.raises(InvalidInput, match="'main' cannot be deleted"):
        project.delete_branch("main")


def test_a_tag_can_be_taken_away_and_set_anew(project):
    project.tag("v1")
    project.delete_tag("v1")
    assert not project.tags
    commit, _ = add_point(project)
    project.tag("v1")
    assert project.resolve("v1") == commit.id
    project.delete_tag("v1")
    project.branch("v1")
    assert list(project.branches) == ["main", "v1"]


def test_a_branch_takes_over_states_in_fewer_files(project):
    commit, _ = add_point(project)
    head = project.repository.branch_head("main")
    state = project.repository.committer.state(head, "one")
    entry = {"commit": commit.id, "states": {"one": state.to_json()}}
    assert project.repository.refs.put("heads", "main", head.number + 1, entry)
    project.branch("review")
    assert project.repository.branch_head("review").states == {"one": state}
    project.tag("v1")
    assert project.resolve("v1") == commit.id


def test_branches_and_tags_show_themselves(project):
    project.labels.add(Label("<b>"), author="<i>")
    project.branch("review")
    lines = repr(project.branches).splitlines()
    assert [line.split()[0] for line in lines] == ["main", "review"]
    assert "Add labels <b>" in lines[0]
    assert "&lt;i&gt;" in project.branches._repr_html_()
    assert "<b>" not in project.branches._repr_html_()
    assert repr(project.tags) == "none"


def test_a_project_that_lost_its_branches_says_so(project):
    shutil.rmtree(project.path / ".wsinb/refs/heads")
    with pytest.raises(StorageError, match="lost its branches"):
        project.head()


def test_a_damaged_entry_is_named(project):
    project.branch("review")
    path = project.path / ".wsinb" / entry_key("heads", "review", 1)
    path.write_text(json.dumps({"comment": "0" * 64}))
    with pytest.raises(StorageError, match=r"refs/heads/review/.* is damaged"):
        project.head("review")


def test_a_commit_that_an_entry_names_and_that_is_gone_is_named(project):
    project.branch("review")
    path = project.path / ".wsinb" / entry_key("heads", "review", 1)
    path.write_text(json.dumps({"commit": "0" * 64}))
    with pytest.raises(StorageError, match=r"0{64}\.commit\.json is missing"):
        project.head("review")


def make_names(folder, number):
    """Make the same names as the others, as branches or as tags; return which were made here."""
    project = open_project(folder)
    made = []
    for i in range(20):
        for kind in ("branch", "tag") if number % 2 else ("tag", "branch"):
            try:
                getattr(project, kind)(f"name-{i}")
            except InvalidInput as error:
                assert "already" in str(error) or "just now" in str(error)  # noqa: PT017
            else:
                made.append((f"name-{i}", kind))
    return made


@pytest.mark.slow
def test_of_several_creators_of_a_name_one_wins(project):
    with SPAWN.Pool(4) as pool:
        results = pool.starmap(make_names, [(str(project.path), number) for number in range(4)])
    made = [item for result in results for item in result]
    names = [name for name, _ in made]
    assert len(names) == len(set(names))
    assert {name for name, kind in made if kind == "branch"} == set(project.branches) - {"main"}
    assert {name for name, kind in made if kind == "tag"} == set(project.tags)
