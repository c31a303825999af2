"""One side of a difference: which rows there are, what they hold in 8 bytes, and where to read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wsinb.annotate.schema import SCHEMA
from wsinb.versions.tables.columns import concat
from wsinb.versions.tables.hashes import NO_ROW, hash_rows
from wsinb.versions.tables.ids import Ids, concat_ids, isin, locate, parse_ids, sorted_order

__all__ = ["Hashes", "Mask", "Order", "Rows", "Side", "aligned", "rows_among", "rows_of", "union"]

Hashes = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]
Order = npt.NDArray[np.int64]
Rows = Callable[[Ids], pa.Table]
"""Reads the rows of ids that exist, in any order."""


@dataclass(frozen=True)
class Side:
    """The rows of some ids on one side of a difference.

    Attributes
    ----------
    ids
        The n ids of the difference, sorted by (high, low).
    hashes
        Content hash of each row, shape (n,), uint64; 0 where there is none, anything else where it is
        not known.
    known
        Where the hash is known, shape (n,); elsewhere there is a row, and it must be read.
    read
        Reads rows.
    """

    ids: Ids
    hashes: Hashes
    known: Mask
    read: Rows

    @classmethod
    def empty(cls) -> Side:
        """Return the side of a difference without changes."""
        return cls(concat_ids([]), np.zeros(0, np.uint64), np.ones(0, bool), lambda _: SCHEMA.empty_table())

    @cached_property
    def present(self) -> Mask:
        """Where there is a row, shape (n,)."""
        return np.asarray(self.hashes != NO_ROW)

    @cached_property
    def rows(self) -> pa.Table:
        """The rows that there are, in the order of the ids."""
        wanted = self.ids.take(self.present)
        return aligned(self.read(wanted), wanted) if len(wanted) else SCHEMA.empty_table()

    @cached_property
    def exact(self) -> Hashes:
        """The hashes, shape (n,), with none unknown: rows are read where they must."""
        if self.known.all():
            return self.hashes
        hashes = self.hashes.copy()
        if "rows" in self.__dict__:
            every = hash_rows(self.rows)
            hashes[~self.known] = every[~self.known[self.present]]
        else:
            missing = self.ids.take(~self.known)
            hashes[~self.known] = hash_rows(aligned(self.read(missing), missing))
        return hashes

    def _reader(self) -> Rows:
        """Return what reads rows for others; from memory, if they are there."""
        if "rows" not in self.__dict__:
            return self.read
        rows, there = self.rows, self.ids.take(self.present)
        return lambda wanted: rows.take(pa.array(locate(there, wanted)))

    def take(self, chosen: Mask | Order) -> Side:
        """Return the side at some rows, in ascending order."""
        ids, read = self.ids.take(chosen), self._reader()
        if "exact" in self.__dict__:
            return Side(ids, self.exact[chosen], np.ones(len(ids), bool), read)
        return Side(ids, self.hashes[chosen], self.known[chosen], read)

    def under(self, other: Side, ids: Ids) -> Side:
        """Return a side over `ids`, the union of both: this one where it speaks of an id, else the other."""
        mine, theirs = locate(self.ids, ids), locate(other.ids, ids)
        hashes = np.where(mine >= 0, _at(self.hashes, mine), _at(other.hashes, theirs))
        known = np.where(mine >= 0, _at(self.known, mine), _at(other.known, theirs))

        read_here, read_there = self._reader(), other._reader()

        def read(wanted: Ids) -> pa.Table:
            here = isin(wanted, self.ids)
            if here.all() or not here.any():
                return read_here(wanted) if here.any() else read_there(wanted)
            return concat([read_here(wanted.take(here)), read_there(wanted.take(~here))])

        return Side(ids, hashes, known, read)


def _at(values: npt.NDArray[np.generic], rows: Order) -> npt.NDArray[np.generic]:
    """Return values at some rows; anything where the row is -1."""
    return values[rows] if len(values) else np.zeros(len(rows), values.dtype)


def union(one: Ids, other: Ids) -> Ids:
    """Return the ids of two sorted lists, each once, sorted."""
    both = concat_ids([one, other.take(~isin(other, one))])
    return both.take(sorted_order(both))


def aligned(table: pa.Table, ids: Ids) -> pa.Table:
    """Return the rows of a table in the order of ids; each of them has a row."""
    return table.take(pa.array(rows_of(table, ids)))


def rows_of(table: pa.Table, ids: Ids) -> Order:
    """Return the number of each id's row in a table, which may be in any order; -1 where there is none."""
    there = parse_ids(table.column("id"))
    order = sorted_order(there)
    found = locate(there.take(order), ids)
    return np.where(found >= 0, order[found], -1) if len(order) else found


def rows_among(present: Mask) -> Order:
    """Return the number of each row in a table of those present only; -1 where there is none."""
    return np.where(present, np.cumsum(present) - 1, -1)
