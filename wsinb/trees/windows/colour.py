"""The colours that trees see."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.names import is_among, unknown

__all__ = ["COLOURS", "IMAGE_COLOURS", "channel_count", "check_colour", "to_colour", "window_colours"]

COLOURS = ("rgb", "normalised_rgb", "hsv", "gray")
"""Colour spaces of subwindows."""
IMAGE_COLOURS = ("hsv", "rgb")
"""Those that a pixel has by itself, in three channels of a byte: of whole images."""
FLAT = 1e-9


def check_colour(colour: Any, known: tuple[str, ...] = COLOURS) -> None:
    """Raise `InvalidInput` unless a colour space is known."""
    if not is_among(colour, known):
        raise InvalidInput(unknown("colour space", colour, known))


def channel_count(colour: str) -> int:
    """Return how many channels subwindows of a colour space have."""
    return 1 if colour == "gray" else 3


def to_colour(image: NDArray[np.uint8], colour: str) -> NDArray[np.uint8]:
    """Convert an RGB image to the colour space that a forest sees.

    Parameters
    ----------
    image : ndarray (h, w, 3), uint8, RGB
    colour : {"hsv", "rgb"}
        ``rgb``: as it is, 0 to 255. ``hsv``: hue 0 to 255 for 0 to 360 degrees, saturation and value 0 to
        255. Trees do not depend on the scale, so whole numbers lose nothing but the finest steps of hue.

    Returns
    -------
    ndarray (h, w, 3), uint8

    Raises
    ------
    InvalidInput
        If the colour space is unknown or the image is of another kind.
    """
    check_colour(colour, IMAGE_COLOURS)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise InvalidInput(f"an image must be (h, w, 3) uint8, not {image.shape} {image.dtype}")
    if colour == "rgb" or not image.size:
        return np.ascontiguousarray(image)
    import cv2

    converted = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2HSV_FULL)
    return np.asarray(converted, np.uint8)


def window_colours(windows: NDArray[np.uint8], colour: str) -> NDArray[Any]:
    """Convert RGB subwindows, after resizing, because hues cannot be averaged.

    Parameters
    ----------
    windows : ndarray (n, size, size, 3), uint8, RGB
    colour : {"rgb", "normalised_rgb", "hsv", "gray"}
        ``rgb`` and ``hsv`` as `to_colour`; ``gray``: the mean of the three, rounded; ``normalised_rgb``: in
        each window and channel ``(x - mean) / std``, 0 where the standard deviation is below 1e-9.

    Returns
    -------
    ndarray (n, size, size, channels)
        uint8; float32 where normalised. One channel for gray, three otherwise.

    Raises
    ------
    InvalidInput
        If the colour space is unknown.
    """
    check_colour(colour)
    if colour in IMAGE_COLOURS:
        flat = windows.reshape(-1, windows.shape[2], 3)
        return to_colour(flat, colour).reshape(windows.shape)
    if colour == "gray":
        total = windows.sum(axis=3, keepdims=True, dtype=np.uint16)
        gray: NDArray[np.uint8] = ((2 * total + 3) // 6).astype(np.uint8)
        return gray
    values = windows.astype(np.float32)
    values -= values.mean(axis=(1, 2), keepdims=True, dtype=np.float64).astype(np.float32)
    deviation = np.sqrt(np.mean(np.square(values), axis=(1, 2), keepdims=True, dtype=np.float64))
    flat_channel = deviation < FLAT
    values /= np.where(flat_channel, 1.0, deviation).astype(np.float32)
    normalised: NDArray[np.float32] = np.where(flat_channel, np.float32(0), values)
    return normalised
