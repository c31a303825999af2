"""The precision of stored coordinates.

Coordinates are stored at 1/64 pixel: far below what anyone can draw, and less
than half the bytes of arbitrary floats once compressed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["STEPS_PER_PIXEL", "snap", "snap_checked"]

STEPS_PER_PIXEL = 64


def snap(geometries: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return the geometries with every coordinate rounded to 1/64 level-0 pixel.

    A valid shape that rounding would make invalid (a sliver thinner than the step)
    keeps its exact coordinates. None stays None.
    """
    return snap_checked(geometries)[0]


def snap_checked(geometries: npt.ArrayLike) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Return what `snap` does, and which of that is valid; None is not."""
    exact = np.asarray(geometries, dtype=object)
    snapped = exact.copy()
    snapped = shapely.set_coordinates(snapped, _round(shapely.get_coordinates(exact)))
    valid = np.asarray(shapely.is_valid(snapped))
    broken = np.flatnonzero(~valid & ~shapely.is_missing(exact))
    if len(broken):
        kept = broken[shapely.is_valid(exact[broken])]
        snapped[kept], valid[kept] = exact[kept], True
    return snapped, valid


def _round(l0_xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    # adding 0.0 turns -0.0 into 0.0, so that equal places have equal bytes
    return np.round(l0_xy * STEPS_PER_PIXEL) / STEPS_PER_PIXEL + 0.0
