"""Which columns of a row differ, and what people call such a change."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wsinb.versions.tables.columns import Column, own_keys
from wsinb.versions.tables.hashes import HASHED

__all__ = [
    "GEOMETRY",
    "all_columns",
    "column_differs",
    "differing_fields",
    "hashed_columns",
    "kind_for_people",
]

Mask = npt.NDArray[np.bool_]
GEOMETRY = ("geometry", "shape", "shape_params")
"""Columns that together say what was drawn; a difference calls them all "geometry"."""


def all_columns(*versions: Iterable[Column]) -> tuple[Column, ...]:
    """Return the own columns of several versions, each once, as the last one has it."""
    return tuple({column.key: column for columns in versions for column in columns}.values())


def hashed_columns(table: pa.Table) -> list[str]:
    """Return the columns that make up the content of a row: those of every table, then keys of own ones."""
    return [*HASHED, *own_keys(table)]


def differing_fields(old: pa.Table, new: pa.Table, columns: Iterable[Column] = ()) -> list[tuple[str, ...]]:
    """Return for each pair of rows the names of the columns that differ.

    Parameters
    ----------
    old, new
        Equally many rows in the same order; own columns by key.
    columns
        What the own columns are called.
    """
    called = {column.key: column.name for column in columns} | dict.fromkeys(GEOMETRY, "geometry")
    masks: dict[str, Mask] = {}
    for name in dict.fromkeys([*hashed_columns(new), *hashed_columns(old)]):
        mask, field = column_differs(old, new, name), called.get(name, name)
        if mask.any():
            masks[field] = masks[field] | mask if field in masks else mask
    if not masks:
        return [()] * new.num_rows
    # few patterns, many rows: name each pattern once
    patterns, which = np.unique(np.column_stack(list(masks.values())), axis=0, return_inverse=True)
    names = np.array(list(masks))
    said = [tuple(names[pattern].tolist()) for pattern in patterns]
    return [said[number] for number in which.ravel().tolist()]


def column_differs(old: pa.Table, new: pa.Table, name: str) -> Mask:
    """Return where the values of a column differ, shape (n,); a column that is not there is null."""
    if name not in old.column_names:
        return np.asarray(pc.is_valid(new.column(name)), dtype=bool)
    if name not in new.column_names:
        return np.asarray(pc.is_valid(old.column(name)), dtype=bool)
    before, after = old.column(name), new.column(name)
    same = pc.fill_null(pc.equal(before, after), False)
    neither = pc.and_(pc.is_null(before), pc.is_null(after))
    return ~np.asarray(pc.or_(same, neither), dtype=bool)


def kind_for_people(kind: str, fields: Collection[str]) -> str:
    """Return what people call a change: "added", "deleted", "moved", "relabelled" or "changed".

    Parameters
    ----------
    kind
        "added", "deleted" or "updated".
    fields
        The columns that differ.
    """
    if kind != "updated":
        return kind
    return {frozenset({"geometry"}): "moved", frozenset({"label"}): "relabelled"}.get(
        frozenset(fields), "changed"
    )
