"""Polygons to masks: a pixel belongs to a polygon when its centre does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray

__all__ = ["rasterise"]


def rasterise(
    geometries: Iterable[Any], shape: tuple[int, int], *, x: int = 0, y: int = 0, downsample: float = 1.0
) -> NDArray[np.bool_]:
    """Return where any of the polygons lies; holes are respected, points and lines have no pixels.

    Every pixel is decided by its own centre, so that pieces of a mask equal the whole.

    Parameters
    ----------
    geometries : iterable of shapely geometries
        In level-0 pixels.
    shape : (int, int)
        Height and width of the mask, in pixels of `downsample` level-0 pixels.
    x, y : int
        Top left pixel of the mask, in the same pixels.
    downsample : float
        Level-0 pixels per pixel.

    Returns
    -------
    ndarray (h, w), bool
    """
    mask = np.zeros(shape, bool)
    for part in shapely.get_parts(np.array(list(geometries), dtype=object)):
        for polygon in shapely.get_parts(part) if shapely.get_type_id(part) > 3 else [part]:
            if shapely.get_type_id(polygon) == 3 and not shapely.is_empty(polygon):
                _add_polygon(mask, polygon, x, y, downsample)
    return mask


def _add_polygon(mask: NDArray[np.bool_], polygon: Any, x: int, y: int, downsample: float) -> None:
    xy, ring = shapely.get_coordinates(shapely.get_rings(polygon), return_index=True)
    xy = xy / downsample
    low = np.maximum(np.floor(xy.min(axis=0)) - (x, y), 0).astype(np.int64)
    high = np.minimum(np.ceil(xy.max(axis=0)) - (x, y), mask.shape[::-1]).astype(np.int64)
    width, height = high - low
    if width <= 0 or height <= 0:
        return
    crossings = np.zeros((height, width + 1), np.uint8)
    _mark_crossings(xy, ring, x + low[0], y + low[1], crossings)
    inside = np.bitwise_xor.accumulate(crossings, axis=1)[:, :width]
    mask[low[1] : high[1], low[0] : high[0]] |= inside.astype(bool)


@njit(nogil=True, cache=True)
def _mark_crossings(xy: Any, ring: Any, left: int, top: int, crossings: Any) -> None:
    """Toggle, in every row that an edge crosses, the first pixel whose centre is not left of the crossing."""
    height, width = crossings.shape[0], crossings.shape[1] - 1
    for i in range(len(xy) - 1):
        if ring[i] != ring[i + 1] or xy[i, 1] == xy[i + 1, 1]:
            continue
        # from the upper to the lower end, so that polygons that share an edge round alike
        a, b = (i, i + 1) if xy[i, 1] < xy[i + 1, 1] else (i + 1, i)
        slope = (xy[b, 0] - xy[a, 0]) / (xy[b, 1] - xy[a, 1])
        first: Any = max(np.int64(np.ceil(xy[a, 1] - 0.5)), top)
        last: Any = min(np.int64(np.ceil(xy[b, 1] - 0.5)), top + height)
        for row in range(first, last):
            crossing = xy[a, 0] + (row + 0.5 - xy[a, 1]) * slope
            column = np.int64(np.ceil(crossing - 0.5)) - left
            crossings[row - top, min(max(column, 0), width)] ^= 1
