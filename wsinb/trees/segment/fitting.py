"""Growing the trees of a segmentation model with scikit-learn, and scoring them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wsinb.progress import Progress, Tracker
from wsinb.trees.forest.forest import Forest
from wsinb.trees.forest.leaves import smallest_counts

if TYPE_CHECKING:
    from wsinb.trees.segment.model import SegmentationForest

__all__ = ["fit_forest", "score_windows"]


def fit_forest(
    model: SegmentationForest,
    colours: NDArray[np.uint8],
    classes: NDArray[np.uint8],
    n_classes: int,
    rng: np.random.Generator,
    progress: Progress = None,
) -> Forest:
    """Grow extra-trees on windows.

    With projections, a regression forest grows on Gaussian projections of the one-hot outputs: the summed
    variance that it reduces approximates the summed Gini impurity of all outputs (Johnson and Lindenstrauss),
    at a fraction of the time, and of the memory of the nodes. In either case leaves are then filled with the
    counts of all outputs, so that outputs which miss a class need no special case.

    Parameters
    ----------
    colours : ndarray (n, window, window, 3), uint8
    classes : ndarray (n, window, window), uint8
    """
    samples = colours.reshape(len(colours), -1).astype(np.float32)
    targets = classes.reshape(len(classes), -1)
    settings = {
        "max_features": model.max_features or "sqrt",
        "min_samples_leaf": model.min_samples_leaf,
        "random_state": model.random_state,
        "n_jobs": -1 if model.n_jobs is None else model.n_jobs,
    }
    if model.n_projections is None:
        from sklearn.ensemble import ExtraTreesClassifier

        trees = _grow(ExtraTreesClassifier(**settings), samples, targets, model.n_trees, progress)
    else:
        from sklearn.ensemble import ExtraTreesRegressor

        projected = _project(targets, n_classes, model.n_projections, rng)
        trees = _grow(ExtraTreesRegressor(**settings), samples, projected, model.n_trees, progress)
    return _fill_leaves(trees, samples, targets, n_classes)


def _grow(
    estimator: Any, samples: NDArray[np.float32], targets: NDArray[Any], n_trees: int, progress: Progress
) -> list[Any]:
    """Grow a few trees at a time, which gives the same trees, to show progress and to be cancelled."""
    batch = max(1, os.cpu_count() or 1)
    with Tracker(n_trees, "growing trees", progress) as tracker:
        for done in range(0, n_trees, batch):
            now = min(done + batch, n_trees)
            estimator.set_params(n_estimators=now, warm_start=True).fit(samples, targets)
            tracker.update(now - done)
    return [tree.tree_ for tree in estimator.estimators_]


def _project(
    targets: NDArray[np.uint8], n_classes: int, n_projections: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    projected = np.zeros((len(targets), n_projections))
    for label in range(1, n_classes):
        directions = rng.standard_normal((targets.shape[1], n_projections)).astype(np.float32)
        projected += (targets == label).astype(np.float32) @ directions
    return projected


def _fill_leaves(
    trees: list[Any], samples: NDArray[np.float32], targets: NDArray[np.uint8], n_classes: int
) -> Forest:
    from wsinb.trees.forest.evaluate import count_leaves
    from wsinb.trees.forest.from_sklearn import structure

    stores, sizes = [], []
    for tree in trees:
        row_of_node = np.cumsum(tree.children_left < 0) - 1
        rows = row_of_node[tree.apply(samples)]
        n_leaves = int(row_of_node[-1]) + 1
        counts = np.zeros((n_leaves, (n_classes - 1) * targets.shape[1]), np.int32)
        count_leaves(rows, targets, counts)
        leaves, divisor = smallest_counts(counts, np.bincount(rows, minlength=n_leaves).astype(np.int32))
        stores.append(leaves)
        sizes.append(divisor)
    return Forest(
        **structure(trees),
        leaves=np.concatenate(stores),
        divisor=np.concatenate(sizes),
        n_features=samples.shape[1],
        n_outputs=targets.shape[1],
        classes=range(n_classes),
    )


def score_windows(
    forest: Forest, colours: NDArray[np.uint8], classes: NDArray[np.uint8], labels: list[str]
) -> dict[str, Any]:
    """Score single windows that were set aside.

    They come from the same regions as those learned from and overlap them, so that unseen tissue will score
    lower.

    Returns
    -------
    dict
        `n_windows`, `pixel_accuracy`, and `dice` by label.
    """
    n, window = classes.shape[:2]
    strip = np.ascontiguousarray(colours.reshape(n * window, window, 3))
    start = np.arange(n) * window
    planes = forest.window_proba(strip, start, np.zeros(n, np.int64))
    background = 1 - planes.sum(axis=1, keepdims=True)
    found = np.concatenate([background, planes], axis=1).argmax(axis=1)
    truth = classes.reshape(n, -1)
    dice = {}
    for number, name in enumerate(labels):
        here, there = found == number, truth == number
        dice[name] = round(float(2 * (here & there).sum() / max(1, here.sum() + there.sum())), 4)
    return {"n_windows": n, "pixel_accuracy": round(float((found == truth).mean()), 4), "dice": dice}
