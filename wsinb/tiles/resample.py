"""Exact area resampling of a picture onto a pixel grid that need not line up with it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["area_resample"]


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
    rows = _means_along_first_axis(image, y, step, height)
    columns = np.ascontiguousarray(rows.transpose(1, 0, 2))
    means = _means_along_first_axis(columns, x, step, width).transpose(1, 0, 2)
    return np.ascontiguousarray(np.rint(np.clip(means, 0, 255)).astype(np.uint8))


def _means_along_first_axis(
    image: NDArray[np.uint8] | NDArray[np.float32], start: float, step: float, count: int
) -> NDArray[np.float32]:
    """Mean over ``start + i * step`` to ``start + (i + 1) * step`` for each i below `count`."""
    last = image.shape[0] - 1
    edges = start + step * np.arange(count + 1)
    # the last edge may touch the end of the picture, where there is no further row to weigh
    cells = np.minimum(np.floor(edges).astype(np.intp), last)
    parts = (edges - cells).astype(np.float32)[:, None, None]
    sums = np.add.reduceat(image, cells[:-1], axis=0, dtype=np.float32)
    sums[-1] = image[cells[-2] : cells[-1]].sum(axis=0, dtype=np.float32)
    sums[cells[1:] == cells[:-1]] = 0  # reduceat gives the row itself for an empty range
    border = image[cells] * parts
    means: NDArray[np.float32] = (sums - border[:-1] + border[1:]) / np.float32(step)
    return means


def whole(value: float, tolerance: float = 1e-6) -> float:
    """Return `value`, rounded if it is a whole number but for rounding errors."""
    nearest = round(value)
    return float(nearest) if math.isclose(value, nearest, rel_tol=0, abs_tol=tolerance) else value
