"""From scikit-learn's trees to plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.trees.forest import smallest_counts

__all__ = ["convert", "structure"]


def structure(trees: Sequence[Any]) -> dict[str, NDArray[Any]]:
    """Join the nodes of scikit-learn's trees.

    Parameters
    ----------
    trees : sequence of sklearn.tree._tree.Tree
        Low-level trees (`tree_` of an estimator), classifiers or regressors.

    Returns
    -------
    dict
        `feature`, `threshold`, `left`, `right`, `roots` of `wsinb.trees.Forest`.
    """
    sizes = np.array([tree.node_count for tree in trees], np.int64)
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    shift = np.repeat(roots, sizes)
    left = np.concatenate([tree.children_left for tree in trees])
    right = np.concatenate([tree.children_right for tree in trees])
    leaf = left < 0
    feature = np.concatenate([tree.feature for tree in trees])
    threshold = np.concatenate([tree.threshold for tree in trees])
    return {
        "feature": np.where(leaf, 0, feature).astype(np.int32),
        "threshold": np.where(leaf, 0.0, threshold),
        "left": np.where(leaf, -1, left + shift).astype(np.int32),
        "right": np.where(leaf, -1, right + shift).astype(np.int32),
        "roots": roots,
    }


def convert(estimator: Any) -> dict[str, Any]:
    """Return the arguments of `wsinb.trees.Forest` for a fitted scikit-learn classifier."""
    if not hasattr(estimator, "classes_"):
        raise InvalidInput(
            f"{type(estimator).__name__} is not a fitted classifier: fit one of sklearn.ensemble"
        )
    members = getattr(estimator, "estimators_", [estimator])
    trees = [getattr(member, "tree_", None) for member in members]
    if any(tree is None for tree in trees):
        raise InvalidInput(
            f"{type(estimator).__name__} is not made of trees: use extra-trees or a random forest"
        )
    of_output = estimator.classes_ if estimator.n_outputs_ > 1 else [estimator.classes_]
    classes = np.unique(np.concatenate([np.asarray(seen) for seen in of_output]))
    place = [np.searchsorted(classes, seen) for seen in of_output]
    stores = [_leaf_counts(tree, place, len(classes)) for tree in trees]
    counts = np.concatenate([count for count, _ in stores])
    total = np.concatenate([n for _, n in stores])
    if np.array_equal(counts, np.rint(counts)) and np.array_equal(total, np.rint(total)):
        leaves, divisor = smallest_counts(counts.astype(np.int64), total.astype(np.int64))
    else:
        leaves, divisor = counts / total[:, None], np.ones(len(total), np.int32)
    return {
        **structure(trees),
        "leaves": leaves,
        "divisor": divisor,
        "n_features": int(estimator.n_features_in_),
        "n_outputs": int(estimator.n_outputs_),
        "classes": [value.item() for value in classes],
    }


def _leaf_counts(
    tree: Any, place: list[NDArray[np.int64]], n_classes: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weight of each class above the first in each leaf, and the weight of the leaf.

    scikit-learn stores fractions; times the weight they are whole numbers when samples are not weighted.
    """
    leaf = tree.children_left < 0
    weight = tree.weighted_n_node_samples[leaf]
    fraction = tree.value[leaf]
    planes = np.zeros((len(weight), n_classes, len(place)))
    if all(len(seen) == n_classes for seen in place):
        planes[:] = fraction.transpose(0, 2, 1)
    else:
        for output, seen in enumerate(place):
            planes[:, seen, output] = fraction[:, output, : len(seen)]
    planes *= weight[:, None, None]
    whole = np.rint(planes)
    if np.allclose(whole, planes, rtol=0, atol=1e-6):
        planes = whole
    return planes[:, 1:].reshape(len(weight), -1), weight
