"""Row numbers after a few rows were removed from a sorted list and others put in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wsinb.versions.tables.ids import Ids

__all__ = ["Renumbering"]

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Renumbering:
    """What the rows of two sorted lists are called in their union.

    Attributes
    ----------
    removed
        The rows of the first list that are left out, ascending.
    before
        How many of the rest come before each row of the second list, ascending.
    """

    removed: Rows
    before: Rows

    @classmethod
    def none(cls) -> Renumbering:
        """Return that of nothing removed and nothing put in."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64))

    @classmethod
    def of(cls, base: Ids, removed: Rows, extra: Ids) -> Renumbering:
        """Return that of two sorted lists of ids, which share none but the removed ones."""
        places = np.searchsorted(base.high, extra.high)
        tied = np.flatnonzero(np.searchsorted(base.high, extra.high, "right") > places)
        for k in tied:  # ids that share their first half
            stop = np.searchsorted(base.high, extra.high[k], "right")
            places[k] += np.searchsorted(base.low[places[k] : stop], extra.low[k])
        return cls(removed, (places - np.searchsorted(removed, places)).astype(np.int64))

    def of_base(self, rows: NDArray[np.integer]) -> Rows:
        """Return the numbers of rows of the first list that are not removed."""
        kept = rows.astype(np.int64)
        if len(self.removed):
            kept -= np.searchsorted(self.removed, rows)
        return kept + np.searchsorted(self.before, kept, "right") if len(self.before) else kept

    def of_extra(self, rows: NDArray[np.integer]) -> Rows:
        """Return the numbers of rows of the second list."""
        return np.asarray(self.before[rows] + rows.astype(np.int64))

    def is_removed(self, rows: Rows) -> NDArray[np.bool_]:
        """Return which rows of the first list are removed."""
        return np.isin(rows, self.removed)

    def back(self, rows: Rows) -> tuple[NDArray[np.bool_], Rows]:
        """Return of row numbers whether they are of the second list, and the rows in theirs."""
        put_in = self.before + np.arange(len(self.before))
        place = np.searchsorted(put_in, rows, "right")
        is_extra = np.zeros(len(rows), bool)
        is_extra[place > 0] = put_in[place[place > 0] - 1] == rows[place > 0]
        kept = rows - place
        gaps = self.removed - np.arange(len(self.removed))
        base = kept + np.searchsorted(gaps, kept, "right")
        return is_extra, np.where(is_extra, place - 1, base)
