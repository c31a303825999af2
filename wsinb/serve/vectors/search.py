"""Compiled loops over the boxes of annotations: surveying, searching, selecting.

Boxes are float32, (n, 4), level-0 pixels; NaN where there is nothing to draw, which no comparison finds.
Every function releases the interpreter lock; numba keeps what it compiled on disk.
"""

# numba finds the types of its functions' arguments itself
# mypy: disable-error-code="no-untyped-def, no-untyped-call"
# ruff: noqa: ANN001, ANN201, ANN202

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["add_tiles", "fill_grid", "in_box", "in_polygon", "search_grid", "sides_of", "survey"]


@njit(cache=True, nogil=True)
def survey(boxes, dead, large):
    """Return what boxes extend over, leaving out the dead.

    Parameters
    ----------
    boxes, dead
        Boxes, and which of them do not count: bool, (n,) or empty.
    large
        Side in level-0 pixels above which a box is big.

    Returns
    -------
    n, n_big : int
        How many boxes there are, and how many are big.
    extent, centres, small : float64, (4,)
        Extremes of the boxes, of their centres and of the centres of those that are not big.
    """
    n, n_big = 0, 0
    extent, centres = np.empty(4, np.float64), np.empty(4, np.float64)
    extent[:2], extent[2:] = np.inf, -np.inf
    centres[:], small = extent, extent.copy()
    for i in range(boxes.shape[0]):
        if not boxes[i, 0] <= boxes[i, 2] or (dead.size and dead[i]):
            continue
        n += 1
        is_big = max(boxes[i, 2] - boxes[i, 0], boxes[i, 3] - boxes[i, 1]) > large
        n_big += is_big
        for axis in range(2):
            low, high = np.float64(boxes[i, axis]), np.float64(boxes[i, axis + 2])
            centre = (low + high) / 2
            extent[axis], extent[axis + 2] = min(extent[axis], low), max(extent[axis + 2], high)
            centres[axis], centres[axis + 2] = min(centres[axis], centre), max(centres[axis + 2], centre)
            if not is_big:
                small[axis], small[axis + 2] = min(small[axis], centre), max(small[axis + 2], centre)
    return n, n_big, extent, centres, small


@njit(cache=True, nogil=True)
def sides_of(boxes, dead, out):
    """Write the longer side of each box that counts; return how many."""
    n = 0
    for i in range(boxes.shape[0]):
        if boxes[i, 0] <= boxes[i, 2] and not (dead.size and dead[i]):
            out[n] = max(boxes[i, 2] - boxes[i, 0], boxes[i, 3] - boxes[i, 1])
            n += 1
    return n


@njit(cache=True, nogil=True)
def _cell(boxes, i, l0_x, l0_y, l0_cell, columns, rows):
    x = (np.float64(boxes[i, 0]) + np.float64(boxes[i, 2])) / 2
    y = (np.float64(boxes[i, 1]) + np.float64(boxes[i, 3])) / 2
    column = min(max(int(np.floor((x - l0_x) / l0_cell)), 0), columns - 1)
    row = min(max(int(np.floor((y - l0_y) / l0_cell)), 0), rows - 1)
    return row * columns + column


@njit(cache=True, nogil=True)
def fill_grid(boxes, large, l0_x, l0_y, l0_cell, columns, rows):
    """Sort boxes that are not big into the cells of a grid by their centres.

    Returns
    -------
    starts : int64, (columns * rows + 1,)
        Where the members of a cell start.
    members, big : uint32
        Places of small boxes, cell by cell, and of big ones; ascending in a cell.
    """
    starts = np.zeros(columns * rows + 1, np.int64)
    n_big = 0
    for i in range(boxes.shape[0]):
        if boxes[i, 0] <= boxes[i, 2]:
            if max(boxes[i, 2] - boxes[i, 0], boxes[i, 3] - boxes[i, 1]) > large:
                n_big += 1
            else:
                starts[_cell(boxes, i, l0_x, l0_y, l0_cell, columns, rows) + 1] += 1
    for cell in range(columns * rows):
        starts[cell + 1] += starts[cell]
    members, big = np.empty(starts[-1], np.uint32), np.empty(n_big, np.uint32)
    next_of = starts[:-1].copy()
    n_big = 0
    for i in range(boxes.shape[0]):
        if boxes[i, 0] <= boxes[i, 2]:
            if max(boxes[i, 2] - boxes[i, 0], boxes[i, 3] - boxes[i, 1]) > large:
                big[n_big] = i
                n_big += 1
            else:
                cell = _cell(boxes, i, l0_x, l0_y, l0_cell, columns, rows)
                members[next_of[cell]] = i
                next_of[cell] += 1
    return starts, members, big


@njit(cache=True, nogil=True)
def _touches(boxes, dead, i, xmin, ymin, xmax, ymax):
    if dead.size and dead[i]:
        return False
    return boxes[i, 0] <= xmax and boxes[i, 2] >= xmin and boxes[i, 1] <= ymax and boxes[i, 3] >= ymin


@njit(cache=True, nogil=True)
def in_box(boxes, dead, listed, every, xmin, ymin, xmax, ymax):
    """Return the places of boxes that touch a box: of those listed (uint32), or of all if `every`."""
    count = boxes.shape[0] if every else listed.size
    found = np.empty(count, np.int64)
    n = 0
    for k in range(count):
        i = k if every else np.int64(listed[k])
        if _touches(boxes, dead, i, xmin, ymin, xmax, ymax):
            found[n] = i
            n += 1
    return found[:n]


@njit(cache=True, nogil=True)
def search_grid(boxes, dead, starts, members, columns, col0, row0, col1, row1, xmin, ymin, xmax, ymax):
    """Return the members of a block of grid cells (both ends included) whose boxes touch a box."""
    total = 0
    for row in range(row0, row1 + 1):
        total += starts[row * columns + col1 + 1] - starts[row * columns + col0]
    found = np.empty(total, np.int64)
    n = 0
    for row in range(row0, row1 + 1):
        for j in range(starts[row * columns + col0], starts[row * columns + col1 + 1]):
            i = np.int64(members[j])
            if _touches(boxes, dead, i, xmin, ymin, xmax, ymax):
                found[n] = i
                n += 1
    return found[:n]


@njit(cache=True, nogil=True)
def add_tiles(boxes, dead, l0_step, column0, row0, counts):
    """Count the centres of boxes by tile of a side of `l0_step`; `counts` (rows, columns) is added to."""
    for i in range(boxes.shape[0]):
        if boxes[i, 0] <= boxes[i, 2] and not (dead.size and dead[i]):
            x = (np.float64(boxes[i, 0]) + np.float64(boxes[i, 2])) / 2
            y = (np.float64(boxes[i, 1]) + np.float64(boxes[i, 3])) / 2
            counts[int(np.floor(y / l0_step)) - row0, int(np.floor(x / l0_step)) - column0] += 1


@njit(cache=True, nogil=True)
def in_polygon(boxes, places, corners, slab_starts, slab_edges, ymin, slab_height):
    """Return those of some places whose boxes have their centre inside a polygon, by the even-odd rule.

    Parameters
    ----------
    boxes, places
        Boxes, and which of them are asked about (int64).
    corners
        (k, 2) float64, level-0 pixels, without a closing one.
    slab_starts, slab_edges, ymin, slab_height
        The edges that cross each of a number of horizontal slabs from `ymin` on: edge j goes from corner j.
    """
    found = np.empty(places.size, np.int64)
    n, slabs = 0, slab_starts.size - 1
    for i in places:
        x = (np.float64(boxes[i, 0]) + np.float64(boxes[i, 2])) / 2
        y = (np.float64(boxes[i, 1]) + np.float64(boxes[i, 3])) / 2
        slab = min(max(int((y - ymin) / slab_height), 0), slabs - 1)
        inside = False
        for k in range(slab_starts[slab], slab_starts[slab + 1]):
            j = slab_edges[k]
            after = j + 1 if j + 1 < corners.shape[0] else 0
            ax, ay, bx, by = corners[j, 0], corners[j, 1], corners[after, 0], corners[after, 1]
            if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
                inside = not inside
        if inside:
            found[n] = i
            n += 1
    return found[:n]
