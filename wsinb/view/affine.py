"""Affine maps between the level-0 pixels of two slides."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wsinb.errors import InvalidInput

__all__ = ["IDENTITY", "Affine", "after", "check_affine", "inverse", "scaling"]

Affine = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f): x' = a x + b y + c and y' = d x + e y + f."""

IDENTITY: Affine = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
_SMALLEST = 1e-9


def check_affine(value: Any) -> Affine:
    """Return an affine map as six numbers.

    Parameters
    ----------
    value : array_like
        Six numbers (a, b, c, d, e, f) row by row, or a matrix of 2 x 3, or of 3 x 3 whose last row is
        0, 0, 1.

    Raises
    ------
    InvalidInput
        If it is none of these, or cannot be inverted.
    """
    try:
        matrix = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        matrix = np.empty(0)
    if matrix.shape == (3, 3) and np.allclose(matrix[2], (0, 0, 1)):
        matrix = matrix[:2]
    numbers = matrix.ravel()
    if matrix.shape not in ((6,), (2, 3)) or not np.isfinite(numbers).all():
        raise InvalidInput("An affine map is six finite numbers, or a matrix of 2 x 3 or 3 x 3.")
    a, b, c, d, e, f = (float(number) for number in numbers)
    if math.sqrt(abs(a * e - b * d)) < _SMALLEST:
        raise InvalidInput("The affine map brings everything onto a line: give one that can be inverted.")
    return a, b, c, d, e, f


def scaling(factor: float) -> Affine:
    """Return the map that only changes the size of a pixel."""
    return factor, 0.0, 0.0, 0.0, factor, 0.0


def after(second: Affine, first: Affine) -> Affine:
    """Return the map that applies `first`, then `second`."""
    a, b, c, d, e, f = second
    p, q, r, s, t, u = first
    return (
        *(a * p + b * s, a * q + b * t, a * r + b * u + c),
        *(d * p + e * s, d * q + e * t, d * r + e * u + f),
    )


def inverse(affine: Affine) -> Affine:
    """Return the map that goes back."""
    a, b, c, d, e, f = affine
    area = a * e - b * d
    return (
        *(e / area, -b / area, (b * f - e * c) / area),
        *(-d / area, a / area, (d * c - a * f) / area),
    )
