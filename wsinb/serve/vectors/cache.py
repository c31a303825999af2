"""Indexes of annotations and encoded tiles, kept within bounds of memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from wsinb.serve.lru import Lru

if TYPE_CHECKING:
    from wsinb.serve.sources import AnnotationTable
    from wsinb.serve.vectors.columns import SheetColumn
    from wsinb.serve.vectors.index import VectorIndex
    from wsinb.serve.vectors.live import LiveEdits
    from wsinb.serve.vectors.sheet import Sheet
    from wsinb.serve.vectors.tile import Tile

__all__ = ["Encoded", "TableKey", "VectorCache"]


MAX_TABLES = 256
MAX_DRAFTS = 64
MIN_UNCHANGED = 20
"""An index is brought up to date where no more than one of so many annotations changed."""

COLUMN_BYTES = 128 << 20


class TableKey(NamedTuple):
    """The annotations of one slide at one commit or live version, which never change."""

    project: Path
    version: str
    slide: str


class Encoded(NamedTuple):
    """What is sent, compressed by gzip, and whether it is to be asked for again."""

    body: bytes
    preliminary: bool = False


@dataclass(frozen=True)
class _Kept:
    """An index, and the version of which its first sheet was read."""

    index: VectorIndex
    origin: str


class Drafts:
    """What was read of each journal the last time, so that only what was added is read again."""

    def __init__(self) -> None:
        self._last: Lru[Hashable, list[LiveEdits]] = Lru(MAX_DRAFTS, lambda edits: 1)

    def last(self, key: Hashable) -> LiveEdits | None:
        """Return what was read last of a draft."""
        kept = self._last.get(key, list)
        return kept[0] if kept else None

    def keep(self, key: Hashable, edits: LiveEdits) -> None:
        """Keep what was read, unless more is known already."""
        kept = self._last.get(key, list)
        if not kept or edits.end >= kept[0].end:
            kept[:] = [edits]

    def clear(self) -> None:
        """Forget everything."""
        self._last.clear()


class VectorCache:
    """The indexes and tiles of all projects. A version never changes, so nothing is ever invalidated.

    Parameters
    ----------
    index_bytes, tile_bytes
        Memory for indexes and for encoded tiles.
    """

    def __init__(self, index_bytes: int, tile_bytes: int) -> None:
        self._indexes: Lru[TableKey, _Kept] = Lru(index_bytes, lambda kept: kept.index.nbytes)
        self._tables: Lru[TableKey, AnnotationTable] = Lru(MAX_TABLES, lambda table: 1)
        self._encoded: Lru[Hashable, Encoded] = Lru(tile_bytes, lambda encoded: len(encoded.body))
        self._columns: Lru[Hashable, tuple[Sheet, SheetColumn]] = Lru(
            COLUMN_BYTES, lambda column: column[1].nbytes
        )
        self.edits = Drafts()
        self._warming = threading.Lock()
        self._warm = False

    def index(self, table: AnnotationTable) -> VectorIndex:
        """Return the index of a table; where it is not kept, it is made from that of a near version."""

        def make() -> _Kept:
            from wsinb.serve.vectors.index import build_index

            kept = self._updated(table) or _Kept(build_index(table.pieces), table.key.version)
            kept.index.sheets[0].outlines.when_done(lambda: self._indexes.weigh_again(table.key))
            return kept

        kept = self._indexes.get(table.key, make)
        if kept.index.failed:
            self._indexes.drop(table.key)
            kept = self._indexes.get(table.key, make)
        return kept.index

    def _updated(self, table: AnnotationTable) -> _Kept | None:
        """Return the index from the one of the slide that was used last; None if too much differs."""
        from wsinb.serve.vectors.update import update_index

        place = table.key.project, table.key.slide
        for key, kept in self._indexes.kept():
            if (key.project, key.slide) == place and not kept.index.failed:
                delta = table.since(kept.origin)
                base = kept.index.sheets[0]
                if delta is None or len(delta.ids) * MIN_UNCHANGED > len(base):
                    return None
                return _Kept(update_index(base, delta), kept.origin)
        return None

    def table(self, key: TableKey, find: Callable[[], AnnotationTable]) -> AnnotationTable:
        """Return the table that a key stands for, which `find` gives where it is not kept."""
        return self._tables.get(key, find)

    def tile(self, key: Hashable, make: Callable[[], Tile]) -> Encoded:
        """Return one encoded tile; a preliminary one is made again the next time."""

        def encode() -> Encoded:
            tile = make()
            return Encoded(compressed(tile.data), tile.preliminary)

        encoded = self._encoded.get(key, encode)
        if encoded.preliminary:
            self._encoded.drop(key)
        return encoded

    def bytes_of(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """Return something else that is sent, compressed by gzip."""
        return self._encoded.get(key, lambda: Encoded(compressed(make()))).body

    def column(self, sheet: Sheet, name: str, read: Callable[[], SheetColumn]) -> SheetColumn:
        """Return a column of a sheet, which `read` reads where it is not kept."""
        kept, column = self._columns.get((id(sheet), name), lambda: (sheet, read()))
        assert kept is sheet  # it is kept with its column, so nothing else can have its number
        return column

    def warm_up(self) -> None:
        """Compile the drawing functions in the background, once."""
        with self._warming:
            if self._warm:
                return
            # here: two threads that load a package from different ends find it half loaded
            import wsinb.project  # noqa: F401

            self._warm = True
        threading.Thread(target=_compile, name="wsinb-warm-up", daemon=True).start()

    def clear(self) -> None:
        """Forget everything, and read no more."""
        for _, kept in self._indexes.kept():
            kept.index.sheets[0].outlines.stop()
        for cache in (self._indexes, self._tables, self._encoded, self._columns, self.edits):
            cache.clear()


def compressed(data: bytes) -> bytes:
    """Return data as gzip; level 1, for higher ones cost more than the wire saves."""
    from isal import igzip  # five times as fast as zlib, which takes as long as drawing the tile

    packed: bytes = igzip.compress(data, 1, mtime=0)
    return packed


def _compile() -> None:
    from wsinb.serve.vectors.warming import warm_up

    warm_up()
