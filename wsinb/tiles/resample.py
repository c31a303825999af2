"""Exact area resampling of a picture onto a pixel grid that need not line up with it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["area_resample", "whole"]


def area_resample(
    image: NDArray[np.uint8], x: float, y: float, step: float, width: int, height: int
) -> NDArray[np.uint8]:
    """Resample so that every output pixel is the mean of the area that it covers.

    Parameters
    ----------
    image : ndarray (h, w, 3) uint8
        The input picture.
    x, y : float
        Top left corner of the output, in pixels of `image`.
    step : float
        Edge of an output pixel, in pixels of `image`; below 1 enlarges.
    width, height : int
        Size of the output; all of it must lie inside `image`.

    Returns
    -------
    ndarray (height, width, 3) uint8
    """
    if step >= 1 and all(value.is_integer() for value in (x, y, step * width, step * height)):
        import cv2

        part = image[int(y) : int(y + step * height), int(x) : int(x + step * width)]
        return np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    h, w, bands = image.shape
    # one axis after the other: a pixel's area is the product of two lengths
    rows = _weights(y, step, height, h) @ image.reshape(h, w * bands).astype(np.float32)
    columns = rows.reshape(height, w, bands).transpose(1, 0, 2).reshape(w, height * bands)
    means = (_weights(x, step, width, w) @ columns).reshape(width, height, bands)
    return np.ascontiguousarray((means + 0.5).astype(np.uint8).transpose(1, 0, 2))


def whole(value: float, tolerance: float = 1e-6) -> float:
    """Return `value`, rounded if it is a whole number but for rounding errors."""
    nearest = round(value)
    return float(nearest) if math.isclose(value, nearest, rel_tol=0, abs_tol=tolerance) else value


def _weights(start: float, step: float, count: int, length: int) -> Any:
    """Sparse matrix (count, length) float32: the share of each input pixel in each output pixel of a line."""
    from scipy.sparse import csr_array

    low = start + step * np.arange(count)
    high = np.minimum(low + step, length)
    first = np.floor(low).astype(np.int32)
    # rounding errors must not reach for a pixel behind the line
    n_covered = np.maximum(np.ceil(high).astype(np.int32) - first, 1)
    row_start = np.concatenate([[0], np.cumsum(n_covered)]).astype(np.int32)
    pixel = np.arange(row_start[-1], dtype=np.int32) - np.repeat(row_start[:-1] - first, n_covered)
    overlap = np.minimum(pixel + 1, np.repeat(high, n_covered)) - np.maximum(pixel, np.repeat(low, n_covered))
    shares = (np.maximum(overlap, 0) / step).astype(np.float32)
    return csr_array((shares, pixel, row_start), shape=(count, length))
