"""The columns of an annotation table."""

from __future__ import annotations

import pyarrow as pa

__all__ = ["COLUMNS", "FRAME_COLUMNS", "JSON_COLUMNS", "SCHEMA"]

_SIDES = [pa.field(side, pa.float64()) for side in ("xmin", "ymin", "xmax", "ymax")]
_TIME = pa.timestamp("us", tz="UTC")

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("geometry", pa.binary()),
        ("bbox", pa.struct(_SIDES)),
        ("shape", pa.string()),
        ("shape_params", pa.string()),
        ("label", pa.string()),
        ("layer", pa.string()),
        ("score", pa.float64()),
        ("z", pa.int32()),
        ("t", pa.int32()),
        ("c", pa.int32()),
        ("created_by", pa.string()),
        ("created_at", _TIME),
        ("updated_by", pa.string()),
        ("updated_at", _TIME),
        ("verifications", pa.string()),
        ("media", pa.string()),
        ("properties", pa.string()),
    ]
)
"""The table as Arrow; `geometry` is WKB in level-0 pixels, `bbox` its bounding box."""

COLUMNS = tuple(SCHEMA.names)
"""The names of all stored columns."""

FRAME_COLUMNS = tuple(name for name in COLUMNS if name != "bbox")
"""The columns of a GeoDataFrame of annotations: `bbox` is what `GeoDataFrame.bounds` gives."""

JSON_COLUMNS: dict[str, type] = {
    "shape_params": dict,
    "verifications": list,
    "media": list,
    "properties": dict,
}
"""The columns that hold JSON text, with the type of their outermost value."""
