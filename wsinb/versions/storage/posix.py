"""The version store on a POSIX file system: a local disk, or one shared by NFS."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import threading
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wsinb.errors import StorageError
from wsinb.versions.storage.store import Entry

__all__ = ["PosixStore", "reason_of", "sync_folder"]

TEMPORARY = ".tmp-"
JOURNALS = "journals"
_REASONS = {
    errno.ENOSPC: "the disk is full: free some space and try again",
    errno.EDQUOT: "the disk quota is used up: free some space and try again",
    errno.EFBIG: "the file would be larger than is allowed: raise the limit and try again",
    errno.EROFS: "it is on a read-only file system: copy the project to a place that can be written",
    errno.EACCES: "permission is denied: ask its owner, or copy the project to a folder of yours",
    errno.EPERM: "the operation is not permitted there: use a file system with hard links, or ask its owner",
    errno.ENOTDIR: "a part of the path is a file, not a folder: choose another place",
}


class PosixStore:
    """Keeps bytes in files below a folder.

    A file is written under a temporary name beside its place, flushed to the disk, and then
    linked to its name, which fails if the name is taken: so it is absent or complete at any
    moment, whoever is killed. It is safe after a fork and between processes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # folders with new names, each with the number of the last change to it
        self._unsynced: dict[Path, int] = {}
        self._n_changes = 0
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """The folder."""
        return str(self.folder)

    def path(self, key: str) -> Path:
        """Return the file of a key."""
        return self.folder / key

    def get(self, key: str) -> bytes:
        """Return the bytes of a key; FileNotFoundError if there are none."""
        with self._explained("read", key):
            return self.path(key).read_bytes()

    def open(self, key: str) -> Any:
        """Return the file, mapped into memory; FileNotFoundError if absent."""
        import pyarrow as pa

        with self._explained("read", key):
            return pa.memory_map(str(self.path(key)))

    def warm(self, keys: Iterable[str]) -> None:
        """Do nothing: the files are near."""

    def exists(self, key: str) -> bool:
        """Say whether there is such a file."""
        with self._explained("read", key):
            return self.path(key).exists()

    def list(self, prefix: str) -> list[str]:
        """Return the names directly below a folder, sorted; empty if there is none."""
        with self._explained("read", prefix):
            try:
                names = os.listdir(self.folder / prefix)  # noqa: PTH208  thousands of names: no Path each
            except FileNotFoundError:
                return []
        return sorted(name for name in names if not name.startswith(TEMPORARY))

    def first(self, prefix: str) -> str | None:
        """Return the first name below a folder, or None."""
        with self._explained("read", prefix):
            try:
                names = os.listdir(self.folder / prefix)  # noqa: PTH208  no Path each, and no sorting
            except FileNotFoundError:
                return None
        return min((name for name in names if not name.startswith(TEMPORARY)), default=None)

    def entries(self, prefix: str) -> Iterator[Entry]:
        """Yield every file below a folder, at any depth, in no order; journals are none of the store's."""
        return self._walk(prefix, temporary=False)

    def leftovers(self) -> Iterator[Entry]:
        """Yield the temporary files of all folders, also of writers that are at work."""
        return self._walk("", temporary=True)

    def delete(self, key: str, unless_since: datetime | None = None) -> bool:
        """Delete a file, unless it was put or renewed since a time; say whether it is gone.

        It is set aside under a temporary name before its time is looked at: so a writer either
        renewed it before, and it returns, or finds none and writes it anew.
        """
        place = self.path(key)
        aside = place.parent / f"{TEMPORARY}{uuid.uuid4().hex}"
        with self._explained("delete", key):
            try:
                if unless_since is not None and _modified(place.stat()) >= unless_since:
                    return False
                place.rename(aside)
            except FileNotFoundError:
                return True
            if unless_since is not None and _modified(aside.stat()) >= unless_since:
                with contextlib.suppress(FileExistsError):
                    os.link(aside, place)
                aside.unlink()
                return False
            aside.unlink()
        self._changed(place.parent)
        return True

    def put_if_absent(self, key: str, data: bytes | Path) -> bool:
        """Write bytes, or a copy of a file, where there is no such key; say whether it was absent."""
        target = self.path(key)
        with self._explained("write", key):
            absent = not self._touch(target) and self._write(target, data)
        self._changed(target.parent)  # also where it was there: whoever put it may not have flushed it
        return absent

    def copy_if_absent(self, source: str, target: str) -> bool:
        """Link a key to another name where there is none; durable when it returns."""
        self.sync()
        place = self.path(target)
        with self._explained("write", target):
            self._make_folder(place.parent)
            try:
                os.link(self.path(source), place)
            except FileExistsError:
                return False
            except PermissionError:
                # many systems refuse links to the files of another user
                if not self._write(place, self.path(source).read_bytes()):
                    return False
        self._changed(place.parent)
        self.sync()
        return True

    def sync(self) -> None:
        """Flush the folders in which files were put."""
        with self._lock:
            folders = dict(self._unsynced)
        for folder, change in sorted(folders.items()):
            with self._explained("write", folder.name):
                sync_folder(folder)
            # not before: what another thread waits for must not look done; nor what came meanwhile
            with self._lock:
                if self._unsynced.get(folder) == change:
                    del self._unsynced[folder]

    def journal_folder(self, project: str) -> Path:
        """Return the folder ``journals``, beside what is versioned."""
        return self.folder / JOURNALS

    def _walk(self, prefix: str, *, temporary: bool) -> Iterator[Entry]:
        with self._explained("read", prefix):
            try:
                with os.scandir(self.folder / prefix) as found:
                    items = list(found)
            except FileNotFoundError:
                return
        for item in items:
            key = prefix + item.name
            if item.is_dir(follow_symlinks=False):
                if key != JOURNALS:
                    yield from self._walk(f"{key}/", temporary=temporary)
            elif item.name.startswith(TEMPORARY) == temporary:
                with contextlib.suppress(FileNotFoundError), self._explained("read", key):
                    stat = item.stat()
                    yield Entry(key, stat.st_size, _modified(stat))

    def _changed(self, folder: Path) -> None:
        with self._lock:
            self._n_changes += 1
            self._unsynced[folder] = self._n_changes

    def _touch(self, target: Path) -> bool:
        """Show that a file is in use to whoever clears away what nothing names; say if there is one."""
        try:
            os.utime(target)
        except FileNotFoundError:
            return False
        except PermissionError:
            return target.exists()  # the file of another user: it can be used all the same
        return True

    def _write(self, target: Path, data: bytes | Path) -> bool:
        self._make_folder(target.parent)
        temporary = target.parent / f"{TEMPORARY}{uuid.uuid4().hex}"
        try:
            with temporary.open("xb") as file:
                if isinstance(data, Path):
                    with data.open("rb") as source:
                        shutil.copyfileobj(source, file, 1 << 20)
                else:
                    file.write(data)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(temporary, target)
            except FileExistsError:
                return False
            return True
        finally:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self._make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)

    @contextlib.contextmanager
    def _explained(self, verb: str, key: str) -> Iterator[None]:
        try:
            yield
        except StorageError:
            raise
        except FileNotFoundError:
            if verb != "write":
                raise
            raise StorageError(f"Cannot write {key} in {self.folder}: the folder is gone.") from None
        except OSError as error:
            raise StorageError(f"Cannot {verb} {key} in {self.folder}: {reason_of(error)}.") from error


def _modified(stat: os.stat_result) -> datetime:
    return datetime.fromtimestamp(stat.st_mtime, UTC)


def reason_of(error: OSError) -> str:
    """Return why a file could not be read or written, with the remedy where it is known."""
    return _REASONS.get(error.errno or 0, str(error.strerror or error))


def sync_folder(folder: Path) -> None:
    """Make the names of a folder survive a power failure, where the file system has such a call."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems have no such call
            raise
    finally:
        os.close(handle)
