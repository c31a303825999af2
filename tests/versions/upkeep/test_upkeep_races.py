"""Several processes that commit, merge, fold and compact at once: nothing acknowledged is lost."""

from __future__ import annotations

import multiprocessing
import random
from concurrent.futures import ProcessPoolExecutor

import pytest
import shapely

from wsinb.annotate import new_annotations
from wsinb.project import open_project
from wsinb.testing.model_store import rows_of
from wsinb.versions.tables import staging
from wsinb.versions.upkeep import fold, runs, tend

WRITERS, ROUNDS = 3, 20
SPAWN = multiprocessing.get_context("spawn")


def make_tiny():
    staging.PART_ROWS = 8
    tend.MERGE_AT = runs.MERGE_AT = 2
    tend.FOLD_AT = fold.FOLD_AT = 4


def write(folder, number):
    """Add, move and delete own points; return the scores of those that should be there."""
    make_tiny()
    project = open_project(folder)
    chance = random.Random(number)
    session = project.session(author=f"writer-{number}")
    mine = {}
    for i in range(ROUNDS):
        ids = session["one"].upsert(
            new_annotations([shapely.Point(30 * number + i, j) for j in range(2)], score=i / 100)
        )
        mine |= dict.fromkeys(ids, i / 100)
        changed = chance.choice(sorted(mine))
        rows = session["one"].read()
        session["one"].upsert(rows[rows["id"] == changed].assign(score=0.5 + i / 100))
        mine[changed] = 0.5 + i / 100
        if i % 3 == 2:
            gone = chance.choice(sorted(mine))
            session["one"].delete(gone)
            del mine[gone]
        session.commit(f"{number}: {i}")
    return mine


def compact_often(folder, number):
    """Compact while others write."""
    make_tiny()
    for _ in range(5):
        open_project(folder).compact()
    return {}


@pytest.mark.slow
def test_writers_and_upkeep_at_once_lose_nothing(project):
    start = rows_of(project.read("one"))
    with ProcessPoolExecutor(WRITERS + 1, mp_context=SPAWN) as pool:
        jobs = [pool.submit(write, project.path, number) for number in range(WRITERS)]
        jobs.append(pool.submit(compact_often, project.path, WRITERS))
        scores = {}
        for job in jobs:
            scores |= job.result()
    fresh = open_project(project.path)
    found = fresh.read("one").set_index("id")["score"]
    assert set(found.index) == set(scores) | set(start)
    assert {id_: found[id_] for id_ in scores} == pytest.approx(scores)
    log = fresh.log()
    assert len(log) == len({commit.id for commit in log})
    assert sum(commit.author.startswith("writer") for commit in log) == WRITERS * ROUNDS
    assert rows_of(fresh.read("one", fresh.head())) == rows_of(fresh.read("one"))
    assert fresh.verify().ok
    state = fresh.repository.committer.state(fresh.repository.branch_head("main"), "one")
    assert state.parts is not None
    assert len(state.changes) < WRITERS * ROUNDS
