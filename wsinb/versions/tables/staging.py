"""The edits of a session that are not committed yet, and the files they become."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wsinb.annotate.schema import SCHEMA
from wsinb.versions.graph.commits import SlideChange
from wsinb.versions.graph.records import PartInfo, State
from wsinb.versions.storage.layout import changes_key, keys_key, part_key, sha256
from wsinb.versions.storage.store import Store
from wsinb.versions.tables.columns import conform
from wsinb.versions.tables.files import (
    CHANGES_SCHEMA,
    NEW,
    OLD,
    OP,
    OPS,
    ROW_GROUP,
    encode_changes,
    encode_part,
    hilbert_order,
    table_bounds,
)
from wsinb.versions.tables.hashes import NO_ROW, hash_rows
from wsinb.versions.tables.ids import Ids, concat_ids, encode_keys, id_texts, isin, locate, parse_ids
from wsinb.versions.tables.reading import Overlay, Tables, overlay_of

__all__ = ["PART_ROWS", "Staged", "write_change", "write_parts"]

Hashes = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.str_]

PART_ROWS = 25_000
BULK_ROWS = 20_000
"""More new rows than this become parts rather than a change set."""


@dataclass(frozen=True)
class Staged:
    """Rows with the operation of each against the base; one row for each touched id.

    ``_old`` is the hash of the row in the base, whatever was staged between, and ``_new`` that of a
    changed row; new rows are hashed when they are written, if they go to a change set at all.
    """

    overlay: Overlay

    @classmethod
    def empty(cls) -> Staged:
        """Return no edits."""
        return cls(overlay_of(CHANGES_SCHEMA.empty_table()))

    @property
    def table(self) -> pa.Table:
        """The rows, with the columns of a change set."""
        assert self.overlay.table is not None
        return self.overlay.table

    @property
    def ids(self) -> Ids:
        """The touched ids."""
        return self.overlay.ids

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
        return self._on_top(rows, np.where(in_base, "update", "add"), old, new, ids, changed)

    def delete(self, ids: Ids, stored: pa.Table) -> Staged:
        """Return the edits with ids deleted; those that are not in the base leave no trace.

        `ids` and `stored` are as of `upsert`.
        """
        old = self._base_hashes(ids, stored)
        texts = pa.array(id_texts(ids), pa.string())
        columns = [texts if field.name == "id" else pa.nulls(len(ids), field.type) for field in SCHEMA]
        rows = pa.table(columns, schema=SCHEMA)
        ops, new = np.full(len(ids), "delete"), np.zeros(len(ids), np.uint64)
        return self._on_top(rows, ops, old, new, ids, old != NO_ROW)

    def _on_top(self, rows: pa.Table, ops: Texts, old: Hashes, new: Hashes, ids: Ids, kept: Mask) -> Staged:
        """Return the edits without any on `ids`, followed by the rows that are kept."""
        hashes = {OP: pa.array(ops, pa.string()), OLD: pa.array(old), NEW: pa.array(new)}
        for name, column in hashes.items():
            rows = rows.append_column(name, column)
        before = self.table.filter(pa.array(~isin(self.ids, ids)))
        after = rows.filter(pa.array(kept))
        return Staged(overlay_of(pa.concat_tables([before, after], promote_options="default")))

    def _base_hashes(self, ids: Ids, stored: pa.Table) -> Hashes:
        """Return the hash of the row of each id in the base; `stored` as of `upsert`."""
        stored_ids = parse_ids(stored.column("id"))
        as_in_base = isin(stored_ids, ids) & ~isin(stored_ids, self.ids)
        known = concat_ids([self.ids, stored_ids.take(as_in_base)])
        hashes = np.concatenate([self.overlay.old, hash_rows(stored.filter(pa.array(as_in_base)))])
        order = np.lexsort((known.low, known.high))
        found = locate(known.take(order), ids)
        old = np.zeros(len(ids), np.uint64)
        old[found >= 0] = hashes[order[found[found >= 0]]]
        return old


def write_change(store: Store, tables: Tables, base: State, staged: Staged) -> SlideChange:
    """Store the edits of one slide as a change set, or new rows in bulk as parts.

    Rows may go to parts only if no run or change set ever spoke of their ids: those win
    over parts.
    """
    table = staged.table
    ops = table.column(OP)
    added, updated, deleted = (int(pc.sum(pc.equal(ops, op)).as_py() or 0) for op in OPS)
    bulk = np.zeros(len(staged.ids), bool)
    if added > BULK_ROWS:
        fresh = ~isin(staged.ids, tables.overlay_ids(base))
        bulk = np.asarray(pc.equal(ops, "add"), dtype=bool) & fresh
        if bulk.sum() <= BULK_ROWS:
            bulk[:] = False
    parts = write_parts(store, conform(table.filter(pa.array(bulk)))) if bulk.any() else ()
    rest = table.filter(pa.array(~bulk))
    sets = (_write_set(store, rest),) if rest.num_rows else ()
    return SlideChange(added, updated, deleted, sets, parts)


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
    order = hilbert_order(table)
    parts = []
    for rows in np.array_split(order, n_parts or -(-len(order) // PART_ROWS)):
        piece = table.take(pa.array(rows))
        data = encode_part(piece)
        sha = sha256(data)
        store.put_if_absent(part_key(sha), data)
        store.put_if_absent(keys_key(sha), encode_keys(parse_ids(piece.column("id"))))
        parts.append(PartInfo(sha, piece.num_rows, table_bounds(piece)))
    return tuple(parts)
