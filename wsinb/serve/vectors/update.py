"""The index of a version from what was read of an earlier one, when little has changed between them.

Nothing is copied: what is gone is marked, and what was added is a small sheet beside the large one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from wsinb.serve.vectors.index import VectorIndex, index_of
from wsinb.serve.vectors.rows import Renumbering
from wsinb.serve.vectors.sheet import Sheet, read_sheet
from wsinb.versions.tables.ids import Ids, locate
from wsinb.versions.tables.lean import Piece

__all__ = ["Delta", "update_index"]


@dataclass(frozen=True)
class Delta:
    """What happened to a table: the ids that were added, changed or deleted, and their present rows.

    The rows have the columns of stored tables, own ones by key; the ids are each there once.
    """

    ids: Ids
    rows: pa.Table


def update_index(base: Sheet, delta: Delta) -> VectorIndex:
    """Return what `build_index` makes of the table after a change; waits for the identifiers.

    It answers all that is asked as the index of the whole table would.
    """
    extra = read_sheet([Piece.of(delta.rows)] if delta.rows.num_rows else [], at_once=True)
    names = base.outlines.names()
    found = locate(names.ids, delta.ids)
    removed = np.unique(found[found >= 0])
    dead = np.zeros(len(base), bool)
    if len(removed):
        is_removed = np.zeros(len(base), bool)
        is_removed[removed] = True
        dead = is_removed[names.rows]
    return index_of(base, dead, extra, Renumbering.of(names.ids, removed, extra.outlines.names().ids))
