"""Compiled resizing of boxes of an image: nothing is copied but the result, the lock is released.

All take the image (h, w, 3), boxes (n,) inside it, a symmetry for each (see `turning`) and the result
(n, size, size, 3) uint8. They trust their arguments: `cutting` checks every box before it calls them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["area", "linear", "nearest", "sum_pixels"]

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
def sum_pixels(image: Any, sums: Any) -> None:
    """Fill `sums` (h + 1, w + 1, 4) with the sum of all pixels above and left of each corner.

    Sums are unsigned and may pass their largest number: differences of them are right all the same, if they
    fit. The fourth channel is 0: with it, a corner is one load of the processor.
    """
    kind = sums.dtype.type
    line = sums.shape[1] * 4
    pixels, table = image.reshape(-1), sums.reshape(-1)
    table[:line] = kind(0)
    source = np.uint64(0)
    for y in range(image.shape[0]):
        above, here = table[y * line : (y + 1) * line], table[(y + 1) * line : (y + 2) * line]
        here[:4] = kind(0)
        red = green = blue = kind(0)
        for x in range(image.shape[1]):
            target = np.uint64(4 * x + 4)
            red = kind(red + pixels[source])
            green = kind(green + pixels[source + np.uint64(1)])
            blue = kind(blue + pixels[source + np.uint64(2)])
            here[target], here[target + np.uint64(1)] = red, green
            here[target + np.uint64(2)], here[target + np.uint64(3)] = blue, kind(0)
            source += np.uint64(3)
        for j in range(line):
            here[j] += above[j]


@njit(inline="always")
def _corner(table: Any, source: int, corners: Any, column: int) -> None:
    """Copy four channels; all are read before one is written, which lets the compiler copy them at once."""
    i, j = np.uint64(source), np.uint64(4 * column)
    one, two, three = np.uint64(1), np.uint64(2), np.uint64(3)
    a, b, c, d = table[i], table[i + one], table[i + two], table[i + three]
    corners[j], corners[j + one], corners[j + two], corners[j + three] = a, b, c, d


@njit(nogil=True, cache=True)
def area(sums: Any, y: Any, x: Any, height: Any, width: Any, symmetry: Any, out: Any) -> None:
    """Average what each pixel of the result covers, from `sums` of pixels (see `sum_pixels`), exactly.

    A pixel is one colour throughout, so that sums between corners follow from those at the four around. Edges
    lie at multiples of 1 / size: all is counted in squares of that, in whole numbers, up to the division,
    which rounds halves up. Their type must hold 255 times the pixels of the largest box.
    """
    kind = sums.dtype.type
    size, line = out.shape[1], sums.shape[1] * 4
    table, flat = sums.reshape(-1), out.reshape(-1)
    n = (size + 1) * 4
    left, after, part = np.empty(size + 1, np.int64), np.empty(size + 1, np.int64), np.empty(n, sums.dtype)
    a, b, c, d = np.empty((4, n), sums.dtype)
    before, now, row = np.empty(n, sums.dtype), np.empty(n, sums.dtype), np.empty(size * 4, np.uint8)
    full = kind(size)
    for i in range(len(y)):
        n_pixels = float(height[i]) * float(width[i])
        # the sum is a whole number: half of one on top keeps what is divided off the edge between two results
        half, share = n_pixels + 0.5, 0.5 / n_pixels
        first, down, right = _strides(size, symmetry[i])
        first += i * size * size * 3
        for column in range(size + 1):
            whole = column * width[i] // size
            rest = column * width[i] - whole * size
            left[column] = (x[i] + whole) * 4
            # a corner on a pixel's edge has no neighbour to look at, and none where the image ends
            after[column] = left[column] + (4 if rest > 0 else 0)
            part[column * 4 : column * 4 + 4] = kind(rest)
        for r in range(size + 1):
            whole = r * height[i] // size
            rest = kind(r * height[i] - whole * size)
            above = (y[i] + whole) * line
            below = above + (line if rest > 0 else 0)
            for column in range(size + 1):
                _corner(table, above + left[column], a, column)
                _corner(table, above + after[column], b, column)
                _corner(table, below + left[column], c, column)
                _corner(table, below + after[column], d, column)
            for j in range(n):
                upper = kind(a[j] * full + part[j] * kind(b[j] - a[j]))
                lower = kind(c[j] * full + part[j] * kind(d[j] - c[j]))
                now[j] = kind(upper * full + rest * kind(lower - upper))
            if r > 0:
                for j in range(size * 4):
                    total = kind(kind(now[j + 4] - now[j]) - kind(before[j + 4] - before[j]))
                    row[j] = np.uint8((2.0 * total + half) * share)
                _place_four(row, first + (r - 1) * down, right, flat)
            before, now = now, before


@njit(inline="always")
def _place_four(row: Any, start: int, right: int, flat: Any) -> None:
    """Copy a row of four channels (size * 4,) to three channels from `start` on, `right` apart."""
    for column in range(len(row) // 4):
        for k in range(3):
            flat[np.uint64(start + k)] = row[np.uint64(column * 4 + k)]
        start += right
