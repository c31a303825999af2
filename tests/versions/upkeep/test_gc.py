"""Clearing away: only what no version needs, and never under the feet of a writer."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta

import pytest
import shapely

from wsinb.annotate import new_annotations
from wsinb.errors import InvalidInput, StorageError
from wsinb.project import open_project
from wsinb.testing.model_store import rows_of
from wsinb.versions.storage.layout import artifact_key, changes_key, object_key, run_key, sha256
from wsinb.versions.upkeep import gc as clearing
from wsinb.versions.upkeep.swap import swap
from wsinb.versions.upkeep.tend import plan

ALL = timedelta(0)

WRITER = """
import sys, shapely
from wsinb.annotate import new_annotations
from wsinb.project import open_project
from wsinb.versions.upkeep import runs, tend
tend.MERGE_AT = runs.MERGE_AT = 3
session = open_project(sys.argv[1]).session()
for n in range(int(sys.argv[2])):
    ids = session["one"].upsert(new_annotations([shapely.Point(n, 1)]))
    session.commit(f"commit {n}", artifacts={"n.txt": b"the same bytes every time"})
    print(ids[0], flush=True)
"""


def keys_of(project):
    root = project.path / ".wsinb"
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def litter(project):
    """Leave behind what failed commits and killed writers do, and return the keys."""
    store = project.repository.store
    data = b"left behind"
    keys = [place(sha256(data)) for place in (object_key, changes_key, run_key, artifact_key)]
    for key in keys:
        store.put_if_absent(key, data)
    temporary = "objects/.tmp-0123"
    store.path(temporary).write_bytes(data)
    return {*keys, temporary}


def age(project, keys, days=10):
    for key in keys:
        path = project.path / ".wsinb" / key
        past = time.time() - 86400 * days
        os.utime(path, (past, past))


def edit(project, n):
    session = project.session(author="b")
    for i in range(n):
        session["one"].upsert(session["one"].read().iloc[[i]].assign(score=i / 10))
        session.commit(f"edit {i}")


def test_only_what_nothing_names_is_removed(project):
    edit(project, 7)
    project.tag("v1")
    project.branch("other")
    project.delete_branch("other")
    project.attach("v1", "notes.txt", b"notes")
    versions = {commit.id: rows_of(project.read("one", commit.id)) for commit in project.log()[:-4]}
    kept = keys_of(project)
    lost = litter(project)
    age(project, keys_of(project))
    planned = project.gc(dry_run=True)
    assert keys_of(project) == kept | lost
    assert (planned.files, planned.bytes) == (5, 5 * len(b"left behind"))
    assert "would remove 5 files" in repr(planned)
    report = project.gc()
    assert keys_of(project) == kept
    assert report.removed == planned.removed
    assert "removed 5 files" in repr(report)
    assert "removed" in report._repr_html_()
    assert repr(project.gc()) == "nothing to clear away"
    fresh = open_project(project.path)
    assert {commit: rows_of(fresh.read("one", commit)) for commit in versions} == versions
    assert fresh.read_artifact("v1", "notes.txt") == b"notes"
    assert fresh.verify().ok


def test_what_was_used_within_the_period_of_grace_is_spared(project):
    lost = litter(project)
    assert project.gc().files == 0
    age(project, lost, days=3)
    assert project.gc().files == 0
    project.repository.store.put_if_absent(object_key(sha256(b"left behind")), b"left behind")
    assert project.gc(grace=timedelta(days=2)).files == 4  # one was used again
    assert project.gc(grace=ALL).files == 1


def test_a_file_that_is_put_again_meanwhile_is_spared(project, monkeypatch):
    lost = litter(project)
    age(project, lost)
    store = project.repository.store
    original = clearing._named

    def put_again(*arguments):
        named = original(*arguments)
        store.put_if_absent(object_key(sha256(b"left behind")), b"left behind")
        return named

    monkeypatch.setattr(clearing, "_named", put_again)
    assert project.gc().files == 4
    assert store.exists(object_key(sha256(b"left behind")))


def test_upkeep_that_was_dropped_is_cleared_away(project):
    project.repository.upkeep = False
    edit(project, 4)
    repository = project.repository
    kept = keys_of(project)
    head = repository.branch_head("main")
    rewrite = plan(repository, head, "one")
    assert keys_of(project) > kept
    assert project.gc(grace=ALL).files == len(keys_of(project) ^ kept) or keys_of(project) == kept
    assert keys_of(project) == kept
    # the same again, and in time
    rewrite = plan(repository, head, "one")
    assert swap(repository, "main", {"one": rewrite}) is not None
    assert project.gc(grace=ALL).files == 0
    assert project.verify().ok


def test_journals_stay(project):
    session = project.session()
    session["one"].upsert(new_annotations([shapely.Point(1, 1)]))
    journals = {key for key in keys_of(project) if key.startswith("journals/")}
    age(project, keys_of(project))
    project.gc(grace=ALL)
    assert {key for key in keys_of(project) if key.startswith("journals/")} == journals


def test_members_that_later_writers_add_name_files_too(project):
    store = project.repository.store
    inner = project.repository.objects.put({"later": "inner"})
    outer = project.repository.objects.put({"later": inner})
    head = project.repository.branch_head("main")
    entry = {"commit": head.record.id, "states": {}, "later": outer}
    assert project.repository.refs.put("heads", "main", head.number + 1, entry)
    assert project.gc(grace=ALL).files == 0
    assert store.exists(object_key(inner))


@pytest.mark.parametrize("kind", ["refs/heads/main/*.json", "objects/*.commit.json"])
def test_nothing_is_removed_where_damage_hides_what_is_needed(project, kind):
    edit(project, 4)
    lost = litter(project)
    age(project, lost)
    entry = sorted((project.path / ".wsinb").glob(kind))[0]
    data = entry.read_bytes()
    entry.unlink()
    entry.write_bytes(data.replace(b'"check"', b'"chock"').replace(b'"author"', b'"auther"'))
    before = keys_of(project)
    with pytest.raises(StorageError, match="nothing was cleared away"):
        open_project(project.path).gc()
    assert keys_of(project) == before


@pytest.mark.parametrize("grace", [timedelta(days=-1), 7])
def test_a_wrong_period_of_grace_is_refused(project, grace):
    with pytest.raises(InvalidInput, match="period of grace"):
        project.gc(grace=grace)


@pytest.mark.slow
def test_clearing_away_beside_a_writer_loses_nothing(project):
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(project.path), "60"], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    cleared = 0
    while writer.poll() is None:
        age(project, litter(project), days=1)
        cleared += project.gc(grace=timedelta(minutes=10)).files
        time.sleep(0.05)
    acknowledged = set(writer.stdout.read().split())
    assert writer.returncode == 0
    assert len(acknowledged) == 60
    assert cleared >= 5
    fresh = open_project(project.path)
    assert acknowledged <= set(fresh.read("one")["id"])
    assert fresh.verify().ok
    assert fresh.read_artifact("main", "n.txt") == b"the same bytes every time"
