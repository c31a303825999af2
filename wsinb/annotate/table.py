"""Annotation tables: an annotation set is a GeoDataFrame with the columns of `COLUMNS`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from wsinb.annotate.arrow import from_arrow
from wsinb.annotate.checks import validate
from wsinb.annotate.schema import COLUMNS, FRAME_COLUMNS, SCHEMA
from wsinb.errors import InvalidAnnotation

__all__ = ["COLUMNS", "SCHEMA", "empty_annotations", "new_annotations"]


def new_annotations(
    geometries: Iterable[Any],
    *,
    label: Any = None,
    layer: Any = "manual",
    shape: Any = None,
    shape_params: Any = None,
    score: Any = None,
    created_by: Any = None,
    repair: bool = False,
    labels: Iterable[str] | None = None,
    **columns: Any,
) -> gpd.GeoDataFrame:
    """Make a validated annotation table of geometries.

    Parameters
    ----------
    geometries
        Shapely geometries in level-0 pixels, y down; None for a label of the whole
        image (`shape` "image") and where `shape_params` describe the shape.
    label, layer, shape, shape_params, score, created_by
        One value for all rows, or a list, array or series with one value a row. `shape` is
        found from the geometry where it is None; `score` is from 0 to 1.
    repair, labels
        As of `validate`.
    **columns
        Further columns of the table: id, z, t, c, created_at, updated_by, updated_at,
        verifications, media, properties.

    Returns
    -------
    geopandas.GeoDataFrame
        With new ids and the present time where none are given.

    Raises
    ------
    InvalidAnnotation
        If a value does not fit; the message names the row and the reason.
    """
    rows = list(geometries)
    given = {
        "label": label,
        "layer": layer,
        "shape": shape,
        "shape_params": shape_params,
        "score": score,
        "created_by": created_by,
        **columns,
    }
    unknown = sorted(given.keys() - set(FRAME_COLUMNS))
    if unknown:
        raise InvalidAnnotation(
            f"Annotations have no column {unknown[0]!r}: put such data into properties, "
            f"for example properties={{{unknown[0]!r}: ...}}."
        )
    spread = {name: _spread(name, value, len(rows)) for name, value in given.items() if value is not None}
    array = np.empty(len(rows), dtype=object)
    array[:] = rows
    frame = gpd.GeoDataFrame(spread, geometry=_geometry_array(array), index=range(len(rows)))
    return validate(frame, repair=repair, labels=labels)


def empty_annotations() -> gpd.GeoDataFrame:
    """Return an annotation table without rows, with every column and dtype."""
    return from_arrow(SCHEMA.empty_table())


def _geometry_array(array: np.ndarray[Any, Any]) -> Any:
    try:
        return gpd.array.from_shapely(array)
    except (TypeError, ValueError) as error:
        raise InvalidAnnotation(f"Geometries must be shapely geometries or None: {error}.") from error


def _spread(name: str, value: Any, n: int) -> Any:
    """Return one value a row: scalars, texts and mappings hold for all rows."""
    if isinstance(value, list | tuple | np.ndarray | pd.Series | pd.api.extensions.ExtensionArray | pd.Index):
        if len(value) != n:
            raise InvalidAnnotation(
                f"Column {name!r} has {len(value)} values for {n} geometries: give one each."
            )
        # a series is taken by position: its index says nothing about the geometries
        values = value.array if isinstance(value, pd.Series | pd.Index) else value
        return pd.Series(values, dtype=object) if isinstance(values, list | tuple) else pd.Series(values)
    if isinstance(value, Mapping):
        return pd.Series([dict(value) for _ in range(n)], dtype=object)
    return pd.Series([value] * n, dtype=object)
