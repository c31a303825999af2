"""Killed writers, full disks, read-only folders: the last commit stays readable and writable."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

import pytest
import shapely

from wsinb.annotate import new_annotations
from wsinb.errors import StorageError
from wsinb.project import create_project, open_project
from wsinb.testing.entries import add_slides
from wsinb.testing.kills import kill_writers, new_project
from wsinb.testing.model_store import rows_of

FULL_DISK = """
import resource, sys, json, shapely
from wsinb.annotate import new_annotations
from wsinb.errors import StorageError
from wsinb.project import open_project
project = open_project(sys.argv[1])
session = project.session()
session["one"].upsert(new_annotations([shapely.Point(1, 1)] * 500))
limit = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), limit[1]))
try:
    session.commit("too much")
except StorageError as error:
    message = str(error)
resource.setrlimit(resource.RLIMIT_FSIZE, limit)
kept = len(session["one"].edits())
session.commit("once there is room")
print(json.dumps([message, kept, len(project.read("one"))]))
"""


@pytest.fixture
def project(tmp_path):
    made = create_project(tmp_path / "study")
    add_slides(made, "one")
    session = made.session()
    session["one"].upsert(new_annotations([shapely.Point(0, 0)]))
    session.commit("before")
    return made


def temporary_files(project):
    return [path for path in (project.path / ".wsinb").rglob(".tmp-*") if path.is_file()]


@pytest.mark.slow
@pytest.mark.parametrize(("writers", "rounds"), [(2, 3), (8, 1)])
def test_killed_at_any_moment_writers_lose_nothing_acknowledged(shared_place, writers, rounds):
    moments = random.Random(7)
    new_project(shared_place.url)
    for _ in range(rounds):
        found = kill_writers(shared_place.url, writers, moments.uniform(0, 0.5))
        # a commit may have landed whose acknowledgement was cut off, but never a part of one
        assert (found.lost, found.torn) == ([], [])
        assert writers <= found.acknowledged <= found.landed


class Killed(BaseException):
    """Stands for the end of the process at a chosen step."""


@pytest.mark.parametrize("method", ["put_if_absent", "copy_if_absent"])
def test_an_end_after_any_single_write_leaves_the_last_commit(place, monkeypatch, method):
    project = place.create("one")
    session = project.session()
    session["one"].upsert(new_annotations([shapely.Point(0, 0)]))
    session.commit("before")
    store = type(project.repository.store)
    before, head = rows_of(project.read("one")), project.head()
    for step in range(10):
        session = project.session()
        session["one"].upsert(new_annotations([shapely.Point(5, 5)]))
        done = 0
        original = getattr(store, method)

        def interrupted(self, *arguments, original=original, step=step):
            nonlocal done
            if done == step:
                raise Killed
            done += 1
            return original(self, *arguments)

        monkeypatch.setattr(store, method, interrupted)
        try:
            session.commit("interrupted", artifacts={"a": b"a"})
        except Killed:
            pass
        else:
            break
        finally:
            monkeypatch.undo()
        again = place.open()
        assert again.head() == head
        assert rows_of(again.read("one")) == before
    assert step > 0
    assert len(place.open().read("one")) == len(before) + 1


@pytest.mark.parametrize("limit", [100, 1500, 4096])
def test_a_full_disk_refuses_the_commit_and_keeps_the_edits(project, limit):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(project.path), str(limit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    message, kept, rows = json.loads(done.stdout)
    assert message.startswith("Cannot write objects/")
    assert str(project.path) in message
    assert "try again" in message
    assert (kept, rows) == (500, 501)
    assert not temporary_files(project)


def mount(source, target, *options):
    done = subprocess.run(
        ["mount", *options, source, str(target)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"this user may not mount: {done.stderr.strip()}")


def test_a_disk_without_room_refuses_the_commit_and_loses_nothing(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount("tmpfs", disk, "-t", "tmpfs", "-o", "size=512k")
    try:
        project = create_project(disk / "study")
        add_slides(project, "one")
        session = project.session()
        session["one"].upsert(new_annotations([shapely.Point(1, 1)]))
        session.commit("fits")
        head = project.head()
        filler = disk / "filler"
        session["one"].upsert(new_annotations([shapely.Point(i, 1) for i in range(3000)]))
        room = os.statvfs(disk)
        filler.write_bytes(bytes((room.f_bavail - 3) * room.f_frsize))
        with pytest.raises(StorageError, match="the disk is full: free some space"):
            session.commit("does not fit")
        assert (project.head(), len(project.read("one"))) == (head, 1)
        assert not temporary_files(project)
        filler.unlink()
        session.commit("fits now")
        assert len(project.read("one")) == 3001
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_read_only_project_reads_and_refuses_to_commit(project):
    mount(str(project.path), project.path, "--bind")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(project.path)], check=True)
        reader = open_project(project.path)
        assert len(reader.read("one")) == 1
        session = reader.session(journal=False)
        session["one"].upsert(new_annotations([shapely.Point(2, 2)]))
        with pytest.raises(StorageError, match="read-only") as caught:
            session.commit("refused")
        assert str(project.path) in str(caught.value)
        assert isinstance(caught.value, OSError)
        assert len(session["one"].edits()) == 1
        with pytest.raises(StorageError, match="read-only"):
            create_project(project.path / "inner")
    finally:
        subprocess.run(["umount", "-l", str(project.path)], check=True)


@pytest.fixture
def without_rights():
    """Act as a user who owns nothing, for a while."""
    if os.geteuid():
        pytest.skip("only root can act as somebody else")

    @contextlib.contextmanager
    def nobody():
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)

    return nobody


def test_a_project_of_somebody_else_reads_and_refuses_to_commit(without_rights):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # noqa: PTH101
        project = create_project(f"{folder}/study")
        add_slides(project, "one")
        store = project.path / ".wsinb"
        with without_rights():
            reader = open_project(project.path)
            assert len(reader.read("one")) == 0
            session = reader.session(author="nobody", journal=False)
            session["one"].upsert(new_annotations([shapely.Point(2, 2)]))
            with pytest.raises(StorageError, match=r"permission is denied: ask its owner, or copy") as caught:
                session.commit("refused")
            assert str(store) in str(caught.value)
            assert len(session["one"].edits()) == 1
            with pytest.raises(StorageError, match="permission is denied"):
                create_project(project.path / "inner")
        assert not temporary_files(project)
        session.commit("allowed")
        assert len(project.read("one")) == 1
        store.chmod(0o700)
        with without_rights(), pytest.raises(StorageError, match="permission is denied"):
            open_project(project.path)


def test_a_place_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path / "file", tmp_path / "file" / "study"):
        with pytest.raises(StorageError, match="file, not a folder"):
            create_project(folder)


def test_a_commit_that_everybody_sees_is_reported_as_made(project, monkeypatch):
    session = project.session()
    session["one"].upsert(new_annotations([shapely.Point(3, 3)]))
    original, flushes = os.fsync, []

    def fail_once_after_the_link(handle):
        flushes.append(handle)
        if len(flushes) == 4:
            raise OSError(errno.EIO, "a hiccup")
        original(handle)

    monkeypatch.setattr(os, "fsync", fail_once_after_the_link)
    commit = session.commit("seen")
    assert project.head() == commit.id
    assert len(flushes) == 5


def test_a_project_that_lost_its_branches_says_so(project):
    shutil.rmtree(project.path / ".wsinb" / "refs")
    fresh = open_project(project.path)
    for use in (fresh.log, fresh.session, lambda: list(fresh.slides), lambda: fresh.read("one")):
        with pytest.raises(StorageError, match=r"has lost its branches: restore") as caught:
            use()
        assert str(project.path) in str(caught.value)


@pytest.mark.parametrize("pattern", ["refs/heads/main/*.json", "format.json"])
def test_the_damaged_file_is_named_by_its_whole_path(project, pattern):
    file = sorted((project.path / ".wsinb").glob(pattern))[0]
    data = file.read_bytes()
    file.unlink()
    file.write_bytes(data[: len(data) // 2])
    with pytest.raises(StorageError, match="damaged") as caught:
        open_project(project.path).log()
    assert str(file) in str(caught.value)
