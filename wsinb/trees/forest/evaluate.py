"""Compiled evaluation of forests: eight windows at a time, straight from the image.

A window is never copied: a feature is an offset from the window's first byte. The functions release the
interpreter lock and are compiled once, then read from numba's cache.

Leaves of fully grown trees hold 0 and 1, which are summed in whole numbers: labels equal scikit-learn's
without exception. Other leaves are summed in float32, which is within 1e-6 of scikit-learn's float64: only
where two classes tie to the last digit can rounding, theirs or ours, choose differently.

They trust their arguments: `wsinb.trees.forest` checks every index before it calls them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from wsinb.trees.forest.walk import LANES, walk

__all__ = ["add_window_probabilities", "count_leaves", "sum_rows", "window_probabilities"]


@njit(nogil=True, cache=True)
def _sum_leaves(leaves: Any, scale: Any, rows: Any, total: Any) -> None:
    """Sum the leaf vectors in `rows`, weighted by `scale` unless that is None, in `total` (n_values,)."""
    n_values = leaves.shape[1]
    total[:] = 0
    for row in rows:
        if scale is None:
            for k in range(n_values):
                total[k] += leaves[row, k]
        else:
            weight = scale[row]
            for k in range(n_values):
                total[k] += weight * np.float32(leaves[row, k])


@njit(nogil=True, cache=True)
def _leaf_rows(
    pixels: Any, y: Any, x: Any, start: int, width: int, words: Any, leaf_row: Any, rows: Any
) -> None:
    """Find the leaves of eight windows from `start` on, the last one repeated: `rows` (8, n_trees)."""
    first, node = np.empty(LANES, np.uint64), np.empty(LANES, np.uint64)
    for lane in range(LANES):
        i = min(start + lane, len(y) - 1)
        first[lane] = (y[i] * width + x[i]) * 3
    for tree in range(rows.shape[1]):
        walk(pixels, first, words, None, tree, node)
        for lane in range(LANES):
            rows[lane, tree] = leaf_row[node[lane]]


@njit(nogil=True, cache=True)
def add_window_probabilities(
    pixels: Any,
    y: Any,
    x: Any,
    width: int,
    words: Any,
    leaf_row: Any,
    leaves: Any,
    scale: Any,
    rows: Any,
    total: Any,
    window: int,
    out: Any,
) -> None:
    """Add the predictions of windows at (y, x) to the planes `out` (n_planes, h, w) float32.

    A pixel receives its windows in the order given, so that equal sets of windows give equal sums, bit by
    bit.

    Parameters
    ----------
    words : ndarray (n_nodes,), uint64
        With the offsets of features in an image of this `width`, see `walk.at_offsets`.
    leaves, scale
        Leaf vectors and their weights; a scale of None sums them as they are, in whole numbers.
    rows, total
        Room for the leaves of eight windows (8, n_trees) and for a sum (n_values,) of uint8 or float32.
    """
    share = np.float32(1.0 / rows.shape[1])
    for start in range(0, len(y), LANES):
        _leaf_rows(pixels, y, x, start, width, words, leaf_row, rows)
        for lane in range(min(LANES, len(y) - start)):
            _sum_leaves(leaves, scale, rows[lane], total)
            top, side = y[start + lane], x[start + lane]
            for plane in range(out.shape[0]):
                for row in range(window):
                    # slices, because loops over plain ranges are what the compiler vectorises
                    begin = (plane * window + row) * window
                    source = total[begin : begin + window]
                    target = out[plane, top + row, side : side + window]
                    for column in range(window):
                        target[column] += np.float32(source[column]) * share


@njit(nogil=True, cache=True)
def window_probabilities(
    pixels: Any,
    y: Any,
    x: Any,
    width: int,
    words: Any,
    leaf_row: Any,
    leaves: Any,
    scale: Any,
    rows: Any,
    total: Any,
    out: Any,
) -> None:
    """Write the predictions of windows at (y, x) to the rows of `out` (n, n_values) float32."""
    share = np.float32(1.0 / rows.shape[1])
    for start in range(0, len(y), LANES):
        _leaf_rows(pixels, y, x, start, width, words, leaf_row, rows)
        for lane in range(min(LANES, len(y) - start)):
            _sum_leaves(leaves, scale, rows[lane], total)
            target = out[start + lane]
            for k in range(len(total)):
                target[k] = np.float32(total[k]) * share


@njit(nogil=True, cache=True)
def sum_rows(rows: Any, leaves: Any, divisor: Any, n_outputs: int, out: Any) -> None:
    """Average leaf probabilities, in the order of scikit-learn, in `out` (n, n_outputs, n_classes)."""
    n_trees, n_classes = rows.shape[1], out.shape[2]
    for i in range(rows.shape[0]):
        for tree in range(n_trees):
            row = rows[i, tree]
            n = np.float64(divisor[row])
            for k in range(n_outputs):
                rest = n
                for c in range(1, n_classes):
                    count = np.float64(leaves[row, (c - 1) * n_outputs + k])
                    rest -= count
                    out[i, k, c] += count / n
                out[i, k, 0] += rest / n
    out /= n_trees


@njit(nogil=True, cache=True)
def count_leaves(rows: Any, targets: Any, counts: Any) -> None:
    """Count the samples of each class above 0, for each leaf and output, in `counts` (n_leaves, n_values)."""
    n_outputs = targets.shape[1]
    for i in range(len(rows)):
        row = rows[i]
        for k in range(n_outputs):
            label = targets[i, k]
            if label > 0:
                counts[row, (label - 1) * n_outputs + k] += 1
