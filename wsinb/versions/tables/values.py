"""The values of own columns, between GeoDataFrames and Arrow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from wsinb.annotate import from_arrow
from wsinb.annotate.schema import FRAME_COLUMNS, SCHEMA
from wsinb.errors import InvalidAnnotation
from wsinb.names import unknown
from wsinb.versions.tables.columns import TYPES, Column, shown

__all__ = ["own_values", "split_own", "to_frame"]

Columns = tuple[Column, ...]

WORDS = {
    "float": "finite numbers",
    "int": "whole numbers",
    "text": "text",
    "bool": "True and False",
    "time": "times with a time zone",
}


def to_frame(table: pa.Table, columns: Iterable[Column] = ()) -> gpd.GeoDataFrame:
    """Return stored rows as an annotation table, own columns of a version by name at its end.

    Parameters
    ----------
    table
        `SCHEMA` and own columns by key; those that are missing are null.
    columns
        The own columns of the version; removed ones are left out.

    Returns
    -------
    geopandas.GeoDataFrame
        As of `wsinb.annotate`; own columns have the dtypes float64, Int64, that of `label`, boolean and
        datetime64[us, UTC].
    """
    frame = from_arrow(table.select(SCHEMA.names))
    for column in shown(columns).values():
        if column.key in table.column_names:
            values = table.column(column.key)
        else:
            values = pa.nulls(table.num_rows, TYPES[column.type])
        frame[column.name] = _series(values, column.type)
    return frame


def split_own(
    gdf: gpd.GeoDataFrame, columns: Columns, newest: Callable[[], Columns]
) -> tuple[gpd.GeoDataFrame, dict[str, pa.Array], Columns]:
    """Return a table without own columns, these as Arrow by key, and the columns that their names are of.

    Parameters
    ----------
    gdf
        An annotation table, not yet validated; anything else is returned as it is.
    columns
        The own columns that are known.
    newest
        Gives those that there are now; asked where the table has others, which were perhaps added meanwhile.

    Raises
    ------
    InvalidAnnotation
        If a column is unknown, or holds values of another type; numbers never become text, nor text numbers.
    """
    extra = [name for name in getattr(gdf, "columns", ()) if name not in FRAME_COLUMNS and name != "bbox"]
    if any(name not in shown(columns) for name in extra):
        columns = newest()
    known = shown(columns)
    for name in extra:
        if name not in known:
            message = unknown("column", str(name), [*FRAME_COLUMNS, *known])
            raise InvalidAnnotation(
                f"{message[:-1]}; or add it with project.columns.add({str(name)!r}, type), or put such "
                f"data into the column 'properties', as a JSON object a row."
            )
    values = {known[name].key: own_values(gdf[name], known[name]) for name in extra}
    return gdf.drop(columns=extra) if extra else gdf, values, columns


def _series(values: Any, kind: str) -> pd.Series:
    if kind == "time":
        return pd.Series(values.to_pandas()).astype("datetime64[us, UTC]")
    if kind in ("int", "bool"):
        mapper = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
        return pd.Series(values.to_pandas(types_mapper=mapper.get))
    return pd.Series(values.to_pandas())


def own_values(values: pd.Series, column: Column) -> pa.Array:
    """Return values of an own column as Arrow, or raise `InvalidAnnotation` if one is not of its type."""
    if isinstance(values, pd.DataFrame):
        raise InvalidAnnotation(f"Column {column.name!r} occurs twice: keep one.")
    try:
        array = pa.array(values, from_pandas=True)
        array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
        if pa.types.is_dictionary(array.type):
            array = array.dictionary_decode()
        return _cast(array, column.type)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        reason = str(error).removesuffix(".")
        raise InvalidAnnotation(
            f"Column {column.name!r} has the type {column.type!r} and must hold {WORDS[column.type]} or "
            f"null: {reason}."
        ) from error


def _cast(array: pa.Array, kind: str) -> pa.Array:
    given = array.type
    if array.null_count == len(array):
        return pa.nulls(len(array), TYPES[kind])
    number = pa.types.is_integer(given) or pa.types.is_floating(given)
    text = pa.types.is_string(given) or pa.types.is_large_string(given) or pa.types.is_string_view(given)
    fits = {
        "float": number,
        "int": number,
        "text": text,
        "bool": pa.types.is_boolean(given),
        "time": pa.types.is_timestamp(given),
    }[kind]
    if not fits:
        raise TypeError(f"it holds {given}")
    if kind == "time" and given.tz is None:
        raise TypeError("it has no time zone; use .dt.tz_localize('UTC')")
    if kind == "float" and not np.isfinite(pc.drop_null(array).to_numpy(zero_copy_only=False)).all():
        raise ValueError("it holds an infinite number")
    return array.cast(TYPES[kind], safe=kind != "time")
