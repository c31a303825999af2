"""What annotations can be coloured by beyond label, layer and score: one value each."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wsinb.annotate.schema import SCHEMA
from wsinb.annotate.verdicts import VERDICTS, verdict
from wsinb.errors import InvalidInput, UnknownColumn
from wsinb.names import unknown
from wsinb.serve.vectors.cache import VectorCache
from wsinb.serve.vectors.index import VectorIndex, names_of, numbering
from wsinb.serve.vectors.sheet import READERS, Sheet, coded, numbered
from wsinb.serve.vectors.tile import By
from wsinb.versions.tables.columns import Column, shown

__all__ = ["Colouring", "SheetColumn", "categories_of", "colourings", "encode_column", "find_colouring"]

MAGIC = 0x31435657  # "WVC1"
HEADER = struct.Struct("<IB3xII")
CATEGORY, NUMBER = 1, 2
MAX_CATEGORIES = 10_000
DAYS = pa.scalar(86_400_000_000, pa.int64())  # µs


@dataclass(frozen=True)
class Colouring:
    """A column to colour by.

    Attributes
    ----------
    name, unit
        What people call it.
    field
        What is read of the files.
    is_number
        Whether its values are numbers and not categories.
    """

    name: str
    field: pa.Field
    is_number: bool = False
    unit: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what a browser is told of it."""
        return {"name": self.name, "kind": "number" if self.is_number else "category", "unit": self.unit}


@dataclass(frozen=True, eq=False)
class SheetColumn:
    """A column of a sheet: numbers (float32), or places in a list of categories (uint16); shape (n,)."""

    values: NDArray[Any]
    categories: list[str]

    @property
    def nbytes(self) -> int:
        """Memory that is taken, in bytes."""
        return self.values.nbytes + 100 * len(self.categories)


def colourings(columns: Iterable[Column]) -> dict[str, Colouring]:
    """Return what annotations can be coloured by, by name, given the project's own columns."""
    found = {name: Colouring(name, SCHEMA.field(name)) for name in ("created_by", "updated_by", "shape")}
    found["verified"] = Colouring("verified", SCHEMA.field("verifications"))
    for column in shown(columns).values():
        number = column.type in ("float", "int", "time")
        unit = "days since 1970" if column.type == "time" else column.unit
        # one that is called "verified" is what the project means by it
        found[column.name] = Colouring(column.name, column.field, number, unit)
    return found


def find_colouring(name: str, columns: Iterable[Column]) -> Colouring:
    """Return a column by its name.

    Raises
    ------
    UnknownColumn
        If there is none.
    """
    known = colourings(columns)
    if name not in known:
        raise UnknownColumn(unknown("column to colour by named", name, known))
    return known[name]


def _columns(cache: VectorCache, index: VectorIndex, by: Colouring) -> tuple[SheetColumn, SheetColumn]:
    def read(sheet: Sheet) -> SheetColumn:
        # the same stored column is read in one way under whatever name
        key = f"{by.field.name} {by.is_number}"
        return cache.column(sheet, key, lambda: _read(sheet, by))

    base, extra = index.sheets
    return read(base), read(extra)


def _read(sheet: Sheet, by: Colouring) -> SheetColumn:
    schema = pa.schema([by.field])
    with ThreadPoolExecutor(READERS, thread_name_prefix="wsinb-column") as pool:
        found = list(pool.map(lambda piece: piece.read(schema).column(0), sheet.pieces))
    if by.is_number:
        return SheetColumn(np.concatenate([np.zeros(0, np.float32), *map(_numbers, found)]), [])
    pieces = [_texts(column) for column in found]
    if by.field.name == "verifications":
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


def _categories(index: VectorIndex, columns: tuple[SheetColumn, SheetColumn]) -> list[str]:
    """Return the categories that occur, sorted; of very many those that occur most."""
    counts = names_of([(column.categories, column.values) for column in columns], index.dead)
    most = sorted(counts, key=lambda name: (-counts[name], name))[:MAX_CATEGORIES]
    return sorted(most)


def categories_of(cache: VectorCache, index: VectorIndex, by: Colouring) -> By:
    """Return the categories of annotations, to be counted.

    Raises
    ------
    InvalidInput
        If the column holds numbers.
    """
    if by.is_number:
        raise InvalidInput(f"The column {by.name!r} holds numbers: count by one that holds categories.")
    columns = _columns(cache, index, by)
    names = _categories(index, columns)
    base, extra = (numbering(column.categories, names, np.uint16)[column.values] for column in columns)
    return By((base, extra), len(names))


def encode_column(cache: VectorCache, index: VectorIndex, by: Colouring) -> bytes:
    """Return the values of a column in the order of rows, as docs/design/0003-viewer.md describes."""
    columns = _columns(cache, index, by)
    if by.is_number:
        values = index.by_row((columns[0].values, columns[1].values)).astype("<f4")
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if len(finite) else (None, None)
        return _packed(NUMBER, {"min": low, "max": high, "unit": by.unit}, values)
    names = _categories(index, columns)
    maps = [numbering(column.categories, names, np.uint16) for column in columns]
    pair = maps[0][columns[0].values], maps[1][columns[1].values]
    return _packed(CATEGORY, {"categories": names}, index.by_row(pair).astype("<u2"))


def _packed(kind: int, about: Mapping[str, Any], values: NDArray[Any]) -> bytes:
    text = json.dumps(about, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    text += b" " * (-len(text) % 4)
    return HEADER.pack(MAGIC, kind, len(values), len(text)) + text + values.tobytes()
