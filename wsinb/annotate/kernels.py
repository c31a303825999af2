"""Rounding many simple geometries and writing them as WKB, in one pass over their vertices.

A ring counts as simple only if that is certain: no two edges that are not neighbours touch, and no edge runs
back over its neighbour. Rounded coordinates are whole numbers of steps, so this is decided exactly, in 64-bit
integers. Whatever is left open, GEOS decides.
"""

# numba finds the types of its functions' arguments itself
# mypy: disable-error-code="no-untyped-def, no-untyped-call"
# ruff: noqa: ANN001, ANN201, ANN202

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["MAX_RING", "write_simple"]

MAX_RING = 128
"""Rings with more edges are left to GEOS: comparing all edges with each other takes longer than its sweep."""

MAX_EXTENT = 1 << 30  # steps: products of two differences stay within 63 bits


@njit(nogil=True, cache=True)
def write_simple(xy, starts, types, at, steps, wkb, bounds, certain):
    """Write geometries as little-endian WKB with coordinates rounded to 1/steps.

    Parameters
    ----------
    xy : ndarray (m, 2), float64
        Vertices of all geometries in turn.
    starts : ndarray (n + 1,), int64
        Where the vertices of each begin.
    types : ndarray (n,), int32
        0 a point, 1 a line string, 3 a polygon of one ring; others are passed over.
    at : ndarray (n,), int64
        Where in `wkb` each begins.
    wkb : ndarray, uint8
        Filled.
    bounds : ndarray (n, 4), float64
        Filled with the boxes of the rounded geometries.
    certain : ndarray (n,), bool
        Filled: whether the rounded geometry is valid for certain.
    """
    px, py = np.empty(MAX_RING + 1, np.int64), np.empty(MAX_RING + 1, np.int64)
    pair = np.empty(2, np.float64)
    pair_bytes = pair.view(np.uint8)
    for i in range(len(types)):
        first, n = starts[i], starts[i + 1] - starts[i]
        if n == 0 or types[i] not in (0, 1, 3):
            continue
        position = _write_head(wkb, at[i], types[i], n)
        x0, y0 = np.rint(xy[first, 0] * steps), np.rint(xy[first, 1] * steps)
        xmin, xmax, ymin, ymax = x0, x0, y0, y0
        for k in range(n):
            x, y = np.rint(xy[first + k, 0] * steps), np.rint(xy[first + k, 1] * steps)
            xmin, xmax, ymin, ymax = min(xmin, x), max(xmax, x), min(ymin, y), max(ymax, y)
            # adding 0.0 turns -0.0 into 0.0, so that equal places have equal bytes
            pair[0], pair[1] = x / steps + 0.0, y / steps + 0.0
            for b in range(16):
                wkb[position + b] = pair_bytes[b]
            position += 16
            if k <= MAX_RING:
                px[k], py[k] = np.int64(x - x0), np.int64(y - y0)
        bounds[i, 0], bounds[i, 1] = xmin / steps + 0.0, ymin / steps + 0.0
        bounds[i, 2], bounds[i, 3] = xmax / steps + 0.0, ymax / steps + 0.0
        if types[i] == 0:
            certain[i] = True
        elif types[i] == 1:
            certain[i] = xmin < xmax or ymin < ymax
        elif n <= MAX_RING + 1 and max(xmax - xmin, ymax - ymin) < MAX_EXTENT:
            certain[i] = _is_simple(px, py, n - 1)


@njit(inline="always")
def _write_head(wkb, at, kind, n):
    """Write byte order, type and counts of a geometry of n vertices; return where its vertices begin."""
    wkb[at] = 1
    at = _write_number(wkb, at + 1, 1 if kind == 0 else 2 if kind == 1 else 3)
    if kind == 3:
        at = _write_number(wkb, at, 1)
    return at if kind == 0 else _write_number(wkb, at, n)


@njit(inline="always")
def _write_number(wkb, at, number):
    for k in range(4):
        wkb[at + k] = (number >> (8 * k)) & 255
    return at + 4


@njit(nogil=True, cache=True)
def _is_simple(px, py, n):
    """Say whether a closed ring of n edges, vertices 0 to n, is simple for certain."""
    if n < 3:
        return False
    for i in range(n):
        j = i + 1 if i + 1 < n else 0
        if _runs_back(px, py, i, j):
            return False
    for i in range(n - 2):
        x0, x1 = min(px[i], px[i + 1]), max(px[i], px[i + 1])
        y0, y1 = min(py[i], py[i + 1]), max(py[i], py[i + 1])
        for j in range(i + 2, n - 1 if i == 0 else n):
            if (
                (px[j] < x0 and px[j + 1] < x0)
                or (px[j] > x1 and px[j + 1] > x1)
                or (py[j] < y0 and py[j + 1] < y0)
                or (py[j] > y1 and py[j + 1] > y1)
            ):
                continue
            if not (_aside(px, py, i, j) or _aside(px, py, j, i)):
                return False
    return True


@njit(inline="always")
def _turn(px, py, a, b, c):
    """Return the cross product of a to b and a to c."""
    return (px[b] - px[a]) * (py[c] - py[a]) - (py[b] - py[a]) * (px[c] - px[a])


@njit(inline="always")
def _aside(px, py, i, j):
    """Say whether edge j lies strictly on one side of the line through edge i."""
    one, other = _turn(px, py, i, i + 1, j), _turn(px, py, i, i + 1, j + 1)
    return (one > 0 and other > 0) or (one < 0 and other < 0)


@njit(inline="always")
def _runs_back(px, py, i, j):
    """Say whether edge j, which begins where edge i ends, lies on the line of edge i and turns back."""
    dx, dy = px[i + 1] - px[i], py[i + 1] - py[i]
    ex, ey = px[j + 1] - px[j], py[j + 1] - py[j]
    if (dx == 0 and dy == 0) or (ex == 0 and ey == 0):
        return True
    return dx * ey - dy * ex == 0 and dx * ex + dy * ey < 0
