"""Cutting windows out of images, as they are or resized."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.names import is_among, unknown
from wsinb.trees.windows.boxes import Boxes

__all__ = ["INTERPOLATIONS", "check_interpolation", "cut_windows", "resized_windows"]

INTERPOLATIONS = ("nearest", "linear", "area")


def cut_windows(
    image: NDArray[np.generic], y: NDArray[np.int64], x: NDArray[np.int64], window: int
) -> NDArray[np.generic]:
    """Copy windows of a fixed size out of an image or mask.

    Parameters
    ----------
    image : ndarray (h, w) or (h, w, channels)
    y, x : ndarray (n,), int
        Top left pixels; the windows lie inside.

    Returns
    -------
    ndarray (n, window, window) or (n, window, window, channels)
    """
    views = np.lib.stride_tricks.sliding_window_view(image, (window, window), axis=(0, 1))[y, x]
    return np.moveaxis(views, 1, -1) if image.ndim == 3 else views


def check_interpolation(interpolation: Any) -> None:
    """Raise `InvalidInput` unless an interpolation is known."""
    if not is_among(interpolation, INTERPOLATIONS):
        raise InvalidInput(unknown("interpolation", interpolation, INTERPOLATIONS))


def resized_windows(
    image: NDArray[np.uint8],
    boxes: Boxes,
    size: int = 16,
    *,
    interpolation: str = "linear",
    symmetry: NDArray[np.int64] | None = None,
) -> NDArray[np.uint8]:
    """Cut boxes out of an image and resize them.

    Parameters
    ----------
    image : ndarray (h, w, 3), uint8
    boxes : Boxes
        Wholly inside the image.
    size : int
        Side of the results in pixels.
    interpolation : {"nearest", "linear", "area"}
        ``linear`` looks at the four pixels around a point, ``area`` averages all that a pixel of the result
        covers, parts of pixels included, so that fine texture does not turn into noise. Nothing outside a
        box is looked at.
    symmetry : ndarray (n,), int, optional
        Turns each window as `wsinb.trees.windows.turning.turn` does.

    Returns
    -------
    ndarray (n, size, size, 3), uint8

    Raises
    ------
    InvalidInput
        If a box leaves the image, or the image or interpolation is of another kind.
    """
    from wsinb.trees.windows import resizing

    check_interpolation(interpolation)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise InvalidInput(f"an image must be (h, w, 3) uint8, not {image.shape} {image.dtype}")
    corners = [np.ascontiguousarray(part, np.int64) for part in boxes]
    _check_inside(corners, image.shape)
    turned = np.zeros(len(corners[0]), np.int64) if symmetry is None else np.asarray(symmetry, np.int64)
    if turned.shape != corners[0].shape or np.any((turned < 0) | (turned > 7)):
        raise InvalidInput("each box needs one symmetry from 0 to 7")
    out = np.empty((len(turned), size, size, 3), np.uint8)
    if not len(turned):
        return out
    pixels = np.ascontiguousarray(image)
    y, x, height, width = corners
    if interpolation == "nearest":
        resizing.nearest(pixels, y, x, height, width, turned, out)
    elif interpolation == "linear":
        resizing.linear(pixels, y, x, height, width, turned, out)
    else:
        fits = 255 * int((height * width).max()) <= np.iinfo(np.uint32).max
        sums = np.empty((image.shape[0] + 1, image.shape[1] + 1, 4), np.uint32 if fits else np.uint64)
        resizing.sum_pixels(pixels, sums)
        resizing.area(sums, y, x, height, width, turned, out)
    return out


def _check_inside(corners: list[NDArray[np.int64]], shape: tuple[int, ...]) -> None:
    y, x, height, width = corners
    if any(part.ndim != 1 or part.shape != y.shape for part in corners):
        raise InvalidInput("boxes need as many rows as columns, heights and widths")
    if len(y) and (
        min(y.min(), x.min()) < 0
        or min(height.min(), width.min()) < 1
        or (y > shape[0] - height).any()
        or (x > shape[1] - width).any()
    ):
        raise InvalidInput(f"a box leaves the image of {shape[1]} x {shape[0]} px")
