"""Where journals lie, and what becomes of an edit that cannot be written there."""

from __future__ import annotations

import errno
import os
import subprocess

import pytest

from wsinb.errors import StorageError
from wsinb.project import open_project
from wsinb.testing.journals import IDS, journal_file, journals, make_project, points, staged_of


def mount(source, target, *options):
    done = subprocess.run(
        ["mount", *options, source, str(target)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"this user may not mount: {done.stderr.strip()}")


def edit_without_end(session):
    while True:
        session["one"].delete(IDS[0])
        session["one"].upsert(session["one"].read(version=session.base))


def test_journals_of_object_stores_lie_with_the_user(place_at, monkeypatch, tmp_path):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    place = place_at("memory")
    project = place.create("one")
    session = project.session()
    session["one"].upsert(points(2))
    assert tmp_path / "data" in project.repository.journals.parents
    expected = staged_of(session)
    del session
    again = place.open().recover()[0].open()
    assert staged_of(again) == expected
    again.commit("kept")
    assert journals(project) == []


def test_journals_have_the_rights_of_the_project(project):
    store = project.path / ".wsinb"
    store.chmod(0o770)
    (store / "journals").rmdir()
    session = project.session()
    session["one"].upsert(points(1500))
    folder = project.repository.journals
    assert folder.stat().st_mode & 0o777 == 0o770
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o660}


def test_a_full_disk_refuses_the_edit_and_keeps_those_before(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount("tmpfs", disk, "-t", "tmpfs", "-o", "size=1m")
    try:
        project = make_project(disk / "study")
        session = project.session()
        session["one"].upsert(points(1, id=IDS[5]))
        before = staged_of(session)
        room = os.statvfs(disk)
        (disk / "filler").write_bytes(bytes(room.f_bavail * room.f_frsize))
        for n in (40, 3000):
            with pytest.raises(StorageError, match=r"the disk is full: free some space.*journal=False"):
                session["one"].upsert(points(n))
        with pytest.raises(StorageError, match="the disk is full"):
            edit_without_end(session)
        kept = staged_of(session)
        assert kept.keys() - before.keys() <= {("one", IDS[0])}
        (disk / "filler").unlink()
        session["one"].upsert(points(1, id=IDS[7]))
        expected = staged_of(session)
        del session
        (draft,) = project.recover()
        assert draft.damage == []
        session = draft.open()
        assert staged_of(session) == expected
        session.commit("room again")
        assert {IDS[5], IDS[7]} <= set(project.read("one")["id"])
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_read_only_project_refuses_edits_but_not_without_journal(project):
    mount(str(project.path), project.path, "--bind")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(project.path)], check=True)
        session = open_project(project.path).session()
        with pytest.raises(StorageError, match=r"read-only.*journal=False"):
            session["one"].upsert(points(1))
        assert (session.changes, session.journal) == ({}, None)
        assert session["one"].read()["id"].nunique() == 4
        free = open_project(project.path).session(journal=False)
        free["one"].upsert(points(1))
        assert len(free["one"].read()) == 5
        assert project.recover() == []
    finally:
        subprocess.run(["umount", "-l", str(project.path)], check=True)


@pytest.mark.parametrize("step", ["write", "fsync"])
def test_an_edit_that_fails_half_way_leaves_no_trace(project, monkeypatch, step):
    session = project.session()
    session["one"].upsert(points(1, id=IDS[5]))
    before, data = staged_of(session), journal_file(project).read_bytes()
    original = getattr(os, step)

    def half(handle, *arguments):
        if step == "write":
            original(handle, bytes(arguments[0])[: len(arguments[0]) // 2])
        raise OSError(errno.EIO, "a hiccup")

    monkeypatch.setattr(os, step, half)
    with pytest.raises(StorageError, match="a hiccup"):
        session["one"].upsert(points(1, id=IDS[6]))
    monkeypatch.undo()
    assert staged_of(session) == before
    assert journal_file(project).read_bytes() == data
    session["one"].upsert(points(1, id=IDS[7]))
    expected = staged_of(session)
    del session
    assert staged_of(project.recover()[0].open()) == expected
