"""Compiled loops that draw outlines into a tile: clipping, simplification, encoding.

Every function releases the interpreter lock; numba keeps what it compiled on disk.
"""

# numba finds the types of its functions' arguments itself
# mypy: disable-error-code="no-untyped-def, no-untyped-call"
# ruff: noqa: ANN001, ANN201, ANN202

from __future__ import annotations

import numpy as np
from numba import njit

from wsinb.serve.vectors.format import LINE, POINT, POLYGON, TILE_PX, UNITS_PER_PX

__all__ = ["encode_features", "ring_boxes"]

DOT_PX = 2.0  # an outline smaller than this on screen is a dot
BOX_PX = 4.0  # one smaller than this is a box
RADIUS_PX = 1.0  # vertices nearer than this to the one before are dropped
AREA_PX2 = 0.5  # so are those whose triangle with their neighbours is smaller
SPECK_PX = 1.0  # smaller holes are not drawn, smaller parts are dots
MAX_RINGS = 65_535  # as many as a tile can say of one feature
MARGIN_PX = 16.0  # outlines are clipped this far outside the tile, beyond any stroke


@njit(cache=True, nogil=True)
def _clip_ring_edge(points, axis, limit, sign):
    """Cut a ring by one side of the clip box (Sutherland and Hodgman 1974)."""
    count = points.shape[0]
    out = np.empty((count + count // 2 + 4, 2), np.float64)
    n = 0
    for i in range(count):
        j = i - 1 if i else count - 1
        here = (points[i, axis] - limit) * sign
        before = (points[j, axis] - limit) * sign
        if (here < 0) != (before < 0):
            t = before / (before - here)
            out[n, 0] = points[j, 0] + t * (points[i, 0] - points[j, 0])
            out[n, 1] = points[j, 1] + t * (points[i, 1] - points[j, 1])
            out[n, axis] = limit
            n += 1
        if here >= 0:
            out[n, 0] = points[i, 0]
            out[n, 1] = points[i, 1]
            n += 1
    return out[:n]


@njit(cache=True, nogil=True)
def _clip_ring(points, low, high):
    """Cut a ring by the square from `low` to `high`."""
    out = points
    for axis in range(2):
        if out.shape[0]:
            out = _clip_ring_edge(out, axis, low, 1.0)
        if out.shape[0]:
            out = _clip_ring_edge(out, axis, high, -1.0)
    return out


@njit(cache=True, nogil=True)
def _clip_segment(x0, y0, x1, y1, low, high):
    """Return which part of a segment is in a square, from t0 to t1; none if t0 > t1 (Liang and Barsky)."""
    t0, t1 = 0.0, 1.0
    for axis in range(2):
        start = x0 if axis == 0 else y0
        step = (x1 - x0) if axis == 0 else (y1 - y0)
        if step == 0.0:
            if start < low or start > high:
                return 1.0, 0.0
            continue
        ta, tb = (low - start) / step, (high - start) / step
        if ta > tb:
            ta, tb = tb, ta
        t0, t1 = max(t0, ta), min(t1, tb)
    return t0, t1


@njit(cache=True, nogil=True)
def _clip_line(points, low, high):
    """Cut a line by a square; return the points of all pieces and where each piece ends."""
    count = points.shape[0]
    out = np.empty((2 * count, 2), np.float64)
    ends = np.empty(count, np.int64)
    n = pieces = 0
    open_piece = False
    for i in range(count - 1):
        x0, y0, x1, y1 = points[i, 0], points[i, 1], points[i + 1, 0], points[i + 1, 1]
        t0, t1 = _clip_segment(x0, y0, x1, y1, low, high)
        if t0 > t1:
            continue
        if not open_piece:
            out[n, 0], out[n, 1] = x0 + t0 * (x1 - x0), y0 + t0 * (y1 - y0)
            n += 1
        out[n, 0], out[n, 1] = x0 + t1 * (x1 - x0), y0 + t1 * (y1 - y0)
        n += 1
        open_piece = t1 == 1.0
        if not open_piece:
            ends[pieces] = n
            pieces += 1
    if open_piece:
        ends[pieces] = n
        pieces += 1
    return out[:n], ends[:pieces]


@njit(cache=True, nogil=True)
def _thin(points, closed):
    """Drop vertices too close to the last kept one, then those that hardly bend the outline; in place."""
    count = points.shape[0]
    n = 0
    for i in range(count):
        last = not closed and i == count - 1
        dx, dy = points[i, 0] - points[max(n - 1, 0), 0], points[i, 1] - points[max(n - 1, 0), 1]
        if n == 0 or last or dx * dx + dy * dy >= RADIUS_PX * RADIUS_PX:
            points[n, 0], points[n, 1] = points[i, 0], points[i, 1]
            n += 1
    kept = min(n, 1)
    for i in range(1, n):
        j = i + 1 if i + 1 < n else 0
        ax, ay = points[i, 0] - points[kept - 1, 0], points[i, 1] - points[kept - 1, 1]
        bx, by = points[j, 0] - points[kept - 1, 0], points[j, 1] - points[kept - 1, 1]
        last = not closed and i == n - 1
        if last or abs(ax * by - ay * bx) >= 2.0 * AREA_PX2:
            points[kept, 0], points[kept, 1] = points[i, 0], points[i, 1]
            kept += 1
    return points[:kept]


@njit(cache=True, nogil=True)
def _room(array, used, more):
    """Return `array`, or a copy at least twice as large, with room for `more` elements after `used`."""
    if used + more <= array.size:
        return array
    larger = np.empty(max(2 * array.size, used + more), array.dtype)
    larger[:used] = array[:used]
    return larger


@njit(cache=True, nogil=True)
def _put(xy, used, ring_vertices, rings, points, ends):
    """Append rings, in eighths of a pixel; return the arrays and their used lengths."""
    count = points.shape[0]
    xy = _room(xy, used, 2 * count)
    for i in range(count):
        xy[used + 2 * i] = np.int16(round(points[i, 0] * UNITS_PER_PX))
        xy[used + 2 * i + 1] = np.int16(round(points[i, 1] * UNITS_PER_PX))
    ring_vertices = _room(ring_vertices, rings, ends.size)
    start = 0
    for i in range(ends.size):
        ring_vertices[rings + i] = ends[i] - start
        start = ends[i]
    return xy, used + 2 * count, ring_vertices, rings + ends.size


@njit(cache=True, nogil=True)
def _sliver(points):
    """Return a ring of no area along a segment: two points would mean a box."""
    out = np.empty((3, 2), np.float64)
    out[:2] = points
    out[2] = points[1]
    return out


@njit(cache=True, nogil=True)
def _ring_pieces(points, box, kind, hole, simplify):
    """Return what is drawn of one ring: points, and where each piece ends.

    `box` is the ring's box in screen pixels from the tile's corner. One point is a dot, two of a
    polygon are a box.
    """
    low, high = -MARGIN_PX, TILE_PX + MARGIN_PX
    nothing = np.empty(0, np.int64)
    side = max(box[2] - box[0], box[3] - box[1])
    if kind != POINT and simplify and side < SPECK_PX:
        points[0, 0], points[0, 1] = 0.5 * (box[0] + box[2]), 0.5 * (box[1] + box[3])
        return points[:1], np.ones(1, np.int64)
    if kind == LINE:
        if simplify:
            points = _thin(points, False)
        return _clip_line(points, low, high)
    if kind == POLYGON:
        if side > TILE_PX // 2:
            points = _clip_ring(points, low, high)
        if simplify:
            points = _thin(points, True)
        if points.shape[0] < 3:
            if hole or points.shape[0] == 0:
                return points[:0], nothing
            if points.shape[0] == 2:
                points = _sliver(points)
    ends = np.empty(1, np.int64)
    ends[0] = points.shape[0]
    return points, ends


@njit(cache=True, nogil=True)
def _screen_box(box, ox, oy, scale):
    out = np.empty(4, np.float64)
    out[0], out[1] = (box[0] - ox) * scale, (box[1] - oy) * scale
    out[2], out[3] = (box[2] - ox) * scale, (box[3] - oy) * scale
    return out


@njit(cache=True, nogil=True)
def _visible(box, hole, simplify):
    """Tell whether anything of a ring with this box can be seen."""
    low, high = -MARGIN_PX, TILE_PX + MARGIN_PX
    if box[0] > high or box[1] > high or box[2] < low or box[3] < low:
        return False
    return not (hole and simplify and max(box[2] - box[0], box[3] - box[1]) < SPECK_PX)


@njit(cache=True, nogil=True)
def _to_screen(l0_points, ox, oy, scale):
    points = np.empty(l0_points.shape, np.float64)
    for i in range(points.shape[0]):
        points[i, 0], points[i, 1] = (l0_points[i, 0] - ox) * scale, (l0_points[i, 1] - oy) * scale
    return points


@njit(cache=True, nogil=True)
def _whole(box):
    """Return the dot or the box that stands for a whole small feature."""
    side = max(box[2] - box[0], box[3] - box[1])
    if side < DOT_PX:
        points = np.empty((1, 2), np.float64)
        points[0, 0], points[0, 1] = 0.5 * (box[0] + box[2]), 0.5 * (box[1] + box[3])
        return points
    points = np.empty((2, 2), np.float64)
    points[0, 0], points[0, 1], points[1, 0], points[1, 1] = box[0], box[1], box[2], box[3]
    return points


@njit(cache=True, nogil=True)
def _ring_place(shapes, feature):
    """Return where the boxes of a feature's rings are listed; -1 for one ring, with the feature's box."""
    if shapes.ring_starts[feature + 1] - shapes.ring_starts[feature] == 1:
        return np.int64(-1)
    return np.int64(shapes.several_starts[np.searchsorted(shapes.several, feature)])


@njit(cache=True, nogil=True)
def encode_features(chosen, base, extra, ox, oy, scale, simplify):
    """Draw features into a tile.

    Parameters
    ----------
    chosen
        Places of the features, (k,) int64; all touch the tile. Those of `extra` are counted on after `base`.
    base, extra
        Two lots of outlines: `Shapes`.
    ox, oy, scale
        The tile's corner in level-0 pixels, and screen pixels per level-0 pixel.
    simplify
        Whether detail below a screen pixel is dropped.

    Returns
    -------
    drawn, ring_count, ring_vertices, xy
        Which of the chosen are visible (int64), rings of each (uint16), vertices of each ring (uint32),
        coordinates (int16, x and y in turn).
    """
    drawn, ring_count = np.empty(chosen.size, np.int64), np.empty(chosen.size, np.uint16)
    vertices = np.empty(chosen.size + 16, np.uint32)
    xy = np.empty(16 * chosen.size + 64, np.int16)
    n = rings = used = 0
    for k in range(chosen.size):
        place = chosen[k]
        shapes, feature = (base, place) if place < base.kinds.size else (extra, place - base.kinds.size)
        before, kind = rings, shapes.kinds[feature]
        whole = _screen_box(shapes.boxes[feature], ox, oy, scale)
        side = max(whole[2] - whole[0], whole[3] - whole[1])
        first, last = np.int64(shapes.ring_starts[feature]), np.int64(shapes.ring_starts[feature + 1])
        listed = _ring_place(shapes, feature)
        if simplify and kind != POINT and (side < DOT_PX or (side < BOX_PX and kind == POLYGON)):
            points = _whole(whole)
            ends = np.full(1, points.shape[0])
            xy, used, vertices, rings = _put(xy, used, vertices, rings, points, ends)
            first = last
        for ring in range(first, last):
            box, hole = whole, False
            if listed >= 0:
                box = _screen_box(shapes.ring_boxes[listed + ring - first], ox, oy, scale)
                hole = shapes.holes[listed + ring - first]
            if _visible(box, hole, simplify):
                start, stop = np.int64(shapes.vertex_starts[ring]), np.int64(shapes.vertex_starts[ring + 1])
                points = _to_screen(shapes.l0_xy[start:stop], ox, oy, scale)
                points, ends = _ring_pieces(points, box, kind, hole, simplify)
                if rings - before + ends.size <= MAX_RINGS:
                    xy, used, vertices, rings = _put(xy, used, vertices, rings, points, ends)
        if rings > before:
            drawn[n], ring_count[n] = k, rings - before
            n += 1
    return drawn[:n], ring_count[:n], vertices[:rings], xy[:used]


@njit(cache=True, nogil=True)
def ring_boxes(l0_xy, vertex_starts, rings, out):
    """Write the boxes of some rings (int64) to `out`, (k, 4) float32."""
    for k in range(rings.size):
        out[k, :2], out[k, 2:] = np.inf, -np.inf
        for v in range(np.int64(vertex_starts[rings[k]]), np.int64(vertex_starts[rings[k] + 1])):
            for axis in range(2):
                out[k, axis] = min(out[k, axis], l0_xy[v, axis])
                out[k, axis + 2] = max(out[k, axis + 2], l0_xy[v, axis])
