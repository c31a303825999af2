"""Reading geometries in well-known binary straight into arrays of rings.

Understood are points, lines and polygons and those in several parts, of either byte order, also with
further coordinates (ISO or extended) and an SRID; anything else is refused. Nothing is read beyond the end.
"""

# numba finds the types of its functions' arguments itself
# mypy: disable-error-code="no-untyped-def, no-untyped-call"
# ruff: noqa: ANN001, ANN201, ANN202

from __future__ import annotations

import numpy as np
from numba import njit

from wsinb.serve.vectors.format import LINE, POINT, POLYGON

__all__ = ["read_wkb"]

_POINT, _LINE, _POLYGON, _MULTIPOINT, _MULTIPOLYGON = 1, 2, 3, 4, 6
_HEAD = 5
_SCRATCH = 4096  # numbers that are copied at once
_EWKB_Z, _EWKB_M, _EWKB_SRID = np.uint32(0x80000000), np.uint32(0x40000000), np.uint32(0x20000000)


@njit(cache=True, nogil=True)
def _number(data, at, little):
    """Return the unsigned 32-bit number at a place, as a signed one of 64 bits."""
    a, b, c, d = np.int64(data[at]), np.int64(data[at + 1]), np.int64(data[at + 2]), np.int64(data[at + 3])
    if little:
        return a | b << 8 | c << 16 | d << 24
    return d | c << 8 | b << 16 | a << 24


@njit(cache=True, nogil=True)
def _head(data, at, end):
    """Return byte order, type, coordinates a vertex and where the rest begins; type -1 if it is none."""
    if at + _HEAD > end or data[at] > 1:
        return False, -1, 2, at
    little = data[at] == 1
    code = _number(data, at + 1, little)
    flags = np.uint32(code & 0xE0000000)
    code &= 0x1FFFFFFF
    at += _HEAD
    dimensions = 2 + (flags & _EWKB_Z != 0) + (flags & _EWKB_M != 0)
    if flags & _EWKB_SRID != 0:
        at += 4
    if code >= 1000:
        dimensions = 4 if code // 1000 == 3 else 3
        if code // 1000 > 3:
            return little, -1, dimensions, at
        code %= 1000
    return little, code if at <= end else -1, dimensions, at


@njit(cache=True, nogil=True)
def _vertices(data, at, n, dimensions, little, xy, v, scratch, scratch_bytes):
    """Copy n vertices to `xy` from place v on, leaving out further coordinates."""
    block = scratch.size // dimensions
    for start in range(0, n, block):
        count = min(block, n - start)
        first = at + start * dimensions * 8
        if little:
            for k in range(count * dimensions * 8):  # becomes one copy of memory
                scratch_bytes[k] = data[first + k]
        else:
            for k in range(count * dimensions * 8):
                scratch_bytes[k ^ 7] = data[first + k]
        for k in range(count):
            xy[v + start + k, 0], xy[v + start + k, 1] = scratch[k * dimensions], scratch[k * dimensions + 1]


@njit(cache=True, nogil=True)
def _part(data, at, end, code, little, dimensions, sizes, xy, ring_vertices, holes, scratch, scratch_bytes):
    """Read one point, line or polygon; return where it ends, -1 if it is broken.

    `sizes` counts rings and vertices.
    """
    n_rings = np.int64(1)
    if code == _POLYGON:
        if at + 4 > end:
            return np.int64(-1)
        n_rings = _number(data, at, little)
        at += 4
    for ring in range(n_rings):
        n = np.int64(1)
        if code != _POINT:
            if at + 4 > end:
                return np.int64(-1)
            n = _number(data, at, little)
            at += 4
        if n > (end - at) // (8 * dimensions):
            return np.int64(-1)
        v = sizes[1]
        _vertices(data, at, n, dimensions, little, xy, v, scratch, scratch_bytes)
        at += n * 8 * dimensions
        if n == 0 or (code == _POINT and np.isnan(xy[v, 0])):  # an empty point
            continue
        if code == _POLYGON and n > 1 and xy[v, 0] == xy[v + n - 1, 0] and xy[v, 1] == xy[v + n - 1, 1]:
            n -= 1
        ring_vertices[sizes[0]], holes[sizes[0]] = n, ring > 0
        sizes[0] += 1
        sizes[1] += n
    return at


@njit(cache=True, nogil=True)
def _geometry(data, at, end, sizes, xy, ring_vertices, holes, scratch, scratch_bytes):
    """Read one geometry; return its kind in a tile, -1 if it is refused."""
    little, code, dimensions, at = _head(data, at, end)
    if code < _POINT or code > _MULTIPOLYGON:
        return -1
    kind = POINT if code in (1, 4) else LINE if code in (2, 5) else POLYGON
    n = np.int64(1)
    if code >= _MULTIPOINT:
        if at + 4 > end:
            return -1
        n = _number(data, at, little)
        at += 4
    inner = code
    for _ in range(n):
        if code >= _MULTIPOINT:
            little, inner, dimensions, at = _head(data, at, end)
            if inner != code - 3:
                return -1
        at = _part(
            data, at, end, inner, little, dimensions, sizes, xy, ring_vertices, holes, scratch, scratch_bytes
        )
        if at < 0:
            return -1
    return kind if at == end else -1


@njit(cache=True, nogil=True)
def read_wkb(data, offsets, xy, ring_vertices, holes, ring_counts, kinds):
    """Read geometries into arrays, which are filled.

    Parameters
    ----------
    data : uint8
        Well-known binary of all geometries in turn.
    offsets : (n + 1,)
        Where each begins; one of no length is no geometry.
    xy, ring_vertices, holes
        Vertices, (v, 2) float32, and of each ring the vertices (uint32), without the closing one, and
        whether it is a hole (bool). There must be room for a vertex each 16 bytes and a ring each 4.
    ring_counts, kinds
        Of each geometry its rings (uint32) and its kind (uint8).

    Returns
    -------
    refused, rings, vertices : int
        The first geometry that is none of those understood, or -1; how many rings and vertices there are.
    """
    scratch = np.empty(_SCRATCH, np.float64)
    scratch_bytes = scratch.view(np.uint8)
    sizes = np.zeros(2, np.int64)
    for i in range(offsets.size - 1):
        at, end = np.int64(offsets[i]), np.int64(offsets[i + 1])
        before = sizes[0]
        kind = POLYGON
        if end > at:
            kind = _geometry(data, at, end, sizes, xy, ring_vertices, holes, scratch, scratch_bytes)
            if kind < 0:
                return i, sizes[0], sizes[1]
        kinds[i] = kind
        ring_counts[i] = sizes[0] - before
    return -1, sizes[0], sizes[1]
