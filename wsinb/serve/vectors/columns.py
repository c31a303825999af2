"""The values of columns to colour by, one an annotation: read, counted, sent."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache as memoised
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wsinb.annotate.verdicts import VERDICTS, verdict
from wsinb.errors import InvalidInput
from wsinb.serve.vectors.cache import VectorCache
from wsinb.serve.vectors.changes import Changes, find_changes
from wsinb.serve.vectors.colouring import CHANGE, CHANGES, Colouring
from wsinb.serve.vectors.index import VectorIndex, names_of, numbering
from wsinb.serve.vectors.sheet import READERS, Sheet, coded, numbered
from wsinb.serve.vectors.tile import By

if TYPE_CHECKING:
    from wsinb.serve.sources import AnnotationTable

__all__ = ["SheetColumn", "categories_of", "columns_of", "encode_column"]

MAGIC = 0x31435657  # "WVC1"
HEADER = struct.Struct("<IB3xII")
CATEGORY, NUMBER = 1, 2
MAX_CATEGORIES = 10_000
DAYS = pa.scalar(86_400_000_000, pa.int64())  # µs


@dataclass(frozen=True, eq=False)
class SheetColumn:
    """A column of a sheet: numbers (float32), or places in a list of categories (uint16); shape (n,)."""

    values: NDArray[Any]
    categories: list[str]

    @property
    def nbytes(self) -> int:
        """Memory that is taken, in bytes."""
        return self.values.nbytes + 100 * len(self.categories)


Columns = tuple[SheetColumn, SheetColumn]
"""The same column of both sheets of an index."""
Codes = tuple[NDArray[np.uint16], NDArray[np.uint16]]


def columns_of(
    cache: VectorCache, index: VectorIndex, table: AnnotationTable, by: Colouring, since: str | None = None
) -> Columns:
    """Return the values of a column, one an annotation of each sheet.

    Parameters
    ----------
    cache
        Keeps them.
    index, table
        The annotations: as they are drawn, and as they are stored.
    by
        The column.
    since
        The commit that `CHANGE` compares with, see `find_changes`.
    """
    field, is_number = by.field, by.is_number
    changes = memoised(lambda: find_changes(table, since))
    # the same stored column is read in one way under whatever name
    key = f"{CHANGE} {table.version} {since or ''}" if field is None else f"{field.name} {is_number}"

    def column(sheet: Sheet) -> SheetColumn:
        def make() -> SheetColumn:
            return _compare(sheet, changes()) if field is None else _read(sheet, field, is_number)

        return cache.column(sheet, key, make)

    base, extra = index.sheets
    return column(base), column(extra)


def _compare(sheet: Sheet, changes: Changes) -> SheetColumn:
    names = sheet.outlines.names()
    return SheetColumn(changes.of(names.ids)[names.rows], list(CHANGES))


def _read(sheet: Sheet, field: pa.Field, is_number: bool) -> SheetColumn:
    schema = pa.schema([field])
    with ThreadPoolExecutor(READERS, thread_name_prefix="wsinb-column") as pool:
        found = list(pool.map(lambda piece: piece.read(schema).column(0), sheet.pieces))
    if is_number:
        return SheetColumn(np.concatenate([np.zeros(0, np.float32), *map(_numbers, found)]), [])
    pieces = [_texts(column) for column in found]
    if field.name == "verifications":
        pieces = [_verdicts(*piece) for piece in pieces]
    return SheetColumn(*numbered(pieces))


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float32]:
    if pa.types.is_timestamp(column.type):
        column = pc.divide(pc.cast(column.cast(pa.int64()), pa.float64()), DAYS.cast(pa.float64()))
    values = column.cast(pa.float64(), safe=False).to_numpy()
    with np.errstate(over="ignore"):
        return np.asarray(values, np.float32)


def _texts(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str]]:
    return coded(column if pa.types.is_string(column.type) else column.cast(pa.string()))


def _verdicts(codes: NDArray[np.int64], texts: list[str]) -> tuple[NDArray[np.int64], list[str]]:
    table = np.array([*(VERDICTS.index(verdict(text)) for text in texts), 0], np.int64)
    return table[codes], list(VERDICTS)  # the last one is that of null


def _categories(index: VectorIndex, columns: Columns) -> list[str]:
    """Return the categories that occur, sorted; of very many those that occur most."""
    counts = names_of([(column.categories, column.values) for column in columns], index.dead)
    most = sorted(counts, key=lambda name: (-counts[name], name))[:MAX_CATEGORIES]
    return sorted(most)


def _coded(index: VectorIndex, by: Colouring, columns: Columns) -> tuple[list[str], Codes]:
    """Return the categories that are told, and the place of each annotation of both sheets in them."""
    names = list(CHANGES) if by.field is None else _categories(index, columns)
    base, extra = (numbering(column.categories, names, np.uint16)[column.values] for column in columns)
    return names, (base, extra)


def categories_of(index: VectorIndex, by: Colouring, columns: Columns) -> By:
    """Return the categories of annotations, to be counted.

    Raises
    ------
    InvalidInput
        If the column holds numbers.
    """
    if by.is_number:
        raise InvalidInput(f"The column {by.name!r} holds numbers: count by one that holds categories.")
    names, codes = _coded(index, by, columns)
    return By(codes, len(names))


def encode_column(index: VectorIndex, by: Colouring, columns: Columns) -> bytes:
    """Return the values of a column in the order of rows, as docs/design/0003-viewer.md describes."""
    if by.is_number:
        values = index.by_row((columns[0].values, columns[1].values)).astype("<f4")
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if len(finite) else (None, None)
        return _packed(NUMBER, {"min": low, "max": high, "unit": by.unit}, values)
    names, codes = _coded(index, by, columns)
    return _packed(CATEGORY, {"categories": names}, index.by_row(codes).astype("<u2"))


def _packed(kind: int, about: Mapping[str, Any], values: NDArray[Any]) -> bytes:
    text = json.dumps(about, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    text += b" " * (-len(text) % 4)
    return HEADER.pack(MAGIC, kind, len(values), len(text)) + text + values.tobytes()
