"""Values that a person chose for a conflict, checked and set in a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa

from wsinb.annotate import from_arrow, snap, to_arrow, validate
from wsinb.annotate.schema import FRAME_COLUMNS, SCHEMA
from wsinb.errors import InvalidInput, UnknownLabel
from wsinb.names import unknown
from wsinb.versions.changes.threeway import SetValues
from wsinb.versions.tables.columns import TYPES, Column, own_keys
from wsinb.versions.tables.hashes import BOOKKEEPING

__all__ = ["value_setter"]

SETTABLE = [name for name in FRAME_COLUMNS if name not in {"id", *BOOKKEEPING}]


def value_setter(columns: Iterable[Column], labels: Iterable[str]) -> SetValues:
    """Return a function that sets columns of one row.

    Parameters
    ----------
    columns
        The project's own columns.
    labels
        The labels that may be set.

    Returns
    -------
    SetValues
        Raises `InvalidInput` (`InvalidAnnotation`, `UnknownLabel`) where a value does not fit.
    """
    own = {column.key: column for column in columns}
    known = list(labels)

    def set_values(row: pa.Table, values: Mapping[str, Any]) -> pa.Table:
        for name in values:
            if name not in own and name not in SETTABLE:
                raise InvalidInput(unknown("column that a Value can set", name, [*SETTABLE, *own]))
        if values.get("label") is not None and values["label"] not in known:
            raise UnknownLabel(unknown("label", values["label"], known))
        plain = {name: value for name, value in values.items() if name not in own}
        if plain:
            row = _set_plain(row, plain)
        for key in values.keys() & own.keys():
            row = _set_own(row, own[key], values[key])
        return row

    return set_values


def _set_plain(row: pa.Table, values: Mapping[str, Any]) -> pa.Table:
    """Set columns of every table, as an upsert would."""
    frame = from_arrow(row.select(SCHEMA.names))
    for name, value in values.items():
        if name != "geometry":
            frame[name] = pd.Series([value], dtype=object)
            continue
        try:
            frame["geometry"] = gpd.array.from_shapely(np.array([value], dtype=object))
        except (TypeError, ValueError) as error:
            raise InvalidInput(f"The geometry of a Value is a shapely geometry: {error}.") from error
        if "shape" not in values:  # what was drawn before says nothing about the new geometry
            frame = frame.drop(columns=["shape", "shape_params"])
    valid = validate(frame)
    valid["geometry"] = snap(np.asarray(valid["geometry"].array, dtype=object))
    table = to_arrow(valid).replace_schema_metadata(None)
    for key in own_keys(row):
        table = table.append_column(row.schema.field(key), row.column(key))
    return table


def _set_own(row: pa.Table, column: Column, value: Any) -> pa.Table:
    """Set a column of the project's own."""
    try:
        array = pa.array([value], TYPES[column.type])
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        reason = str(error).removesuffix(".")
        raise InvalidInput(f"Column {column.name!r} has the type {column.type!r}: {reason}.") from error
    if column.key in row.column_names:
        return row.set_column(row.schema.get_field_index(column.key), column.field, array)
    return row.append_column(column.field, array)
