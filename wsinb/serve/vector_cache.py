"""Indexes of annotations and encoded tiles, kept within bounds of memory."""

from __future__ import annotations

import gzip
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from wsinb.project import Project
    from wsinb.serve.vector_index import VectorIndex

__all__ = ["ByteLru", "VectorCache"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ByteLru(Generic[K, V]):
    """Keeps the values used last, up to a number of bytes; each is made by one thread only.

    Parameters
    ----------
    capacity
        Bytes that may be kept. A single larger value is kept alone.
    weigh
        Tells the bytes that a value takes.
    """

    def __init__(self, capacity: int, weigh: Callable[[V], int]) -> None:
        self._capacity = capacity
        self._weigh = weigh
        self._lock = threading.Lock()
        self._values: OrderedDict[K, V] = OrderedDict()
        self._makers: dict[K, threading.Lock] = {}
        self.nbytes = 0

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

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
            self.nbytes = 0

    def _keep(self, key: K, value: V) -> None:
        with self._lock:
            replaced = self._values.pop(key, None)
            self.nbytes += self._weigh(value) - (0 if replaced is None else self._weigh(replaced))
            self._values[key] = value
            while self.nbytes > self._capacity and len(self._values) > 1:
                _, oldest = self._values.popitem(last=False)
                self.nbytes -= self._weigh(oldest)


class VectorCache:
    """The indexes and tiles of all projects. A commit never changes, so nothing is ever invalidated."""

    def __init__(self, index_bytes: int, tile_bytes: int) -> None:
        self._indexes: ByteLru[tuple[str, str, str], VectorIndex] = ByteLru(index_bytes, _index_weight)
        self._tiles: ByteLru[tuple[str, str, str, int, int, int], bytes] = ByteLru(tile_bytes, len)
        self._warming = threading.Lock()
        self._warm = False

    def index(self, project: Project, commit: str, slide: str) -> VectorIndex:
        """Return the index of the annotations of `slide` at `commit`."""

        def make() -> VectorIndex:
            from wsinb.serve.vector_index import build_index

            return build_index(project.read(slide, version=commit))

        return self._indexes.get((str(project.path), commit, slide), make)

    def tile(self, project: Project, commit: str, slide: str, z: int, x: int, y: int) -> bytes:
        """Return one encoded tile, compressed by gzip."""

        def make() -> bytes:
            from wsinb.serve.vector_tile import encode_tile

            # level 1: the tile is already quantised, higher levels cost more than the wire saves
            return gzip.compress(encode_tile(self.index(project, commit, slide), z, x, y), 1, mtime=0)

        return self._tiles.get((str(project.path), commit, slide, z, x, y), make)

    def warm_up(self) -> None:
        """Compile the drawing functions in the background, once."""
        with self._warming:
            if self._warm:
                return
            self._warm = True
        threading.Thread(target=_compile, name="wsinb-warm-up", daemon=True).start()

    def clear(self) -> None:
        """Forget all indexes and tiles."""
        self._indexes.clear()
        self._tiles.clear()


def _index_weight(index: VectorIndex) -> int:
    return index.nbytes


def _compile() -> None:
    from wsinb.serve.vector_kernels import warm_up

    warm_up()
