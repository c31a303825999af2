"""Places for windows of a fixed size: where they may lie, and sharing out draws over them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["draw_balanced", "integral", "window_places"]


def window_places(allowed: NDArray[np.bool_], window: int) -> NDArray[np.bool_]:
    """Tell where the top left pixel of a window may lie so that the whole window is allowed.

    Parameters
    ----------
    allowed : ndarray (h, w), bool
    window : int
        Side of the window in pixels.

    Returns
    -------
    ndarray (h - window + 1, w - window + 1), bool
        The mask eroded by the footprint; empty when the image is smaller than a window.
    """
    height, width = allowed.shape
    if height < window or width < window:
        return np.zeros((max(0, height - window + 1), max(0, width - window + 1)), bool)
    places: NDArray[np.bool_] = _box_sum(integral(allowed), window, window) == window * window
    return places


def draw_balanced(
    candidates: NDArray[np.int64], n: int, rng: np.random.Generator, *, balance: bool = True
) -> list[NDArray[np.int64]]:
    """Share out `n` draws over regions and classes.

    Parameters
    ----------
    candidates : ndarray (n_regions, n_classes), int
        Places for a window, by region and by the class at the window's centre.
    n : int
        Number of draws.
    balance : bool
        True gives every class that has places the same number of draws, False draws every place alike.

    Returns
    -------
    list of ndarray (n_classes, draws), int64
        For each region, its draws as pairs ``(class, rank of the place among those of the class)``, with
        replacement.
    """
    per_class = candidates.sum(axis=0)
    present = np.flatnonzero(per_class)
    if not len(present):
        return [np.zeros((0, 2), np.int64) for _ in candidates]
    share = np.full(len(present), 1 / len(present)) if balance else per_class[present] / per_class.sum()
    quota = np.floor(share * n).astype(np.int64)
    quota[: n - quota.sum()] += 1
    drawn: list[list[NDArray[np.int64]]] = [[] for _ in candidates]
    for label, count in zip(present, quota, strict=True):
        ends = np.cumsum(candidates[:, label])
        ranks = np.sort(rng.integers(per_class[label], size=count))
        region = np.searchsorted(ends, ranks, side="right")
        for number in np.unique(region):
            own = ranks[region == number] - (ends[number] - candidates[number, label])
            drawn[number].append(np.column_stack([np.full(len(own), label), own]))
    return [np.concatenate(parts) if parts else np.zeros((0, 2), np.int64) for parts in drawn]


def integral(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return how many pixels of a mask lie above and left of each corner, (h + 1, w + 1)."""
    sums = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1), np.int64)
    np.cumsum(mask, axis=0, out=sums[1:, 1:])
    np.cumsum(sums[1:, 1:], axis=1, out=sums[1:, 1:])
    return sums


def _box_sum(sums: NDArray[np.int64], height: int, width: int) -> NDArray[np.int64]:
    return sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
