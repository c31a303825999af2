"""Compiled resizing of boxes of an image: nothing is copied but the result, the lock is released.

All take the image (h, w, 3), boxes (n,) inside it, a symmetry for each (see `turning`) and the result
(n, size, size, 3) uint8. They trust their arguments: `cutting` checks every box before it calls them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["area", "linear", "nearest"]

# weights of the four neighbours are fractions of 2**11: products of two and a byte fit 32 bits
BITS = 11
ONE = 1 << BITS
HALF = 1 << (2 * BITS - 1)


@njit(nogil=True, cache=True)
def _target(row: int, column: int, last: int, symmetry: int) -> Any:
    """Return where a pixel of the upright window lies in the turned one."""
    quarters = symmetry & 3
    if quarters == 1:
        row, column = last - column, row
    elif quarters == 2:
        row, column = last - row, last - column
    elif quarters == 3:
        row, column = column, last - row
    if symmetry >= 4:
        column = last - column
    return row, column


@njit(nogil=True, cache=True)
def _strides(size: int, symmetry: int) -> Any:
    """Return the place of the upright window's first pixel in the turned one, and steps by row and column."""
    y0, x0 = _target(0, 0, size - 1, symmetry)
    y1, x1 = _target(1, 0, size - 1, symmetry)
    y2, x2 = _target(0, 1, size - 1, symmetry)
    first = (y0 * size + x0) * 3
    return first, (y1 * size + x1) * 3 - first, (y2 * size + x2) * 3 - first


@njit(nogil=True, cache=True)
def _place(row: Any, symmetry: int, number: int, target: int, flat: Any) -> None:
    """Copy a row of the upright window (size * 3,) to where it lies in the turned one."""
    size = len(row) // 3
    first, down, right = _strides(size, symmetry)
    start = number * size * size * 3 + first + target * down
    for c in range(size):
        for k in range(3):
            flat[start + c * right + k] = row[c * 3 + k]


@njit(nogil=True, cache=True)
def _neighbours(start: int, length: int, size: int, low: Any, high: Any, weight: Any) -> None:
    """Fill the two pixels around each point of a side, and the weight of the second."""
    for i in range(size):
        place = min(max((i + 0.5) * length / size - 0.5, 0.0), length - 1.0)
        whole = int(place)
        low[i] = start + whole
        high[i] = start + min(whole + 1, length - 1)
        weight[i] = np.int32((place - whole) * ONE + 0.5)


@njit(nogil=True, cache=True)
def nearest(image: Any, y: Any, x: Any, height: Any, width: Any, symmetry: Any, out: Any) -> None:
    """Take the pixel at the centre of each pixel of the result."""
    size, line = out.shape[1], image.shape[1] * 3
    pixels, flat = image.reshape(-1), out.reshape(-1)
    columns, row = np.empty(size * 3, np.uint64), np.empty(size * 3, np.uint8)
    for i in range(len(y)):
        for c in range(size):
            for k in range(3):
                columns[c * 3 + k] = (x[i] + (2 * c + 1) * width[i] // (2 * size)) * 3 + k
        for r in range(size):
            source = np.uint64((y[i] + (2 * r + 1) * height[i] // (2 * size)) * line)
            for j in range(size * 3):
                row[j] = pixels[source + columns[j]]
            _place(row, symmetry[i], i, r, flat)


@njit(nogil=True, cache=True)
def linear(image: Any, y: Any, x: Any, height: Any, width: Any, symmetry: Any, out: Any) -> None:
    """Weigh the four pixels around the centre of each pixel of the result."""
    size, line = out.shape[1], image.shape[1] * 3
    pixels, flat = image.reshape(-1), out.reshape(-1)
    above, below, y_weight = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int32)
    left, after, x_weight = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int32)
    # unsigned places need no look at whether they count from the end
    a, b, u1 = np.empty(size * 3, np.uint64), np.empty(size * 3, np.uint64), np.empty(size * 3, np.int32)
    row = np.empty(size * 3, np.uint8)
    for i in range(len(y)):
        _neighbours(y[i], height[i], size, above, below, y_weight)
        _neighbours(x[i], width[i], size, left, after, x_weight)
        for c in range(size):
            for k in range(3):
                a[c * 3 + k] = left[c] * 3 + k
                b[c * 3 + k] = after[c] * 3 + k
                u1[c * 3 + k] = x_weight[c]
        for r in range(size):
            top, bottom = np.uint64(above[r] * line), np.uint64(below[r] * line)
            v1 = y_weight[r]
            v0 = np.int32(ONE) - v1
            for j in range(size * 3):
                u = u1[j]
                t = np.int32(pixels[top + a[j]])
                s = np.int32(pixels[bottom + a[j]])
                upper = (t << BITS) + (np.int32(pixels[top + b[j]]) - t) * u
                lower = (s << BITS) + (np.int32(pixels[bottom + b[j]]) - s) * u
                row[j] = np.uint8((upper * v0 + lower * v1 + np.int32(HALF)) >> (2 * BITS))
            _place(row, symmetry[i], i, r, flat)


@njit(nogil=True, cache=True)
def area(sums: Any, y: Any, x: Any, height: Any, width: Any, symmetry: Any, out: Any) -> None:
    """Average what each pixel of the result covers, from `sums` (h + 1, w + 1, 3) of all pixels before.

    Between corners of pixels the sums are interpolated, which is exact: a pixel is one colour throughout.
    """
    size, line = out.shape[1], sums.shape[1] * 3
    table, flat = sums.reshape(-1), out.reshape(-1)
    n = (size + 1) * 3
    a, b, part = np.empty(n, np.uint64), np.empty(n, np.uint64), np.empty(n, np.float64)
    before, now, row = np.empty(n, np.float64), np.empty(n, np.float64), np.empty(size * 3, np.uint8)
    for i in range(len(y)):
        share = (size * size) / (float(height[i]) * float(width[i]))
        for c in range(size + 1):
            whole = c * width[i] // size
            for k in range(3):
                part[c * 3 + k] = (c * width[i] - whole * size) / size
                a[c * 3 + k] = (x[i] + whole) * 3 + k
                # a corner on a pixel's edge has no neighbour to look at, and none where the image ends
                b[c * 3 + k] = a[c * 3 + k] + np.uint64(3 if part[c * 3] > 0 else 0)
        for r in range(size + 1):
            whole = r * height[i] // size
            rest = (r * height[i] - whole * size) / size
            above = np.uint64((y[i] + whole) * line)
            below = above + np.uint64(line if rest > 0 else 0)
            for j in range(n):
                upper, lower = table[above + a[j]], table[below + a[j]]
                upper += part[j] * (table[above + b[j]] - upper)
                lower += part[j] * (table[below + b[j]] - lower)
                now[j] = upper + rest * (lower - upper)
            if r > 0:
                for j in range(size * 3):
                    total = now[j + 3] - now[j] - before[j + 3] + before[j]
                    row[j] = np.uint8(min(max(total * share + 0.5, 0.0), 255.0))
                _place(row, symmetry[i], i, r - 1, flat)
            before, now = now, before
