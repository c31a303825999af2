"""The edits of a session that are not committed yet, and the files they become."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wsinb.annotate.schema import SCHEMA
from wsinb.versions.graph.commits import SlideChange
from wsinb.versions.graph.records import PartInfo, State
from wsinb.versions.storage.layout import changes_key, keys_key, part_key, sha256
from wsinb.versions.storage.store import Store
from wsinb.versions.tables.files import (
    CHANGES_SCHEMA,
    OP,
    OPS,
    ROW_GROUP,
    encode_changes,
    encode_part,
    hilbert_order,
    table_bounds,
)
from wsinb.versions.tables.ids import Ids, concat_ids, encode_keys, id_texts, isin, last_of_each, parse_ids
from wsinb.versions.tables.reading import Overlay, Tables, overlay_of

__all__ = ["PART_ROWS", "Staged", "write_change"]

PART_ROWS = 25_000
BULK_ROWS = 20_000
"""More new rows than this become parts rather than a change set."""


@dataclass(frozen=True)
class Staged:
    """Rows with the operation of each against the base; one row for each touched id."""

    overlay: Overlay

    @classmethod
    def empty(cls) -> Staged:
        """Return no edits."""
        return cls(overlay_of(CHANGES_SCHEMA.empty_table()))

    @property
    def table(self) -> pa.Table:
        """The rows, with a column ``_op``."""
        assert self.overlay.table is not None
        return self.overlay.table

    @property
    def ids(self) -> Ids:
        """The touched ids."""
        return self.overlay.ids

    def upsert(self, rows: pa.Table, ops: pa.Array) -> Staged:
        """Return the edits with rows set on top; `ops` says "add" or "update" for each."""
        return self._on_top(rows.append_column(OP, ops).cast(CHANGES_SCHEMA))

    def delete(self, ids: Ids, in_base: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Staged:
        """Return the edits with ids deleted; those that are not in the base leave no trace."""
        kept = self.table.filter(pa.array(~isin(self.ids, ids)))
        gone = id_texts(ids.take(in_base))
        columns = {"id": pa.array(gone, pa.string()), OP: pa.array(["delete"] * len(gone), pa.string())}
        arrays = [columns.get(field.name, pa.nulls(len(gone), field.type)) for field in CHANGES_SCHEMA]
        return Staged(overlay_of(pa.concat_tables([kept, pa.table(arrays, schema=CHANGES_SCHEMA)])))

    def _on_top(self, table: pa.Table) -> Staged:
        merged = pa.concat_tables([self.table, table])
        ids = concat_ids([self.ids, parse_ids(table.column("id"))])
        return Staged(overlay_of(merged.filter(pa.array(last_of_each(ids)))))


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
    parts = _write_parts(store, table.filter(pa.array(bulk)).select(SCHEMA.names)) if bulk.any() else ()
    rest = table.filter(pa.array(~bulk))
    sets = (_write_set(store, rest),) if rest.num_rows else ()
    return SlideChange(added, updated, deleted, sets, parts)


def _write_set(store: Store, table: pa.Table) -> str:
    if table.num_rows > ROW_GROUP:
        table = table.take(pa.array(hilbert_order(table)))
    data = encode_changes(table)
    sha = sha256(data)
    store.put_if_absent(changes_key(sha), data)
    return sha


def _write_parts(store: Store, table: pa.Table) -> tuple[PartInfo, ...]:
    order = hilbert_order(table)
    parts = []
    for rows in np.array_split(order, -(-len(order) // PART_ROWS)):
        piece = table.take(pa.array(rows))
        data = encode_part(piece)
        sha = sha256(data)
        store.put_if_absent(part_key(sha), data)
        store.put_if_absent(keys_key(sha), encode_keys(parse_ids(piece.column("id"))))
        parts.append(PartInfo(sha, piece.num_rows, table_bounds(piece)))
    return tuple(parts)
