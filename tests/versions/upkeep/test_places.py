"""Upkeep, clearing away and checking work in every kind of place."""

from __future__ import annotations

from datetime import timedelta

import shapely

from wsinb.annotate import new_annotations
from wsinb.testing.model_store import rows_of
from wsinb.versions.storage.layout import keys_key, object_key, run_key
from wsinb.versions.upkeep import tend


def state_of(project):
    return project.repository.committer.state(project.repository.branch_head("main"), "one")


def test_upkeep_in_every_place(project_at, tiny):
    tiny.setattr(tend, "FOLD_AT", 1000)
    project = project_at("one")
    session = project.session(author="a")
    session["one"].upsert(new_annotations([shapely.Point(i, i) for i in range(20)]))
    session.commit("in bulk", artifacts={"a.txt": b"a"})
    for i in range(7):
        session["one"].upsert(session["one"].read().iloc[[i]].assign(score=i / 10))
        session.commit(f"{i}")
    project.attach("main", "b.txt", b"b")
    rows = rows_of(project.read("one"))
    assert state_of(project).runs
    stray = project.repository.objects.put({"left": "behind"})
    assert project.gc().files == 0
    assert project.gc(grace=timedelta(0)).files >= 1  # also what was merged and lost a race, if any
    assert not project.repository.store.exists(object_key(stray))
    assert project.verify().ok
    project.compact()
    assert state_of(project).runs == ()
    assert rows_of(project.read("one")) == rows
    report = project.verify()
    assert report.ok
    assert report.files > 20


def test_damage_is_found_in_every_place(project_at, tiny):
    tiny.setattr(tend, "FOLD_AT", 1000)
    project = project_at("one")
    session = project.session(author="a")
    for i in range(4):
        session["one"].upsert(new_annotations([shapely.Point(i, j) for j in range(6 - i)]))
        session.commit(f"{i}")
    store = project.repository.store
    run = run_key(state_of(project).runs[0])
    keys = keys_key(project.repository.tables.parts(state_of(project))[0].sha256)
    for key in (run, keys):
        store.delete(key)
    assert {(damage.key, damage.problem) for damage in project.verify().damage} == {
        (run, "missing"),
        (keys, "missing"),
    }
    store.put_if_absent(keys, b"WKY1")
    assert (keys, "damaged") in {(damage.key, damage.problem) for damage in project.verify().damage}
