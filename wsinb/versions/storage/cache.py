"""A bounded cache of immutable values, safe to use from several threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Cache"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cache(Generic[K, V]):
    """Keeps the values last used, up to a sum of sizes."""

    def __init__(self, max_bytes: int) -> None:
        self._max = max_bytes
        self._sum = 0
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, key: K) -> bool:
        with self._lock:
            return key in self._kept

    def get(self, key: K, load: Callable[[], tuple[V, int]]) -> V:
        """Return the value of a key, loading it and its size in bytes if it is not kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        value, size = load()
        with self._lock:
            if key not in self._kept and size <= self._max:
                self._kept[key] = (value, size)
                self._sum += size
                while self._sum > self._max:
                    _, (_, dropped) = self._kept.popitem(last=False)
                    self._sum -= dropped
        return value
