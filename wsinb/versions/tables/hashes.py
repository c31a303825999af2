"""The content of a row in 8 bytes, so that differences are found without reading rows.

docs/format.md specifies the hash. Arrow joins the values of a row to one run of bytes; only the
hash itself is a call a row.
"""

from __future__ import annotations

from hashlib import blake2b
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wsinb.annotate.schema import SCHEMA
from wsinb.versions.tables.columns import own_keys

__all__ = ["BOOKKEEPING", "HASHED", "NO_ROW", "hash_rows"]

BOOKKEEPING = ("created_by", "created_at", "updated_by", "updated_at")
"""Columns that say who changed a row and when, not what it is."""

HASHED = tuple(name for name in SCHEMA.names if name not in {"id", "bbox", *BOOKKEEPING})
"""The columns of every table that make up the content, in the order of the hash."""

NO_ROW = 0
"""Stands where there is no row; no row has this hash."""

NULL = np.uint32(0xFFFFFFFF)
_NULL_LENGTH = pa.scalar(NULL.astype("<u4").tobytes(), pa.binary())
BATCH = 32_768  # the joined bytes of so many rows stay far below the 2 GB of an Arrow array


def hash_rows(table: pa.Table) -> npt.NDArray[np.uint64]:
    """Return the content hash of each row.

    Parameters
    ----------
    table
        Columns `HASHED`, and own columns of a project by their keys; columns that begin with ``_``
        and the rest of `SCHEMA` do not count.

    Returns
    -------
    ndarray
        Shape (n,), uint64, never 0.
    """
    own = own_keys(table)
    table = table.select([*HASHED, *own])
    hashes = [_hash_batch(table.slice(start, BATCH), own) for start in range(0, table.num_rows, BATCH)]
    return np.concatenate([np.empty(0, np.uint64), *hashes])


def _hash_batch(table: pa.Table, own: list[str]) -> npt.NDArray[np.uint64]:
    pieces: list[Any] = []
    for name in HASHED:
        # the first stays an array: joining nothing but scalars gives a scalar
        if pieces and table.column(name).null_count == table.num_rows:
            pieces.append(_NULL_LENGTH)
            continue
        values = _as_bytes(table.column(name))
        pieces += [_fixed(_lengths(values)), values]
    for name in own:
        column = table.column(name)
        if column.null_count == len(column):
            continue
        values = _as_bytes(column)
        key = name.encode()
        head = np.frombuffer(len(key).to_bytes(4, "little") + key, np.uint8)
        lengths = _lengths(values).astype("<u4")[:, None].view(np.uint8)
        heads = _fixed(np.hstack([np.tile(head, (len(values), 1)), lengths]))
        pieces += [pc.if_else(values.is_valid(), heads, pa.scalar(None, pa.binary())), values]
    joined = pc.binary_join_element_wise(
        *pieces, pa.scalar(b"", pa.binary()), null_handling="replace", null_replacement=b""
    )
    offsets = np.frombuffer(joined.buffers()[1], np.int32)[joined.offset :][: len(joined) + 1].tolist()
    data = memoryview(joined.buffers()[2] or b"")
    digests = b"".join(blake2b(data[start:stop], digest_size=8).digest() for start, stop in pairwise(offsets))
    hashes = np.frombuffer(digests, "<u8").astype(np.uint64)
    hashes[hashes == NO_ROW] = 1
    return hashes


def _as_bytes(column: pa.ChunkedArray) -> pa.Array:
    """Return the values of a column as they are hashed: texts in UTF-8, numbers little-endian."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # what older versions of pyarrow return
        array = array.chunk(0) if array.num_chunks else pa.array([], array.type)
    kind = array.type
    if pa.types.is_binary(kind):
        return array
    if pa.types.is_string(kind):
        return array.cast(pa.binary())
    if pa.types.is_boolean(kind):
        array = array.cast(pa.uint8())
    elif pa.types.is_timestamp(kind):
        array = array.cast(pa.int64())
    valid = array.is_valid()
    numbers = np.ascontiguousarray(pc.fill_null(array, pa.scalar(0, array.type)).to_numpy())
    if numbers.dtype.kind == "f":
        numbers = numbers + 0.0  # minus zero equals zero
    encoded = numbers.astype(numbers.dtype.newbyteorder("<"))[:, None].view(np.uint8)
    return pc.if_else(valid, _fixed(encoded), pa.scalar(None, pa.binary()))


def _lengths(values: pa.Array) -> npt.NDArray[np.uint32]:
    lengths = np.asarray(pc.fill_null(pc.binary_length(values), 0)).astype(np.uint32)
    lengths[~np.asarray(values.is_valid(), dtype=bool)] = NULL
    return lengths


def _fixed(rows: npt.NDArray[Any]) -> pa.Array:
    """Return rows of equally many bytes (or one number each) as an Arrow array of bytes."""
    raw = rows if rows.ndim == 2 else rows.astype(rows.dtype.newbyteorder("<"))[:, None].view(np.uint8)
    raw = np.ascontiguousarray(raw)
    n, width = raw.shape
    offsets = np.arange(n + 1, dtype=np.int32) * np.int32(width)
    return pa.Array.from_buffers(pa.binary(), n, [None, pa.py_buffer(offsets), pa.py_buffer(raw)])
