"""JSON objects by content hash, with a cache of those last used."""

from __future__ import annotations

from typing import Any

from wsinb.errors import StorageError
from wsinb.versions.storage.cache import Cache
from wsinb.versions.storage.layout import canonical, object_key, parse, sha256
from wsinb.versions.storage.store import Store

__all__ = ["Objects"]

CACHED_BYTES = 32 << 20


class Objects:
    """Puts and gets JSON values; what is returned must not be changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._cache: Cache[str, Any] = Cache(CACHED_BYTES)

    def put(self, value: Any) -> str:
        """Store a JSON value and return its hash."""
        data = canonical(value)
        sha = sha256(data)
        self._store.put_if_absent(object_key(sha), data)
        return sha

    def get(self, sha: str) -> Any:
        """Return the value of a hash.

        Raises
        ------
        StorageError
            If it is missing or damaged.
        """
        return self._cache.get(sha, lambda: self._load(sha))

    def _load(self, sha: str) -> tuple[Any, int]:
        key = object_key(sha)
        data = read_verified(self._store, key, sha)
        return parse(data, key), len(data)


def read_verified(store: Store, key: str, sha: str) -> bytes:
    """Return the bytes of a key that is named by its content, after checking the hash."""
    try:
        data = store.get(key)
    except FileNotFoundError:
        raise StorageError(
            f"The file {key} is missing in {store.url}: restore it from a backup or another copy."
        ) from None
    if sha256(data) != sha:
        raise StorageError(
            f"The file {key} in {store.url} is damaged: restore it from a backup or another copy."
        )
    return data
