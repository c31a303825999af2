"""From the pixels of any format to 8-bit RGB on white."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from wsinb.tiles.channels import Paint

__all__ = ["CHANNEL_COLOURS", "compose", "data_limits", "data_range", "to_rgb"]

CHANNEL_COLOURS = ("#ff0000", "#00ff00", "#0000ff", "#ffffff", "#00ffff", "#ff00ff", "#ffff00")
"""Colours of channels of which the file tells none, in ImageJ's order; repeated from the eighth on."""

_COLOUR_BANDS = {1: 1, 2: 1, 3: 3, 4: 3}
_CLIPPED_PERCENT = 0.1

STRIP_PIXELS = 1 << 16
"""So many pixels are composed at a time: their sums stay in the processor's cache."""


def data_range(pixels: NDArray[Any]) -> tuple[float, float]:
    """Values to be shown black and white: all but the darkest and brightest 0.1 % of `pixels` lie between.

    The range of the type would show 12-bit data in 16 bits, and any float data, as black.
    """
    finite = pixels[np.isfinite(pixels)]
    if not finite.size or pixels.dtype == np.bool_:
        return 0.0, 1.0
    low, high = np.percentile(finite, [_CLIPPED_PERCENT, 100 - _CLIPPED_PERCENT])
    return float(low), float(high) if high > low else float(low) + 1


def data_limits(pixels: NDArray[Any]) -> tuple[float, float]:
    """Values between which a range is usefully chosen.

    Those of the type for 8 bits; for wider unsigned integers 0 to the highest value of as many bits as
    `pixels` need; otherwise the least and the greatest of `pixels`.
    """
    if pixels.dtype in (np.uint8, np.bool_):
        return 0.0, 255.0 if pixels.dtype == np.uint8 else 1.0
    finite = pixels[np.isfinite(pixels)]
    if pixels.dtype.kind == "u":
        bits = max(8, int(finite.max(initial=0)).bit_length())
        return 0.0, float(2**bits - 1)
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return low, high if high > low else low + 1


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


def compose(
    parts: Sequence[NDArray[Any]], paints: Sequence[Paint], size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Add up channels in colours.

    Parameters
    ----------
    parts : sequence of ndarray (height, width, bands), any number type
        The channels' pixels as stored: of 1 band, or of 3 for channels that are RGB themselves.
    paints : sequence of Paint
        For each channel, the values shown as 0 and 1, and its colour.
    size : (int, int)
        Width and height, which an empty list of channels does not tell.

    Returns
    -------
    ndarray (height, width, 3) uint8
        ``255 * clip(sum over channels of clip((v - low) / (high - low), 0, 1) * colour, 0, 1)``, rounded.
        Values that are no number are 0.
    """
    width, height = size
    out = np.empty((height, width, 3), np.uint8)
    rows = max(1, STRIP_PIXELS // width)
    total = np.empty((3, min(rows, height), width), np.float32)
    for top in range(0, height, rows):
        strip = slice(top, min(top + rows, height))
        part = total[:, : strip.stop - top]
        part[:] = 0.5  # what follows cuts off
        for pixels, paint in zip(parts, paints, strict=True):
            _add(part, pixels[strip], paint)
        np.minimum(part, 255, out=part)
        out[strip] = part.transpose(1, 2, 0)
    return out


def _add(total: NDArray[np.float32], pixels: NDArray[Any], paint: Paint) -> None:
    """Add a channel to red, green and blue: (3, height, width)."""
    colour_bands = 1 if pixels.shape[2] < 3 else 3
    shares = [_share(pixels[..., band], paint) for band in range(colour_bands)]
    for band, weight in enumerate(paint.weights):
        if weight:
            total[band] += shares[band % colour_bands] * np.float32(255 * weight)


def _share(values: NDArray[Any], paint: Paint) -> NDArray[np.float32]:
    """Where values lie between the ends of a range, from 0 to 1; float32 holds up to 16 bits exactly."""
    wide = values.dtype.itemsize > 2 and values.dtype != np.float32
    share: NDArray[Any] = values.astype(np.float64 if wide else np.float32)
    share -= paint.low
    share *= 1 / (paint.high - paint.low)
    np.clip(share, 0, 1, out=share)
    if values.dtype.kind == "f":
        np.nan_to_num(share, copy=False, nan=0.0)
    return share.astype(np.float32, copy=False)


def _to_bytes(values: NDArray[Any], value_range: tuple[float, float] | None) -> NDArray[np.uint8]:
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    if value_range is None:
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
