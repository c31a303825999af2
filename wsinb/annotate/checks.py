"""Validation: what an annotation table must be before it is stored, and why it is not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from wsinb.annotate.arrow import boxes_array, make_frame
from wsinb.annotate.encoding import Encoded
from wsinb.annotate.geometry import check_geometries
from wsinb.annotate.problems import Problems
from wsinb.annotate.schema import FRAME_COLUMNS, JSON_COLUMNS, SCHEMA
from wsinb.annotate.uuids import halves_of, random_halves, texts_of
from wsinb.errors import InvalidAnnotation

__all__ = ["to_rows", "validate"]

_UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_DEFAULTS: dict[str, Any] = {"layer": "manual", "z": 0, "t": 0}


def validate(
    gdf: gpd.GeoDataFrame, *, repair: bool = False, labels: Iterable[str] | None = None
) -> gpd.GeoDataFrame:
    """Return the table with every column, the right dtypes and an id in each row.

    Parameters
    ----------
    gdf
        A GeoDataFrame with a column `geometry` in level-0 pixels, without CRS. Columns
        of the table that it lacks are filled in: new ids, the shape that fits the
        geometry, layer "manual", z = t = 0, `created_at` the present time, else null.
        JSON columns may hold Python objects.
    repair
        Mend invalid polygons instead of refusing them; a mended rectangle, circle or ellipse
        becomes a polygon.
    labels
        The labels that are allowed, or None for any.

    Returns
    -------
    geopandas.GeoDataFrame
        A new table; its index counts from 0.

    Raises
    ------
    InvalidAnnotation
        If anything does not fit; the message names the rows and the reasons.
    """
    columns, geometries, _ = _check(gdf, repair=repair, labels=labels, store=False)
    return make_frame(pa.table(columns), geometries)


def to_rows(gdf: gpd.GeoDataFrame, *, repair: bool = False) -> pa.Table:
    """Return the table as it is stored: checked as by `validate`, at 1/64 pixel, of schema `SCHEMA`.

    Polygons are checked after rounding. Parameters and errors are those of `validate`.
    """
    columns, _, encoded = _check(gdf, repair=repair, labels=None, store=True)
    assert encoded is not None
    made = {"geometry": encoded.wkb, "bbox": boxes_array(encoded.bounds)}
    return pa.table([made.get(name, columns.get(name)) for name in SCHEMA.names], schema=SCHEMA)


def _check(
    gdf: gpd.GeoDataFrame, *, repair: bool, labels: Iterable[str] | None, store: bool
) -> tuple[dict[str, pa.Array], npt.NDArray[Any], Encoded | None]:
    """Return all columns but the geometry, the geometries, and these encoded if they are to be stored."""
    _check_frame(gdf)
    frame = pd.DataFrame(gdf)
    problems = Problems()
    columns = {name: _arrow_column(frame, name) for name in FRAME_COLUMNS if name != "geometry"}
    columns["id"] = _ids(columns["id"], problems)
    problems.ids = columns["id"]
    _check_words(columns, problems, labels)
    _check_numbers(columns, problems)
    created = columns["created_at"]
    columns["created_at"] = pc.fill_null(created, pa.scalar(pd.Timestamp.now("UTC"), created.type))
    params = np.full(len(frame), None, object)
    for name in JSON_COLUMNS:
        values, columns[name] = _parse_json(columns[name], name, problems)
        if name == "shape_params" and values is not None:
            params = values
    geometries = np.array(frame["geometry"].array, dtype=object)
    geometries, columns["shape"], encoded = check_geometries(
        geometries, columns["shape"], params, problems, repair=repair, store=store
    )
    problems.raise_if_any()
    columns["shape_params"] = _json_texts(params)
    return columns, geometries, encoded


def _check_frame(gdf: Any) -> None:
    if not isinstance(gdf, gpd.GeoDataFrame):
        raise InvalidAnnotation(
            f"Annotations are a GeoDataFrame, not {type(gdf).__name__}: make one with new_annotations()."
        )
    if "geometry" not in gdf.columns or not isinstance(gdf["geometry"], gpd.GeoSeries):
        raise InvalidAnnotation(
            "Column 'geometry' is missing: rename yours with gdf.rename_geometry('geometry')."
        )
    twice = sorted({str(name) for name in gdf.columns[gdf.columns.duplicated()]})
    if twice:
        raise InvalidAnnotation(f"Column {twice[0]!r} occurs twice: keep one.")
    extra = [str(name) for name in gdf.columns if name not in FRAME_COLUMNS and name != "bbox"]
    if extra:
        raise InvalidAnnotation(
            f"Annotations have no column {extra[0]!r}: put such data into the column 'properties', as a JSON "
            f"object a row, or drop it."
        )
    if gdf["geometry"].crs is not None:
        raise InvalidAnnotation(
            "Annotations are in level-0 pixels and have no CRS: "
            "remove it with gdf.set_crs(None, allow_override=True)."
        )


def _arrow_column(frame: pd.DataFrame, name: str) -> pa.Array:
    """Return a column as Arrow in its stored type; JSON columns as Python objects in text."""
    field = SCHEMA.field(name)
    if name not in frame.columns:
        if name in _DEFAULTS:
            return pa.repeat(pa.scalar(_DEFAULTS[name], field.type), len(frame))
        return pa.nulls(len(frame), field.type)
    values = frame[name]
    if name in JSON_COLUMNS:
        values = _as_texts(values)
    elif pa.types.is_timestamp(field.type):
        values = _utc(values, name)
    try:
        array = pa.array(values, from_pandas=True)
        array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
        array = _cast(array, field)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise InvalidAnnotation(
            f"Column {name!r} must hold {_TYPE_WORDS[str(field.type)]}: {error}."
        ) from error
    if name in _DEFAULTS and array.null_count:
        array = pc.fill_null(array, _DEFAULTS[name])
    return array


_TYPE_WORDS = {
    "string": "text",
    "double": "numbers",
    "int32": "whole numbers",
    "timestamp[us, tz=UTC]": "times with a time zone",
}


def _cast(array: pa.Array, field: pa.Field) -> pa.Array:
    """Cast without guessing: text never becomes a number, nor a number text."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        array, kind = array.dictionary_decode(), kind.value_type
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    fits = {
        "string": text,
        "double": number,
        "int32": number,
        "timestamp[us, tz=UTC]": pa.types.is_timestamp(kind),
    }[str(field.type)]
    if array.null_count == len(array):
        return pa.nulls(len(array), field.type)
    if not fits:
        raise TypeError(f"it holds {kind}")
    return array.cast(field.type, safe=not pa.types.is_timestamp(field.type))


def _utc(values: pd.Series, name: str) -> pd.Series:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return pd.Series(values.dt.tz_convert("UTC"))
    try:
        times = pd.to_datetime(values)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidAnnotation(f"Column {name!r} must hold times with a time zone: {error}.") from error
    if times.notna().any() and getattr(times.dtype, "tz", None) is None:
        raise InvalidAnnotation(f"Column {name!r} has no time zone: use gdf[{name!r}].dt.tz_localize('UTC').")
    return times.dt.tz_convert("UTC") if getattr(times.dtype, "tz", None) is not None else times


def _ids(given: pa.Array, problems: Problems) -> pa.Array:
    if given.null_count == len(given):
        return texts_of(random_halves(len(given)))
    ids = pc.utf8_lower(given)
    if ids.null_count:
        ids = pc.replace_with_mask(ids, ids.is_null(), texts_of(random_halves(ids.null_count)))
    problems.ids = ids
    halves = halves_of(ids)
    if halves is not None:
        high = np.sort(halves[0])
        if not (high[1:] == high[:-1]).any():
            return ids
    good = pc.match_substring_regex(ids, _UUID)
    problems.add(~_mask(good), "its id is not a UUID like '0b6fd6bd-8c1b-4f4e-9f0f-6d4a1c3e2b5a'")
    codes = ids.dictionary_encode().indices.to_numpy()
    problems.add(pd.Series(codes).duplicated().to_numpy(), "its id occurs twice in the table")
    return ids


def _check_words(columns: dict[str, pa.Array], problems: Problems, labels: Iterable[str] | None) -> None:
    for name in ("label", "layer"):
        problems.add(_mask(pc.equal(columns[name], "")), f"its {name} is empty")
    if labels is None:
        return
    allowed = set(labels)
    for label in pc.unique(columns["label"].drop_null()).to_pylist():
        if label not in allowed:
            rows = _mask(pc.equal(columns["label"], label))
            problems.add(rows, f"its label {label!r} is not in the label set: add it or choose another")


def _check_numbers(columns: dict[str, pa.Array], problems: Problems) -> None:
    score = columns["score"]
    bad = pc.invert(pc.and_(pc.greater_equal(score, 0.0), pc.less_equal(score, 1.0)))
    problems.add(_mask(bad), "its score is not a number from 0 to 1")
    for name in ("z", "t", "c"):
        problems.add(_mask(pc.less(columns[name], 0)), f"its {name} is below 0")


def _parse_json(
    column: pa.Array, name: str, problems: Problems
) -> tuple[npt.NDArray[np.object_] | None, pa.Array]:
    """Return the values of a JSON column, None if all are null, and how they are written.

    Equal texts are parsed once.
    """
    if column.null_count == len(column):
        return None, column
    encoded = column.dictionary_encode()
    values = np.full(len(encoded.dictionary) + 1, None, object)  # the last one stands for null
    codes = np.asarray(pc.fill_null(encoded.indices, -1))
    for code, text in enumerate(encoded.dictionary.to_pylist()):
        values[code], reason = _parse_one(text, name)
        if reason:
            problems.add(codes == code, reason)
    return values[codes], _json_texts(values[:-1]).take(encoded.indices)


def _parse_one(text: str, name: str) -> tuple[Any, str | None]:
    kind = JSON_COLUMNS[name]
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        return None, f"its {name} is not JSON ({error})"
    if "\\ud" in text.lower() and not _encodable(value):
        return None, f"its {name} holds half of a character"
    if not isinstance(value, kind):
        return None, f"its {name} is not a JSON {'object' if kind is dict else 'list'}"
    return value, None


def _encodable(value: Any) -> bool:
    """Say whether a JSON value can be written as UTF-8: escapes may name half of a character."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON number")


def _json_texts(values: npt.NDArray[np.object_]) -> pa.Array:
    rows = np.flatnonzero(pd.notna(values))
    if not len(rows):
        return pa.nulls(len(values), pa.string())
    texts = np.full(len(values), None, object)
    for row in rows:
        texts[row] = json.dumps(values[row], ensure_ascii=False, separators=(",", ":"))
    return pa.array(texts, pa.string())


def _as_texts(values: pd.Series) -> pd.Series:
    if isinstance(values.dtype, pd.StringDtype):
        return values
    texts = np.full(len(values), None, object)
    for row in np.flatnonzero(values.notna()):
        texts[row] = _as_text(values.iloc[row])
    return pd.Series(texts)


def _as_text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        try:
            return json.dumps(value, ensure_ascii=False)
        except (TypeError, ValueError) as error:
            raise InvalidAnnotation(
                f"A value of a JSON column cannot be written as JSON: {error}."
            ) from error
    if value is None or value is pd.NA or value != value:  # NaN is not itself
        return None
    raise InvalidAnnotation(
        f"JSON columns hold JSON text, a dict, a list or None, not {type(value).__name__}."
    )


def _mask(values: pa.Array) -> npt.NDArray[np.bool_]:
    """Return a boolean Arrow array as numpy; null is False."""
    return np.asarray(pc.fill_null(values, False), dtype=bool)
