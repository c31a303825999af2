"""What is peculiar to the store on a POSIX file system."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wsinb.errors import StorageError
from wsinb.versions.storage import posix
from wsinb.versions.storage.posix import PosixStore


@pytest.fixture
def store(tmp_path):
    return PosixStore(tmp_path / "store")


def test_a_file_is_flushed_whatever_another_thread_flushes_while_it_is_written(store, monkeypatch):
    flushed = []
    real_link = os.link

    def link(source, target):
        store.sync()  # another thread, between the begin of this write and its end
        flushed.clear()
        real_link(source, target)

    monkeypatch.setattr(posix, "sync_folder", flushed.append)
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
    monkeypatch.setattr(posix, "sync_folder", flush)
    store.sync()
    assert flushed == [store.path("objects")] * 2
    store.sync()
    assert len(flushed) == 2


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


def test_the_first_name_is_that_of_the_sorted_list(store):
    assert store.first("a/") is None
    for name in ("c", "b", "d"):
        store.put_if_absent(f"a/{name}", b"1")
    (store.folder / "a" / ".tmp-1").write_bytes(b"half")
    assert store.first("a/") == "b"


def test_entries_are_all_keys_but_no_journals_and_leftovers_are_only_what_was_cut_off(store):
    store.put_if_absent("a/b/c", b"123")
    store.put_if_absent("format.json", b"{}")
    journals = store.journal_folder("id")
    journals.mkdir()
    (journals / "1.jsonl").write_bytes(b"{}")
    (store.folder / "a" / ".tmp-1").write_bytes(b"half")
    assert {(entry.key, entry.size) for entry in store.entries("")} == {("a/b/c", 3), ("format.json", 2)}
    assert [entry.key for entry in store.entries("a/")] == ["a/b/c"]
    assert list(store.entries("nothing/")) == []
    (left,) = store.leftovers()
    assert (left.key, left.size) == ("a/.tmp-1", 4)
    assert store.delete(left.key)
    assert list(store.leftovers()) == []


def test_a_key_is_deleted_unless_it_was_renewed(store):
    store.put_if_absent("a/b", b"1")
    (entry,) = store.entries("a/")
    assert datetime.now(UTC) - entry.modified < timedelta(minutes=1)
    old = datetime.now(UTC) - timedelta(days=8)
    os.utime(store.path("a/b"), (old.timestamp(),) * 2)
    limit = datetime.now(UTC) - timedelta(days=7)
    assert not store.put_if_absent("a/b", b"1")  # which renews it
    assert not store.delete("a/b", unless_since=limit)
    os.utime(store.path("a/b"), (old.timestamp(),) * 2)
    assert store.delete("a/b", unless_since=limit)
    assert store.delete("a/b", unless_since=limit)
    assert not store.exists("a/b")


def test_a_key_that_is_renewed_while_it_is_deleted_stays(store, monkeypatch):
    store.put_if_absent("a/b", b"1")
    old = datetime.now(UTC) - timedelta(days=8)
    os.utime(store.path("a/b"), (old.timestamp(),) * 2)
    rename = Path.rename

    def renew_and_rename(path, target):
        assert not store.put_if_absent("a/b", b"1")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", renew_and_rename)
    assert not store.delete("a/b", unless_since=datetime.now(UTC) - timedelta(days=7))
    assert store.get("a/b") == b"1"
    assert list(store.leftovers()) == []
