"""The store on a POSIX file system, key by key."""

from __future__ import annotations

import errno
import os

import pytest

from wsinb.errors import StorageError
from wsinb.versions.storage import posix
from wsinb.versions.storage.posix import PosixStore


@pytest.fixture
def store(tmp_path):
    return PosixStore(tmp_path / "store")


def test_the_first_writer_of_a_key_wins(store, tmp_path):
    assert store.put_if_absent("a/b", b"first")
    assert not store.put_if_absent("a/b", b"second")
    (tmp_path / "file").write_bytes(b"third")
    assert not store.put_if_absent("a/b", tmp_path / "file")
    assert store.put_if_absent("a/c", tmp_path / "file")
    assert (store.get("a/b"), store.get("a/c")) == (b"first", b"third")
    assert store.list("a/") == ["b", "c"]
    assert store.exists("a/b")
    assert not store.exists("a/d")


def test_a_copy_is_made_once(store):
    store.put_if_absent("a", b"1")
    store.put_if_absent("b", b"2")
    assert store.copy_if_absent("a", "refs/x")
    assert not store.copy_if_absent("b", "refs/x")
    assert store.get("refs/x") == b"1"


def test_a_file_is_flushed_whatever_another_thread_flushes_while_it_is_written(store, monkeypatch):
    flushed = []
    real_link = os.link

    def link(source, target):
        store.sync()  # another thread, between the begin of this write and its end
        flushed.clear()
        real_link(source, target)

    monkeypatch.setattr(posix, "_sync_folder", flushed.append)
    monkeypatch.setattr(os, "link", link)
    store.put_if_absent("objects/a", b"1")
    store.sync()
    assert store.path("objects") in flushed


def test_a_flush_that_another_thread_has_only_begun_is_not_relied_upon(store, monkeypatch):
    flushed = []

    def flush(folder):
        flushed.append(folder)
        if len(flushed) == 1:  # while this flush is under way, another thread asks for its own
            store.sync()

    store.put_if_absent("objects/a", b"1")
    monkeypatch.setattr(posix, "_sync_folder", flush)
    store.sync()
    assert flushed == [store.path("objects")] * 2
    store.sync()
    assert len(flushed) == 2


def test_absent_keys(store):
    assert store.list("nothing/") == []
    for read in (store.get, store.open):
        with pytest.raises(FileNotFoundError):
            read("nothing")


def test_files_under_way_are_not_listed(store):
    store.put_if_absent("a/b", b"1")
    (store.folder / "a" / ".tmp-123").write_bytes(b"half")
    assert store.list("a/") == ["b"]


def test_what_another_user_owns_can_be_used(store, monkeypatch):
    store.put_if_absent("a", b"1")

    def refuse(*arguments):
        raise PermissionError(errno.EPERM, "not yours")

    link = os.link
    monkeypatch.setattr(os, "utime", refuse)
    monkeypatch.setattr(
        os, "link", lambda source, target: refuse() if ".tmp-" not in str(source) else link(source, target)
    )
    assert not store.put_if_absent("a", b"1")
    assert store.copy_if_absent("a", "refs/x")
    assert not store.copy_if_absent("a", "refs/x")
    assert store.get("refs/x") == b"1"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permission is denied"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_a_failing_disk_is_explained_and_leaves_no_rest(store, monkeypatch, code, words):
    def fail(handle):
        raise OSError(code, os.strerror(code))

    store.put_if_absent("a/x", b"1")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(StorageError, match=words) as caught:
            store.put_if_absent("a/y", b"2")
        assert f"Cannot write a/y in {store.url}" in str(caught.value)
        with pytest.raises(StorageError, match=words):
            store.sync()
    assert sorted(path.name for path in (store.folder / "a").iterdir()) == ["x"]
    store.put_if_absent("a/y", b"2")
    store.sync()
    assert store.get("a/y") == b"2"
