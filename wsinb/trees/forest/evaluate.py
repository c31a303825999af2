"""Compiled evaluation of forests: eight windows at a time, straight from the image.

A fully grown forest is far larger than the caches, so a walk down a tree waits for memory at every node.
Eight windows walk side by side and wait together. A window is never copied: a feature is an offset from the
window's first byte. The functions release the interpreter lock and are compiled once, then read from numba's
cache.

Leaves of fully grown trees hold 0 and 1, which are summed in whole numbers: labels equal scikit-learn's
without exception. Other leaves are summed in float32, which is within 1e-6 of scikit-learn's float64: only
where two classes tie to the last digit can rounding, theirs or ours, choose differently.

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
    "word_places",
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
    n_nodes = len(feature)
    is_leaf = left < 0
    inner = np.flatnonzero(~is_leaf)
    place = word_places(left, right, roots)
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


def word_places(
    left: NDArray[np.int32], right: NDArray[np.int32], roots: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return which word of `pack_nodes` is a node's: roots first, then siblings side by side."""
    n_trees, inner = len(roots), np.flatnonzero(left >= 0)
    place = np.empty(len(left), np.int64)
    place[roots] = np.arange(n_trees)
    place[left[inner]] = n_trees + 2 * np.arange(len(inner))
    place[right[inner]] = n_trees + 2 * np.arange(len(inner)) + 1
    return place


@njit(inline="always")
def _next(words: Any, pixels: Any, offsets: Any, first: Any, node: Any) -> Any:
    word = words[node]
    value = np.int64(pixels[first + offsets[(word >> 16) & 0xFFFF]])
    return (word >> 32) + np.int64(value >= (word & 0xFFFF))


@njit(nogil=True, cache=True)
def _walk(pixels: Any, offsets: Any, first: Any, words: Any, tree: Any, node: Any) -> None:
    """Walk eight windows down one tree; `node` receives the words they end at."""
    f0, f1, f2, f3 = first[0], first[1], first[2], first[3]
    f4, f5, f6, f7 = first[4], first[5], first[6], first[7]
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
    pixels: Any, offsets: Any, y: Any, x: Any, start: int, width: int, words: Any, leaf_row: Any, rows: Any
) -> None:
    """Find the leaves of eight windows from `start` on, the last one repeated: `rows` (8, n_trees)."""
    first = np.empty(8, np.int64)
    node = np.empty(8, np.int64)
    for lane in range(8):
        i = min(start + lane, len(y) - 1)
        first[lane] = (y[i] * width + x[i]) * 3
    for tree in range(rows.shape[1]):
        _walk(pixels, offsets, first, words, tree, node)
        for lane in range(8):
            rows[lane, tree] = leaf_row[node[lane]]


@njit(nogil=True, cache=True)
def add_window_probabilities(
    pixels: Any,
    offsets: Any,
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
    leaves, scale
        Leaf vectors and their weights; a scale of None sums them as they are, in whole numbers.
    rows, total
        Room for the leaves of eight windows (8, n_trees) and for a sum (n_values,) of uint8 or float32.
    """
    share = np.float32(1.0 / rows.shape[1])
    for start in range(0, len(y), 8):
        _leaf_rows(pixels, offsets, y, x, start, width, words, leaf_row, rows)
        for lane in range(min(8, len(y) - start)):
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
    offsets: Any,
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
    for start in range(0, len(y), 8):
        _leaf_rows(pixels, offsets, y, x, start, width, words, leaf_row, rows)
        for lane in range(min(8, len(y) - start)):
            _sum_leaves(leaves, scale, rows[lane], total)
            target = out[start + lane]
            for k in range(len(total)):
                target[k] = np.float32(total[k]) * share


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
