"""Indexes of annotations and encoded tiles, kept within bounds of memory."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from wsinb.serve.lru import Lru

if TYPE_CHECKING:
    from wsinb.serve.sources import AnnotationTable
    from wsinb.serve.vector_index import VectorIndex

__all__ = ["TableKey", "VectorCache"]


MAX_TABLES = 256
MIN_UNCHANGED = 20
"""An index is brought up to date where no more than one of so many annotations changed."""


class TableKey(NamedTuple):
    """The annotations of one slide at one commit, which never change."""

    project: Path
    commit: str
    slide: str


class VectorCache:
    """The indexes and tiles of all projects. A commit never changes, so nothing is ever invalidated.

    Parameters
    ----------
    index_bytes, tile_bytes
        Memory for indexes and for encoded tiles.
    """

    def __init__(self, index_bytes: int, tile_bytes: int) -> None:
        self._indexes: Lru[TableKey, VectorIndex] = Lru(index_bytes, lambda index: index.nbytes)
        self._tables: Lru[TableKey, AnnotationTable] = Lru(MAX_TABLES, lambda table: 1)
        self._tiles: Lru[tuple[TableKey, int, int, int], bytes] = Lru(tile_bytes, len)
        self._warming = threading.Lock()
        self._warm = False

    def index(self, table: AnnotationTable) -> VectorIndex:
        """Return the index of a table; where it is not kept, it is made from that of a near version."""

        def make() -> VectorIndex:
            from wsinb.serve.vector_index import build_index

            return self._updated(table) or build_index(table.read())

        return self._indexes.get(table.key, make)

    def _updated(self, table: AnnotationTable) -> VectorIndex | None:
        """Return the index from the one of the slide that was used last; None if too much differs."""
        from wsinb.serve.vector_update import update_index

        place = table.key.project, table.key.slide
        for key, index in self._indexes.kept():
            if (key.project, key.slide) == place:
                delta = table.since(key.commit)
                if delta is None or len(delta.ids) * MIN_UNCHANGED > len(index.ids):
                    return None
                return update_index(index, delta)
        return None

    def tile(self, key: TableKey, z: int, x: int, y: int, find: Callable[[], AnnotationTable]) -> bytes:
        """Return one encoded tile, compressed by gzip; `find` gives the table that `key` stands for."""

        def make() -> bytes:
            from wsinb.serve.vector_tile import encode_tile

            table = self._tables.get(key, find)
            index = self.index(table)
            # level 1: the tile is already quantised, higher levels cost more than the wire saves
            return gzip.compress(encode_tile(index, z, x, y), 1, mtime=0)

        return self._tiles.get((key, z, x, y), make)

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
        self._tables.clear()
        self._tiles.clear()


def _compile() -> None:
    from wsinb.serve.vector_kernels import warm_up

    warm_up()
