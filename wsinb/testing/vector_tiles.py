"""Reads vector tiles as a browser does, from their description in docs/design alone."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import DTypeLike, NDArray

from wsinb.annotate.arrow import bounds_array
from wsinb.annotate.schema import SCHEMA
from wsinb.versions.tables.lean import Piece

__all__ = ["VectorTile", "decode_vector_tile", "frame_pieces"]


@dataclass(frozen=True)
class VectorTile:
    """The content of a tile.

    Attributes
    ----------
    kind, cell, score_bins
        1 features or 2 density; screen pixels per density cell; number of score bins.
    id, label, feature_kind, score, layer
        One value a feature.
    rings
        Of each feature its rings, (m, 2) screen pixels from the tile's corner.
    cell_index, cell_label, cell_bin, cell_layer, cell_count
        One value a density entry.
    preliminary
        Whether outlines are still missing.
    """

    kind: int
    cell: int
    score_bins: int
    id: NDArray[np.uint32]
    rings: list[list[NDArray[np.float64]]]
    label: NDArray[np.uint16]
    feature_kind: NDArray[np.uint8]
    score: NDArray[np.uint8]
    layer: NDArray[np.uint8]
    cell_index: NDArray[np.uint16]
    cell_label: NDArray[np.uint16]
    cell_bin: NDArray[np.uint8]
    cell_layer: NDArray[np.uint8]
    cell_count: NDArray[np.uint32]
    preliminary: bool


def decode_vector_tile(data: bytes) -> VectorTile:
    """Return the content of a tile; AssertionError where its parts do not fit together."""
    magic, kind, cell, bins, n, r, v, c, with_layers, preliminary = struct.unpack("<IBBHIIIIII", data[:32])
    assert magic == 0x31545657
    place = 32

    def take(count: int, dtype: DTypeLike) -> NDArray[Any]:
        nonlocal place
        array = np.frombuffer(data, dtype, count, place)
        place += array.nbytes
        return array

    ids, ring_vertices, cell_count = take(n, "<u4"), take(r, "<u4"), take(c, "<u4")
    xy = take(2 * v, "<i2").reshape(-1, 2) / 8
    ring_count, label = take(n, "<u2"), take(n, "<u2")
    cell_index, cell_label = take(c, "<u2"), take(c, "<u2")
    feature_kind, score, layer, cell_bin = take(n, "u1"), take(n, "u1"), take(n, "u1"), take(c, "u1")
    assert with_layers == int(kind == 2)
    assert preliminary in (0, 1)
    cell_layer = take(c, "u1") if with_layers else np.full(c, 255, np.uint8)
    assert place == len(data)
    assert ring_count.sum() == r
    assert ring_vertices.sum() == v
    pieces = np.split(xy, np.cumsum(ring_vertices)[:-1]) if r else []
    rings: list[list[NDArray[np.float64]]] = []
    start = 0
    for count in ring_count:
        rings.append(pieces[start : start + count])
        start += count
    return VectorTile(
        *(kind, cell, bins, ids, rings, label, feature_kind, score, layer),
        *(cell_index, cell_label, cell_bin, cell_layer, cell_count, bool(preliminary)),
    )


def frame_pieces(frame: gpd.GeoDataFrame) -> list[Piece]:
    """Return a table of annotations as it would be stored; columns that it lacks are null."""
    columns = []
    for field in SCHEMA:
        if field.name == "geometry":
            shapes = np.asarray(frame.geometry.array, dtype=object)
            columns.append(pa.array(shapely.to_wkb(shapes, byte_order=1), pa.binary()))
        elif field.name == "bbox":
            columns.append(bounds_array(np.asarray(frame.geometry.array, dtype=object)))
        elif field.name in frame.columns:
            columns.append(pa.array(frame[field.name], field.type, from_pandas=True))
        else:
            columns.append(pa.nulls(len(frame), field.type))
    return [Piece.of(pa.table(columns, schema=SCHEMA))] if len(frame) else []
