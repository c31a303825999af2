"""Open slides, shared between requests and closed when nobody uses them."""

from __future__ import annotations

import hashlib
import math
import stat
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from wsinb.errors import SlideNotFound, UnreadableSlide, WsinbError

if TYPE_CHECKING:
    from wsinb.tiles import Slide

__all__ = ["FileIdentity", "SlideCache", "SlideReplaced", "check_present", "identify"]

FOLDER_SECONDS = 1.0
"""So long the pictures of a folder are not looked at again, unless some were added or removed."""

MAX_FOLDERS = 64


class SlideReplaced(WsinbError):
    """A slide file is not the one any more that was asked for."""


class FileIdentity(NamedTuple):
    """Tells a file, and any change to it, from all others.

    Of a folder of pictures, `mtime_ns` is the folder's own, `size` the sum of theirs, and `members` a digest
    of their names, sizes and times.
    """

    path: Path
    mtime_ns: int
    size: int
    members: str = ""

    @property
    def fingerprint(self) -> str:
        """Short text that changes with the file; it goes into tile addresses."""
        words = "\0".join(map(str, self))
        return hashlib.sha256(words.encode("utf-8", "surrogateescape")).hexdigest()[:24]


def identify(path: Path) -> FileIdentity:
    """Return the identity of the slide file at `path`, or of a folder of pictures.

    Raises
    ------
    SlideNotFound
        There is no file.
    UnreadableSlide
        It is a folder that is no slide.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise SlideNotFound(f"There is no slide file at {path}: check the path.") from error
    if stat.S_ISDIR(status.st_mode):
        return _FOLDERS.identify(path, status.st_mtime_ns)
    return FileIdentity(path, status.st_mtime_ns, status.st_size)


def check_present(identity: FileIdentity, fingerprint: str | None = None) -> None:
    """Refuse to go on with a file that is another one by now.

    Parameters
    ----------
    identity
        What the file was found to be.
    fingerprint
        What it was when the asker has opened it, if that is known; by default the file is looked at again.

    Raises
    ------
    SlideReplaced
        If it is not the same.
    """
    present = identity if fingerprint is not None else identify(identity.path)
    if (fingerprint or identity.fingerprint) != present.fingerprint:
        raise SlideReplaced(f"{identity.path.name} was replaced by another file: reload the slide.")


class _FolderIdentities:
    """Identities of folders: a tile must not cost a look at every picture of a long sequence."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[Path, tuple[float, FileIdentity]] = OrderedDict()

    def identify(self, path: Path, mtime_ns: int) -> FileIdentity:
        now = time.monotonic()
        with self._lock:
            looked, known = self._known.get(path, (-math.inf, None))
        if known is not None and known.mtime_ns == mtime_ns and now - looked < FOLDER_SECONDS:
            return known
        found = _identify_members(path, mtime_ns)
        with self._lock:
            self._known[path] = now, found
            self._known.move_to_end(path)
            while len(self._known) > MAX_FOLDERS:
                self._known.popitem(last=False)
        return found


_FOLDERS = _FolderIdentities()


def _identify_members(folder: Path, mtime_ns: int) -> FileIdentity:
    from wsinb.tiles.members import members_of

    digest, size = hashlib.sha256(), 0
    try:
        for member in members_of(folder):
            status = member.stat()
            digest.update(f"{member.name}\0{status.st_mtime_ns}\0{status.st_size}\0".encode(errors="replace"))
            size += status.st_size
    except OSError as error:
        raise UnreadableSlide(f"The pictures of {folder} cannot be read: check its permissions.") from error
    return FileIdentity(folder, mtime_ns, size, digest.hexdigest())


@dataclass
class _Entry:
    lock: threading.Lock = field(default_factory=threading.Lock)
    slide: Slide | None = None
    users: int = 0
    evicted: bool = False


class SlideCache:
    """Keeps the slides used last open.

    Parameters
    ----------
    capacity
        How many slides stay open; more may be open while that many are in use at once.
    """

    def __init__(self, capacity: int = 16) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._entries: OrderedDict[FileIdentity, _Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    @contextmanager
    def lease(self, identity: FileIdentity) -> Iterator[Slide]:
        """Give the open slide of `identity`; it is not closed before the block ends.

        Raises
        ------
        UnreadableSlide, SlideNotFound
            If the file cannot be opened; the next lease tries again.
        SlideReplaced
            If the file at that path is another one by now.
        """
        entry = self._acquire(identity)
        try:
            with entry.lock:
                if entry.slide is None:
                    entry.slide = _open(identity)
            yield entry.slide
        finally:
            self._release(identity, entry)

    def close(self) -> None:
        """Close every slide that is not in use, and the others when they are given back."""
        with self._lock:
            entries = list(self._entries.values())
            self._entries.clear()
            idle = [entry for entry in entries if _evict(entry)]
        _close(idle)

    def _acquire(self, identity: FileIdentity) -> _Entry:
        with self._lock:
            entry = self._entries.setdefault(identity, _Entry())
            self._entries.move_to_end(identity)
            entry.users += 1
            idle = []
            while len(self._entries) > self._capacity:
                _, oldest = self._entries.popitem(last=False)
                if _evict(oldest):
                    idle.append(oldest)
        _close(idle)
        return entry

    def _release(self, identity: FileIdentity, entry: _Entry) -> None:
        with self._lock:
            entry.users -= 1
            failed = entry.slide is None
            if failed and self._entries.get(identity) is entry and not entry.users:
                del self._entries[identity]
            last = entry.evicted and not entry.users
        if last:
            _close([entry])


def _open(identity: FileIdentity) -> Slide:
    from wsinb.tiles import open_slide

    slide = open_slide(identity.path)
    try:
        check_present(identity)
    except WsinbError:
        # what was opened may be either file
        slide.close()
        raise
    return slide


def _evict(entry: _Entry) -> bool:
    """Mark an entry as no longer cached, and tell whether it can be closed at once."""
    entry.evicted = True
    return not entry.users


def _close(entries: list[_Entry]) -> None:
    for entry in entries:
        if entry.slide is not None:
            entry.slide.close()
