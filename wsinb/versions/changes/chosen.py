"""Values that a person chose for conflicts, checked and set in rows."""

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
from wsinb.versions.tables.columns import Column, own_keys
from wsinb.versions.tables.hashes import BOOKKEEPING
from wsinb.versions.tables.values import own_values

__all__ = ["value_setter"]

SETTABLE = [name for name in FRAME_COLUMNS if name not in {"id", *BOOKKEEPING}]


def value_setter(columns: Iterable[Column], labels: Iterable[str]) -> SetValues:
    """Return a function that sets columns of rows.

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

    def set_values(rows: pa.Table, values: Mapping[str, list[Any]]) -> pa.Table:
        for name in values:
            if name not in own and name not in SETTABLE:
                raise InvalidInput(unknown("column that a Value can set", name, [*SETTABLE, *own]))
        for label in values.get("label", ()):
            if label is not None and label not in known:
                raise UnknownLabel(unknown("label", label, known))
        plain = {name: value for name, value in values.items() if name not in own}
        if plain:
            rows = _set_plain(rows, plain)
        for key in values.keys() & own.keys():
            rows = _set_own(rows, own[key], values[key])
        return rows

    return set_values


def _set_plain(rows: pa.Table, values: Mapping[str, list[Any]]) -> pa.Table:
    """Set columns of every table, as an upsert would."""
    frame = from_arrow(rows.select(SCHEMA.names))
    for name, value in values.items():
        if name != "geometry":
            frame[name] = pd.Series(value, dtype=object)
            continue
        try:
            shapes = np.empty(len(value), dtype=object)
            shapes[:] = value
            frame["geometry"] = gpd.array.from_shapely(shapes)
        except (TypeError, ValueError) as error:
            raise InvalidInput(f"The geometry of a Value is a shapely geometry: {error}.") from error
        if "shape" not in values:  # what was drawn before says nothing about the new geometry
            frame = frame.drop(columns=["shape", "shape_params"])
    valid = validate(frame)
    valid["geometry"] = snap(np.asarray(valid["geometry"].array, dtype=object))
    table = to_arrow(valid).replace_schema_metadata(None)
    for key in own_keys(rows):
        table = table.append_column(rows.schema.field(key), rows.column(key))
    return table


def _set_own(rows: pa.Table, column: Column, values: list[Any]) -> pa.Table:
    """Set a column of the project's own."""
    array = own_values(pd.Series(values, dtype=object), column)
    if column.key in rows.column_names:
        return rows.set_column(rows.schema.get_field_index(column.key), column.field, array)
    return rows.append_column(column.field, array)
