"""Geometries as they are stored: rounded to 1/64 pixel, as WKB, with their boxes, and checked.

What is checked is what is stored. Simple geometries (points, lines, polygons of one ring) are done in one
pass over their vertices, all others by GEOS; both give the same bytes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from wsinb.annotate.precision import STEPS_PER_PIXEL, snap_checked

__all__ = ["Encoded", "encode"]

Geometries = npt.NDArray[Any]

FEW = 20_000
"""Up to so many rows GEOS takes less time than loading the compiled pass."""

MAX_BYTES = 1 << 30
"""Coordinates that are encoded at once; an Arrow array of bytes ends at twice as many."""

# bytes of WKB before the first vertex, for shapely's types point, line string and polygon of one ring
_HEADS = {0: 5, 1: 9, 3: 13}


class Encoded(NamedTuple):
    """Geometries at the precision of the store, shape (n,).

    Attributes
    ----------
    wkb
        Little-endian WKB; null where there is no geometry.
    bounds
        Level-0 bounds (xmin, ymin, xmax, ymax), shape (n, 4); NaN where there is no geometry.
    invalid
        Where a geometry is not valid, neither rounded nor exactly.
    """

    wkb: pa.Array | pa.ChunkedArray
    bounds: npt.NDArray[np.float64]
    invalid: npt.NDArray[np.bool_]


def encode(geometries: Geometries) -> Encoded:
    """Return geometries rounded as `wsinb.annotate.snap` does, and which of them are not valid.

    Parameters
    ----------
    geometries
        Shapely geometries or None, shape (n,), with finite coordinates in level-0 pixels.
    """
    if len(geometries) <= FEW:
        return _by_geos(geometries)
    n_batches = -(-16 * int(shapely.get_num_coordinates(geometries).sum()) // MAX_BYTES)
    batches = [_encode_batch(some) for some in np.array_split(geometries, max(1, n_batches))]
    wkb = pa.chunked_array([batch.wkb for batch in batches], pa.binary())
    bounds, invalid = (np.concatenate([batch[i] for batch in batches]) for i in (1, 2))
    return Encoded(wkb, bounds, invalid)


def _by_geos(geometries: Geometries) -> Encoded:
    stored, valid = snap_checked(geometries)
    invalid = ~(valid | shapely.is_missing(stored))
    wkb = pa.array(shapely.to_wkb(stored, byte_order=1), pa.binary())
    return Encoded(wkb, shapely.bounds(stored).reshape(-1, 4), invalid)


def _encode_batch(geometries: Geometries) -> Encoded:
    types = shapely.get_type_id(geometries)
    one_ring = (types == 3) & (shapely.get_num_interior_rings(geometries) == 0)
    simple = np.flatnonzero(((types == 0) | (types == 1) | one_ring) & ~shapely.is_empty(geometries))
    fast, certain = _by_kernel(geometries[simple], types[simple])
    rest = np.ones(len(geometries), bool)
    rest[simple[certain]] = False
    if not rest.any():
        return fast
    slow = _by_geos(geometries[rest])
    order = np.empty(len(geometries), np.int64)
    order[~rest] = np.flatnonzero(certain)
    order[rest] = len(simple) + np.arange(len(slow.wkb))
    bounds = np.concatenate([fast.bounds, slow.bounds])[order]
    invalid = np.concatenate([fast.invalid, slow.invalid])[order]
    return Encoded(pa.concat_arrays([fast.wkb, slow.wkb]).take(pa.array(order)), bounds, invalid)


def _by_kernel(geometries: Geometries, types: npt.NDArray[np.int32]) -> tuple[Encoded, npt.NDArray[np.bool_]]:
    """Return points, lines and polygons of one ring encoded, and which of them are valid for certain."""
    from wsinb.annotate.kernels import write_simple

    xy = shapely.get_coordinates(geometries)
    counts = shapely.get_num_coordinates(geometries).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(counts)])
    heads = np.zeros(len(types), np.int64)
    for code, length in _HEADS.items():
        heads[types == code] = length
    at = np.concatenate([[0], np.cumsum(heads + 16 * counts)])
    wkb = np.empty(at[-1], np.uint8)
    bounds = np.empty((len(types), 4))
    certain = np.zeros(len(types), bool)
    write_simple(xy, starts, types, at[:-1], STEPS_PER_PIXEL, wkb, bounds, certain)
    offsets = pa.py_buffer(at.astype(np.int32))
    array = pa.Array.from_buffers(pa.binary(), len(types), [None, offsets, pa.py_buffer(wkb)])
    return Encoded(array, bounds, np.zeros(len(types), bool)), certain
