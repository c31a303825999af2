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

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
            self.weight = 0

    def _keep(self, key: K, value: V) -> None:
        with self._lock:
            replaced = self._values.pop(key, None)
            self.weight += self._weigh(value) - (0 if replaced is None else self._weigh(replaced))
            self._values[key] = value
            while self.weight > self._capacity and len(self._values) > 1:
                _, oldest = self._values.popitem(last=False)
                self.weight -= self._weigh(oldest)
