"""The grid of a sliding window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["step_for", "window_hits", "window_starts"]


def step_for(predictions_per_pixel: int, window: int) -> int:
    """Return the largest step at which at least so many windows nominally cover a pixel.

    A step `s` gives ``ceil(window / s) ** 2`` predictions: 8 predictions by windows of 24 px give a step of
    11.
    """
    return max(step for step in range(1, window + 1) if (-(-window // step)) ** 2 >= predictions_per_pixel)


def window_starts(length: int, window: int, step: int) -> NDArray[np.int64]:
    """Return where windows start along a side of `length` pixels; a last one ends at the border.

    Empty when the side is shorter than a window.
    """
    last = length - window
    if last < 0:
        return np.empty(0, np.int64)
    starts = np.arange(0, last + 1, step, dtype=np.int64)
    return starts if starts[-1] == last else np.append(starts, last)


def window_hits(length: int, starts: NDArray[np.int64], window: int) -> NDArray[np.int64]:
    """Return how many of the windows at `starts` cover each pixel of a side."""
    change = np.zeros(length + 1, np.int64)
    np.add.at(change, starts, 1)
    np.add.at(change, starts + window, -1)
    hits: NDArray[np.int64] = np.cumsum(change)[:length]
    return hits
