"""Prediction by forests of 24 x 24 outputs, against scikit-learn's `predict_proba`.

Both predict the same windows of the same tissue on one thread. scikit-learn gets its matrix of windows ready
made; ours reads them from the image and also averages them into a map. The labels of all pixels of all
windows must be equal.
"""

from __future__ import annotations

from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._report import report, time_interleaved
from wsinb.trees import Forest, to_colour
from wsinb.trees.segment.grid import window_starts
from wsinb.trees.windows import cut_windows

WINDOW = 24
N_TREES = 10
N_TRAINING = 8_000
STEP = 6
TARGETS = {1: 40.0, 10: 25.0}
"""By min_samples_leaf."""
RUNS = 5


def tissue() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return stained tissue in HSV, (h, w, 3) uint8, and a mask of its brown stain, (h, w) uint8."""
    import cv2
    from skimage import data

    read: Any = data.immunohistochemistry

    image = read()
    brown = cv2.GaussianBlur(image[..., 2], (0, 0), 3) < 140
    return to_colour(image, "hsv"), brown.astype(np.uint8)


def windows(image: NDArray[np.uint8], y: NDArray[np.int64], x: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the matrix of windows that scikit-learn takes, (n, 1728) float32."""
    return cut_windows(image, y, x, WINDOW).reshape(len(y), -1).astype(np.float32)


def check_labels(found: NDArray[np.float32], expected: NDArray[np.float64], *, must_equal: bool) -> int:
    """Return how many labels differ; raise if they must not.

    Parameters
    ----------
    found, expected : ndarray (n, n_outputs)
        Probability of the second of two classes.
    """
    different = int(np.count_nonzero((found > 0.5) != (expected > 0.5)))
    if must_equal and different:
        raise AssertionError(f"{different} of {found.size} labels differ from scikit-learn's")
    return different


def measure(min_samples_leaf: int) -> bool:
    """Compare one forest; full trees must give equal labels."""
    from sklearn.ensemble import ExtraTreesClassifier

    image, mask = tissue()
    rng = np.random.default_rng(0)
    limit = image.shape[0] - WINDOW + 1
    y, x = rng.integers(0, limit, (2, N_TRAINING))
    targets = cut_windows(mask, y, x, WINDOW).reshape(N_TRAINING, -1)
    grown: Any = ExtraTreesClassifier(
        N_TREES, max_features=42, min_samples_leaf=min_samples_leaf, random_state=0, n_jobs=-1
    ).fit(windows(image, y, x), targets)
    grown.n_jobs = 1
    forest = Forest.from_sklearn(grown)

    starts = window_starts(image.shape[0], WINDOW, STEP)
    y, x = (part.ravel() for part in np.meshgrid(starts, starts, indexing="ij"))
    samples = windows(image, y, x)
    expected = np.stack([output[:, 1] for output in grown.predict_proba(samples)], axis=1)
    different = check_labels(
        forest.window_proba(image, y, x)[:, 0], expected, must_equal=min_samples_leaf == 1
    )

    def ours() -> None:
        forest.add_windows(image, y, x, np.zeros((1, *image.shape[:2]), np.float32))

    seconds = time_interleaved(
        {"ours": ours, "peer": lambda: grown.predict_proba(samples)}, RUNS, process_time
    )
    amount = len(y) * WINDOW * WINDOW / 1e6
    trees = "full trees" if min_samples_leaf == 1 else f"min_samples_leaf={min_samples_leaf}"
    return report(
        f"forest of {N_TREES} x {WINDOW} x {WINDOW} outputs, {trees}, {different} labels differ",
        ours=amount / seconds["ours"],
        peer=amount / seconds["peer"],
        peer_name="sklearn.predict_proba",
        unit="Mpx/s of one core",
        target=TARGETS[min_samples_leaf],
    )


def run() -> bool:
    """Run both comparisons; whether the targets are met."""
    return all([measure(1), measure(10)])
