"""Reading the table of a slide from its parts, runs and change sets."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from wsinb.annotate.schema import SCHEMA
from wsinb.errors import StorageError
from wsinb.frames import Box
from wsinb.versions.graph.records import PartInfo, State
from wsinb.versions.storage.cache import Cache
from wsinb.versions.storage.layout import changes_key, keys_key, part_key, run_key
from wsinb.versions.storage.objects import Objects
from wsinb.versions.storage.store import Store
from wsinb.versions.tables.columns import concat, conform, own_keys
from wsinb.versions.tables.files import BBOX_PATHS, NEW, OLD, OP, ROW_GROUP, bounds_of_rows, box_mask
from wsinb.versions.tables.ids import (
    Ids,
    concat_ids,
    decode_keys,
    isin,
    last_of_each,
    locate,
    parse_ids,
    sorted_order,
)

__all__ = ["Overlay", "Tables", "overlay_of"]

CACHED_BYTES = 128 << 20
WARMED = 8
"""Parts that a store is told of ahead of reading them."""
Mask = npt.NDArray[np.bool_]
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class _File:
    """An open Parquet file's footer: row groups, where they start, their level-0 boxes.

    `columns` are those of a table: `SCHEMA` and own columns by key.
    """

    key: str
    metadata: Any
    columns: list[str]
    starts: npt.NDArray[np.int64]
    boxes: npt.NDArray[np.float64] | None


@dataclass(frozen=True)
class Overlay:
    """A change set or run: ids and what it does to them; rows in memory or in a file.

    `old` and `new` are the content hashes of each row in the first parent and in the commit (for a run:
    below it and in it), shape (n,), uint64, 0 where there is none.
    """

    ids: Ids
    deleted: Mask
    old: Hashes
    new: Hashes
    table: pa.Table | None
    file: _File | None


class _Top(NamedTuple):
    """All that lies over the parts: overlays old to new, their ids in a row, and which rows hold."""

    overlays: list[Overlay]
    ids: Ids
    alive: Mask


def overlay_of(table: pa.Table) -> Overlay:
    """Return rows in memory, with the columns of a change set, as an overlay."""
    return _overlay(table, table, None)


def _overlay(columns: pa.Table, table: pa.Table | None, file: _File | None) -> Overlay:
    deleted = np.asarray(pc.equal(columns.column(OP), "delete"), dtype=bool)
    old, new = (columns.column(name).to_numpy() for name in (OLD, NEW))
    return Overlay(parse_ids(columns.column("id")), deleted, old, new, table, file)


class Tables:
    """Reads tables of slides; keeps footers, keys and small files in memory."""

    def __init__(self, store: Store, objects: Objects) -> None:
        self._store = store
        self._objects = objects
        self._files: Cache[str, _File] = Cache(CACHED_BYTES)
        self._overlays: Cache[str, Overlay] = Cache(CACHED_BYTES)
        self._keys: Cache[str, tuple[Ids, npt.NDArray[np.uint16]]] = Cache(CACHED_BYTES)

    def parts(self, state: State) -> list[PartInfo]:
        """Return the parts of a state."""
        if state.parts is None:
            return []
        return [PartInfo.from_json(entry) for entry in self._objects.get(state.parts)["parts"]]

    def read(
        self,
        state: State,
        l0_box: Box | None = None,
        staged: Overlay | None = None,
        added: Iterable[PartInfo] = (),
    ) -> pa.Table:
        """Return the rows of a state and of parts added to it, of which those in `staged` are newer.

        With a box, only rows with a bounding box that meets it. The result has `SCHEMA` and all own
        columns that a file has, by key.
        """
        return concat(list(self.pieces(state, l0_box, staged, added))).combine_chunks()

    def pieces(
        self,
        state: State,
        l0_box: Box | None = None,
        staged: Overlay | None = None,
        added: Iterable[PartInfo] = (),
    ) -> Iterator[pa.Table]:
        """Yield what `read` returns file by file, so that a large table need not be in memory.

        Each piece has the own columns of its file: see `conform` and `plain_table`.
        """
        top = self._top(state, staged)
        parts = [part for part in (*self.parts(state), *added) if l0_box is None or _meets(part, l0_box)]
        changed = top.ids.take(sorted_order(top.ids))
        for number, part in enumerate(parts):
            if number % WARMED == 0:
                self._warm_parts(parts[number : number + WARMED], with_keys=len(top.ids) > 0)
            yield self._read_part(part, changed, l0_box)
        yield from self._top_rows(top, top.alive, l0_box)

    def lookup(self, state: State, wanted: Ids, staged: Overlay | None = None) -> pa.Table:
        """Return the rows of the wanted ids that exist, in any order."""
        top = self._top(state, staged)
        pieces = self._top_rows(top, top.alive & isin(top.ids, wanted), None)
        rest = wanted.take(~isin(wanted, top.ids))
        rest = rest.take(sorted_order(rest))  # many are found faster in order
        pieces += [self.rows_in_parts(self.parts(state), rest)] if len(rest) else []
        return concat(pieces).combine_chunks()

    def rows_in_parts(self, parts: Iterable[PartInfo], wanted: Ids) -> pa.Table:
        """Return the rows that parts hold of the wanted ids, whatever lies over them; in any order."""
        pieces = []
        for part in parts:
            rows = self._rows_in_part(part, wanted)
            if len(rows):
                file = self._file(part_key(part.sha256))
                groups = np.unique(np.searchsorted(file.starts, rows, "right") - 1)
                pieces.append(self._read_groups(file, groups, np.isin(_row_numbers(file, groups), rows)))
        return concat(pieces).combine_chunks()

    def rows_of_file(self, file: _File, rows: npt.NDArray[np.int64], schema: pa.Schema) -> pa.Table:
        """Return columns of some rows of a file, ascending; a column that it lacks is null."""
        groups = np.unique(np.searchsorted(file.starts, rows, "right") - 1)
        columns = [name for name in schema.names if name in file.columns]
        if not columns:
            return pa.table([pa.nulls(len(rows), type_) for type_ in schema.types], schema=schema)
        with self._reading(file.key):
            table = self._open(file).read_row_groups(groups.tolist(), columns=columns)
        wanted = np.zeros(file.metadata.num_rows, bool)
        wanted[rows] = True
        keep = wanted[_row_numbers(file, groups)]
        return conform(table if keep.all() else table.filter(pa.array(keep)), schema)

    def present(self, state: State, wanted: Ids) -> Mask:
        """Return a mask, shape (n,), of the wanted ids that exist."""
        top = self._top(state)
        found = isin(wanted, top.ids.take(top.alive))
        rest = np.flatnonzero(~isin(wanted, top.ids))
        rest = rest[sorted_order(wanted.take(rest))]
        for part in self.parts(state) if len(rest) else ():
            ids, _ = self._part_keys(part)
            found[rest] |= locate(ids, wanted.take(rest)) >= 0
        return found

    def overlay_ids(self, state: State) -> Ids:
        """Return all ids that the runs and change sets of a state speak of, deleted ones too."""
        return self._top(state).ids

    def overlays(self, state: State) -> list[Overlay]:
        """Return the runs and change sets of a state, old to new."""
        return self._top(state).overlays

    def change_set(self, sha: str) -> Overlay:
        """Return a change set."""
        return self._overlay(changes_key(sha))

    def run(self, sha: str) -> Overlay:
        """Return a run."""
        return self._overlay(run_key(sha))

    def overlay_rows(self, overlay: Overlay, mask: Mask) -> pa.Table:
        """Return the rows of a change set or run where a mask is True, in its order, as those of a table."""
        return self._rows(overlay, mask, None)

    def overlay_bounds(self, overlay: Overlay) -> npt.NDArray[np.float64]:
        """Return the level-0 box of each row of a change set or run, shape (n, 4); NaN where none is."""
        if overlay.file is None:
            assert overlay.table is not None
            return bounds_of_rows(overlay.table)
        with self._reading(overlay.file.key):
            return bounds_of_rows(self._open(overlay.file).read(["bbox"]))

    def part_rows(self, part: PartInfo, without: Ids) -> pa.Table:
        """Return the rows of a part but those of some sorted ids."""
        return self._read_part(part, without, None)

    def part_ids(self, sha: str) -> Ids:
        """Return the ids of a part, sorted."""
        return self._load_keys(keys_key(sha))[0]

    def changed_ids(self, sets: Sequence[str], parts: Sequence[str]) -> Ids:
        """Return the ids that a commit touched, by its change sets and the parts that it added."""
        ids = [self._overlay(changes_key(sha)).ids for sha in sets]
        ids += [self._load_keys(keys_key(sha))[0] for sha in parts]
        return concat_ids(ids)

    def _warm_parts(self, parts: Sequence[PartInfo], *, with_keys: bool) -> None:
        files = [part_key(part.sha256) for part in parts]
        keys = [keys_key(part.sha256) for part in parts if with_keys]
        self._store.warm([*files, *(key for key in keys if key not in self._keys)])

    def _top(self, state: State, staged: Overlay | None = None) -> _Top:
        keys = [*map(run_key, state.runs), *map(changes_key, state.changes)]
        self._store.warm(key for key in keys if key not in self._overlays)
        overlays = [self._overlay(key) for key in keys]
        if staged is not None:
            overlays.append(staged)
        ids = concat_ids([overlay.ids for overlay in overlays])
        deleted = np.concatenate([np.empty(0, bool), *(overlay.deleted for overlay in overlays)])
        return _Top(overlays, ids, last_of_each(ids) & ~deleted)

    def _top_rows(self, top: _Top, mask: Mask, l0_box: Box | None) -> list[pa.Table]:
        """Return the rows of all overlays where a mask over their ids is True."""
        pieces, start = [], 0
        for overlay in top.overlays:
            stop = start + len(overlay.ids)
            if mask[start:stop].any():
                pieces.append(self._rows(overlay, mask[start:stop], l0_box))
            start = stop
        return pieces

    def _overlay(self, key: str) -> Overlay:
        return self._overlays.get(key, lambda: self._load_overlay(key))

    def _load_overlay(self, key: str) -> tuple[Overlay, int]:
        file = self._file(key)
        if file.metadata.num_rows <= ROW_GROUP:
            with self._reading(key):
                table = self._open(file).read()
            return overlay_of(table), table.nbytes
        with self._reading(key):
            columns = self._open(file).read(["id", OP, OLD, NEW])
        return _overlay(columns, None, file), 33 * columns.num_rows

    def _rows(self, overlay: Overlay, mask: Mask, l0_box: Box | None) -> pa.Table:
        if overlay.file is None:
            assert overlay.table is not None
            table = conform(overlay.table)
            if l0_box is not None:
                mask = mask & box_mask(bounds_of_rows(table), l0_box)
            return table.filter(pa.array(mask))
        groups = _groups_in_box(overlay.file, l0_box)
        groups = groups[[mask[_slice(overlay.file, group)].any() for group in groups]]
        keep = mask[_row_numbers(overlay.file, groups)]
        return self._read_groups(overlay.file, groups, keep, l0_box)

    def _read_part(self, part: PartInfo, changed: Ids, l0_box: Box | None) -> pa.Table:
        file = self._file(part_key(part.sha256))
        keep = np.ones(part.rows, bool)
        if len(changed):
            keep[self._rows_of_sorted(part, changed)] = False
        groups = _groups_in_box(file, l0_box)
        return self._read_groups(file, groups, keep[_row_numbers(file, groups)], l0_box)

    def _read_groups(
        self, file: _File, groups: npt.NDArray[np.int64], keep: Mask, l0_box: Box | None = None
    ) -> pa.Table:
        """Return the rows of some row groups where `keep` is True and the box is met."""
        if not len(groups):
            return SCHEMA.empty_table()
        with self._reading(file.key):
            table = self._open(file).read_row_groups(groups.tolist(), columns=file.columns)
        if l0_box is not None:
            keep = keep & box_mask(bounds_of_rows(table), l0_box)
        return conform(table if keep.all() else table.filter(pa.array(keep)))

    def _rows_in_part(self, part: PartInfo, ids: Ids) -> npt.NDArray[np.int64]:
        sorted_ids, rows = self._part_keys(part)
        found = locate(sorted_ids, ids)
        return rows[found[found >= 0]].astype(np.int64)

    def _rows_of_sorted(self, part: PartInfo, ids: Ids) -> npt.NDArray[np.int64]:
        """Return the numbers of the rows of a part with one of the sorted ids; fewer are sought in more."""
        sorted_ids, rows = self._part_keys(part)
        if len(ids) <= len(sorted_ids):
            return self._rows_in_part(part, ids)
        return rows[locate(ids, sorted_ids) >= 0].astype(np.int64)

    def _part_keys(self, part: PartInfo) -> tuple[Ids, npt.NDArray[np.uint16]]:
        return self._load_keys(keys_key(part.sha256))

    def _load_keys(self, key: str) -> tuple[Ids, npt.NDArray[np.uint16]]:
        def load() -> tuple[tuple[Ids, npt.NDArray[np.uint16]], int]:
            with self._reading(key):
                data = self._store.open(key).read_buffer()
            ids, rows = decode_keys(memoryview(data), f"{self._store.url}/{key}")
            return (ids, rows), len(data)

        return self._keys.get(key, load)

    def _file(self, key: str) -> _File:
        def load() -> tuple[_File, int]:
            metadata = self._parquet(key).metadata
            counts = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
            starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])[:-1]
            schema = metadata.schema.to_arrow_schema()
            columns = [*SCHEMA.names, *own_keys(schema)]
            return _File(key, metadata, columns, starts, _group_boxes(metadata)), metadata.serialized_size * 8

        return self._files.get(key, load)

    def _open(self, file: _File) -> Any:
        # a reader of its own for each call: a ParquetFile is not safe to share between threads
        return self._parquet(file.key, file.metadata)

    def _parquet(self, key: str, metadata: Any = None) -> Any:
        with self._reading(key):
            return pq.ParquetFile(self._store.open(key), metadata=metadata)

    @contextlib.contextmanager
    def _reading(self, key: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise StorageError(
                f"The file {key} is missing in {self._store.url}: restore it from a backup or another copy."
            ) from None
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, StorageError):
                raise
            raise StorageError(
                f"The file {key} in {self._store.url} is damaged: restore it from a backup or another copy."
            ) from error


def _meets(part: PartInfo, l0_box: Box) -> bool:
    return part.bounds is not None and bool(box_mask(np.array([part.bounds]), l0_box)[0])


def _groups_in_box(file: _File, l0_box: Box | None) -> npt.NDArray[np.int64]:
    every = np.arange(len(file.starts))
    if l0_box is None or file.boxes is None:
        return every
    return every[box_mask(file.boxes, l0_box)]


def _slice(file: _File, group: int) -> slice:
    start = int(file.starts[group])
    return slice(start, start + file.metadata.row_group(int(group)).num_rows)


def _row_numbers(file: _File, groups: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the numbers in the file of the rows of some row groups."""
    spans = [np.arange(span.start, span.stop) for span in (_slice(file, int(group)) for group in groups)]
    return np.concatenate([np.empty(0, np.int64), *spans])


def _group_boxes(metadata: Any) -> npt.NDArray[np.float64] | None:
    """Return the level-0 box of each row group, shape (n, 4), from the statistics; None without."""
    if not metadata.num_row_groups:
        return None
    first = metadata.row_group(0)
    index = {first.column(i).path_in_schema: i for i in range(first.num_columns)}
    boxes = np.full((metadata.num_row_groups, 4), np.nan)
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for side, path in enumerate(BBOX_PATHS):
            statistics = group.column(index[path]).statistics
            if statistics is None:
                return None
            if statistics.has_min_max:  # a group without any geometry has none and meets no box
                boxes[number, side] = statistics.min if side < 2 else statistics.max
    return boxes
