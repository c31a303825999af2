"""Merging change sets into runs, so that however many commits there are, few files are read.

The tail of change sets, and every older run smaller than three times what has been gathered so
far, become one run; so each row is rewritten O(log n) times (a log-structured merge, O'Neil et
al. 1996). Histories are merged by the same rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wsinb.versions.changes.net import tail
from wsinb.versions.graph.records import Record, State
from wsinb.versions.storage.layout import history_key, run_key, sha256
from wsinb.versions.storage.store import Store
from wsinb.versions.tables.columns import concat
from wsinb.versions.tables.files import OPS, encode_changes, hilbert_order, marked, order_of_boxes
from wsinb.versions.tables.hashes import NO_ROW
from wsinb.versions.tables.history import Entries, encode_history
from wsinb.versions.tables.ids import Ids, concat_ids
from wsinb.versions.tables.reading import Overlay, Tables

if TYPE_CHECKING:
    from wsinb.versions.repository import Repository

__all__ = ["Merged", "is_due", "merged", "n_gathered", "tail_history", "write_history", "write_runs"]

MERGE_AT = 16
"""So many unmerged change sets of a slide are merged in the wake of a commit."""

RATIO = 3
RUN_ROWS = 131_072
"""A larger run is written in pieces, so that it need not be in memory at once."""

Order = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def is_due(state: State) -> bool:
    """Say whether the change sets of a slide are to be merged; costs nothing."""
    return len(state.changes) >= MERGE_AT


def n_gathered(sizes: Sequence[int], start: int) -> int:
    """Return how many of the newest files, of sizes old to new, are merged with `start` rows."""
    gathered, taken = start, 0
    for size in reversed(sizes):
        if size >= RATIO * gathered:
            break
        gathered += size
        taken += 1
    return taken


class Merged(NamedTuple):
    """What several overlays, old to new, do together: one entry for each of n ids, sorted.

    Attributes
    ----------
    overlays
        Where the rows are.
    ids
        The ids, sorted by (high, low).
    source, row
        Number of the overlay that holds the newest row of each id, and the number of the row in it.
    old, new
        Content hash below all overlays and on top of them; 0 where there is none.
    """

    overlays: Sequence[Overlay]
    ids: Ids
    source: Order
    row: Order
    old: npt.NDArray[np.uint64]
    new: npt.NDArray[np.uint64]

    def take(self, rows: Mask | Order) -> Merged:
        """Return some of the ids."""
        columns = self.source[rows], self.row[rows], self.old[rows], self.new[rows]
        return Merged(self.overlays, self.ids.take(rows), *columns)

    @property
    def alive(self) -> Mask:
        """Where there is a row, shape (n,)."""
        return np.asarray(self.new != NO_ROW)

    def bounds(self, tables: Tables) -> npt.NDArray[np.float64]:
        """Return the level-0 box of each row, shape (n, 4); NaN where there is none."""
        bounds = np.full((len(self.ids), 4), np.nan)
        for number, overlay in enumerate(self.overlays):
            here = self.source == number
            if here.any():
                bounds[here] = tables.overlay_bounds(overlay)[self.row[here]]
        return bounds

    def rows(self, tables: Tables) -> pa.Table:
        """Return the rows with the columns of a change set, in any order."""
        pieces, orders = [], []
        for number, overlay in enumerate(self.overlays):
            here = np.flatnonzero(self.source == number)
            if len(here):
                here = here[np.argsort(self.row[here], kind="stable")]
                mask = np.zeros(len(overlay.ids), bool)
                mask[self.row[here]] = True
                pieces.append(tables.overlay_rows(overlay, mask))
                orders.append(here)
        table = concat(pieces)
        order = np.concatenate([np.empty(0, np.int64), *orders])
        kinds = np.where(self.old == NO_ROW, 0, np.where(self.new == NO_ROW, 2, 1))[order]
        return marked(table, np.array(OPS, object)[kinds], self.old[order], self.new[order])


def merged(overlays: Sequence[Overlay]) -> Merged:
    """Return what overlays, old to new, do together.

    An id that they add and delete again is left out: below them there is no such row, so nothing
    needs to hide one.
    """
    ids = concat_ids([overlay.ids for overlay in overlays])
    sizes = [len(overlay.ids) for overlay in overlays]
    source = np.repeat(np.arange(len(overlays)), sizes)
    row = np.concatenate([np.empty(0, np.int64), *(np.arange(size) for size in sizes)])
    old = np.concatenate([np.empty(0, np.uint64), *(overlay.old for overlay in overlays)])
    new = np.concatenate([np.empty(0, np.uint64), *(overlay.new for overlay in overlays)])
    order = np.lexsort((source, ids.low, ids.high))
    ids = ids.take(order)
    begins = np.ones(len(order), bool)
    begins[1:] = (ids.high[1:] != ids.high[:-1]) | (ids.low[1:] != ids.low[:-1])
    ends = np.append(begins[1:], True)[: len(order)]
    first, last = order[begins], order[ends]
    whole = Merged(overlays, ids.take(begins), source[last], row[last], old[first], new[last])
    return whole.take((whole.old != NO_ROW) | (whole.new != NO_ROW))


def write_runs(store: Store, tables: Tables, change: Merged) -> tuple[str, ...]:
    """Store what overlays do together as one run; as several, of different ids, where there is much."""
    if len(change.ids) <= RUN_ROWS:
        pieces = [change] if len(change.ids) else []
    else:
        order = order_of_boxes(change.bounds(tables))
        pieces = [change.take(rows) for rows in np.array_split(order, -(-len(order) // RUN_ROWS))]
    shas = []
    for piece in pieces:
        table = piece.rows(tables)
        data = encode_changes(table.take(pa.array(hilbert_order(table))))
        shas.append(sha256(data))
        store.put_if_absent(run_key(shas[-1]), data)
    return tuple(shas)


def tail_history(repository: Repository, record: Record, slide: str, state: State) -> Entries | None:
    """Return the entries of the change sets of a state, or None if they are not those of its commits."""
    found = list(tail(repository, record, slide, state))
    if [sha for _, sha in reversed(found)] != list(state.changes):
        return None
    entries = []
    for commit, sha in found:
        change = repository.tables.change_set(sha)
        entries.append(Entries.of_change(change.ids, commit.id, commit.depth, change.old, change.new))
    return Entries.concat(entries)


def write_history(repository: Repository, files: Sequence[str], newest: Entries) -> tuple[str, ...]:
    """Store history files and what came after them as one; nothing at all if there is nothing."""
    entries = Entries.concat([*(repository.histories.entries(sha) for sha in files), newest])
    if not len(entries):
        return ()
    data = encode_history(entries)
    repository.store.put_if_absent(history_key(sha256(data)), data)
    return (sha256(data),)
