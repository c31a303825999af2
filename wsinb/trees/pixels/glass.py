"""Empty glass, which need not be looked at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["REACH", "is_glass"]

WHITE_LEVEL = 220
REACH = 8


def is_glass(image: NDArray[np.uint8], margin: int) -> NDArray[np.bool_]:
    """Return which pixels are white, with all those around them.

    Parameters
    ----------
    image : ndarray (h + 2 margin, w + 2 margin, n_channels), uint8
    margin : int
        Pixels at most 8 away, and at most this, count as around.

    Returns
    -------
    ndarray (h, w), bool
    """
    import cv2

    reach = min(REACH, margin)
    darkest = cv2.erode(image.min(axis=2), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    inside = darkest[margin : len(darkest) - margin, margin : darkest.shape[1] - margin]
    white: NDArray[np.bool_] = inside >= WHITE_LEVEL
    return white
