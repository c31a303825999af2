"""Masks to polygons: exact outlines of pixels, with holes, always valid."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray

__all__ = ["Traced", "mask_polygons", "simplified"]


class Traced(NamedTuple):
    """Polygons of a mask.

    Parameters
    ----------
    polygons : ndarray (n,) of shapely polygons
        In pixels of the mask, with whole-number corners; the area of each is its number of pixels.
    component : ndarray (h, w), int32
        1 + number of the polygon that a pixel belongs to, 0 outside.
    """

    polygons: NDArray[np.object_]
    component: NDArray[np.int32]


def mask_polygons(mask: NDArray[np.bool_]) -> Traced:
    """Outline the pixels of a mask: one polygon for each group of pixels that share edges.

    Outlines are walked along pixel edges and split where they touch themselves, so that every polygon is
    valid by the OGC's rules and its area is exact.

    Parameters
    ----------
    mask : ndarray (h, w), bool
    """
    if not mask.any():
        return Traced(np.empty(0, object), np.zeros(mask.shape, np.int32))
    import cv2

    filled = np.zeros((mask.shape[0] + 2, mask.shape[1] + 2), np.uint8)
    filled[1:-1, 1:-1] = mask
    _, labels = cv2.connectedComponents(filled, connectivity=4, ltype=cv2.CV_32S)
    component = np.asarray(labels, np.int32)
    n_turns = _count_turns(filled)
    xy = np.empty((n_turns, 2), np.int32)
    ends = np.empty(n_turns // 4 + 1, np.int64)
    owner = np.empty(n_turns // 4 + 1, np.int32)
    is_hole = np.empty(n_turns // 4 + 1, np.bool_)
    # made here, because NumPy's zeros take no memory where nothing is written, unlike those of compiled code
    walked, on_stack = np.zeros((2, *filled.shape), np.uint8)
    n_rings = _trace(filled, component, walked, on_stack, xy, ends, owner, is_hole)
    polygons = _assemble(xy, ends[:n_rings], owner[:n_rings], is_hole[:n_rings])
    return Traced(polygons, component[1:-1, 1:-1])


def _assemble(
    xy: NDArray[np.int32], ends: NDArray[np.int64], owner: NDArray[np.int32], is_hole: NDArray[np.bool_]
) -> NDArray[np.object_]:
    """Make polygons of rings: the outline of each first, then its holes."""
    sizes = np.diff(ends, prepend=0)
    rings: Any = shapely.linearrings(xy.astype(np.float64), indices=np.repeat(np.arange(len(ends)), sizes))
    order = np.lexsort((is_hole, owner))
    return np.asarray(shapely.polygons(rings[order], indices=owner[order] - 1), object)


@njit(nogil=True, cache=True)
def _count_turns(filled: Any) -> int:
    """Count the corners at which outlines turn; a saddle is turned at twice."""
    n_turns: Any = 0
    for y in range(filled.shape[0] - 1):
        above, below = filled[y], filled[y + 1]
        in_row = np.uint32(0)
        for x in range(filled.shape[1] - 1):
            across = above[x] ^ below[x + 1]
            other = above[x + 1] ^ below[x]
            # one of four differs, or two that lie across
            saddle = (above[x] ^ above[x + 1]) & (1 ^ across) & (1 ^ other)
            in_row += np.uint32((across ^ other) + 2 * saddle)
        n_turns += np.int64(in_row)
    return int(n_turns)


@njit(nogil=True, cache=True)
def _mark_starts(filled: Any, y: int, starts: Any) -> None:
    """Mark the pixels of a row that have an edge above."""
    above, here = filled[y - 1], filled[y]
    for x in range(len(here)):
        starts[x] = here[x] & (1 ^ above[x])


@njit(nogil=True, cache=True)
def _trace(
    filled: Any, component: Any, walked: Any, on_stack: Any, xy: Any, ends: Any, owner: Any, is_hole: Any
) -> int:
    """Walk all outlines of a padded mask and its components, filled pixels on the right hand.

    A corner (y, x) of the padded image is the top left of its pixel (y, x); `xy` is without the padding.
    Directions are 0 right, 1 down, 2 left, 3 up. At a saddle the walk stays with its own pixel; when it comes
    back to a saddle that is still on the stack, what lies between is a ring of its own. `walked` and
    `on_stack` (h, w) are 0.
    """
    height, width = filled.shape
    stack = np.empty((len(xy) + 1, 2), np.int32)
    n_words = -(-width // 8)
    starts = np.zeros(n_words * 8, np.uint8)
    words = starts.view(np.uint64)
    n_rings = 0
    for y0 in range(1, height - 1):
        _mark_starts(filled, y0, starts)
        for word in range(n_words):
            if words[word] == 0:
                continue
            for x0 in range(8 * word, 8 * word + 8):
                if starts[x0] and not walked[y0, x0]:
                    label = component[y0, x0]
                    n_rings = _follow(
                        filled, y0, x0, walked, on_stack, stack, xy, ends, owner, is_hole, label, n_rings
                    )
    return n_rings


@njit(nogil=True, cache=True)
def _follow(
    filled: Any,
    y0: int,
    x0: int,
    walked: Any,
    on_stack: Any,
    stack: Any,
    xy: Any,
    ends: Any,
    owner: Any,
    is_hole: Any,
    label: int,
    n_rings: int,
) -> int:
    """Walk one outline from the top left corner of a pixel on, and write its rings."""
    y, x, direction, top = y0, x0, 0, 0
    while True:
        if on_stack[y, x] > 0:
            below = top - 1  # what is passed is taken off: each corner is looked at once
            while stack[below, 0] != x or stack[below, 1] != y:
                below -= 1
            n_rings = _emit(stack, below, top, on_stack, xy, ends, owner, is_hole, label, n_rings)
            top = below
        is_diagonal = filled[y, x] == filled[y - 1, x - 1] and filled[y, x - 1] == filled[y - 1, x]
        if is_diagonal and filled[y, x] != filled[y, x - 1]:
            on_stack[y, x] = 1
        stack[top, 0], stack[top, 1] = x, y
        top += 1
        y, x, direction = _next_turn(filled, walked, y, x, direction)
        if y == y0 and x == x0 and direction == 0:
            return _emit(stack, 0, top, on_stack, xy, ends, owner, is_hole, label, n_rings)


@njit(nogil=True, cache=True)
def _next_turn(filled: Any, walked: Any, y: int, x: int, direction: int) -> tuple[int, int, int]:
    """Go on to the next corner where the outline turns; return it and the new direction."""
    while True:
        if direction == 0:
            walked[y, x] = 1
            x += 1
            right, left = filled[y, x], filled[y - 1, x]
        elif direction == 1:
            y += 1
            right, left = filled[y, x - 1], filled[y, x]
        elif direction == 2:
            x -= 1
            right, left = filled[y - 1, x - 1], filled[y, x - 1]
        else:
            y -= 1
            right, left = filled[y - 1, x], filled[y - 1, x - 1]
        if right == 0:
            return y, x, (direction + 1) % 4
        if left != 0:
            return y, x, (direction + 3) % 4


@njit(nogil=True, cache=True)
def _emit(
    stack: Any,
    start: int,
    stop: int,
    on_stack: Any,
    xy: Any,
    ends: Any,
    owner: Any,
    is_hole: Any,
    label: int,
    n_rings: int,
) -> int:
    """Write the corners `start` to `stop` of the stack as a ring and take them off the record."""
    begin = ends[n_rings - 1] if n_rings else 0
    area = 0
    for i in range(start, stop):
        x, y = stack[i, 0], stack[i, 1]
        j = i + 1 if i + 1 < stop else start
        area += np.int64(x) * stack[j, 1] - np.int64(stack[j, 0]) * y
        xy[begin + i - start, 0], xy[begin + i - start, 1] = x - 1, y - 1
        on_stack[y, x] = 0
    ends[n_rings] = begin + stop - start
    owner[n_rings] = label
    is_hole[n_rings] = area < 0
    return n_rings + 1


def simplified(polygons: NDArray[np.object_], tolerance: float) -> NDArray[np.object_]:
    """Simplify polygons by at most `tolerance`, in their own units; what would become invalid stays as it is.

    Parameters
    ----------
    polygons : ndarray (n,) of shapely polygons
    tolerance : float
        0 removes only corners on straight lines.

    Returns
    -------
    ndarray (n,) of shapely polygons
        Equal for equal outlines, wherever these begin and whatever corners they have on straight lines.
    """
    # a ring that begins at its lowest x and y begins at a corner: the simplifier never moves the first point
    plain = shapely.simplify(shapely.normalize(polygons), 0, preserve_topology=True)
    simple: NDArray[np.object_] = shapely.simplify(plain, tolerance, preserve_topology=True)
    bad = ~shapely.is_valid(simple) | shapely.is_empty(simple) | (shapely.get_type_id(simple) != 3)
    return np.where(bad, polygons, simple)
