"""Turning and mirroring windows: the eight symmetries of the square."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["SYMMETRIES", "turn", "turn_back", "turn_windows"]

SYMMETRIES = 8


def turn(stack: NDArray[np.generic], symmetry: int) -> NDArray[np.generic]:
    """Turn windows (n, size, size, ...) by ``symmetry % 4`` quarters, then mirror them if it is 4 or more."""
    turned = np.rot90(stack, symmetry % 4, axes=(1, 2))
    return turned[:, :, ::-1] if symmetry >= 4 else turned


def turn_back(stack: NDArray[np.generic], symmetry: int) -> NDArray[np.generic]:
    """Undo `turn`."""
    upright = stack[:, :, ::-1] if symmetry >= 4 else stack
    return np.rot90(upright, -(symmetry % 4), axes=(1, 2))


def turn_windows(
    windows: NDArray[np.uint8], masks: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Turn and mirror each window, and its mask alike, by one of the eight symmetries of the square.

    Parameters
    ----------
    windows : ndarray (n, size, size, channels), uint8
    masks : ndarray (n, size, size), uint8

    Returns
    -------
    windows, masks : new arrays of the same shapes
    """
    chosen = rng.integers(SYMMETRIES, size=len(windows))
    turned, turned_masks = windows.copy(), masks.copy()
    for symmetry in range(1, SYMMETRIES):
        own = np.flatnonzero(chosen == symmetry)
        turned[own] = turn(windows[own], symmetry)
        turned_masks[own] = turn(masks[own], symmetry)
    return turned, turned_masks
