"""The version store in an object store: S3, Google Cloud Storage, Azure, or memory.

All locking is that a put of mode "create" fails where the key is taken. Keys named by content
are put without condition: whoever writes one writes the same bytes, the time of what is there is
renewed, and repeating the put is harmless.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from wsinb.errors import StorageError
from wsinb.versions.storage.cache import Cache
from wsinb.versions.storage.layout import is_content_key
from wsinb.versions.storage.ranges import BLOCK, Blocks, RangeFile
from wsinb.versions.storage.retries import Patience, is_conflict, is_empty, passes, reason
from wsinb.versions.storage.store import Entry

__all__ = ["CloudStore"]

T = TypeVar("T")

PIECE = 8 << 20
"""Larger files travel in pieces of this size, each tried again on its own."""
RENEWED_AFTER = timedelta(hours=1)
"""A file larger than a piece is not sent again where one younger than this is in place."""
RECENT_BYTES = 8 << 20
AT_ONCE = 8
PATIENCE_S = 60.0

# obstore's threads do not survive a fork: the process that used it first, by its id
_used_in: list[int] = []


class CloudStore:
    """Keeps bytes in objects below a prefix of a bucket.

    Parameters
    ----------
    url
        Where it is, for messages.
    connect
        Makes the client, a store of obstore that does not try again by itself.
    patience
        Seconds after which no further try is made of what failed and may pass.
    """

    def __init__(self, url: str, connect: Callable[[], Any], patience: float = PATIENCE_S) -> None:
        self._url = url
        self._connect = connect
        self._patience = Patience(patience)
        self._made: Any = None
        self._lock = threading.Lock()
        self._blocks = Blocks(self._range)
        self._recent: Cache[str, bytes] = Cache(RECENT_BYTES)

    @property
    def url(self) -> str:
        """The address."""
        return self._url

    def get(self, key: str) -> bytes:
        """Return the bytes of a key; FileNotFoundError if there are none."""
        data, size = self._range(key, 0, PIECE)
        if len(data) == size:
            return data
        pieces = [data]
        for start in range(PIECE, size, PIECE):
            pieces.append(self._range(key, start, min(size, start + PIECE))[0])
        return b"".join(pieces)

    def open(self, key: str) -> Any:
        """Return a reader that keeps what it reads in memory; FileNotFoundError if absent."""
        import pyarrow as pa

        size = self._blocks.size(key)
        if size <= BLOCK:
            return pa.BufferReader(self._blocks.read(key, 0, size))
        return pa.PythonFile(RangeFile(self._blocks, key), mode="r")

    def warm(self, keys: Iterable[str]) -> None:
        """Fetch the beginnings of files that will be opened next, several at once."""
        new = [key for key in keys if key not in self._blocks]
        if len(new) < 2:
            return

        def fetch(key: str) -> None:
            with contextlib.suppress(FileNotFoundError):  # whoever opens it says so
                self._blocks.warm(key)

        with ThreadPoolExecutor(min(len(new), AT_ONCE)) as pool:
            list(pool.map(fetch, new))

    def exists(self, key: str) -> bool:
        """Say whether there is such a key."""
        return self._head(key) is not None

    def list(self, prefix: str) -> list[str]:
        """Return the names directly below a prefix, sorted; empty if there are none."""
        import obstore

        found = self._tried("read", prefix, lambda: obstore.list_with_delimiter(self._client(), prefix))
        paths = [*found["common_prefixes"], *(item["path"] for item in found["objects"])]
        return sorted({path.rstrip("/").rsplit("/", 1)[-1] for path in paths})

    def first(self, prefix: str) -> str | None:
        """Return the first name below a prefix, or None; one request, of one page."""
        import obstore

        def load() -> Any:
            return next(iter(obstore.list(self._client(), prefix, chunk_size=1)), [])

        page = self._tried("read", prefix, load)
        return page[0]["path"].removeprefix(prefix).split("/")[0] if page else None

    def entries(self, prefix: str) -> Iterator[Entry]:
        """Yield every key below a prefix, at any depth."""
        import obstore

        def load() -> list[Mapping[str, Any]]:
            return [
                item
                for page in obstore.list(self._client(), prefix or None, chunk_size=1000)
                for item in page
            ]

        for item in self._tried("read", prefix, load):
            yield Entry(item["path"], item["size"], item["last_modified"])

    def leftovers(self) -> Iterator[Entry]:
        """Yield nothing: what was sent half is no object; a rule of the bucket can clear it away."""
        return iter(())

    def delete(self, key: str, unless_since: datetime | None = None) -> bool:
        """Delete a key, unless it was put since a time; say whether it is gone.

        A put between the look at its time and the deletion is not seen, so the period of grace
        should be hours at least.
        """
        import obstore

        if unless_since is not None:
            head = self._head(key)
            if head is not None and head["last_modified"] >= unless_since:
                return False
        with contextlib.suppress(FileNotFoundError):
            self._tried("delete", key, lambda: obstore.delete(self._client(), key))
        return True

    def put_if_absent(self, key: str, data: bytes | Path) -> bool:
        """Write bytes, or a copy of a file, where there is no such key; say whether it was absent.

        Of a key that is named by content, it is True also where the same bytes were put again,
        which renews their time.
        """
        if is_content_key(key):
            return self._put_content(key, data)
        return self._create(key, data.read_bytes() if isinstance(data, Path) else data)

    def copy_if_absent(self, source: str, target: str) -> bool:
        """Copy a key to another where there is none."""
        data = self._recent.get(source, lambda: (kept := self.get(source), len(kept)))
        return self._create(target, data)

    def sync(self) -> None:
        """Do nothing: what was put is safe once the put has returned."""

    def journal_folder(self, project: str) -> Path:
        """Return a folder of this user on this machine; journals are written edit by edit."""
        from jupyter_core.paths import jupyter_data_dir

        return Path(jupyter_data_dir()) / "wsinb" / "journals" / project

    def _put_content(self, key: str, data: bytes | Path) -> bool:
        import obstore

        size = data.stat().st_size if isinstance(data, Path) else len(data)
        if size > PIECE:
            head = self._head(key)
            if head is not None and head["size"] == size and _age(head) < RENEWED_AFTER:
                return False
        client = self._client()

        def put() -> None:
            obstore.put(client, key, data, use_multipart=size > PIECE, chunk_size=PIECE)

        self._tried("write", key, put)
        if isinstance(data, bytes) and size <= RECENT_BYTES >> 3:
            self._recent.get(key, lambda: (data, size))
        return True

    def _create(self, key: str, data: bytes) -> bool:
        """Put bytes where there is no key yet; say whether it was this put that did it.

        A try without an answer may have succeeded: when a later one finds the key taken, the
        bytes that are there decide.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

        client = self._client()
        unsure = False
        for last in self._patience.tries():
            try:
                obstore.put(client, key, data, mode="create", use_multipart=False)
            except (AlreadyExistsError, PreconditionError) as error:
                if not is_conflict(error):
                    return unsure and self.get(key) == data
                if last:
                    raise self._explained("write", key, error) from error
            except FileNotFoundError as error:
                raise self._explained("write", key, error) from error
            except BaseError as error:
                unsure = unsure or passes(error)
                if last or not passes(error):
                    raise self._explained("write", key, error) from error
            else:
                return True
        raise AssertionError("the last try returns or raises")

    def _range(self, key: str, start: int, stop: int) -> tuple[bytes, int]:
        """Return the bytes of a range, cut at the end of the file, and the size of the whole."""
        import obstore
        from obstore.exceptions import BaseError

        def load() -> tuple[bytes, int]:
            try:
                answer = obstore.get(self._client(), key, options={"range": (start, stop)})
            except BaseError as error:
                if start or not is_empty(error):
                    raise
                return b"", 0
            return bytes(answer.bytes()), answer.meta["size"]

        return self._tried("read", key, load)

    def _head(self, key: str) -> Mapping[str, Any] | None:
        import obstore

        try:
            return self._tried("read", key, lambda: obstore.head(self._client(), key))
        except FileNotFoundError:
            return None

    def _tried(self, verb: str, key: str, action: Callable[[], T]) -> T:
        """Return what an action returns that does no harm when repeated."""
        from obstore.exceptions import BaseError

        for last in self._patience.tries():
            try:
                return action()
            except FileNotFoundError as error:
                if "NoSuchBucket" in str(error) or verb == "write":
                    raise self._explained(verb, key, error) from error
                raise FileNotFoundError(f"There is no {key} in {self._url}.") from None
            except BaseError as error:
                if last or not passes(error):
                    raise self._explained(verb, key, error) from error
        raise AssertionError("the last try returns or raises")

    def _explained(self, verb: str, key: str, error: Exception) -> StorageError:
        return StorageError(f"Cannot {verb} {key} in {self._url}: {reason(error)}.")

    def _client(self) -> Any:
        process = os.getpid()
        if _used_in and _used_in[0] != process:  # before the lock, which may have been held at the fork
            raise StorageError(
                f"{self._url} cannot be used in a process that was forked from one that used an object "
                f"store: start processes with multiprocessing.get_context('spawn')."
            )
        with self._lock:
            if self._made is None:
                self._made = self._connect()
                _used_in[:] = [process]
            return self._made


def _age(head: Mapping[str, Any]) -> timedelta:
    age: timedelta = datetime.now(UTC) - head["last_modified"]
    return age
