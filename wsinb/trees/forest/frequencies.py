"""How often the samples of a group reach each leaf: the features of ET-FL, as a sparse matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.trees.threads import run_threads

if TYPE_CHECKING:
    from wsinb.trees.forest.forest import Forest

__all__ = ["leaf_frequencies"]

# counts of a piece of work, before they are known to be fewer
ROOM = 2**22


def leaf_frequencies(forest: Forest, matrix: NDArray[Any], n_rows: int, n_jobs: int | None) -> Any:
    """See `Forest.leaf_frequencies`; the matrix is uint8 or float32, as wide as the forest wants."""
    from scipy.sparse import csr_matrix

    if n_rows < 1 or len(matrix) % n_rows:
        raise InvalidInput(f"{len(matrix)} samples are not groups of {n_rows}")
    n_groups = len(matrix) // n_rows
    n_leaves = len(forest.leaves)
    per_piece = max(1, min(ROOM // (n_rows * forest.n_trees), -(-n_groups // 8)))
    starts = range(0, n_groups, per_piece)
    found: dict[int, tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.int64]]] = {}

    def count(start: int) -> None:
        stop = min(start + per_piece, n_groups)
        found[start] = _counted(forest, matrix, n_rows, start, stop)

    run_threads(count, starts, n_jobs)
    pieces = [found[start] for start in starts]
    if not pieces:
        return csr_matrix((0, n_leaves))
    sizes = np.concatenate([np.diff(ends, prepend=0) for _, _, ends in pieces])
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    column = np.concatenate([part for part, _, _ in pieces])
    share = np.concatenate([part for _, part, _ in pieces])
    return csr_matrix((share, column, bounds), shape=(n_groups, n_leaves))


def _counted(
    forest: Forest, matrix: NDArray[Any], n_rows: int, start: int, stop: int
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.int64]]:
    from wsinb.trees.forest.rows import count_rows

    words, leaf_row, cuts = forest.packed_rows(matrix.dtype)
    room = (stop - start) * n_rows * forest.n_trees
    column, share = np.empty(room, np.int32), np.empty(room)
    ends = np.empty(stop - start, np.int64)
    count = np.zeros(len(forest.leaves), np.int32)
    count_rows(
        matrix.reshape(-1), forest.n_features, words, cuts, leaf_row, forest.n_trees, n_rows, start, stop,
        count, column, share, ends,
    )  # fmt: skip
    return column[: ends[-1]].copy(), share[: ends[-1]].copy(), ends
