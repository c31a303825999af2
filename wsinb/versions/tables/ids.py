"""Annotation ids as pairs of 64-bit numbers, and the sorted ids of a part.

An id is a UUID; its first and last eight bytes are kept as two unsigned numbers, `high` and
`low`, so that a million of them are compared and searched by numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wsinb.annotate.uuids import halves_of, texts_of
from wsinb.errors import InvalidInput, StorageError

__all__ = [
    "Ids",
    "concat_ids",
    "decode_keys",
    "encode_keys",
    "id_array",
    "id_texts",
    "last_of_each",
    "locate",
    "parse_ids",
    "sorted_order",
]

Rows = npt.NDArray[np.int64]
MAGIC = b"WKY1"
NO_ID = "Ids of annotations are UUID texts, as in the column 'id'."


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
    pieces = []
    for chunk in _chunks(texts):
        halves = halves_of(chunk)
        if halves is None:
            raise InvalidInput(NO_ID)
        pieces.append(Ids(*halves))
    return pieces[0] if len(pieces) == 1 else concat_ids(pieces)


def _chunks(texts: Sequence[str] | pa.Array | pa.ChunkedArray) -> list[pa.Array]:
    if isinstance(texts, pa.ChunkedArray):
        return list(texts.chunks)
    if isinstance(texts, pa.Array):
        return [texts]
    try:
        return [pa.array(texts, pa.string())]
    except (pa.ArrowException, TypeError, ValueError):
        raise InvalidInput(NO_ID) from None


def id_array(ids: Ids) -> pa.Array:
    """Return ids as an Arrow array of UUID texts, in lower case."""
    return texts_of(ids)


def id_texts(ids: Ids) -> list[str]:
    """Return ids as UUID texts, in lower case."""
    texts: list[str] = id_array(ids).to_pylist()
    return texts


def concat_ids(several: Sequence[Ids]) -> Ids:
    """Return several lists of ids as one."""
    empty = np.empty(0, np.uint64)
    highs, lows = [ids.high for ids in several], [ids.low for ids in several]
    return Ids(np.concatenate([empty, *highs]), np.concatenate([empty, *lows]))


def last_of_each(ids: Ids) -> npt.NDArray[np.bool_]:
    """Return a mask, shape (n,), that is True at the last occurrence of each id."""
    order = sorted_order(ids)
    last = np.ones(len(ids), bool)
    ordered = ids.take(order)
    same = (ordered.high[1:] == ordered.high[:-1]) & (ordered.low[1:] == ordered.low[:-1])
    last[order[:-1][same]] = False
    return last


def sorted_order(ids: Ids) -> Rows:
    """Return the order of ids by (high, low)."""
    order = np.argsort(ids.high, kind="stable")
    high = ids.high[order]
    if (high[1:] == high[:-1]).any():  # seldom: the first half of a random UUID is unique
        order = np.lexsort((ids.low, ids.high))
    return order


def isin(ids: Ids, others: Ids) -> npt.NDArray[np.bool_]:
    """Return a mask, shape (n,), that is True where an id is among the others."""
    if not len(ids) or not len(others):
        return np.zeros(len(ids), bool)
    return locate(others.take(sorted_order(others)), ids) >= 0


def locate(sorted_ids: Ids, wanted: Ids) -> Rows:
    """Return the position of each wanted id among ids sorted by (high, low); -1 where absent.

    Searching many is several times faster if they are sorted, too.
    """
    found = np.full(len(wanted), -1, np.int64)
    n = len(sorted_ids)
    if not n or not len(wanted):
        return found
    start = np.searchsorted(sorted_ids.high, wanted.high, "left")
    inside = np.minimum(start, n - 1)
    hits = np.flatnonzero((sorted_ids.high[inside] == wanted.high) & (start < n))
    at = start[hits]
    same = sorted_ids.low[at] == wanted.low[hits]
    found[hits[same]] = at[same]
    after = np.minimum(at + 1, n - 1)
    shared = ~same & (after > at) & (sorted_ids.high[after] == wanted.high[hits])
    for i in hits[shared]:  # ids that share their first half
        stop = np.searchsorted(sorted_ids.high, wanted.high[i], "right")
        run = sorted_ids.low[start[i] : stop]
        offset = int(np.searchsorted(run, wanted.low[i]))
        if offset < len(run) and run[offset] == wanted.low[i]:
            found[i] = start[i] + offset
    return found


def encode_keys(ids: Ids) -> bytes:
    """Return the key file of a part whose row i has the i-th id.

    ``WKY1``, the number n of rows as uint32, then, in the order of the ids: n times `high`,
    n times `low` (uint64), n row numbers (uint16), all little-endian.
    """
    order = sorted_order(ids)
    head = MAGIC + len(order).to_bytes(4, "little")
    high, low = ids.high[order].astype("<u8"), ids.low[order].astype("<u8")
    return head + high.tobytes() + low.tobytes() + order.astype("<u2").tobytes()


def decode_keys(data: memoryview | bytes, key: str) -> tuple[Ids, npt.NDArray[np.uint16]]:
    """Return the sorted ids of a part and the row number of each, as views of the bytes."""
    n = int(np.frombuffer(data, "<u4", 1, 4)[0]) if len(data) >= 8 else -1
    if bytes(data[:4]) != MAGIC or len(data) != 8 + 18 * n:
        raise StorageError(f"The project's file {key} is damaged: restore it from a backup or another copy.")
    high = np.frombuffer(data, "<u8", n, 8)
    low = np.frombuffer(data, "<u8", n, 8 + 8 * n)
    return Ids(high, low), np.frombuffer(data, "<u2", n, 8 + 16 * n)
