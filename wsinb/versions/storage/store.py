"""What a version store asks of the place it lives in.

Keys are relative paths with "/" between segments. Everything but the refs is immutable and
named by its content, so a backend needs neither locks nor compare-and-swap: writing a key
only where there is none, atomically, is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

__all__ = ["Entry", "Store"]


@dataclass(frozen=True)
class Entry:
    """A key with the size of its bytes and the time (UTC) at which it was last put."""

    key: str
    size: int
    modified: datetime


class Store(Protocol):
    """A place that keeps bytes under keys.

    Every method raises `StorageError`, naming the place, when the place cannot be read or
    written; nothing is ever seen half-written.
    """

    @property
    def url(self) -> str:
        """Where the store is, for messages."""
        ...

    def get(self, key: str) -> bytes:
        """Return the bytes of a key; FileNotFoundError if there are none."""
        ...

    def open(self, key: str) -> Any:
        """Return a seekable binary reader that pyarrow can use; FileNotFoundError if absent."""
        ...

    def warm(self, keys: Iterable[str]) -> None:
        """Be told which keys will be opened next: a place that is far away fetches them side by side."""
        ...

    def exists(self, key: str) -> bool:
        """Say whether there is such a key."""
        ...

    def list(self, prefix: str) -> list[str]:
        """Return the names directly below a prefix that ends in "/", sorted; empty if none."""
        ...

    def first(self, prefix: str) -> str | None:
        """Return the first of `list(prefix)`, or None; however many there are, it is fast."""
        ...

    def entries(self, prefix: str) -> Iterator[Entry]:
        """Yield every key below a prefix that is "" or ends in "/", at any depth, in no order.

        What is put or deleted meanwhile may be missing.
        """
        ...

    def leftovers(self) -> Iterator[Entry]:
        """Yield what killed writers left half-written; it can be deleted like a key."""
        ...

    def delete(self, key: str, unless_since: datetime | None = None) -> bool:
        """Delete a key, unless it was put or renewed since a time; say whether it is gone.

        A key that is not there is gone.
        """
        ...

    def put_if_absent(self, key: str, data: bytes | Path) -> bool:
        """Write bytes, or a copy of a file, where there is no such key; say whether it was absent.

        A key that is there counts as put now, so that `delete` with a period of grace spares it.
        It may be lost in a power failure until `copy_if_absent` or `sync` has returned.
        """
        ...

    def copy_if_absent(self, source: str, target: str) -> bool:
        """Copy a key to another where there is none; say whether it was absent.

        All that was put before, and the copy, survive a power failure once it has returned.
        """
        ...

    def sync(self) -> None:
        """Make all that was put by this process survive a power failure."""
        ...

    def journal_folder(self, project: str) -> Path:
        """Return the local folder for the journals of a project, by its id; it may not exist yet."""
        ...
