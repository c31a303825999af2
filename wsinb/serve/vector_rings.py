"""The outlines of many geometries in a few arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from wsinb.serve.vector_format import LINE, POINT, POLYGON

__all__ = ["Rings", "outlines", "starts_of"]


@dataclass(frozen=True)
class Rings:
    """Outlines: the rings of feature `i` are ``ring_starts[i]:ring_starts[i + 1]``.

    Attributes
    ----------
    ring_starts, vertex_starts : int64, (n + 1,) and (r + 1,)
        Where the rings of a feature and the vertices of a ring start.
    l0_xy : float32, (v, 2)
        Vertices, without the closing point of a ring.
    boxes : float32, (r, 4)
        Boxes of the rings: xmin, ymin, xmax, ymax.
    holes : bool, (r,)
        Whether a ring is a hole.
    """

    ring_starts: NDArray[np.int64]
    vertex_starts: NDArray[np.int64]
    l0_xy: NDArray[np.float32]
    boxes: NDArray[np.float32]
    holes: NDArray[np.bool_]


def outlines(geometries: NDArray[Any]) -> tuple[NDArray[np.uint8], Rings]:
    """Return the kind of each geometry, and all rings, feature by feature."""
    parts, owner = geometries, np.arange(len(geometries))
    if (shapely.get_type_id(geometries) >= shapely.GeometryType.MULTIPOINT).any():
        parts, owner = shapely.get_parts(geometries, return_index=True)
    dimension = shapely.get_dimensions(parts)
    kinds = np.zeros(len(geometries), np.int64)
    np.maximum.at(kinds, owner, dimension)
    # what a collection holds of lower dimension than its main part is not drawn
    keep = dimension == kinds[owner]
    parts, owner = parts[keep], owner[keep]
    # only outlines with holes must be taken apart
    holed = shapely.get_num_interior_rings(parts) > 0
    rings, part_of = shapely.get_rings(parts[holed], return_index=True)
    shapes = np.concatenate([parts[~holed], rings])
    owner = np.concatenate([owner[~holed], owner[holed][part_of]]).astype(np.int64)
    holes = np.concatenate([np.zeros(np.count_nonzero(~holed), bool), np.diff(part_of, prepend=-1) == 0])
    order = np.argsort(owner, kind="stable")
    shapes, owner, holes = shapes[order], owner[order], holes[order]
    closed = kinds[owner] == 2
    names = np.array([POINT, LINE, POLYGON], np.uint8)
    return names[kinds], _ragged(shapes, owner, holes, closed, len(geometries))


def _ragged(
    shapes: NDArray[Any],
    owner: NDArray[np.int64],
    holes: NDArray[np.bool_],
    closed: NDArray[np.bool_],
    n: int,
) -> Rings:
    xy, shape_of = shapely.get_coordinates(shapes, return_index=True)
    counts = np.bincount(shape_of, minlength=len(shapes)).astype(np.int64)
    last = np.cumsum(counts) - 1
    keep = np.ones(len(xy), bool)
    keep[last[closed]] = False
    return Rings(
        ring_starts=starts_of(np.bincount(owner, minlength=n)),
        vertex_starts=starts_of(counts - closed),
        l0_xy=xy.astype(np.float32)[keep],
        boxes=shapely.bounds(shapes).astype(np.float32).reshape(-1, 4),
        holes=holes,
    )


def starts_of(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each group starts, and where the last ends, (n + 1,), from the sizes of groups."""
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
