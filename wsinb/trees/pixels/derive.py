"""Compiled code that turns smoothed channels into features, one row of pixels at a time.

A row of a feature is computed at once, which the compiler vectorises; the features of a pixel are then laid
next to each other, as trees read them. Every pixel is computed by the same operations in the same order
wherever it lies, so that pieces of an image equal the whole bit by bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["write_features", "write_tensor"]

BLOCK = 16


@njit(nogil=True, cache=True)
def write_features(smooth: Any, margin: int, kinds: Any, room: Any, top: int, bottom: int, out: Any) -> None:
    """Write the features of the rows from `top` to `bottom`.

    Parameters
    ----------
    smooth : ndarray (n_channels, 1 + n_scales, h + 2 margin, w + 2 margin), float32
        Each channel as it is, and smoothed.
    kinds : (bool, bool, bool, bool)
        Whether intensity, gradient, Hessian and difference are wanted.
    room : ndarray (n, w), float32
        Scratch for one row of the n features that are written.
    out : ndarray (h, w, n_features), float32
        For each channel: itself if intensity is wanted, then scale by scale what is wanted.
    """
    intensity, gradient, hessian, difference = kinds
    width = out.shape[1]
    for row in range(top, bottom):
        y = row + margin
        place = 0
        for channel in range(smooth.shape[0]):
            if intensity:
                room[place] = smooth[channel, 0, y, margin : margin + width]
                place += 1
            for scale in range(1, smooth.shape[1]):
                here = smooth[channel, scale, y, margin - 1 : margin + width + 1]
                if intensity:
                    room[place] = here[1:-1]
                    place += 1
                above = smooth[channel, scale, y - 1, margin - 1 : margin + width + 1]
                below = smooth[channel, scale, y + 1, margin - 1 : margin + width + 1]
                if gradient:
                    _gradient(above, here, below, room[place])
                    place += 1
                if hessian:
                    _hessian(above, here, below, room[place], room[place + 1])
                    place += 2
                if difference:
                    finer = smooth[channel, scale - 1, y, margin : margin + width]
                    for column in range(width):
                        room[place, column] = finer[column] - here[column + 1]
                    place += 1
        _interleave(room, out[row])


@njit(nogil=True, cache=True)
def _gradient(above: Any, here: Any, below: Any, length: Any) -> None:
    half = np.float32(0.5)
    for column in range(len(length)):
        dx = half * (here[column + 2] - here[column])
        dy = half * (below[column + 1] - above[column + 1])
        length[column] = np.sqrt(dx * dx + dy * dy)


@njit(nogil=True, cache=True)
def _hessian(above: Any, here: Any, below: Any, larger: Any, smaller: Any) -> None:
    half, quarter, two = np.float32(0.5), np.float32(0.25), np.float32(2)
    for column in range(len(larger)):
        twice = two * here[column + 1]
        xx = here[column + 2] - twice + here[column]
        yy = below[column + 1] - twice + above[column + 1]
        xy = quarter * (below[column + 2] - below[column] - above[column + 2] + above[column])
        mean, other = half * (xx + yy), half * (xx - yy)
        root = np.sqrt(other * other + xy * xy)
        larger[column] = mean + root
        smaller[column] = mean - root


@njit(nogil=True, cache=True)
def _interleave(room: Any, pixels: Any) -> None:
    """Lay the features of each pixel next to each other, a few pixels at a time to stay in the cache."""
    width = pixels.shape[0]
    for start in range(0, width, BLOCK):
        stop = min(start + BLOCK, width)
        for place in range(room.shape[0]):
            for column in range(start, stop):
                pixels[column, place] = room[place, column]


@njit(nogil=True, cache=True)
def write_tensor(xx: Any, xy: Any, yy: Any, margin: int, first: int, out: Any) -> None:
    """Write the eigenvalues of a structure tensor to the features `first` and the next.

    Parameters
    ----------
    xx, xy, yy : ndarray (h + 2 margin, w + 2 margin), float32
    out : ndarray (h, w, n_features), float32
    """
    half = np.float32(0.5)
    height, width = out.shape[0], out.shape[1]
    roots = np.empty(width, np.float32)
    for row in range(height):
        y = row + margin
        a, b, c = xx[y, margin:], xy[y, margin:], yy[y, margin:]
        for column in range(width):
            other = half * (a[column] - c[column])
            roots[column] = np.sqrt(other * other + b[column] * b[column])
        for column in range(width):
            mean = half * (a[column] + c[column])
            out[row, column, first] = mean + roots[column]
            out[row, column, first + 1] = mean - roots[column]
