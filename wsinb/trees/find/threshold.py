"""Thresholds of grey pictures: around each pixel, or one for all."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.numbers import real

__all__ = ["check_offset", "darker_than_gaussian", "darker_than_mean", "gray", "odd_block", "otsu"]

Gray = NDArray[np.uint8]


def gray(image: NDArray[np.uint8]) -> Gray:
    """Return the luma of a picture (h, w, 3) uint8, RGB: (h, w) uint8."""
    import cv2

    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def odd_block(block: int) -> int:
    """Return the side of a neighbourhood, made odd.

    Raises
    ------
    InvalidInput
        If it is no whole number from 3 on.
    """
    if isinstance(block, bool) or not isinstance(block, int | np.integer) or not 3 <= block <= 9999:
        raise InvalidInput(f"block must be a whole number of pixels from 3 to 9999, not {block!r}")
    return int(block) | 1


def darker_than_gaussian(
    picture: Gray, seen: NDArray[np.bool_], block: int, offset: float
) -> NDArray[np.bool_]:
    """Return where a picture is no brighter than the Gaussian mean around it, less `offset`.

    The mean is that of the pixels `seen` only: blurred values over the blurred mask. The rest is never dark.

    Parameters
    ----------
    picture : ndarray (h, w), uint8
    seen : ndarray (h, w), bool
    block : int
        Side of the neighbourhood, odd; the Gaussian's standard deviation is that of OpenCV for this side.
    offset : float
    """
    sigma = 0.3 * ((block - 1) / 2 - 1) + 0.8
    line = np.exp(-(((np.arange(block) - block // 2) / sigma) ** 2) / 2)
    weight = _blurred(seen.astype(np.float64), line)
    value = _blurred(np.where(seen, picture, 0).astype(np.float64), line)
    mean = value / np.maximum(weight, 1e-12)
    return np.asarray(seen & (picture <= mean - offset), bool)


def _blurred(values: NDArray[np.float64], line: NDArray[np.float64]) -> Any:
    from scipy.signal import fftconvolve

    rows = fftconvolve(values, (line / line.sum())[None, :], mode="same", axes=1)
    return fftconvolve(rows, (line / line.sum())[:, None], mode="same", axes=0)


def darker_than_mean(picture: Gray, block: int, offset: float, dark: bool) -> NDArray[np.bool_]:
    """Return where a picture is no brighter than the mean of the block around it, less `offset`.

    Sums are whole numbers, so that pieces of a picture equal the whole, bit by bit.

    Parameters
    ----------
    picture : ndarray (h + block - 1, w + block - 1), uint8
        With half a block more on each side.
    block : int
        Side of the neighbourhood, odd.
    offset : float
    dark : bool
        False: where it is no darker than the mean and `offset`.

    Returns
    -------
    ndarray (h, w), bool
    """
    half = block // 2
    # what comes before the first row and column is zero
    total = np.zeros((picture.shape[0] + 1, picture.shape[1] + 1), np.int64)
    np.cumsum(picture, axis=0, dtype=np.int64, out=total[1:, 1:])
    np.cumsum(total[1:, 1:], axis=1, out=total[1:, 1:])
    sums = total[block:, block:] - total[:-block, block:] - total[block:, :-block] + total[:-block, :-block]
    inner = picture[half : picture.shape[0] - half, half : picture.shape[1] - half].astype(np.int64)
    scaled = inner * (block * block)
    shift = offset * (block * block)
    return np.asarray(scaled <= sums - shift if dark else scaled >= sums + shift)


def otsu(values: Gray) -> float:
    """Return Otsu's threshold of grey values: dark is what is below it."""
    import cv2

    level, _ = cv2.threshold(values.reshape(1, -1), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return float(level) + 1


def check_offset(offset: Any) -> float:
    """Return how far a pixel must be from the mean around it, in grey values.

    Raises
    ------
    InvalidInput
        If it is no number from -255 to 255.
    """
    number = real(offset)
    if number is None or not -255 <= number <= 255:
        raise InvalidInput(f"offset must be a number of grey values from -255 to 255, not {offset!r}")
    return number
