"""Simpler ways to classify pictures: raw pixels in extra-trees, HOG or LBP with a linear machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["BASELINES", "hog_features", "lbp_features", "linear_machine", "raw_pixels", "raw_trees"]

Image = NDArray[np.uint8]
SIDE = 64
COSTS = (0.001, 0.01, 0.1)


def raw_pixels(images: Sequence[Image]) -> NDArray[np.float32]:
    """Return pictures as 16 x 16 pixels in HSV, (n, 768)."""
    from wsinb.trees import draw_subwindows

    stack = [_square(image, 16) for image in images]
    windows = draw_subwindows(stack, 1, window=16, min_size=1.0, turn=False)
    return windows.reshape(len(windows), -1).astype(np.float32)


def hog_features(images: Sequence[Image]) -> NDArray[np.float64]:
    """Return histograms of oriented gradients of gray pictures of 64 x 64 px, (n, 1764)."""
    from skimage.feature import hog

    extract: Any = hog
    size = {"orientations": 9, "pixels_per_cell": (8, 8), "cells_per_block": (2, 2)}
    return np.stack([extract(_gray(image), **size) for image in images])


def lbp_features(images: Sequence[Image]) -> NDArray[np.float64]:
    """Return histograms of uniform local binary patterns at three scales, of gray and of each colour."""
    return np.stack([_lbp(_square(image, SIDE)) for image in images])


def _lbp(image: Image) -> NDArray[np.float64]:
    from skimage.feature import local_binary_pattern

    pattern: Any = local_binary_pattern
    planes = [image.mean(axis=2).astype(np.uint8), *np.moveaxis(image, 2, 0)]
    parts = []
    for plane in planes:
        for points, radius in ((8, 1), (16, 2), (24, 3)):
            codes = pattern(plane, points, radius, method="uniform")
            parts.append(np.bincount(codes.astype(np.int64).ravel(), minlength=points + 2) / codes.size)
    return np.concatenate(parts)


def raw_trees(seed: int) -> Any:
    """Return extra-trees for `raw_pixels`: 300, the square root of the features at a split."""
    from sklearn.ensemble import ExtraTreesClassifier

    return ExtraTreesClassifier(300, random_state=seed, n_jobs=-1)


def linear_machine(seed: int) -> Any:
    """Return a linear support vector machine whose cost, and weights of classes, three folds choose."""
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    machine = make_pipeline(
        StandardScaler(), LinearSVC(dual=True, tol=1e-3, random_state=seed, max_iter=5000)
    )
    grid = {"linearsvc__C": COSTS, "linearsvc__class_weight": [None, "balanced"]}
    return GridSearchCV(machine, grid, scoring="balanced_accuracy", cv=3)


def _square(image: Image, side: int) -> Image:
    import cv2

    return np.asarray(cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def _gray(image: Image) -> Image:
    import cv2

    return np.asarray(cv2.cvtColor(_square(image, SIDE), cv2.COLOR_RGB2GRAY), np.uint8)


Features = Callable[[Sequence[Image]], NDArray[Any]]
BASELINES: dict[str, tuple[Features, Callable[[int], Any], bool]] = {
    "raw pixels, extra-trees": (raw_pixels, raw_trees, True),
    "HOG, linear SVM": (hog_features, linear_machine, False),
    "LBP, linear SVM": (lbp_features, linear_machine, False),
}
"""Features, classifier by seed, and whether the seed matters, by name."""
