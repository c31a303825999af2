"""A file in an object store, read by ranges: few requests, and what was read is kept."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from wsinb.versions.storage.cache import Cache

__all__ = ["BLOCK", "Blocks", "RangeFile", "Run"]

BLOCK = 1 << 20
CACHED_BYTES = 64 << 20
MAX_AHEAD = 8
"""Blocks that one request asks for at most, when a file is read from front to back."""

Fetch = Callable[[str, int, int], tuple[bytes, int]]


class Run:
    """How far to read ahead: twice as far each time that a reader goes on where its last request ended."""

    def __init__(self) -> None:
        self._next = -1
        self._length = 1

    def end(self, here: int, last: int) -> int:
        """Return the block before which a request for the blocks from `here` to `last` should end."""
        self._length = min(MAX_AHEAD, 2 * self._length) if here == self._next else 1
        self._next = max(last, here + self._length)
        return self._next


class Blocks:
    """The blocks last read of immutable files, shared by all their readers.

    Parameters
    ----------
    fetch
        Returns the bytes of a key from a position up to another, cut at the end of the
        file, and the size of the whole.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._blocks: Cache[tuple[str, int], bytes] = Cache(CACHED_BYTES)
        self._sizes: Cache[str, int] = Cache(1 << 20)

    def __contains__(self, key: str) -> bool:
        return key in self._sizes

    def warm(self, key: str) -> None:
        """Fetch the beginning of a file and its end, where Parquet says what is in it."""
        size = self.size(key)
        if size > BLOCK:
            self.read(key, size - 1, size)

    def size(self, key: str) -> int:
        """Return the size of a file; the request for it brings the first block."""

        def load() -> tuple[int, int]:
            data, size = self._fetch(key, 0, BLOCK)
            self._keep(key, 0, data)
            return size, len(key)

        return self._sizes.get(key, load)

    def read(self, key: str, start: int, stop: int, run: Run | None = None) -> bytes:
        """Return a range that ends within the file; the blocks that lack are asked for together."""
        run = run or Run()
        size = self.size(key)
        first, last = start // BLOCK, -(-stop // BLOCK)
        pieces = []
        for number in range(first, last):

            def load(here: int = number) -> tuple[bytes, int]:
                end = min(size, run.end(here, last) * BLOCK)
                data, _ = self._fetch(key, here * BLOCK, end)
                for i in range(1, -(-len(data) // BLOCK)):
                    self._keep(key, here + i, data[i * BLOCK : (i + 1) * BLOCK])
                return data[:BLOCK], min(len(data), BLOCK)

            pieces.append(self._blocks.get((key, number), load))
        data = b"".join(pieces)
        return data[start - first * BLOCK : stop - first * BLOCK]

    def _keep(self, key: str, number: int, block: bytes) -> None:
        self._blocks.get((key, number), lambda: (block, len(block)))


class RangeFile(io.RawIOBase):
    """A seekable reader of one key."""

    def __init__(self, blocks: Blocks, key: str) -> None:
        self._blocks = blocks
        self._key = key
        self._size = blocks.size(key)
        self._at = 0
        self._run = Run()

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read anywhere."""
        return True

    def size(self) -> int:
        """Return the size in bytes."""
        return self._size

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; return the number of bytes, 0 at the end."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes; all that remain if `size` is negative or None."""
        stop = self._size if size is None or size < 0 else min(self._size, self._at + size)
        if stop <= self._at:
            return b""
        data = self._blocks.read(self._key, self._at, stop, self._run)
        self._at = stop
        return data
