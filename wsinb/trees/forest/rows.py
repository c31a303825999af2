"""Compiled evaluation of forests on rows of features: subwindows that were cut and resized.

A tree is gone through for a block of rows before the next, so that it stays in the cache. The functions trust
their arguments: `wsinb.trees.forest` checks every index before it calls them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from wsinb.trees.forest.walk import LANES, walk

__all__ = ["add_paths", "count_rows", "find_leaves", "first_values", "node_values"]

BLOCK = 512


@njit(nogil=True, cache=True)
def first_values(values: Any, width: int, start: int, stop: int, first: Any) -> None:
    """Fill where eight rows begin, the last one repeated."""
    for lane in range(LANES):
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
    first, node = np.empty(LANES, np.uint64), np.empty(LANES, np.uint64)
    for block in range(start, stop, BLOCK):
        end = min(block + BLOCK, stop)
        for tree in range(out.shape[1]):
            for row in range(block, end, LANES):
                first_values(values, width, row, end, first)
                walk(values, first, words, cuts, tree, node)
                for lane in range(min(LANES, end - row)):
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
    first, node = np.empty(LANES, np.uint64), np.empty(LANES, np.uint64)
    filled = 0
    for group in range(start, stop):
        for tree in range(n_trees):
            begin = filled
            for row in range(group * n_rows, (group + 1) * n_rows, LANES):
                end = (group + 1) * n_rows
                first_values(values, width, row, end, first)
                walk(values, first, words, cuts, tree, node)
                for lane in range(min(LANES, end - row)):
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
