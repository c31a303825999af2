"""Joining what the tiles of a region found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from wsinb.trees.workflow.look import Seen
from wsinb.trees.workflow.topology import Tile

__all__ = ["Merged", "merge_tiles"]


class Merged(NamedTuple):
    """The objects of a region: polygons in pixels, classes (n,) and scores (n,), NaN where there are none."""

    polygons: NDArray[np.object_]
    classes: NDArray[np.int32]
    scores: NDArray[np.float64]


def merge_tiles(
    tiles: Sequence[Tile], seen: Sequence[Seen], tolerance: float, across: bool = False
) -> Merged:
    """Join polygons of neighbouring tiles that are parts of one object.

    After SLDC's merger (Mormont et al., 2016): polygons of one class that are less than `tolerance` pixels
    apart are joined, and the gap between them is closed. Those that touch share area or an edge: two regions
    that touch at a corner stay apart, as they do inside a tile. Only what reaches to where another tile sees
    is compared, by an STRtree, and joined by union-find.

    Parameters
    ----------
    tiles, seen : sequences of the same length
    tolerance : float
        In pixels.
    across : bool
        Whether to join polygons of different classes; the class is then that of the largest area.
    """
    polygons = np.concatenate([np.empty(0, object), *(one.polygons for one in seen)])
    classes = np.concatenate([np.empty(0, np.int32), *(one.classes for one in seen)])
    core = np.concatenate([np.empty((0, 2)), *(one.core for one in seen)])
    whole = np.concatenate([np.empty((0, 2)), *(one.whole for one in seen)])
    owner = np.repeat(np.arange(len(seen)), [len(one.polygons) for one in seen])
    near = np.flatnonzero(_reach_over(polygons, owner, tiles, tolerance))
    pairs = _pairs(polygons, classes, owner, near, tolerance, across)
    joined: list[tuple[Any, int, float]] = []
    for rows in _groups(len(polygons), pairs):
        score = _score(core[rows].sum(axis=0), whole[rows].sum(axis=0))
        if len(rows) == 1:
            joined.append((polygons[rows[0]], int(classes[rows[0]]), score))
            continue
        areas = np.bincount(classes[rows], shapely.area(polygons[rows]))
        joined += [(part, int(areas.argmax()), score) for part in _united(polygons[rows], tolerance)]
    table = np.empty(len(joined), object)
    table[:] = [row[0] for row in joined]
    return Merged(
        table, np.array([row[1] for row in joined], np.int32), np.array([row[2] for row in joined], float)
    )


def _reach_over(
    polygons: NDArray[np.object_], owner: NDArray[np.intp], tiles: Sequence[Tile], tolerance: float
) -> NDArray[np.bool_]:
    """Say which polygons come near to what another tile sees."""
    free = [(tile.x.free_start, tile.y.free_start, tile.x.free_end, tile.y.free_end) for tile in tiles]
    limits = np.array(free, float).reshape(-1, 4)[owner]
    bounds = shapely.bounds(polygons)
    low, high = bounds[:, :2] <= limits[:, :2] + tolerance, bounds[:, 2:] >= limits[:, 2:] - tolerance
    return np.asarray((low | high).any(axis=1))


def _pairs(
    polygons: NDArray[np.object_],
    classes: NDArray[np.int32],
    owner: NDArray[np.intp],
    near: NDArray[np.intp],
    tolerance: float,
    across: bool,
) -> NDArray[np.intp]:
    """Return the pairs (m, 2) of polygons that are parts of one object."""
    if len(near) < 2:
        return np.empty((0, 2), np.intp)
    tree = shapely.STRtree(polygons[near])
    if tolerance > 0:
        found = tree.query(polygons[near], predicate="dwithin", distance=tolerance)
    else:
        found = tree.query(polygons[near], predicate="intersects")
    one, other = near[found[0]], near[found[1]]
    fits = (one < other) & (owner[one] != owner[other])
    if not across:
        fits &= classes[one] == classes[other]
    one, other = one[fits], other[fits]
    distance = shapely.distance(polygons[one], polygons[other])
    shared = np.zeros(len(one), bool)
    touching = distance == 0
    shared[touching] = (
        shapely.length(shapely.intersection(polygons[one[touching]], polygons[other[touching]])) > 0
    )
    shared |= ~touching & (distance < tolerance)
    return np.stack([one[shared], other[shared]], axis=1)


def _groups(n: int, pairs: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Return the members of each group of polygons, by the first of each."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not n:
        return []
    links = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    _, component = connected_components(links, directed=False)
    order = np.argsort(component, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(component[order])) + 1)
    return sorted(groups, key=lambda rows: int(rows[0]))


def _united(members: NDArray[np.object_], tolerance: float) -> list[Any]:
    """Join polygons that touch, and close the gaps between those that do not."""
    united = shapely.union_all(members)
    if shapely.get_num_geometries(united) > 1 and tolerance > 0:
        grown = shapely.buffer(united, tolerance, join_style="mitre")
        united = shapely.union(united, shapely.buffer(grown, -tolerance, join_style="mitre"))
    parts = shapely.get_parts(united)
    return [part for part in parts if shapely.get_type_id(part) == 3 and shapely.area(part) > 0]


def _score(core: NDArray[np.float64], whole: NDArray[np.float64]) -> float:
    """Return the mean probability: of pixels in the cores, which count once, or of all there are."""
    pixels, total = core if core[0] > 0 else whole
    return float(np.clip(total / pixels, 0, 1)) if pixels else float("nan")
