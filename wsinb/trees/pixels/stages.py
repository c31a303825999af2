"""Stages of a pixel forest: what each sees, and all of them as the trees of one forest in a file.

Auto-context (Tu and Bai, IEEE PAMI 2010): a later stage also sees filters of the probabilities that the stage
before it has found around a pixel.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.trees.forest.forest import Forest
from wsinb.trees.pixels.filters import margin_of, valid_bank

__all__ = ["CONTEXT", "cropped", "join_forests", "split_forest", "with_context"]

CONTEXT = ("intensity", "gradient", "hessian", "difference")
"""Filters of the probabilities."""


def cropped(array: NDArray[np.float32], border: int) -> NDArray[np.float32]:
    """Return an image (h, w, ...) without so many pixels on each side."""
    return array[border : array.shape[0] - border, border : array.shape[1] - border]


def with_context(
    bank: NDArray[np.float32],
    planes: NDArray[np.float32],
    scales: tuple[float, ...],
    n_jobs: int | None = None,
) -> NDArray[np.float32]:
    """Return features with those of probabilities behind them, for the pixels whose context is known.

    Parameters
    ----------
    bank : ndarray (h, w, n_features), float32
    planes : ndarray (h, w, n_classes - 1), float32
        Probabilities that the stage before has found.

    Returns
    -------
    ndarray (h - 2 m, w - 2 m, n_features + n_context), float32
        `m` is the margin of the context's filters.
    """
    context = valid_bank(planes, scales, CONTEXT, n_jobs=n_jobs)
    return np.concatenate([cropped(bank, margin_of(scales, CONTEXT)), context], axis=2)


def join_forests(forests: Sequence[Forest]) -> Forest:
    """Return one forest with the trees of several that predict the same classes; a file holds it."""
    n_nodes = np.cumsum([0, *(len(forest.left) for forest in forests)])
    moved = list(zip(forests, n_nodes, strict=False))

    def children(side: str) -> NDArray[np.int32]:
        parts = [(getattr(forest, side), start) for forest, start in moved]
        return np.concatenate([np.where(part < 0, -1, part + start) for part, start in parts]).astype(
            np.int32
        )

    return Forest(
        feature=np.concatenate([forest.feature for forest in forests]),
        threshold=np.concatenate([forest.threshold for forest in forests]),
        left=children("left"),
        right=children("right"),
        roots=np.concatenate([forest.roots + start for forest, start in moved]),
        leaves=np.ascontiguousarray(np.concatenate([forest.leaves for forest in forests])),
        divisor=np.concatenate([forest.divisor for forest in forests]),
        n_features=max(forest.n_features for forest in forests),
        n_outputs=1,
        classes=forests[0].classes,
    )


def split_forest(forest: Forest, n_trees: int, n_features: Sequence[int]) -> list[Forest]:
    """Undo `join_forests` for stages of `n_trees` each, over so many features.

    Raises
    ------
    InvalidInput
        If the trees cannot be shared out, or are no trees over so many features.
    """
    if forest.n_trees != n_trees * len(n_features) or forest.n_features != max(n_features):
        raise InvalidInput("its trees do not match its parameters")
    bounds = np.append(forest.roots, len(forest.left))
    leaf_number = np.append(0, np.cumsum(forest.left < 0))
    stages = []
    for number, width in enumerate(n_features):
        start, stop = bounds[number * n_trees], bounds[(number + 1) * n_trees]
        nodes, leaves = slice(start, stop), slice(leaf_number[start], leaf_number[stop])
        stages.append(
            Forest(
                feature=forest.feature[nodes].copy(),
                threshold=forest.threshold[nodes].copy(),
                left=np.where(forest.left[nodes] < 0, -1, forest.left[nodes] - start).astype(np.int32),
                right=np.where(forest.right[nodes] < 0, -1, forest.right[nodes] - start).astype(np.int32),
                roots=forest.roots[number * n_trees : (number + 1) * n_trees] - start,
                leaves=forest.leaves[leaves].copy(),
                divisor=forest.divisor[leaves].copy(),
                n_features=width,
                n_outputs=1,
                classes=forest.classes,
            )
        )
    return stages
