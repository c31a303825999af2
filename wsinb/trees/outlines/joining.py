"""Joining polygons of whole-number corners that share edges along seams, exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["join_along_seams", "joined"]

# below, what is prepared takes longer than it saves
MANY_CORNERS = 1000


def joined(polygons: list[Any]) -> Any:
    """Return the union of outlines of pixels that lie side by side in the tiles of a grid."""
    if shapely.get_num_coordinates(polygons).sum() < MANY_CORNERS:
        return shapely.union_all(polygons)
    found = join_along_seams(polygons)
    # whole numbers: nothing is rounded
    return found if found.area == shapely.area(polygons).sum() else shapely.union_all(polygons)


def join_along_seams(polygons: list[Any]) -> Any:
    """Join outlines of pixels that lie side by side: what `shapely.union_all` does, sooner.

    Only seams are looked at. A line is one if a polygon ends at it where another begins; no polygon crosses
    it. Along seams edges get a corner at every pixel, so that those of both sides are equal and a union of
    coverages removes them; holes that reach no seam are set aside meanwhile.

    Parameters
    ----------
    polygons : list of shapely polygons
        Valid, with sides along x and y and whole-number corners; they share no area, and lie in cells of a
        grid whose lines they touch but do not cross.

    Returns
    -------
    shapely polygon
        Corners on straight lines are left out.
    """
    rings, owner = shapely.get_rings(polygons, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    step = np.zeros_like(xy)
    step[:-1] = np.where((ring[1:] == ring[:-1])[:, None], xy[1:] - xy[:-1], 0)
    on_seam = _on_seams(shapely.bounds(polygons), xy, step)
    touching = np.zeros(len(rings), bool)
    touching[ring[on_seam]] = True
    touching |= np.diff(owner, prepend=-1) > 0  # outer rings
    n_parts = np.where(on_seam, np.abs(step).max(axis=1), 1).astype(np.int64) * touching[ring]
    at = np.repeat(np.arange(len(xy)), n_parts)
    part = np.arange(len(at)) - np.repeat(np.cumsum(n_parts) - n_parts, n_parts)
    number = np.cumsum(touching) - 1
    noded: Any = shapely.linearrings(xy[at] + np.sign(step[at]) * part[:, None], indices=number[ring[at]])
    whole = shapely.coverage_union_all(shapely.polygons(noded, indices=owner[touching]))
    if shapely.get_type_id(whole) != 3 or whole.is_empty:  # they are no such polygons
        return shapely.union_all(polygons)
    shell, *holes = _straight(shapely.get_rings(whole))
    return shapely.polygons(shell, holes=np.array([*holes, *rings[~touching]], object))


def _on_seams(
    bounds: NDArray[np.float64], xy: NDArray[np.float64], step: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Tell which edges, from `xy` by `step`, lie on a line where one polygon ends and another begins."""
    found = np.zeros(len(xy), bool)
    for axis in (0, 1):
        lines = np.intersect1d(bounds[:, axis], bounds[:, axis + 2])
        found |= (step[:, axis] == 0) & (step[:, 1 - axis] != 0) & np.isin(xy[:, axis], lines)
    return found


def _straight(rings: NDArray[np.object_]) -> list[Any]:
    """Leave out corners at which rings of sides along x and y do not turn."""
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    is_last = np.append(ring[1:] != ring[:-1], True)
    xy, ring = xy[~is_last], ring[~is_last]  # which repeats the first
    starts = np.flatnonzero(np.diff(ring, prepend=-1))
    stops = np.append(starts[1:], len(ring))
    before, after = np.arange(len(ring)) - 1, np.arange(len(ring)) + 1
    before[starts], after[stops - 1] = stops - 1, starts
    turns = ~((xy[before] == xy) & (xy == xy[after])).any(axis=1)
    return list(np.atleast_1d(shapely.linearrings(xy[turns], indices=ring[turns])))
