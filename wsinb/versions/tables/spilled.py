"""Rows in bulk that a session has stored already but not committed.

They lie in parts that nothing names yet; a session keeps the list of these parts, and eight bytes an id to
tell quickly which ids they hold. A row that is edited again afterwards is hidden by the edit, which lies over
the parts, and leaves its part for good when the session commits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wsinb.errors import StorageError
from wsinb.versions.graph.records import PartInfo
from wsinb.versions.storage.layout import keys_key, part_key
from wsinb.versions.storage.store import Store
from wsinb.versions.tables.ids import Ids, concat_ids, isin, locate, sorted_order
from wsinb.versions.tables.reading import Tables

__all__ = ["Spilled"]

Mask = npt.NDArray[np.bool_]
Halves = npt.NDArray[np.uint64]

RENEW_AFTER_S = 3600.0
"""Parts that were stored longer ago than this are stored again with the commit, lest they be cleared away."""


@dataclass(frozen=True)
class Spilled:
    """Parts that a session has stored, and the ids in them that later edits speak of.

    Attributes
    ----------
    tables
        Reads the parts.
    parts
        Old to new.
    hidden
        Ids in the parts that lie under an edit, sorted.
    halves
        The last halves of all ids in the parts, sorted, in lists of falling length.
    since
        When the first part was stored, of `time.monotonic`.
    """

    tables: Tables
    parts: tuple[PartInfo, ...] = ()
    hidden: Ids = field(default_factory=lambda: concat_ids([]))
    halves: tuple[Halves, ...] = ()
    since: float = field(default_factory=time.monotonic)

    def __len__(self) -> int:
        """Return the number of rows that no edit hides."""
        return sum(part.rows for part in self.parts) - len(self.hidden)

    def holds(self, ids: Ids) -> Mask:
        """Return a mask, shape (n,), of the ids that the parts hold, hidden or not."""
        found = np.zeros(len(ids), bool)
        order = np.argsort(ids.low)
        low = ids.low[order]
        for halves in self.halves:
            at = np.minimum(np.searchsorted(halves, low), len(halves) - 1)
            found[order] |= halves[at] == low
        maybe = np.flatnonzero(found)
        if not len(maybe):
            return found
        wanted = ids.take(maybe)
        order = sorted_order(wanted)
        sure = np.zeros(len(maybe), bool)
        for part in self.parts:
            sure[order] |= locate(self.tables.part_ids(part.sha256), wanted.take(order)) >= 0
        found[maybe] = sure
        return found

    def held(self, ids: Ids) -> Ids:
        """Return those of some ids that the parts hold, hidden or not."""
        return ids.take(self.holds(ids))

    def lookup(self, ids: Ids) -> pa.Table:
        """Return the rows of some ids, without hidden ones, in any order."""
        wanted = ids.take(~isin(ids, self.hidden))
        return self.tables.rows_in_parts(self.parts, wanted.take(self.holds(wanted)))

    def pieces(self) -> Iterator[pa.Table]:
        """Yield the rows that no edit hides, part by part."""
        for part in self.parts:
            yield self._rows(part)

    def with_parts(self, parts: Sequence[PartInfo], ids: Ids) -> Spilled:
        """Return this with parts more, which hold some ids that it did not hold."""
        lists = [*self.halves, np.sort(ids.low)]
        while len(lists) > 1 and len(lists[-2]) < 2 * len(lists[-1]):
            both = np.concatenate([lists[-2], lists[-1]])
            both.sort(kind="stable")  # merges what is sorted already
            lists[-2:] = [both]
        return replace(self, parts=(*self.parts, *parts), halves=tuple(lists))

    def hiding(self, ids: Ids) -> Spilled:
        """Return this with those of some ids hidden that it holds."""
        held = self.held(ids)
        fresh = held.take(~isin(held, self.hidden))
        if not len(fresh):
            return self
        hidden = concat_ids([self.hidden, fresh])
        return replace(self, hidden=hidden.take(sorted_order(hidden)))

    def settled(self, store: Store, write: Callable[[pa.Table], tuple[PartInfo, ...]]) -> Spilled:
        """Return this for good: without hidden rows, and in parts that are stored for certain.

        Parts that hold hidden rows are replaced by what `write` makes of the rest.

        Raises
        ------
        StorageError
            If a part was cleared away meanwhile.
        """
        parts: list[PartInfo] = []
        for part in self.parts:
            if isin(self.tables.part_ids(part.sha256), self.hidden).any():
                rest = self._rows(part)
                parts += write(rest) if rest.num_rows else ()
            else:
                self._keep(store, part)
                parts.append(part)
        return replace(self, parts=tuple(parts), hidden=concat_ids([]))

    def _keep(self, store: Store, part: PartInfo) -> None:
        for key in (part_key(part.sha256), keys_key(part.sha256)):
            try:
                if time.monotonic() - self.since > RENEW_AFTER_S:
                    store.put_if_absent(key, store.get(key))
                elif not store.exists(key):
                    raise FileNotFoundError(key)
            except FileNotFoundError:
                raise StorageError(
                    f"The rows that this session stored in {store.url} were cleared away before the commit: "
                    f"call session.discard() and add them again."
                ) from None

    def _rows(self, part: PartInfo) -> pa.Table:
        return self.tables.part_rows(part, self.hidden)
