"""Annotation ids as pairs of 64-bit numbers, and the sorted ids of a part.

An id is a UUID; its first and last eight bytes are kept as two unsigned numbers, `high` and
`low`, so that a million of them are compared and searched by numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from wsinb.errors import InvalidInput, StorageError

__all__ = [
    "Ids",
    "concat_ids",
    "decode_keys",
    "encode_keys",
    "id_texts",
    "last_of_each",
    "locate",
    "parse_ids",
]

Rows = npt.NDArray[np.int64]
MAGIC = b"WKY1"


class Ids(NamedTuple):
    """Ids as two arrays of shape (n,), uint64."""

    high: npt.NDArray[np.uint64]
    low: npt.NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.high)

    def take(self, rows: npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> Ids:
        """Return the ids at some rows, or where a mask is True."""
        return Ids(self.high[rows], self.low[rows])


def parse_ids(texts: Sequence[str] | pa.Array | pa.ChunkedArray) -> Ids:
    """Return UUID texts as numbers.

    Raises
    ------
    InvalidInput
        If one is not a UUID of 32 hexadecimal digits and 4 hyphens.
    """
    items = texts.to_pylist() if isinstance(texts, pa.Array | pa.ChunkedArray) else list(texts)
    try:
        good = all(len(item) == 36 and item.count("-") == 4 for item in items)
        raw = bytes.fromhex("".join(items).replace("-", ""))
    except (AttributeError, TypeError, ValueError):
        good = False
    if not good:
        raise InvalidInput("Ids of annotations are UUID texts, as in the column 'id'.")
    pairs = np.frombuffer(raw, ">u8").reshape(-1, 2).astype(np.uint64)
    return Ids(np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1]))


def id_texts(ids: Ids) -> list[str]:
    """Return ids as UUID texts, in lower case."""
    pairs = np.stack([ids.high, ids.low], axis=1).astype(">u8").tobytes().hex()
    digits = [pairs[start : start + 32] for start in range(0, len(pairs), 32)]
    return [f"{d[:8]}-{d[8:12]}-{d[12:16]}-{d[16:20]}-{d[20:]}" for d in digits]


def concat_ids(several: Sequence[Ids]) -> Ids:
    """Return several lists of ids as one."""
    empty = np.empty(0, np.uint64)
    highs, lows = [ids.high for ids in several], [ids.low for ids in several]
    return Ids(np.concatenate([empty, *highs]), np.concatenate([empty, *lows]))


def last_of_each(ids: Ids) -> npt.NDArray[np.bool_]:
    """Return a mask, shape (n,), that is True at the last occurrence of each id."""
    frame = pd.DataFrame({"high": ids.high, "low": ids.low})
    return ~frame.duplicated(keep="last").to_numpy()


def isin(ids: Ids, others: Ids) -> npt.NDArray[np.bool_]:
    """Return a mask, shape (n,), that is True where an id is among the others."""
    if not len(ids) or not len(others):
        return np.zeros(len(ids), bool)
    order = np.lexsort((others.low, others.high))
    return locate(others.take(order), ids) >= 0


def locate(sorted_ids: Ids, wanted: Ids) -> Rows:
    """Return the position of each wanted id among ids sorted by (high, low); -1 where absent."""
    found = np.full(len(wanted), -1, np.int64)
    if not len(sorted_ids):
        return found
    start = np.searchsorted(sorted_ids.high, wanted.high, "left")
    stop = np.searchsorted(sorted_ids.high, wanted.high, "right")
    single = stop - start == 1
    at = start[single]
    found[single] = np.where(sorted_ids.low[at] == wanted.low[single], at, -1)
    for i in np.flatnonzero(stop - start > 1):  # ids that share their first half
        run = sorted_ids.low[start[i] : stop[i]]
        offset = int(np.searchsorted(run, wanted.low[i]))
        if offset < len(run) and run[offset] == wanted.low[i]:
            found[i] = start[i] + offset
    return found


def encode_keys(ids: Ids) -> bytes:
    """Return the key file of a part whose row i has the i-th id.

    ``WKY1``, the number n of rows as uint32, then, in the order of the ids: n times `high`,
    n times `low` (uint64), n row numbers (uint16), all little-endian.
    """
    order = np.lexsort((ids.low, ids.high))
    head = MAGIC + len(order).to_bytes(4, "little")
    high, low = ids.high[order].astype("<u8"), ids.low[order].astype("<u8")
    return head + high.tobytes() + low.tobytes() + order.astype("<u2").tobytes()


def decode_keys(data: memoryview | bytes, key: str) -> tuple[Ids, Rows]:
    """Return the sorted ids of a part and the row number of each."""
    n = int(np.frombuffer(data, "<u4", 1, 4)[0]) if len(data) >= 8 else -1
    if bytes(data[:4]) != MAGIC or len(data) != 8 + 18 * n:
        raise StorageError(f"The project's file {key} is damaged: restore it from a backup or another copy.")
    high = np.frombuffer(data, "<u8", n, 8)
    low = np.frombuffer(data, "<u8", n, 8 + 8 * n)
    rows = np.frombuffer(data, "<u2", n, 8 + 16 * n)
    return Ids(high, low), rows.astype(np.int64)
