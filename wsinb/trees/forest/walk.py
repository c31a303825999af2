"""Walking down trees, compiled: eight windows, subwindows or rows of features at a time.

A fully grown forest is far larger than the caches, so a walk down a tree waits for memory at every node.
Eight walk side by side and wait together. All numbers are unsigned: places that count from the end need not
be looked for, which alone makes a walk half as long again as fast.

Nothing here checks its arguments: `wsinb.trees.forest` checks every index before it calls what walks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["LANES", "MAX_OFFSET", "at_offsets", "pack_cuts", "pack_nodes", "walk", "word_places"]

LANES = 8
CUT_BITS = 9
LEAF_CUT = 256
OFFSET_BITS = 24
MAX_OFFSET = (1 << OFFSET_BITS) - 1
"""Largest distance of a value from the first of its row or window."""

CHILD_SHIFT = np.uint64(CUT_BITS + OFFSET_BITS)
OFFSET_SHIFT = np.uint64(CUT_BITS)
CUT_MASK = np.uint64((1 << CUT_BITS) - 1)
OFFSET_MASK = np.uint64(MAX_OFFSET)


def pack_nodes(
    feature: NDArray[np.int32],
    threshold: NDArray[np.float64],
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    roots: NDArray[np.int64],
) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Pack trees into one word a node, siblings side by side.

    A word holds the place of the left child (the right one follows it), the feature, and, for features that
    are bytes, the smallest value that goes right: ``value <= threshold`` is ``value < floor(threshold) + 1``
    for whole numbers, so nothing is rounded. A leaf is its own left child and sends nothing right, so that a
    lane that has arrived stays where it is.

    Parameters
    ----------
    feature, threshold, left, right : ndarray (n_nodes,)
        Trees one after the other; children by number in these arrays; ``left < 0`` is a leaf.
    roots : ndarray (n_trees,)
        Number of each root.

    Returns
    -------
    words : ndarray (n_nodes,), uint64
        ``left << 33 | feature << 9 | cut``; the roots are the first ``n_trees`` words.
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
    offset = np.where(is_leaf, 0, feature).astype(np.int64)
    words = np.empty(n_nodes, np.uint64)
    words[place] = (child.astype(np.uint64) << CHILD_SHIFT) | ((offset << CUT_BITS) | cut).astype(np.uint64)
    leaf_row = np.zeros(n_nodes, np.int32)
    leaf_row[place[is_leaf]] = np.arange(int(is_leaf.sum()), dtype=np.int32)
    return words, leaf_row


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


def at_offsets(words: NDArray[np.uint64], offsets: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the words with each feature replaced by its distance from the first value of a window.

    Parameters
    ----------
    offsets : ndarray (n_features,), from 0 to `MAX_OFFSET`
    """
    feature = (words >> OFFSET_SHIFT) & OFFSET_MASK
    rest = words & ~(OFFSET_MASK << OFFSET_SHIFT)
    placed: NDArray[np.uint64] = rest | (offsets.astype(np.uint64)[feature] << OFFSET_SHIFT)
    return placed


@njit(nogil=True)
def _step(values: Any, first: Any, words: Any, cuts: Any, node: Any) -> Any:
    word = words[node]
    value = values[first + ((word >> OFFSET_SHIFT) & OFFSET_MASK)]
    if cuts is None:  # bytes: decided when this is compiled
        return (word >> CHILD_SHIFT) + np.uint64(np.uint64(value) >= (word & CUT_MASK))
    return (word >> CHILD_SHIFT) + np.uint64(value > cuts[node])


@njit(nogil=True, cache=True)
def walk(values: Any, first: Any, words: Any, cuts: Any, tree: Any, node: Any) -> None:
    """Walk down one tree from eight places of `values`.

    Parameters
    ----------
    values : ndarray (n,), uint8, or float32 with `cuts`
    first : ndarray (8,), uint64
        Where each row or window begins.
    words : ndarray (n_nodes,), uint64
        See `pack_nodes` and `at_offsets`.
    cuts : ndarray (n_nodes,), float32, or None
        See `pack_cuts`.
    tree : int
    node : ndarray (8,), uint64
        Receives the words that the walks end at.
    """
    f0, f1, f2, f3 = first[0], first[1], first[2], first[3]
    f4, f5, f6, f7 = first[4], first[5], first[6], first[7]
    n0 = n1 = n2 = n3 = n4 = n5 = n6 = n7 = np.uint64(tree)
    while True:
        # two steps for each look at whether all have arrived
        m0 = _step(values, f0, words, cuts, n0)
        m1 = _step(values, f1, words, cuts, n1)
        m2 = _step(values, f2, words, cuts, n2)
        m3 = _step(values, f3, words, cuts, n3)
        m4 = _step(values, f4, words, cuts, n4)
        m5 = _step(values, f5, words, cuts, n5)
        m6 = _step(values, f6, words, cuts, n6)
        m7 = _step(values, f7, words, cuts, n7)
        n0 = _step(values, f0, words, cuts, m0)
        n1 = _step(values, f1, words, cuts, m1)
        n2 = _step(values, f2, words, cuts, m2)
        n3 = _step(values, f3, words, cuts, m3)
        n4 = _step(values, f4, words, cuts, m4)
        n5 = _step(values, f5, words, cuts, m5)
        n6 = _step(values, f6, words, cuts, m6)
        n7 = _step(values, f7, words, cuts, m7)
        moved = (m0 ^ n0) | (m1 ^ n1) | (m2 ^ n2) | (m3 ^ n3) | (m4 ^ n4) | (m5 ^ n5) | (m6 ^ n6) | (m7 ^ n7)
        if moved == 0:
            break
    node[0], node[1], node[2], node[3], node[4], node[5], node[6], node[7] = n0, n1, n2, n3, n4, n5, n6, n7
