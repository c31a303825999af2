"""Several processes on one branch: nothing acknowledged is lost."""

from __future__ import annotations

import json
import multiprocessing
import uuid
from concurrent.futures import ProcessPoolExecutor

import pytest
import shapely

from wsinb.annotate import Label, new_annotations
from wsinb.errors import Conflict
from wsinb.project import create_project, open_project
from wsinb.testing.entries import add_slides

WRITERS, ROUNDS = 4, 8
SHARED = str(uuid.UUID(int=1))
# forked children would share the parent's threads and locks; a notebook's users never fork like that
SPAWN = multiprocessing.get_context("spawn")


def run(target, url):
    with ProcessPoolExecutor(WRITERS, mp_context=SPAWN) as pool:
        return list(pool.map(target, [url] * WRITERS, range(WRITERS)))


def count_up(url, number):
    """Read, add 1 and commit the number in a shared row; again after each conflict."""
    project = open_project(url)
    conflicts = 0
    for _ in range(ROUNDS):
        while True:
            session = project.session(author=f"writer-{number}")
            gdf = session["one"].read()
            value = json.loads(gdf["properties"][0])["count"]
            session["one"].upsert(gdf.assign(properties=json.dumps({"count": value + 1})))
            try:
                session.commit(f"count {value + 1}")
            except Conflict:
                conflicts += 1
            else:
                break
    return conflicts


def add_points(url, number):
    """Commit new points from one session, which never reads what the others do."""
    project = open_project(url)
    session = project.session(author=f"writer-{number}")
    ids = []
    for i in range(ROUNDS):
        ids += session["one"].upsert(new_annotations([shapely.Point(number, i)]))
        session.commit(f"point {i}")
    return ids


def add_lists(url, number):
    """Add slides and labels, as several people would at once."""
    project = open_project(url)
    for i in range(3):
        add_slides(project, f"slide-{number}-{i}")
        project.labels.add(Label(f"label-{number}-{i}"))
    return number


@pytest.fixture
def project(shared_place):
    return shared_place.create("one")


@pytest.mark.slow
def test_counting_up_in_a_shared_row_loses_no_update(project):
    session = project.session()
    session["one"].upsert(new_annotations([shapely.Point(0, 0)], id=SHARED, properties={"count": 0}))
    session.commit("zero")
    run(count_up, project.url)
    assert json.loads(project.read("one")["properties"][0])["count"] == WRITERS * ROUNDS
    counts = [commit.message for commit in project.log(limit=WRITERS * ROUNDS)]
    assert counts == [f"count {n}" for n in range(WRITERS * ROUNDS, 0, -1)]


@pytest.mark.slow
def test_disjoint_commits_all_land(project):
    results = run(add_points, project.url)
    assert set(project.read("one")["id"]) == {id_ for ids in results for id_ in ids}
    assert len(project.log()) == 2 + WRITERS * ROUNDS


@pytest.mark.slow
def test_slides_and_labels_added_at_once_all_land(project):
    run(add_lists, project.url)
    assert len(project.slides) == 1 + 3 * WRITERS
    assert len(project.labels) == 3 * WRITERS


def test_two_makers_of_one_project_make_one(shared_place):
    results = run(make, shared_place.url)
    assert sorted(results) == ["made"] + ["there"] * (WRITERS - 1)
    assert len(shared_place.open().log()) == 1


def make(url, number):
    from wsinb.errors import ProjectExists

    try:
        create_project(url, f"by {number}")
    except ProjectExists:
        return "there"
    return "made"
