"""From the pixels of any format to 8-bit RGB on white."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CHANNEL_COLOURS", "blend_channels", "data_range", "to_rgb"]

CHANNEL_COLOURS = np.array(
    [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1), (0, 1, 1), (1, 0, 1), (1, 1, 0)], np.float32
)
"""Colours of the channels in a colour picture, in ImageJ's order; repeated from the eighth channel on."""

_COLOUR_BANDS = {1: 1, 2: 1, 3: 3, 4: 3}
_CLIPPED_PERCENT = 0.1


def data_range(pixels: NDArray[Any]) -> tuple[float, float]:
    """Values to be shown black and white: all but the darkest and brightest 0.1 % of `pixels` lie between.

    The range of the type would show 12-bit data in 16 bits, and any float data, as black.
    """
    finite = pixels[np.isfinite(pixels)]
    if not finite.size:
        return 0.0, 1.0
    low, high = np.percentile(finite, [_CLIPPED_PERCENT, 100 - _CLIPPED_PERCENT])
    return float(low), float(high) if high > low else float(low) + 1


def to_rgb(pixels: NDArray[Any], value_range: tuple[float, float] | None) -> NDArray[np.uint8]:
    """Convert any pixels to RGB.

    Parameters
    ----------
    pixels : ndarray (height, width, bands), any number type
        1 band is grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha; of more bands the first three are taken.
        Alpha is blended with white.
    value_range : (float, float) or None
        Values shown as 0 and 255; None for 8-bit pixels, which are kept.

    Returns
    -------
    ndarray (height, width, 3) uint8
    """
    bands = pixels.shape[2]
    colour = _to_bytes(pixels[..., : _COLOUR_BANDS.get(bands, 3)], value_range)
    if colour.shape[2] == 1:
        colour = np.repeat(colour, 3, axis=2)
    if bands in (2, 4):
        return _on_white(colour, pixels[..., -1])
    return np.ascontiguousarray(colour)


def blend_channels(channels: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Add up grey pictures (height, width, 3), each in its colour of `CHANNEL_COLOURS`."""
    total = np.zeros(channels[0].shape, np.float32)
    for number, grey in enumerate(channels):
        total += grey * CHANNEL_COLOURS[number % len(CHANNEL_COLOURS)]
    return np.minimum(total, 255).astype(np.uint8)


def _to_bytes(values: NDArray[Any], value_range: tuple[float, float] | None) -> NDArray[np.uint8]:
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype == np.uint8 or value_range is None:
        return np.asarray(values, np.uint8)
    low, high = value_range
    scaled = (values.astype(np.float32) - low) * (255 / (high - low))
    return np.asarray(np.rint(np.clip(np.nan_to_num(scaled, nan=0.0), 0, 255)), np.uint8)


def _on_white(colour: NDArray[np.uint8], alpha: NDArray[Any]) -> NDArray[np.uint8]:
    opaque = np.iinfo(alpha.dtype).max if np.issubdtype(alpha.dtype, np.integer) else 1
    if (alpha == opaque).all():
        return np.ascontiguousarray(colour)
    part = (alpha.astype(np.float32) / opaque)[..., None]
    return np.rint(colour * part + 255 * (1 - part)).astype(np.uint8)
