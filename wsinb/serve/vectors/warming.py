"""Compiling what draws annotations ahead of the first tile, or loading it from numba's cache."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import shapely

from wsinb.annotate.arrow import bounds_array
from wsinb.annotate.schema import SCHEMA
from wsinb.serve.vectors.index import build_index
from wsinb.serve.vectors.sheet import BIG_L0_PX
from wsinb.serve.vectors.tile import encode_tile
from wsinb.serve.vectors.within import rows_within
from wsinb.serve.vectors.zooms import DENSITY_MIN_PER_TILE
from wsinb.versions.tables.ids import Ids, id_array
from wsinb.versions.tables.lean import Piece

__all__ = ["warm_up"]

SIDE = 512.0


def warm_up() -> None:
    """Draw a few tiles of made-up annotations: every compiled function is called once."""
    n = DENSITY_MIN_PER_TILE + 1
    xy = np.random.default_rng(0).uniform(0, SIDE, (n, 2))
    shapes = np.array(shapely.buffer(shapely.points(xy), 1), object)
    shapes[0] = shapely.box(0, 0, BIG_L0_PX * 3, 9).difference(shapely.box(2, 2, 5, 5))
    numbers = np.arange(n, dtype=np.uint64)
    given = {
        "id": id_array(Ids(numbers, numbers)),
        "geometry": pa.array(shapely.to_wkb(shapes, byte_order=1), pa.binary()),
        "bbox": bounds_array(shapes),
        "label": pa.array(["label"] * n),
    }
    columns = [given.get(field.name, pa.nulls(n, field.type)) for field in SCHEMA]
    index = build_index([Piece.of(pa.table(columns, schema=SCHEMA))], at_once=True)
    for z in (0, -1, -8):
        encode_tile(index, z, 0, 0)
    rows_within(index, np.array([[0, 0], [SIDE, 0], [0, SIDE]]))
    for sheet in index.sheets:  # few are searched in another way than many
        sheet.touching(index.dead[0], (0.0, 0.0, 1.0, 1.0))
