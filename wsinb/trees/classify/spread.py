"""Which pixels of a picture speak for a class: paths down the trees, spread back through the subwindows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wsinb.trees.forest.forest import Forest
from wsinb.trees.windows.draws import Draws
from wsinb.trees.windows.turning import turn_back

__all__ = ["pixel_importance"]


def pixel_importance(
    forest: Forest,
    draws: Draws,
    image: NDArray[np.uint8],
    weight: NDArray[np.float64],
    value: NDArray[np.float64],
    divisor: float,
) -> NDArray[np.float32]:
    """Spread what the tests on a picture's subwindows say onto its pixels.

    Parameters
    ----------
    weight : ndarray (n_leaves,)
        Training windows of each leaf.
    value : ndarray (n_leaves,)
        What each leaf says.
    divisor : float
        By what to divide, besides the number of windows.

    Returns
    -------
    ndarray (h, w), float32
        Its sum is the mean over the windows of what their leaves say, less what the roots say.
    """
    from wsinb.trees.forest.rows import add_paths, node_values

    drawn = draws.draw(image.shape, None)
    windows = draws.cut(image, drawn)
    rows = np.ascontiguousarray(windows.reshape(len(windows), -1), np.float32)
    number = np.cumsum(forest.left < 0) - 1
    of_node = node_values(forest.left, forest.right, number, weight, value)
    found = np.zeros(rows.shape)
    add_paths(rows, forest.feature, forest.threshold, forest.left, forest.right, forest.roots, of_node, found)
    grids = found.reshape(windows.shape).sum(axis=3) / (len(windows) * divisor)
    out = np.zeros(image.shape[:2])
    for grid, symmetry, y, x, height, width in zip(grids, drawn.symmetry, *drawn.boxes, strict=True):
        upright = turn_back(grid[None], int(symmetry))[0]
        part = _shares(int(height), draws.window) @ upright @ _shares(int(width), draws.window).T
        out[y : y + height, x : x + width] += part
    return out.astype(np.float32)


def _shares(length: int, size: int) -> NDArray[np.float64]:
    """Return the share of each of `size` equal parts of a side that lies on each pixel: (length, size)."""
    edges = np.arange(size + 1) * (length / size)
    pixel = np.arange(length)[:, None]
    covered = np.minimum(edges[1:], pixel + 1) - np.maximum(edges[:-1], pixel)
    shares: NDArray[np.float64] = np.maximum(covered, 0) * (size / length)
    return shares
