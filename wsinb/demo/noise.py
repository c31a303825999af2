"""Smooth random fields and soft masks on a coarse grid."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Field", "signed_distance", "smooth_noise", "soft_step"]

Field = NDArray[np.float32]


def smooth_noise(rng: np.random.Generator, n: int, wavelength: float) -> Field:
    """Return a smooth random field of mean 0 and standard deviation 1.

    Parameters
    ----------
    rng : Generator
    n : int
        Side of the field, in cells.
    wavelength : float
        Typical distance of two hills, in cells.

    Returns
    -------
    ndarray (n, n) float32
    """
    knots = max(4, int(np.ceil(2 * n / wavelength)) + 3)
    coarse = rng.standard_normal((knots, knots)).astype(np.float32)
    side = int(np.ceil(knots * wavelength / 2))
    field = cv2.resize(coarse, (max(side, n), max(side, n)), interpolation=cv2.INTER_CUBIC)[:n, :n]
    scaled: Field = (field - field.mean()) / max(float(field.std()), 1e-6)
    return scaled


def signed_distance(mask: NDArray[np.bool_]) -> Field:
    """Return the distance to the border of a mask in cells: positive inside, slightly smoothed.

    Parameters
    ----------
    mask : ndarray (h, w) bool

    Returns
    -------
    ndarray (h, w) float32
    """
    from scipy.ndimage import distance_transform_edt

    if not mask.any():
        return np.full(mask.shape, -1e3, np.float32)
    distance = distance_transform_edt(mask) - distance_transform_edt(~mask)
    blurred: Field = cv2.GaussianBlur(distance.astype(np.float32), (0, 0), 1.0)
    return blurred


def soft_step(field: Field, low: float, high: float) -> Field:
    """Return 0 below `low`, 1 above `high`, and a smooth rise between."""
    t = np.clip((field - low) / (high - low), 0, 1)
    rise: Field = (t * t * (3 - 2 * t)).astype(np.float32)
    return rise
