"""A cache that forgets what was used longest ago."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Lru"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Lru(Generic[K, V]):
    """Keeps the values used last, up to a total weight; each is made by one thread only.

    Parameters
    ----------
    capacity
        Total weight that may be kept. A single heavier value is kept alone.
    weigh
        Tells the weight of a value, in bytes for example.
    """

    def __init__(self, capacity: int, weigh: Callable[[V], int]) -> None:
        self._capacity = capacity
        self._weigh = weigh
        self._lock = threading.Lock()
        self._values: OrderedDict[K, V] = OrderedDict()
        self._weights: dict[K, int] = {}
        self._makers: dict[K, threading.Lock] = {}
        self.weight = 0

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K, make: Callable[[], V]) -> V:
        """Return the value of `key`, made by `make` where it is not kept; others who ask meanwhile wait."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            maker = self._makers.setdefault(key, threading.Lock())
        with maker:
            with self._lock:
                if key in self._values:
                    return self._values[key]
            try:
                value = make()
                self._keep(key, value)
            finally:
                with self._lock:
                    self._makers.pop(key, None)
        return value

    def kept(self) -> list[tuple[K, V]]:
        """Return the keys and values that are kept, those used last first."""
        with self._lock:
            return list(reversed(self._values.items()))

    def weigh_again(self, key: K) -> None:
        """Take note that a value has become heavier or lighter."""
        with self._lock:
            if key in self._values:
                self._set(key, self._values[key])
                self._shrink()

    def drop(self, key: K) -> None:
        """Forget one value, if it is there."""
        with self._lock:
            if key in self._values:
                del self._values[key]
                self.weight -= self._weights.pop(key)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
            self._weights.clear()
            self.weight = 0

    def _keep(self, key: K, value: V) -> None:
        with self._lock:
            self._values.pop(key, None)
            self._set(key, value)
            self._shrink()

    def _set(self, key: K, value: V) -> None:
        weight = self._weigh(value)
        self.weight += weight - self._weights.get(key, 0)
        self._weights[key] = weight
        self._values[key] = value

    def _shrink(self) -> None:
        while self.weight > self._capacity and len(self._values) > 1:
            oldest, _ = self._values.popitem(last=False)
            self.weight -= self._weights.pop(oldest)
