"""Annotation tables as Arrow, ready to be written as GeoParquet 1.1."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import shapely

from wsinb.annotate.schema import FRAME_COLUMNS, SCHEMA
from wsinb.errors import InvalidAnnotation

__all__ = ["bounds_array", "boxes_array", "from_arrow", "geo_document", "geo_metadata", "to_arrow"]


def to_arrow(gdf: gpd.GeoDataFrame) -> pa.Table:
    """Return a validated annotation table as Arrow: geometry as WKB, with bounding boxes.

    Parameters
    ----------
    gdf
        As returned by `validate`; level-0 pixels.

    Returns
    -------
    pyarrow.Table
        Of schema `SCHEMA`, with the ``geo`` metadata of GeoParquet 1.1.

    Raises
    ------
    InvalidAnnotation
        If a column is missing or does not have the type of the schema.
    """
    missing = [name for name in FRAME_COLUMNS if name not in gdf.columns]
    if missing:
        raise InvalidAnnotation(f"Column {missing[0]!r} is missing: pass the table through validate() first.")
    geometries = np.asarray(gdf["geometry"].array, dtype=object)
    arrays = []
    for field in SCHEMA:
        if field.name == "geometry":
            arrays.append(pa.array(shapely.to_wkb(geometries, byte_order=1), pa.binary()))
        elif field.name == "bbox":
            arrays.append(bounds_array(geometries))
        else:
            arrays.append(_column(gdf[field.name], field))
    return pa.table(arrays, schema=SCHEMA.with_metadata({b"geo": geo_metadata(geometries)}))


def from_arrow(table: pa.Table) -> gpd.GeoDataFrame:
    """Return an Arrow table of schema `SCHEMA` as a GeoDataFrame with the canonical dtypes.

    Bounding boxes are left out: `GeoDataFrame.bounds` has them.
    """
    wkb = table.column("geometry").to_numpy(zero_copy_only=False)
    return make_frame(table, shapely.from_wkb(wkb))


def make_frame(table: pa.Table, geometries: npt.NDArray[Any]) -> gpd.GeoDataFrame:
    """Return a table and geometries as a GeoDataFrame of canonical columns and dtypes, without CRS."""
    frame = table.select(_PLAIN_COLUMNS).to_pandas()
    channels = table.column("c").to_pandas(types_mapper={pa.int32(): pd.Int32Dtype()}.get)
    frame.insert(FRAME_COLUMNS.index("geometry"), "geometry", gpd.array.GeometryArray(geometries))
    frame.insert(FRAME_COLUMNS.index("c"), "c", channels.array)
    return gpd.GeoDataFrame(frame)


# "c" is the only integer that may be null
_PLAIN_COLUMNS = [name for name in FRAME_COLUMNS if name not in ("geometry", "c")]


def bounds_array(geometries: npt.NDArray[Any]) -> pa.StructArray:
    """Return the level-0 bounding boxes of the geometries; null where there is none."""
    return boxes_array(shapely.bounds(geometries).reshape(-1, 4))


def boxes_array(bounds: npt.NDArray[np.float64]) -> pa.StructArray:
    """Return level-0 bounding boxes, shape (n, 4), as Arrow; null where they are NaN."""
    absent = np.isnan(bounds[:, 0])
    if not absent.any():
        return pa.StructArray.from_arrays(
            [pa.array(side) for side in bounds.T.copy()], fields=list(SCHEMA.field("bbox").type)
        )
    fields = list(SCHEMA.field("bbox").type)
    arrays = [pa.array(bounds[:, i], mask=absent) for i in range(4)]
    return pa.StructArray.from_arrays(arrays, fields=fields, mask=pa.array(absent))


def geo_metadata(geometries: npt.NDArray[Any]) -> bytes:
    """Return the ``geo`` metadata of GeoParquet 1.1: WKB, no CRS, bbox covering."""
    present = geometries[~shapely.is_missing(geometries)]
    bounds = shapely.total_bounds(present).tolist() if len(present) else None
    return geo_document(np.unique(shapely.get_type_id(present)).tolist(), bounds)


def geo_document(type_ids: Iterable[int], bounds: Sequence[float] | None) -> bytes:
    """Return the ``geo`` metadata for geometries of some shapely types within level-0 bounds."""
    column: dict[str, Any] = {
        "encoding": "WKB",
        "crs": None,
        "geometry_types": sorted(_GEOMETRY_TYPES[code] for code in type_ids),
        "covering": {"bbox": {side: ["bbox", side] for side in ("xmin", "ymin", "xmax", "ymax")}},
    }
    if bounds is not None:
        column["bbox"] = list(bounds)
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    return json.dumps(geo, separators=(",", ":"), sort_keys=True).encode()


_GEOMETRY_TYPES = {
    0: "Point",
    1: "LineString",
    3: "Polygon",
    4: "MultiPoint",
    5: "MultiLineString",
    6: "MultiPolygon",
}


def _column(values: pd.Series, field: pa.Field) -> pa.Array:
    try:
        array = pa.array(values, type=field.type, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InvalidAnnotation(f"Column {field.name!r} must be {field.type}: {error}.") from error
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
