"""What annotations are, apart from their ids and times: hashes to compare the results of two runs by."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wsinb.jobs.outbox import read_table

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["content_hash", "row_hashes"]


def content_hash(table: pa.Table) -> str:
    """Return a hash of annotations without their ids and times, whatever their order."""
    return hashlib.sha256(np.sort(row_hashes(table)).astype("<u8").tobytes()).hexdigest()


def row_hashes(table: pa.Table) -> NDArray[np.uint64]:
    """Return a hash of each annotation without its id and times, (n,) uint64, places rounded as stored."""
    from wsinb.annotate import snap, to_arrow
    from wsinb.versions.tables.hashes import hash_rows

    frame = read_table(table)
    frame["geometry"] = snap(np.asarray(frame["geometry"].array, dtype=object))
    return hash_rows(to_arrow(frame))
