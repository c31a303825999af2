"""Reads at given positions of a file, from several threads at once."""

from __future__ import annotations

import os
import threading
import weakref
from pathlib import Path

__all__ = ["PositionedFile"]


class PositionedFile:
    """A file without a current position, so that threads and forked children cannot disturb each other."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self._finalizer = weakref.finalize(self, os.close, self._fd)
        self._size = os.fstat(self._fd).st_size
        self._lock = threading.Lock()

    def read(self, offset: int, count: int) -> bytes:
        """Return exactly `count` bytes from `offset` on.

        Raises
        ------
        EOFError
            The file ends before.
        """
        if not self._finalizer.alive:
            raise ValueError("the file is closed")
        if offset + count > self._size:  # checked first: a damaged file may name any number of bytes
            raise EOFError("the file ends inside it")
        data = self._pread(offset, count)
        if len(data) < count:
            raise EOFError("the file was cut while it was open")
        return data

    def close(self) -> None:
        """Close the file; later reads raise ValueError."""
        self._finalizer()

    def _pread(self, offset: int, count: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._fd, count, offset)
        with self._lock:  # Windows has no positioned read
            os.lseek(self._fd, offset, os.SEEK_SET)
            return os.read(self._fd, count)
