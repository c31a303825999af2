"""Every word of a project works wherever the project is."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import geopandas as gpd
import pytest
import shapely

from wsinb.annotate import Label, new_annotations
from wsinb.errors import Conflict
from wsinb.testing.model_store import rows_of

DYING = """
import os, sys, shapely
from wsinb.annotate import new_annotations
from wsinb.project import open_project
session = open_project(sys.argv[1]).session()
print(*session["one"].upsert(new_annotations([shapely.Point(1, 2)])), flush=True)
os._exit(9)
"""


@pytest.fixture
def project(place):
    made = place.create("one", "two")
    made.labels.add(Label("tumor"))
    session = made.session()
    session["one"].upsert(new_annotations([shapely.Point(i, i) for i in range(5)]))
    session.commit("five points")
    return made


def commit_points(project, branch="main", slide="one", n=1):
    session = project.session(branch)
    session[slide].upsert(new_annotations([shapely.Point(i, 7) for i in range(n)]))
    return session.commit(f"{n} points")


def test_branches_merge_and_differ(project):
    project.branch("side")
    commit_points(project, "side", n=2)
    commit_points(project, slide="two", n=3)
    assert project.diff("main", "side").counts["one"] == {"added": 2, "deleted": 0, "updated": 0}
    merged = project.merge("side")
    assert len(merged.parents) == 2
    assert (len(project.read("one")), len(project.read("two"))) == (7, 3)
    project.tag("v1")
    assert project.tags == {"v1": merged.id}
    assert project.checkout("v1").commit.id == merged.id


def test_a_conflict_is_resolved(project):
    ids = list(project.read("one")["id"])
    project.branch("side")
    for branch, score in (("main", 0.25), ("side", 0.75)):
        session = project.session(branch)
        session["one"].upsert(session["one"].read().iloc[:1].assign(score=score))
        session.commit(f"score {score}")
    with pytest.raises(Conflict):
        project.merge("side")
    project.merge("side", resolve="theirs")
    merged = project.read("one").set_index("id")["score"]
    assert sorted(merged.dropna()) == [0.75]
    changed = merged.dropna().index[0]
    assert changed in ids
    assert len(project.blame("one", changed)) >= 2


def test_what_was_done_is_taken_back(project):
    before = project.head()
    added = commit_points(project, n=2)
    project.revert(added.id)
    assert rows_of(project.read("one")) == rows_of(project.read("one", before))
    gone = list(project.read("one")["id"])[:2]
    session = project.session()
    session["one"].delete(gone)
    session.commit("delete two")
    project.restore("one", gone, before)
    assert rows_of(project.read("one")) == rows_of(project.read("one", before))


def test_upkeep_loses_nothing(project, place):
    session = project.session()
    for i in range(20):
        session["one"].upsert(new_annotations([shapely.Point(i, 9)]))
        session.commit(f"point {i}")
    expected = rows_of(project.read("one"))
    project.compact()
    assert rows_of(project.read("one")) == expected
    project.gc(grace=timedelta(days=7))
    assert project.verify().ok
    again = place.open()
    assert rows_of(again.read("one")) == expected
    assert len(again.log()) == 24


def test_a_version_becomes_plain_files(project, tmp_path):
    project.tag("v1")
    assert len(gpd.read_parquet(project.path_of("v1", "one"))) == 5
    files = project.export("v1", tmp_path / "out")
    assert any(file.suffix == ".parquet" for file in files)


def test_edits_of_a_process_that_died_are_offered_again(shared_place):
    project = shared_place.create("one")
    done = subprocess.run(
        [sys.executable, "-c", DYING, shared_place.url],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 9, done.stderr
    (draft,) = project.recover()
    session = draft.open()
    assert list(session["one"].edits()["id"]) == done.stdout.split()
    session.commit("recovered")
    assert list(project.read("one")["id"]) == done.stdout.split()
    assert shared_place.open().recover() == []
