"""Compiled evaluation of forests: eight windows at a time, straight from the image.

A fully grown forest is far larger than the caches, so a walk down a tree waits for memory at every node.
Eight windows walk side by side and wait together. A window is never copied: a feature is an offset from the
window's first byte. The functions release the interpreter lock and are compiled once, then read from numba's
cache.

They trust their arguments: `wsinb.trees.forest` checks every index before it calls them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = [
    "add_window_probabilities",
    "apply_rows",
    "count_leaves",
    "pack_nodes",
    "sum_rows",
    "window_probabilities",
]

FEATURE_BITS = 16
LEAF_CUT = 256


def pack_nodes(
    feature: NDArray[np.int32],
    threshold: NDArray[np.float64],
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    roots: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Pack trees over uint8 features into one word a node, siblings side by side.

    A word holds the place of the left child (the right one follows it), the feature, and the smallest value
    that goes right: ``value <= threshold`` is ``value < floor(threshold) + 1`` for whole numbers, so nothing
    is rounded. A leaf is its own left child and sends nothing right, so that a lane that has arrived stays
    where it is.

    Parameters
    ----------
    feature, threshold, left, right : ndarray (n_nodes,)
        Trees one after the other; children by number in these arrays; ``left < 0`` is a leaf.
    roots : ndarray (n_trees,)
        Number of each root.

    Returns
    -------
    words : ndarray (n_nodes,), int64
        ``left << 32 | feature << 16 | cut``; the roots are the first ``n_trees`` words.
    leaf_row : ndarray (n_nodes,), int32
        Row of the leaf store for words that are leaves, numbered in the order of the nodes.
    """
    n_nodes, n_trees = len(feature), len(roots)
    is_leaf = left < 0
    inner = np.flatnonzero(~is_leaf)
    place = np.empty(n_nodes, np.int64)
    place[roots] = np.arange(n_trees)
    place[left[inner]] = n_trees + 2 * np.arange(len(inner))
    place[right[inner]] = n_trees + 2 * np.arange(len(inner)) + 1
    child = place.copy()
    child[inner] = place[left[inner]]
    cut = np.full(n_nodes, LEAF_CUT, np.int64)
    cut[inner] = np.clip(np.floor(threshold[inner]) + 1, 0, LEAF_CUT).astype(np.int64)
    column = np.where(is_leaf, 0, feature).astype(np.int64)
    words = np.empty(n_nodes, np.int64)
    words[place] = (child << 32) | (column << FEATURE_BITS) | cut
    leaf_row = np.zeros(n_nodes, np.int32)
    leaf_row[place[is_leaf]] = np.arange(int(is_leaf.sum()), dtype=np.int32)
    return words, leaf_row


@njit(inline="always")
def _next(words: Any, pixels: Any, offsets: Any, first: Any, node: Any) -> Any:
    word = words[node]
    value = np.int64(pixels[first + offsets[(word >> 16) & 0xFFFF]])
    return (word >> 32) + np.int64(value >= (word & 0xFFFF))


@njit(nogil=True, cache=True)
def _walk(pixels: Any, offsets: Any, first: Any, words: Any, tree: Any, node: Any) -> None:
    """Walk eight windows down one tree; `node` receives the words they end at."""
    f0, f1, f2, f3, f4, f5, f6, f7 = (
        first[0],
        first[1],
        first[2],
        first[3],
        first[4],
        first[5],
        first[6],
        first[7],
    )
    n0 = n1 = n2 = n3 = n4 = n5 = n6 = n7 = np.int64(tree)
    while True:
        m0 = _next(words, pixels, offsets, f0, n0)
        m1 = _next(words, pixels, offsets, f1, n1)
        m2 = _next(words, pixels, offsets, f2, n2)
        m3 = _next(words, pixels, offsets, f3, n3)
        m4 = _next(words, pixels, offsets, f4, n4)
        m5 = _next(words, pixels, offsets, f5, n5)
        m6 = _next(words, pixels, offsets, f6, n6)
        m7 = _next(words, pixels, offsets, f7, n7)
        moved = (m0 ^ n0) | (m1 ^ n1) | (m2 ^ n2) | (m3 ^ n3) | (m4 ^ n4) | (m5 ^ n5) | (m6 ^ n6) | (m7 ^ n7)
        n0, n1, n2, n3, n4, n5, n6, n7 = m0, m1, m2, m3, m4, m5, m6, m7
        if moved == 0:
            break
    node[0], node[1], node[2], node[3], node[4], node[5], node[6], node[7] = n0, n1, n2, n3, n4, n5, n6, n7


@njit(nogil=True, cache=True)
def _sum_leaves(
    pixels: Any,
    offsets: Any,
    first: Any,
    words: Any,
    leaf_row: Any,
    n_trees: int,
    leaves: Any,
    scale: Any,
    node: Any,
    total: Any,
) -> None:
    """Sum the leaf vectors that eight windows reach in all trees into `total` (8, n_values) float32."""
    n_values = leaves.shape[1]
    total[:] = np.float32(0)
    for tree in range(n_trees):
        _walk(pixels, offsets, first, words, tree, node)
        for lane in range(8):
            row = leaf_row[node[lane]]
            weight = scale[row]
            for k in range(n_values):
                total[lane, k] += weight * np.float32(leaves[row, k])


@njit(nogil=True, cache=True)
def add_window_probabilities(
    pixels: Any,
    offsets: Any,
    y: Any,
    x: Any,
    width: int,
    words: Any,
    leaf_row: Any,
    n_trees: int,
    leaves: Any,
    scale: Any,
    window: int,
    out: Any,
) -> None:
    """Add the predictions of windows at (y, x) to the planes `out` (n_planes, h, w) float32.

    A pixel receives its windows in the order given, so that equal sets of windows give equal sums, bit by
    bit.
    """
    n, n_planes = len(y), out.shape[0]
    node = np.empty(8, np.int64)
    first = np.empty(8, np.int64)
    total = np.empty((8, leaves.shape[1]), np.float32)
    share = np.float32(1.0 / n_trees)
    for start in range(0, n, 8):
        for lane in range(8):
            i = min(start + lane, n - 1)
            first[lane] = (y[i] * width + x[i]) * 3
        _sum_leaves(pixels, offsets, first, words, leaf_row, n_trees, leaves, scale, node, total)
        for lane in range(min(8, n - start)):
            top, side = y[start + lane], x[start + lane]
            k = 0
            for plane in range(n_planes):
                for row in range(window):
                    for column in range(window):
                        out[plane, top + row, side + column] += total[lane, k] * share
                        k += 1


@njit(nogil=True, cache=True)
def window_probabilities(
    pixels: Any,
    offsets: Any,
    y: Any,
    x: Any,
    width: int,
    words: Any,
    leaf_row: Any,
    n_trees: int,
    leaves: Any,
    scale: Any,
    out: Any,
) -> None:
    """Write the predictions of windows at (y, x) to the rows of `out` (n, n_values) float32."""
    n = len(y)
    node = np.empty(8, np.int64)
    first = np.empty(8, np.int64)
    total = np.empty((8, leaves.shape[1]), np.float32)
    share = np.float32(1.0 / n_trees)
    for start in range(0, n, 8):
        for lane in range(8):
            i = min(start + lane, n - 1)
            first[lane] = (y[i] * width + x[i]) * 3
        _sum_leaves(pixels, offsets, first, words, leaf_row, n_trees, leaves, scale, node, total)
        for lane in range(min(8, n - start)):
            for k in range(leaves.shape[1]):
                out[start + lane, k] = total[lane, k] * share


@njit(nogil=True, cache=True)
def apply_rows(
    features: Any, feature: Any, threshold: Any, left: Any, right: Any, roots: Any, out: Any
) -> None:
    """Write the leaf that each row of `features` (n, n_features) reaches in each tree to `out`."""
    for i in range(features.shape[0]):
        for tree in range(len(roots)):
            node = np.int64(roots[tree])
            while left[node] >= 0:
                node = left[node] if features[i, feature[node]] <= threshold[node] else right[node]
            out[i, tree] = node


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
