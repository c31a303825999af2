"""From which zoom on annotations are counted instead of drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wsinb.serve.vectors.format import TILE_PX
from wsinb.serve.vectors.search import add_tiles, sides_of

__all__ = ["density_max_zoom"]

DENSITY_SIDE_PX = 2.0  # density is drawn where the median annotation is smaller than this on screen ...
DENSITY_MIN_PER_TILE = 2_000  # ... if a tile holds more than this
DENSITY_FROM_PER_TILE = 100_000  # and in any case where a tile holds more than this
POINT_SIDE = 16.0  # level-0 pixels that a point stands for
MAX_TILES = 1 << 22  # tiles that are counted in one array
LOWEST = -31

Boxes = Sequence[NDArray[np.float32]]
Deads = Sequence[NDArray[np.bool_]]


def density_max_zoom(boxes: Boxes, deads: Deads, n: int, centres: NDArray[np.float64]) -> int | None:
    """Return the highest zoom that is better drawn as density: many annotations, too small to see.

    Parameters
    ----------
    boxes, deads
        Boxes (n, 4) and which of them do not count (bool, or empty), of several sheets.
    n
        How many count.
    centres
        Extremes of their centres: xmin, ymin, xmax, ymax.
    """
    if n <= DENSITY_MIN_PER_TILE:
        return None
    median = _median_side(boxes, deads, n)
    counts: NDArray[np.int64] | None = None
    corner = np.zeros(2, np.int64)
    for z in range(-1, LOWEST - 1, -1):
        step = TILE_PX * 2.0**-z
        before, corner = corner, np.floor(centres[:2] / step).astype(np.int64)
        columns, rows = np.floor(centres[2:] / step).astype(np.int64) - corner + 1
        if counts is not None:
            counts = _halved(counts, *before)
        elif columns * rows <= MAX_TILES:
            counts = np.zeros((rows, columns), np.int64)
            for some, dead in zip(boxes, deads, strict=True):
                add_tiles(some, dead, step, corner[0], corner[1], counts)
        fullest = int(counts.max()) if counts is not None else _fullest_tile(boxes, deads, step)
        tiny = median * 2.0**z < DENSITY_SIDE_PX
        if fullest > DENSITY_FROM_PER_TILE or (tiny and fullest > DENSITY_MIN_PER_TILE):
            return z
    return None


def _halved(counts: NDArray[np.int64], column: int, row: int) -> NDArray[np.int64]:
    """Return counts of tiles, of which the first is in a column and row, by tiles of twice the side."""
    for axis, first in ((0, row), (1, column)):
        if first % 2:
            counts = np.insert(counts, 0, 0, axis=axis)
        counts = np.add.reduceat(counts, np.arange(0, counts.shape[axis], 2), axis=axis)
    return counts


def _median_side(boxes: Boxes, deads: Deads, n: int) -> float:
    sides, place = np.empty(n, np.float32), 0
    for some, dead in zip(boxes, deads, strict=True):
        place += sides_of(some, dead, sides[place:])
    sides[sides == 0] = POINT_SIDE
    return float(np.median(sides))


def _fullest_tile(boxes: Boxes, deads: Deads, l0_step: float) -> int:
    """Return how many centres the fullest tile has, where they lie too far apart for an array of tiles."""
    tiles = []
    for some, dead in zip(boxes, deads, strict=True):
        alive = some[~dead] if len(dead) else some
        centres = (alive[:, :2].astype(np.float64) + alive[:, 2:]) / 2
        tiles.append(np.floor(centres[~np.isnan(centres[:, 0])] / l0_step))
    _, counts = np.unique(np.concatenate(tiles), axis=0, return_counts=True)
    return int(counts.max())
