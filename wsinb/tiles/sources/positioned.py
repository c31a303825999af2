"""Reads at given positions of a file, from several threads at once."""

from __future__ import annotations

import os
import threading
from pathlib import Path

__all__ = ["PositionedFile"]


class PositionedFile:
    """A file without a current position, so that threads (and forked children) cannot disturb each other."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self.size = os.fstat(self._file.fileno()).st_size
        self._lock = threading.Lock()

    def read(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes from `offset` on; fewer only at the end of the file."""
        if hasattr(os, "pread"):
            return os.pread(self._file.fileno(), count, offset)
        with self._lock:  # Windows has no positioned read
            self._file.seek(offset)
            return self._file.read(count)

    def close(self) -> None:
        """Close the file; later reads raise ValueError."""
        self._file.close()
