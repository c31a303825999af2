"""The edits of a session that are not committed yet, and the files they become."""

from __future__ import annotations

import functools
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wsinb.versions.graph.commits import SlideChange
from wsinb.versions.graph.records import PartInfo, State
from wsinb.versions.storage.layout import changes_key, keys_key, part_key, sha256
from wsinb.versions.storage.store import Store
from wsinb.versions.tables.columns import concat, conform
from wsinb.versions.tables.files import (
    CHANGES_SCHEMA,
    NEW,
    OP,
    OPS,
    ROW_GROUP,
    deletions,
    encode_changes,
    encode_part,
    hilbert_order,
    marked,
    table_bounds,
)
from wsinb.versions.tables.hashes import NO_ROW, hash_rows
from wsinb.versions.tables.ids import Ids, concat_ids, encode_keys, isin, locate, parse_ids, sorted_order
from wsinb.versions.tables.reading import Overlay, Tables, overlay_of
from wsinb.versions.tables.spilled import Spilled

__all__ = ["PART_ROWS", "WRITERS", "Staged", "stage", "write_change", "write_parts"]

Hashes = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]

PART_ROWS = 25_000
BULK_ROWS = 20_000
"""More new rows than this become parts rather than a change set."""

WRITERS = min(4, os.cpu_count() or 1)
"""So many parts are written at once: compressing and hashing use one processor each."""


@dataclass(frozen=True)
class Staged:
    """Rows with the operation of each against the base; one row for each touched id.

    ``_old`` is the hash of the row in the base, whatever was staged between, and ``_new`` that of a
    changed row; new rows are hashed when they are written, if they go to a change set at all.

    New rows in bulk may be stored already, in the parts of `spilled`; what stands in `overlay` of such a row
    is newer. That it is deleted again is a row ``delete`` without an old hash, which is no edit of the base.
    """

    overlay: Overlay
    spilled: Spilled | None = None

    @staticmethod
    @functools.cache
    def empty() -> Staged:
        """Return no edits."""
        return Staged(overlay_of(CHANGES_SCHEMA.empty_table()))

    @property
    def table(self) -> pa.Table:
        """The rows, with the columns of a change set."""
        assert self.overlay.table is not None
        return self.overlay.table

    @property
    def ids(self) -> Ids:
        """The touched ids."""
        return self.overlay.ids

    @property
    def parts(self) -> tuple[PartInfo, ...]:
        """The parts of rows that are stored already."""
        return () if self.spilled is None else self.spilled.parts

    @property
    def counts(self) -> dict[str, int]:
        """Numbers of rows added, updated and deleted."""
        ops = pc.filter(self.table.column(OP), pa.array(~self._undone))
        added, updated, deleted = (int(pc.sum(pc.equal(ops, op)).as_py() or 0) for op in OPS)
        return {"added": added + self._n_spilled, "updated": updated, "deleted": deleted}

    def __len__(self) -> int:
        """Return the number of edits."""
        return len(self.ids) - int(self._undone.sum()) + self._n_spilled

    def rows(self) -> pa.Table:
        """Return the rows that were added or changed, as those of a table."""
        here = self.table.filter(pa.array(~self.overlay.deleted))
        return concat([*([] if self.spilled is None else self.spilled.pieces()), conform(here)])

    def deleted_ids(self) -> Ids:
        """Return the ids of the base that were deleted."""
        return self.ids.take(self.overlay.deleted & ~self._undone)

    def touched(self, ids: Ids) -> Ids:
        """Return those of some ids that the edits speak of."""
        found = isin(ids, self.ids)
        return ids.take(found if self.spilled is None else found | self.spilled.holds(ids))

    def lookup(self, tables: Tables, base: State, ids: Ids) -> pa.Table:
        """Return the present rows of some ids, in any order."""
        found = tables.lookup(base, ids, self.overlay)
        if self.spilled is None:
            return found
        return concat([found, self.spilled.lookup(ids)]).combine_chunks()

    def in_memory(self) -> Staged:
        """Return the same edits with all rows in the overlay."""
        if self.spilled is None:
            return self
        table = self.table.filter(pa.array(~self._undone))
        pieces = []
        for piece in self.spilled.pieces():
            none = np.full(piece.num_rows, NO_ROW, np.uint64)
            pieces.append(marked(piece, "add", none, none))
        return Staged(overlay_of(pa.concat_tables([table, *pieces], promote_options="default")))

    @property
    def _undone(self) -> Mask:
        return np.asarray(self.overlay.deleted & (self.overlay.old == NO_ROW))

    @property
    def _n_spilled(self) -> int:
        return 0 if self.spilled is None else len(self.spilled)

    def upsert(self, rows: pa.Table, ids: Ids, stored: pa.Table) -> Staged:
        """Return the edits with rows set on top; those that are again as in the base leave no trace.

        Parameters
        ----------
        rows, ids
            The rows and their ids, each once.
        stored
            The present rows, with these edits, of those ids that exist; in any order.
        """
        old = self._base_hashes(ids, stored)
        in_base = old != NO_ROW
        new = np.zeros(len(ids), np.uint64)
        new[in_base] = hash_rows(rows.filter(pa.array(in_base)))
        changed = ~in_base | (new != old)
        return self._on_top(marked(rows, np.where(in_base, "update", "add"), old, new), ids, changed)

    def delete(self, ids: Ids, stored: pa.Table) -> Staged:
        """Return the edits with ids deleted; those that are not in the base leave no trace.

        `ids` and `stored` are as of `upsert`.
        """
        old = self._base_hashes(ids, stored)
        stays = old != NO_ROW
        if self.spilled is not None:
            stays |= self.spilled.holds(ids)
        return self._on_top(deletions(ids, old), ids, stays)

    def _on_top(self, rows: pa.Table, ids: Ids, kept: Mask) -> Staged:
        """Return the edits without any on `ids`, followed by the rows of a change set that are kept."""
        before = self.table.filter(pa.array(~isin(self.ids, ids)))
        after = rows.filter(pa.array(kept))
        spilled = None if self.spilled is None else self.spilled.hiding(ids)
        table = pa.concat_tables([before, after], promote_options="default")
        return Staged(overlay_of(table), spilled)

    def _base_hashes(self, ids: Ids, stored: pa.Table) -> Hashes:
        """Return the hash of the row of each id in the base; `stored` as of `upsert`."""
        stored_ids = parse_ids(stored.column("id"))
        as_in_base = isin(stored_ids, ids) & ~isin(stored_ids, self.ids)
        if self.spilled is not None:
            as_in_base &= ~self.spilled.holds(stored_ids)
        known = concat_ids([self.ids, stored_ids.take(as_in_base)])
        hashes = np.concatenate([self.overlay.old, hash_rows(stored.filter(pa.array(as_in_base)))])
        order = sorted_order(known)
        found = locate(known.take(order), ids)
        old = np.zeros(len(ids), np.uint64)
        old[found >= 0] = hashes[order[found[found >= 0]]]
        return old


def stage(
    store: Store, tables: Tables, base: State, staged: Staged, rows: pa.Table, ids: Ids, stored: pa.Table
) -> Staged:
    """Return edits with rows set on top; many new ones are stored at once, and only their parts kept.

    Parameters
    ----------
    store, tables
        Where to store them.
    base
        What the edits are made on.
    staged
        The edits so far.
    rows, ids, stored
        As of `Staged.upsert`.
    """
    if len(ids) > BULK_ROWS:
        known = concat_ids([parse_ids(stored.column("id")), staged.ids, tables.overlay_ids(base)])
        new = ~isin(ids, known)
        if new.sum() > BULK_ROWS:
            every = new.all()
            bulk = rows if every else rows.filter(pa.array(new))
            spilled = Spilled(tables) if staged.spilled is None else staged.spilled
            parts = write_parts(store, conform(bulk))
            staged = replace(staged, spilled=spilled.with_parts(parts, ids if every else ids.take(new)))
            rows, ids = rows.filter(pa.array(~new)), ids.take(~new)
    if len(ids):
        staged = staged.upsert(rows, ids, stored)
    return _spill(store, tables, base, staged)


def _spill(store: Store, tables: Tables, base: State, staged: Staged) -> Staged:
    """Return edits of which the new rows are stored, if they are many.

    Rows may go to parts only if no run or change set ever spoke of their ids: those win over parts.
    """
    added = np.asarray(pc.equal(staged.table.column(OP), "add"), dtype=bool)
    if added.sum() <= BULK_ROWS:
        return staged
    bulk = added & ~isin(staged.ids, tables.overlay_ids(base))
    if staged.spilled is not None:
        bulk &= ~staged.spilled.holds(staged.ids)
    if bulk.sum() <= BULK_ROWS:
        return staged
    spilled = Spilled(tables) if staged.spilled is None else staged.spilled
    parts = write_parts(store, conform(staged.table.filter(pa.array(bulk))))
    rest = overlay_of(staged.table.filter(pa.array(~bulk)))
    return Staged(rest, spilled.with_parts(parts, staged.ids.take(bulk)))


def write_change(store: Store, tables: Tables, base: State, staged: Staged) -> SlideChange:
    """Store the edits of one slide as a change set, and new rows in bulk as parts."""
    counts = staged.counts
    if staged.spilled is not None:
        table = staged.table.filter(pa.array(~staged._undone))
        settled = staged.spilled.settled(store, lambda rows: write_parts(store, rows))
        staged = Staged(overlay_of(table), settled)
    staged = _spill(store, tables, base, staged)
    sets = (_write_set(store, staged.table),) if len(staged.ids) else ()
    return SlideChange(counts["added"], counts["updated"], counts["deleted"], sets, staged.parts)


def _write_set(store: Store, table: pa.Table) -> str:
    table = _with_new_hashes(table)
    if table.num_rows > ROW_GROUP:
        table = table.take(pa.array(hilbert_order(table)))
    data = encode_changes(table)
    sha = sha256(data)
    store.put_if_absent(changes_key(sha), data)
    return sha


def _with_new_hashes(table: pa.Table) -> pa.Table:
    """Return a change set with the hashes of its new rows, too."""
    added = pc.equal(table.column(OP), "add")
    hashes = hash_rows(table.filter(added))
    filled = pc.replace_with_mask(
        table.column(NEW).combine_chunks(), added.combine_chunks(), pa.array(hashes)
    )
    return table.set_column(table.schema.get_field_index(NEW), NEW, filled)


def write_parts(store: Store, table: pa.Table, n_parts: int | None = None) -> tuple[PartInfo, ...]:
    """Store rows as parts along a Hilbert curve; as few as `PART_ROWS` allows, unless told how many."""
    table = table.combine_chunks()
    pieces = np.array_split(hilbert_order(table), n_parts or -(-table.num_rows // PART_ROWS))

    def write(rows: npt.NDArray[np.int64]) -> PartInfo:
        return _write_part(store, table.take(pa.array(rows)))

    if len(pieces) == 1:
        return (write(pieces[0]),)
    with ThreadPoolExecutor(WRITERS) as pool:
        return tuple(pool.map(write, pieces))


def _write_part(store: Store, piece: pa.Table) -> PartInfo:
    data = encode_part(piece)
    sha = sha256(data)
    store.put_if_absent(part_key(sha), data)
    store.put_if_absent(keys_key(sha), encode_keys(parse_ids(piece.column("id"))))
    return PartInfo(sha, piece.num_rows, table_bounds(piece))
