"""Compiled evaluation of forests on rows of float32 features, eight rows at a time.

As `wsinb.trees.forest.evaluate` does for windows: eight rows walk down a tree side by side and wait for
memory together. A block of rows goes through one tree after the other, so that the tree stays in the cache.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.trees.forest.evaluate import word_places
from wsinb.trees.forest.forest import Forest
from wsinb.trees.forest.rows import pack_cuts
from wsinb.trees.threads import run_threads

__all__ = ["PackedForest", "pack", "row_planes"]

FEATURE_BITS = 20
BLOCK = 512
CHUNK = 32_768


class PackedForest(NamedTuple):
    """Trees laid out for walking; siblings side by side, the roots first.

    Attributes
    ----------
    words : ndarray (n_nodes,), int64
        ``left << 20 | feature``; a leaf is its own left child.
    cut : ndarray (n_nodes,), float32
        Largest value that goes left; infinite in leaves, which send nothing right.
    value : ndarray (n_nodes, n_classes - 1), float32
        Probabilities in the leaves.
    n_trees, n_features : int
    """

    words: NDArray[np.int64]
    cut: NDArray[np.float32]
    value: NDArray[np.float32]
    n_trees: int
    n_features: int


def pack(forest: Forest) -> PackedForest:
    """Lay out a forest of one output.

    Thresholds are rounded down to float32: for float32 features the decisions are exactly the same.
    """
    if forest.n_outputs != 1 or forest.n_features >= 2**FEATURE_BITS:
        raise InvalidInput(f"a forest on pixels has 1 output, not {forest.n_outputs}")
    leaf = forest.left < 0
    inner = np.flatnonzero(~leaf)
    n_nodes, n_trees = len(leaf), forest.n_trees
    place = word_places(forest.left, forest.right, forest.roots)
    child = place.copy()
    child[inner] = place[forest.left[inner]]
    words = np.empty(n_nodes, np.int64)
    words[place] = (child << FEATURE_BITS) | np.where(leaf, 0, forest.feature)
    cut = pack_cuts(forest.threshold, forest.left, forest.right, forest.roots)
    value = np.zeros((n_nodes, forest.n_classes - 1), np.float32)
    value[place[leaf]] = forest.leaves / forest.divisor[:, None]
    return PackedForest(words, cut, value, n_trees, forest.n_features)


def row_planes(
    packed: PackedForest, rows: NDArray[np.float32], n_jobs: int | None = None
) -> NDArray[np.float32]:
    """Return the probabilities of the classes above the first.

    Parameters
    ----------
    rows : ndarray (n, n_features), float32, C-contiguous
        Without NaN.
    n_jobs : int, optional
        Threads; None is one for each core.

    Returns
    -------
    ndarray (n, n_classes - 1), float32
        Sums of float32 over the trees: a row's value depends on nothing but itself.
    """
    if rows.ndim != 2 or rows.shape[1] != packed.n_features or rows.dtype != np.float32:
        raise InvalidInput(
            f"features must be (n, {packed.n_features}) float32, not {rows.shape} {rows.dtype}"
        )
    rows = np.ascontiguousarray(rows)
    n = len(rows)
    if 0 < n < 8:
        rows = np.concatenate([rows, np.repeat(rows[-1:], 8 - n, axis=0)])
    out = np.zeros((len(rows), packed.value.shape[1]), np.float32)

    def run(start: int) -> None:
        # the last rows once more rather than a chunk of less than eight
        own = slice(min(start, len(rows) - 8), start + CHUNK)
        _add_rows(
            rows[own], packed.words, packed.cut, packed.value, packed.n_trees, out[own], start - own.start
        )

    if n:
        run_threads(run, range(0, len(rows), CHUNK), n_jobs)
    return out[:n]


@njit(inline="always")
def _next(words: Any, cut: Any, rows: Any, i: Any, node: Any) -> Any:
    word = words[node]
    return (word >> FEATURE_BITS) + np.int64(rows[i, word & 0xFFFFF] > cut[node])


@njit(nogil=True, cache=True)
def _walk(words: Any, cut: Any, rows: Any, i: Any, tree: Any, node: Any) -> None:
    """Walk the eight rows from `i` on down one tree; `node` receives the words they end at."""
    n0 = n1 = n2 = n3 = n4 = n5 = n6 = n7 = np.int64(tree)
    while True:
        m0 = _next(words, cut, rows, i, n0)
        m1 = _next(words, cut, rows, i + 1, n1)
        m2 = _next(words, cut, rows, i + 2, n2)
        m3 = _next(words, cut, rows, i + 3, n3)
        m4 = _next(words, cut, rows, i + 4, n4)
        m5 = _next(words, cut, rows, i + 5, n5)
        m6 = _next(words, cut, rows, i + 6, n6)
        m7 = _next(words, cut, rows, i + 7, n7)
        moved = (m0 ^ n0) | (m1 ^ n1) | (m2 ^ n2) | (m3 ^ n3) | (m4 ^ n4) | (m5 ^ n5) | (m6 ^ n6) | (m7 ^ n7)
        n0, n1, n2, n3, n4, n5, n6, n7 = m0, m1, m2, m3, m4, m5, m6, m7
        if moved == 0:
            break
    node[0], node[1], node[2], node[3], node[4], node[5], node[6], node[7] = n0, n1, n2, n3, n4, n5, n6, n7


@njit(nogil=True, cache=True)
def _add_rows(rows: Any, words: Any, cut: Any, value: Any, n_trees: int, out: Any, skip: int) -> None:
    """Average the leaves of at least eight rows in `out` (n, n_values), but for the first `skip`."""
    n, n_values = out.shape
    node = np.empty(8, np.int64)
    for start in range(skip, n, BLOCK):
        stop = min(start + BLOCK, n)
        for tree in range(n_trees):
            i = start
            while i < stop:
                first = min(i, n - 8)
                _walk(words, cut, rows, first, tree, node)
                for lane in range(i - first, min(8, stop - first)):
                    for k in range(n_values):
                        out[first + lane, k] += value[node[lane], k]
                i = first + 8
    share = np.float32(1.0 / n_trees)
    for i in range(skip, n):
        for k in range(n_values):
            out[i, k] *= share
