"""Pictures of nuclei made alike: what lies dark on bright is turned over, contrast is measured by Otsu."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.masks import gray, otsu_level

__all__ = ["CONTRASTS", "is_stained", "levels", "stretch", "untouched"]

Image = NDArray[np.uint8]
BACKGROUND, THRESHOLD, LOG_THRESHOLD = 16, 96, 128
LOW, HIGH = 1.0, 99.8


def is_stained(image: Image) -> bool:
    """Say whether a picture has colours; those by fluorescence are gray."""
    return int(np.max(image.max(axis=2).astype(int) - image.min(axis=2))) > 10


def untouched(image: Image) -> Image:
    """Return the picture as it is."""
    return image


def stretch(image: Image) -> Image:
    """Return the picture with nuclei bright, each channel from its 1st to its 99.8th percentile."""
    bright = _nuclei_bright(image).astype(np.float32)
    low, high = np.percentile(bright, (LOW, HIGH), axis=(0, 1))
    return _bytes((bright - low) / np.maximum(high - low, 1) * 255)


def levels(image: Image) -> Image:
    """Return three grays in which nuclei are bright.

    The first is 16 at the median of the background, 96 at the threshold of Otsu; the second is stretched; the
    third is logarithmic above the background, 128 at the threshold.
    """
    bright = gray(_nuclei_bright(image))
    threshold = otsu_level(bright)
    low = float(np.median(bright[bright <= threshold]))
    above = bright - np.float32(low)
    reach = max(threshold - low, 1.0)
    linear = above * ((THRESHOLD - BACKGROUND) / reach) + BACKGROUND
    logarithmic = np.log1p(np.maximum(above, 0)) * (LOG_THRESHOLD / np.log1p(reach))
    return np.stack([_bytes(linear), gray(stretch(image)), _bytes(logarithmic)], axis=2)


def _nuclei_bright(image: Image) -> Image:
    """Turn a picture over if more than half of it is brighter than Otsu's threshold."""
    return 255 - image if np.mean(gray(image) > otsu_level(image)) > 0.5 else image


def _bytes(values: NDArray[np.float32]) -> Image:
    return np.clip(values, 0, 255).astype(np.uint8)


CONTRASTS = {"untouched": untouched, "stretch": stretch, "levels": levels}
