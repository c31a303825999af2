"""From scikit-learn's trees to plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.trees.forest.leaves import smallest_counts

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
    stores = [_leaf_store(tree, place, len(classes)) for tree in trees]
    return {
        **structure(trees),
        "leaves": np.concatenate([leaves for leaves, _ in stores]),
        "divisor": np.concatenate([divisor for _, divisor in stores]),
        "n_features": int(estimator.n_features_in_),
        "n_outputs": int(estimator.n_outputs_),
        "classes": [value.item() for value in classes],
    }


def _leaf_store(
    tree: Any, place: list[NDArray[np.int64]], n_classes: int
) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """Return the leaf store of one tree.

    scikit-learn stores fractions; times a leaf's weight they are whole when samples are not weighted.
    """
    leaf = tree.children_left < 0
    weight = tree.weighted_n_node_samples[leaf]
    value = tree.value[leaf]
    planes = np.zeros((len(weight), n_classes - 1, len(place)))
    for output, seen in enumerate(place):
        for column, number in enumerate(seen):
            if number > 0:
                planes[:, number - 1, output] = value[:, output, column]
    fraction = planes.reshape(len(weight), -1)
    counts = np.rint(fraction * weight[:, None])
    if np.array_equal(weight, np.rint(weight)) and np.array_equal(counts / weight[:, None], fraction):
        return smallest_counts(counts.astype(np.int64), weight.astype(np.int64))
    return fraction, np.ones(len(weight), np.int32)
