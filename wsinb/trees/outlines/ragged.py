"""Polygons as plain arrays and back, for files; what comes from a file is checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["from_ragged", "to_ragged"]

NOTHING = (None, np.empty((0, 2)), (np.zeros(1, np.int64), np.zeros(1, np.int64)))


def to_ragged(polygons: NDArray[np.object_]) -> dict[str, NDArray[Any]]:
    """Return polygons with holes as arrays: `xy`, and where `rings` and `polygons` begin and end."""
    _, xy, (rings, members) = shapely.to_ragged_array(polygons) if len(polygons) else NOTHING
    return {"xy": xy, "rings": rings, "polygons": members}


def from_ragged(
    stored: Mapping[str, NDArray[Any]], bounds: tuple[float, float, float, float]
) -> NDArray[np.object_] | None:
    """Return polygons from the arrays of `to_ragged`.

    Parameters
    ----------
    stored : mapping of str to ndarray
        Of whatever; other members are not looked at.
    bounds : (float, float, float, float)
        xmin, ymin, xmax, ymax: where all polygons must lie.

    Returns
    -------
    ndarray (n,) of valid shapely polygons
        None if the arrays cannot be such polygons.
    """
    xy, rings, members = (stored[name] for name in ("xy", "rings", "polygons"))
    if not (xy.ndim == 2 and xy.shape[1] == 2 and np.isfinite(xy).all()):
        return None
    if not (_are_offsets(rings, len(xy)) and _are_offsets(members, len(rings) - 1)):
        return None
    if len(members) == 1:
        return np.empty(0, object)
    offsets = (rings.astype(np.int64), members.astype(np.int64))
    polygons = shapely.from_ragged_array(shapely.GeometryType.POLYGON, xy.astype(np.float64), offsets)
    low, high = shapely.total_bounds(polygons).reshape(2, 2)
    inside = (low >= bounds[:2]).all() and (high <= bounds[2:]).all()
    return np.asarray(polygons, object) if inside and shapely.is_valid(polygons).all() else None


def _are_offsets(offsets: NDArray[Any], length: int) -> bool:
    """Say whether numbers cut `length` things into pieces: they begin at 0, never go back, and end there."""
    whole = offsets.ndim == 1 and len(offsets) > 0 and np.issubdtype(offsets.dtype, np.integer)
    return bool(whole and offsets[0] == 0 and offsets[-1] == length and (np.diff(offsets) >= 0).all())
