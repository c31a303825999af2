"""Compiled evaluation of forests on rows of features: subwindows that were cut and resized.

As in `evaluate`, eight rows walk down a tree side by side and wait for memory together. A tree is gone
through for a block of rows before the next, so that it stays in the cache. The functions trust their
arguments: `wsinb.trees.forest` checks every index before it calls them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wsinb.trees.forest.evaluate import word_places

__all__ = ["add_paths", "count_rows", "find_leaves", "node_values", "pack_cuts"]

BLOCK = 512


def pack_cuts(
    threshold: NDArray[np.float64],
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    roots: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Return, for each word of `pack_nodes`, the largest float32 that goes left; in leaves all does.

    A float32 is at most a threshold if and only if it is at most this number, so nothing is rounded.
    """
    cut = threshold.astype(np.float32)
    cut = np.where(cut > threshold, np.nextafter(cut, np.float32(-np.inf)), cut)
    cuts = np.empty(len(cut), np.float32)
    cuts[word_places(left, right, roots)] = np.where(left < 0, np.float32(np.inf), cut)
    return cuts


@njit(nogil=True)
def _step(words: Any, cuts: Any, values: Any, first: Any, node: Any) -> Any:
    word = words[node]
    value = values[first + ((word >> 16) & 0xFFFF)]
    if cuts is None:  # bytes: decided when this is compiled
        return (word >> 32) + np.int64(np.int64(value) >= (word & 0xFFFF))
    return (word >> 32) + np.int64(value > cuts[node])


@njit(nogil=True, cache=True)
def _walk(values: Any, first: Any, words: Any, cuts: Any, tree: int, node: Any) -> None:
    """Walk eight rows down one tree; `node` receives the words they end at."""
    f0, f1, f2, f3 = first[0], first[1], first[2], first[3]
    f4, f5, f6, f7 = first[4], first[5], first[6], first[7]
    n0 = n1 = n2 = n3 = n4 = n5 = n6 = n7 = np.int64(tree)
    while True:
        m0 = _step(words, cuts, values, f0, n0)
        m1 = _step(words, cuts, values, f1, n1)
        m2 = _step(words, cuts, values, f2, n2)
        m3 = _step(words, cuts, values, f3, n3)
        m4 = _step(words, cuts, values, f4, n4)
        m5 = _step(words, cuts, values, f5, n5)
        m6 = _step(words, cuts, values, f6, n6)
        m7 = _step(words, cuts, values, f7, n7)
        moved = (m0 ^ n0) | (m1 ^ n1) | (m2 ^ n2) | (m3 ^ n3) | (m4 ^ n4) | (m5 ^ n5) | (m6 ^ n6) | (m7 ^ n7)
        n0, n1, n2, n3, n4, n5, n6, n7 = m0, m1, m2, m3, m4, m5, m6, m7
        if moved == 0:
            break
    node[0], node[1], node[2], node[3], node[4], node[5], node[6], node[7] = n0, n1, n2, n3, n4, n5, n6, n7


@njit(nogil=True, cache=True)
def _eight(values: Any, width: int, start: int, stop: int, first: Any) -> None:
    """Fill where eight rows begin, the last one repeated."""
    for lane in range(8):
        first[lane] = min(start + lane, stop - 1) * width


@njit(nogil=True, cache=True)
def find_leaves(
    values: Any, width: int, words: Any, cuts: Any, leaf_row: Any, start: int, stop: int, out: Any
) -> None:
    """Write the leaf of each row from `start` to `stop` in each tree to `out` (n, n_trees) int32.

    Parameters
    ----------
    values : ndarray (n * width,), uint8, or float32 with `cuts`
        The rows, one after the other.
    cuts : ndarray (n_nodes,), float32, or None
        See `pack_cuts`.
    """
    first, node = np.empty(8, np.int64), np.empty(8, np.int64)
    for block in range(start, stop, BLOCK):
        end = min(block + BLOCK, stop)
        for tree in range(out.shape[1]):
            for row in range(block, end, 8):
                _eight(values, width, row, end, first)
                _walk(values, first, words, cuts, tree, node)
                for lane in range(min(8, end - row)):
                    out[row + lane, tree] = leaf_row[node[lane]]


@njit(nogil=True, cache=True)
def count_rows(
    values: Any,
    width: int,
    words: Any,
    cuts: Any,
    leaf_row: Any,
    n_trees: int,
    n_rows: int,
    start: int,
    stop: int,
    count: Any,
    column: Any,
    share: Any,
    ends: Any,
) -> None:
    """Count how often the rows of each group reach each leaf.

    Parameters
    ----------
    n_rows : int
        Rows of a group; group `g` has the rows from ``g * n_rows`` on.
    start, stop : int
        The groups to count.
    count : ndarray (n_leaves,), int32
        Room, all 0, and left so.
    column, share : ndarray ((stop - start) * n_rows * n_trees,), int32 and float64
        Receive leaves in ascending order within a group, and the share of its rows that reach each.
    ends : ndarray (stop - start,), int64
        Receives where each group ends in them.
    """
    first, node = np.empty(8, np.int64), np.empty(8, np.int64)
    filled = 0
    for group in range(start, stop):
        for tree in range(n_trees):
            begin = filled
            for row in range(group * n_rows, (group + 1) * n_rows, 8):
                end = (group + 1) * n_rows
                _eight(values, width, row, end, first)
                _walk(values, first, words, cuts, tree, node)
                for lane in range(min(8, end - row)):
                    leaf = leaf_row[node[lane]]
                    if count[leaf] == 0:
                        column[filled] = leaf
                        filled += 1
                    count[leaf] += 1
            # leaves of a tree are numbered together, so that sorting tree by tree sorts the group
            column[begin:filled].sort()
            for i in range(begin, filled):
                share[i] = count[column[i]] / n_rows
                count[column[i]] = 0
        ends[group - start] = filled


@njit(nogil=True, cache=True)
def node_values(left: Any, right: Any, leaf_number: Any, weight: Any, value: Any) -> Any:
    """Return a value for every node: that of a leaf, or the mean of the children, by their weight.

    Parameters
    ----------
    leaf_number : ndarray (n_nodes,), int64
        Number of a node that is a leaf.
    weight, value : ndarray (n_leaves,), float64
    """
    n = len(left)
    total, mean = np.empty(n, np.float64), np.empty(n, np.float64)
    for node in range(n - 1, -1, -1):  # children come after their parent
        if left[node] < 0:
            total[node], mean[node] = weight[leaf_number[node]], value[leaf_number[node]]
        else:
            a, b = left[node], right[node]
            total[node] = total[a] + total[b]
            mean[node] = (mean[a] * total[a] + mean[b] * total[b]) / total[node]
    return mean


@njit(nogil=True, cache=True)
def add_paths(
    rows: Any, feature: Any, threshold: Any, left: Any, right: Any, roots: Any, value: Any, out: Any
) -> None:
    """Add to each tested feature of a row how the value of the node changes by the test.

    Parameters
    ----------
    rows : ndarray (n, n_features)
    value : ndarray (n_nodes,), float64
    out : ndarray (n, n_features), float64
        A row's sum is that of its leaves' values less that of the roots'.
    """
    for i in range(rows.shape[0]):
        for tree in range(len(roots)):
            node = np.int64(roots[tree])
            while left[node] >= 0:
                tested = feature[node]
                child = left[node] if rows[i, tested] <= threshold[node] else right[node]
                out[i, tested] += value[child] - value[node]
                node = np.int64(child)
