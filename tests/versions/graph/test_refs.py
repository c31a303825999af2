"""The newest entry of a ref is found whatever happened since it was last looked at."""

from __future__ import annotations

import shutil

import pytest
import shapely

from wsinb.annotate import Label, new_annotations
from wsinb.errors import StorageError
from wsinb.project import create_project, open_project
from wsinb.testing.faults import faulty_server
from wsinb.versions.graph.refs import NEAR
from wsinb.versions.storage.layout import commit_key


@pytest.mark.parametrize("others", [0, 1, NEAR - 1, NEAR, NEAR + 1, 3 * NEAR])
def test_what_others_added_is_seen(place, others):
    project, other = place.create(), place.open()
    before = project.head()
    for i in range(others):
        other.labels.add(Label(f"label {i}"))
    assert project.head() == other.head()
    assert (project.head() == before) == (others == 0)
    project.labels.add(Label("own"))
    assert other.head() == project.head()
    assert [commit.message for commit in other.log()] == [commit.message for commit in project.log()]


def test_a_project_that_is_put_back_from_a_backup_is_read_as_it_is(tmp_path):
    project = create_project(tmp_path / "study")
    for i in range(3):
        project.labels.add(Label(f"label {i}"))
    shutil.copytree(tmp_path / "study", tmp_path / "backup")
    saved = project.head()
    project.labels.add(Label("after the backup"))
    assert project.head() != saved
    shutil.rmtree(tmp_path / "study")
    shutil.copytree(tmp_path / "backup", tmp_path / "study")
    assert project.head() == saved
    project.labels.add(Label("again"))
    assert len(project.labels) == 4
    assert open_project(tmp_path / "study").head() == project.head()


def test_a_project_whose_branches_are_gone_says_so(tmp_path):
    project = create_project(tmp_path / "study")
    project.head()
    shutil.rmtree(tmp_path / "study" / ".wsinb" / "refs")
    with pytest.raises(StorageError, match="has lost its branches"):
        project.head()


def test_a_damaged_commit_is_not_read_through_a_pointer(place_at):
    place = place_at("posix")
    project = place.create("one")
    session = project.session()
    session["one"].upsert(new_annotations([shapely.Point(1, 1)]))
    commit = session.commit("one point").id
    project.compact()  # a pointer to the same commit
    file = project.path / ".wsinb" / commit_key(commit)
    file.write_bytes(file.read_bytes().replace(b"one point", b"two point"))
    with pytest.raises(StorageError, match=f"{commit}.* is damaged"):
        place.open().head()


def test_a_branch_that_was_deleted_and_made_again_is_found(place):
    project, other = place.create(), place.open()
    for _ in range(3):
        project.branch("side")
        assert "side" in other.branches
        other.delete_branch("side")
        assert "side" not in project.branches


def test_a_branch_that_was_seen_is_not_listed_again(place_at, s3_server):
    place = place_at("s3")
    place.create("one")
    with faulty_server(s3_server) as server:
        project = open_project(place.url.split("?")[0], endpoint=server.address)
        session = project.session()
        server.asked.clear()
        for i in range(3):
            session["one"].upsert(new_annotations([shapely.Point(i, i)]))
            session.commit("one point")
        lists = [path for _, path in server.asked if "list-type" in path]
        assert not [path for path in lists if "heads" in path and "main" in path]
