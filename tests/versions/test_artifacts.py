"""Artifacts: in a commit, or attached to one that exists."""

from __future__ import annotations

import pytest

from wsinb.errors import InvalidInput, StorageError
from wsinb.project import open_project
from wsinb.versions import Artifact


@pytest.fixture
def project(place):
    return place.create()


def test_attaching_leaves_the_commit_as_it_was(project, tmp_path):
    head = project.head()
    file = tmp_path / "model.npz"
    file.write_bytes(b"weights" * 1000)
    artifact = project.attach(head, "model.npz", file)
    assert artifact == Artifact("model.npz", artifact.sha256, 7000)
    project.attach(project.commit("main"), "métrique/été.json", b"{}")
    assert project.head() == head
    again = open_project(project.url)
    assert [item.name for item in again.artifacts(head)] == ["model.npz", "métrique/été.json"]
    assert again.read_artifact("main", "model.npz") == b"weights" * 1000


def test_artifacts_of_a_commit_belong_to_it_and_need_no_edit(project):
    session = project.session()
    commit = session.commit("model only", artifacts={"model": b"m", "log": b"l"})
    assert [item.name for item in project.artifacts(commit.id)] == ["log", "model"]
    assert project.read_artifact(commit.id, "log") == b"l"
    assert project.artifacts(commit.parents[0]) == []


def test_the_same_again_changes_nothing_and_another_of_that_name_is_refused(project):
    project.session().commit("model", artifacts={"model": b"m"})
    assert project.attach("main", "model", b"m") == project.artifacts("main")[0]
    project.attach("main", "plot", b"p")
    project.attach("main", "plot", b"p")
    for name in ("model", "plot"):
        with pytest.raises(InvalidInput, match=f"another artifact '{name}'.*choose another name"):
            project.attach("main", name, b"other")
    assert [item.name for item in project.artifacts("main")] == ["model", "plot"]
    assert project.read_artifact("main", "plot") == b"p"


@pytest.mark.parametrize("name", ["", " ", "a\0b", "a\n", 3, None, "ä" * 200])
def test_names_that_cannot_be_used_are_refused(project, name):
    with pytest.raises(InvalidInput, match="artifact"):
        project.attach("main", name, b"x")


@pytest.mark.parametrize("name", ["../../../escape", "/etc/x", ".", "..", ".hidden", "a/b", "con:1", "100%"])
def test_names_never_leave_the_store(place, project, name):
    project.attach("main", name, b"x")
    assert project.read_artifact("main", name) == b"x"
    if place.kind == "posix":
        assert {path.name for path in project.path.iterdir()} == {".wsinb"}
    assert project.artifacts("main")[0].name == name


def test_what_cannot_be_stored_is_refused(project, tmp_path):
    with pytest.raises(InvalidInput, match="no file"):
        project.attach("main", "a", tmp_path / "missing")
    with pytest.raises(InvalidInput, match=r"bytes or a pathlib.Path"):
        project.attach("main", "a", "text")
    with pytest.raises(InvalidInput, match="no artifact 'a'"):
        project.read_artifact("main", "a")


def test_a_failed_artifact_commits_nothing(project, tmp_path):
    session = project.session()
    head = project.head()
    with pytest.raises(InvalidInput, match="no file"):
        session.commit("x", artifacts={"a": tmp_path / "missing"})
    assert project.head() == head


def test_parts_of_an_artifact_are_read_without_the_whole(project):
    data = bytes(range(256)) * 20_000
    artifact = project.attach("main", "big", data)
    artifacts = project.repository.artifacts
    with artifacts.open(artifact) as file:
        assert file.seekable()
        file.seek(-300, 2)
        assert file.read(100) == data[-300:-200]
    with pytest.raises(StorageError, match="The artifact 'gone' is missing"):
        artifacts.open(Artifact("gone", "0" * 64, 1)).read(1)
