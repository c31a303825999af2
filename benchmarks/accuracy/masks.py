"""Measures of pixels, thresholds to compare with, and parameters chosen by folds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Folds", "choose", "dice", "gray", "otsu", "otsu_level", "pixel_auc"]

Folds = Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]]
"""Numbers of the pictures to learn from and to test, fold by fold."""


def gray(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the rounded mean of the channels, (h, w)."""
    return image if image.ndim == 2 else np.rint(image.mean(axis=2)).astype(np.uint8)


def otsu_level(image: NDArray[np.uint8]) -> float:
    """Return the threshold of Otsu (IEEE Transactions on Systems, Man and Cybernetics 1979) of the gray."""
    import cv2

    return float(cv2.threshold(gray(image), 0, 255, cv2.THRESH_OTSU)[0])


def otsu(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the side of Otsu's threshold that has fewer pixels."""
    bright: NDArray[np.bool_] = gray(image) > otsu_level(image)
    return ~bright if bright.mean() > 0.5 else bright


def dice(found: NDArray[Any], truth: NDArray[Any]) -> float:
    """Return the Dice coefficient of two masks, which is the F1 of the pixels; 1 if both are empty."""
    both, total = (
        np.count_nonzero((found > 0) & (truth > 0)),
        np.count_nonzero(found) + np.count_nonzero(truth),
    )
    return 2 * both / total if total else 1.0


def pixel_auc(scores: Sequence[NDArray[Any]], masks: Sequence[NDArray[Any]]) -> float:
    """Return the area under the receiver's curve over the pixels of all pictures together."""
    from sklearn.metrics import roc_auc_score

    every = [np.concatenate([plane.ravel() for plane in planes]) for planes in (masks, scores)]
    return float(roc_auc_score(*every))


def choose(
    settings: Sequence[dict[str, Any]],
    folds: Folds,
    score: Callable[[dict[str, Any], NDArray[np.intp], NDArray[np.intp]], Sequence[float]],
) -> tuple[dict[str, Any], list[float]]:
    """Return the setting of the highest mean score over all folds, the first of equals, and all means.

    Parameters
    ----------
    score : callable
        Given a setting and the numbers of the pictures to learn from and to test; returns scores of the
        latter, one a picture or one of all.
    """
    means = [
        float(np.mean(np.concatenate([score(setting, *fold) for fold in folds]))) for setting in settings
    ]
    return settings[int(np.argmax(means))], means
