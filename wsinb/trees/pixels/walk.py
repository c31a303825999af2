"""Compiled evaluation of forests on rows of float32 features, eight rows at a time.

A block of rows goes through one tree after the other, so that the tree stays in the cache.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.trees.forest.forest import Forest
from wsinb.trees.forest.rows import first_values
from wsinb.trees.forest.walk import LANES, pack_cuts, pack_nodes, walk
from wsinb.trees.threads import run_threads

__all__ = ["PackedForest", "pack", "row_planes"]

BLOCK = 512
CHUNK = 32_768


class PackedForest(NamedTuple):
    """Trees laid out for walking; siblings side by side, the roots first.

    Attributes
    ----------
    words : ndarray (n_nodes,), uint64
        See `wsinb.trees.forest.walk.pack_nodes`.
    cuts : ndarray (n_nodes,), float32
        Largest value that goes left; infinite in leaves, which send nothing right.
    value : ndarray (n_nodes, n_classes - 1), float32
        Probabilities in the leaves.
    n_trees, n_features : int
    """

    words: NDArray[np.uint64]
    cuts: NDArray[np.float32]
    value: NDArray[np.float32]
    n_trees: int
    n_features: int


def pack(forest: Forest) -> PackedForest:
    """Lay out a forest of one output.

    Thresholds are rounded down to float32: for float32 features the decisions are exactly the same.
    """
    if forest.n_outputs != 1:
        raise InvalidInput(f"a forest on pixels has 1 output, not {forest.n_outputs}")
    words, leaf_row = pack_nodes(forest.feature, forest.threshold, forest.left, forest.right, forest.roots)
    cuts = pack_cuts(forest.threshold, forest.left, forest.right, forest.roots)
    # by node rather than by leaf, which saves a look at the number of the leaf
    value = (forest.leaves / forest.divisor[:, None]).astype(np.float32)[leaf_row]
    return PackedForest(words, cuts, value, forest.n_trees, forest.n_features)


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
    out = np.zeros((len(rows), packed.value.shape[1]), np.float32)
    values = np.ascontiguousarray(rows).reshape(-1)

    def run(start: int) -> None:
        _add_rows(
            values, packed.n_features, packed.words, packed.cuts, packed.value, packed.n_trees, out,
            start, min(start + CHUNK, len(rows)),
        )  # fmt: skip

    run_threads(run, range(0, len(rows), CHUNK), n_jobs)
    return out


@njit(nogil=True, cache=True)
def _add_rows(
    values: Any,
    width: int,
    words: Any,
    cuts: Any,
    value: Any,
    n_trees: int,
    out: Any,
    start: int,
    stop: int,
) -> None:
    """Average the leaves of the rows from `start` to `stop` in `out` (n, n_values)."""
    n_values = out.shape[1]
    share = np.float32(1.0 / n_trees)
    first, node = np.empty(LANES, np.uint64), np.empty(LANES, np.uint64)
    for block in range(start, stop, BLOCK):
        end = min(block + BLOCK, stop)
        for tree in range(n_trees):
            for row in range(block, end, LANES):
                first_values(values, width, row, end, first)
                walk(values, first, words, cuts, tree, node)
                for lane in range(min(LANES, end - row)):
                    for k in range(n_values):
                        out[row + lane, k] += value[node[lane], k]
        for row in range(block, end):
            for k in range(n_values):
                out[row, k] *= share
