"""Features of ET-FL: how often the subwindows of a picture reach each leaf, against `forest.apply`.

Both make the sparse matrix of 400 pictures of 100 subwindows, 16 x 16 in HSV, from a forest of 10 trees
with leaves of 50 and of 1 subwindows at least, on one thread. scikit-learn gets its float32 matrix ready
made; its leaves are numbered through and summed by SciPy. Plain prediction (ET-DIC) is compared along the
way; all results must be equal.
"""

from __future__ import annotations

from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._report import report, time_interleaved
from wsinb.trees import Forest, draw_subwindows

__all__ = ["run"]

N_PICTURES = 400
N_WINDOWS = 100
N_TREES = 10
RUNS = 3
TARGET = 3.0


def windows() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return subwindows of pieces of stained tissue, and for each how brown its piece is, in four classes."""
    from skimage import data

    read: Any = data.immunohistochemistry
    tissue = np.ascontiguousarray(read(), np.uint8)
    rng = np.random.default_rng(0)
    corners = rng.integers(0, tissue.shape[0] - 64, (N_PICTURES, 2))
    images = [tissue[y : y + 64, x : x + 64] for y, x in corners]
    blue = np.array([image[..., 2].mean() for image in images])
    classes = np.searchsorted(np.quantile(blue, [0.25, 0.5, 0.75]), blue)
    found = draw_subwindows(images, N_WINDOWS, min_size=0.1).reshape(N_PICTURES * N_WINDOWS, -1)
    return found.astype(np.uint8), np.repeat(classes, N_WINDOWS)


def sklearn_features(grown: Any, samples: NDArray[np.float32]) -> Any:
    """Return leaf frequencies by scikit-learn and SciPy: columns for all nodes, as in the published code."""
    from scipy.sparse import coo_matrix

    sizes = [tree.tree_.node_count for tree in grown.estimators_]
    column = (grown.apply(samples) + np.concatenate([[0], np.cumsum(sizes)[:-1]])).ravel()
    row = np.repeat(np.arange(N_PICTURES), N_WINDOWS * N_TREES)
    share = np.full(len(column), 1 / N_WINDOWS)
    return coo_matrix((share, (row, column)), shape=(N_PICTURES, sum(sizes))).tocsr()


def measure(min_samples_leaf: int, samples: NDArray[np.uint8], classes: NDArray[np.int64]) -> bool:
    """Compare one forest; whether the target is met."""
    from sklearn.ensemble import ExtraTreesClassifier

    floats = samples.astype(np.float32)
    grown: Any = ExtraTreesClassifier(
        N_TREES, max_features="sqrt", min_samples_leaf=min_samples_leaf, random_state=0, n_jobs=-1
    ).fit(floats[::4], classes[::4])
    grown.n_jobs = 1
    forest = Forest.from_sklearn(grown)
    found, expected = forest.leaf_frequencies(samples, N_WINDOWS), sklearn_features(grown, floats)
    if abs(found - expected[:, np.flatnonzero(forest.left < 0)]).max() > 1e-9:
        raise AssertionError("leaf frequencies differ from scikit-learn's")
    if not np.array_equal(forest.predict_proba(samples), grown.predict_proba(floats)):
        raise AssertionError("probabilities differ from scikit-learn's")
    seconds = time_interleaved(
        {
            "features": lambda: forest.leaf_frequencies(samples, N_WINDOWS),
            "apply": lambda: sklearn_features(grown, floats),
            "proba": lambda: forest.predict_proba(samples),
            "predict_proba": lambda: grown.predict_proba(floats),
        },
        RUNS,
        process_time,
    )
    met = []
    for what, ours, peer in (
        ("ET-FL features", "features", "apply"),
        ("single-output probabilities", "proba", "predict_proba"),
    ):
        reached = report(
            f"{what}, min_samples_leaf={min_samples_leaf}",
            ours=len(samples) / seconds[ours],
            peer=len(samples) / seconds[peer],
            peer_name=f"sklearn {peer}" + (" to CSR" if peer == "apply" else ""),
            unit="windows/s of one core",
            target=TARGET,
        )
        met.append(reached)
    return met[0]


def run() -> bool:
    """Compare forests of large and of small leaves; whether the targets are met."""
    samples, classes = windows()
    return all([measure(50, samples, classes), measure(1, samples, classes)])
