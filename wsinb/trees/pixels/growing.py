"""Growing the stages of a pixel forest with scikit-learn, and scoring them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.progress import Progress, Tracker
from wsinb.trees.forest.forest import Forest
from wsinb.trees.pixels.samples import Samples
from wsinb.trees.pixels.walk import PackedForest, pack, row_planes

if TYPE_CHECKING:
    from wsinb.trees.pixels.model import PixelForest

__all__ = ["Grown", "grow_stages"]

N_FOLDS = 3
HOLDOUT_SHARE = 0.04
Grown = tuple[list[Forest], dict[str, Any]]


def grow_stages(
    model: PixelForest,
    samples: Samples,
    labels: list[str],
    rng: np.random.Generator,
    progress: Progress = None,
) -> Grown:
    """Grow all stages; return them and their scores.

    A stage that another follows is grown once on all images, for use, and once for each of three folds of the
    images without that fold: the next stage must see probabilities of images that the one before has not
    learned from, as it will later.

    Raises
    ------
    InvalidInput
        If there are several stages and less than two images.
    """
    n_images = int(samples.image.max()) + 1
    n_folds = min(N_FOLDS, n_images) if model.stages > 1 else 0
    if model.stages > 1 and n_folds < 2:
        raise InvalidInput(
            f"{model.stages} stages need strokes in at least two images, to learn from one what the other "
            "cannot know: add an image, or use stages=1"
        )
    # neighbours, such as the sections of a stack, fall into the same fold
    fold = np.arange(n_images) * n_folds // n_images
    targets, held = samples.targets, _held_back(samples.targets, rng)
    forests: list[Forest] = []
    before: list[list[PackedForest]] = [[] for _ in range(n_folds)]
    total = model.n_trees * (1 + (model.stages - 1) * (1 + n_folds))
    with Tracker(total, "growing trees", progress) as tracker:
        for stage in range(model.stages):
            features = samples.features([before[number] for number in fold] if n_folds else [[]] * n_images)
            forests.append(_grow(model, features[~held], targets[~held], tracker))
            for number in range(n_folds) if stage + 1 < model.stages else ():
                own = ~held & (fold[samples.image] != number)
                _check_fold(targets[own], labels)
                before[number].append(pack(_grow(model, features[own], targets[own], tracker)))
    return forests, _scores(forests[-1], features[held], targets[held], labels, model.n_jobs)


def _held_back(targets: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Choose the pixels that only score; none of a class that has few."""
    held = np.zeros(len(targets), bool)
    for label in np.unique(targets):
        own = np.flatnonzero(targets == label)
        held[rng.choice(own, int(HOLDOUT_SHARE * len(own)), replace=False)] = True
    return held


def _check_fold(targets: NDArray[np.uint8], labels: list[str]) -> None:
    present = set(np.unique(targets).tolist())
    for number, name in enumerate(labels):
        if number not in present:
            raise InvalidInput(
                f"{name!r} has strokes in too few images for several stages: mark it in more, or use stages=1"
            )


def _grow(
    model: PixelForest, samples: NDArray[np.float32], targets: NDArray[np.uint8], tracker: Tracker
) -> Forest:
    """Grow a few trees at a time, which gives the same trees, to show progress and to be cancelled."""
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

    kind = ExtraTreesClassifier if model.kind == "extra" else RandomForestClassifier
    estimator: Any = kind(
        max_depth=model.max_depth,
        min_samples_leaf=model.min_samples_leaf,
        max_features=model.max_features,
        random_state=model.random_state,
        n_jobs=-1 if model.n_jobs is None else model.n_jobs,
    )
    batch = max(25, os.cpu_count() or 1)
    for done in range(0, model.n_trees, batch):
        now = min(done + batch, model.n_trees)
        estimator.set_params(n_estimators=now, warm_start=True).fit(samples, targets.astype(np.int64))
        tracker.update(now - done)
    return Forest.from_sklearn(estimator)


def _scores(
    forest: Forest,
    samples: NDArray[np.float32],
    targets: NDArray[np.uint8],
    labels: list[str],
    n_jobs: int | None,
) -> dict[str, Any]:
    """Score pixels that were held back; they lie in the same strokes, so that unseen places score lower."""
    if not len(targets):
        return {"n_pixels": 0}
    planes = row_planes(pack(forest), samples, n_jobs)
    found = np.concatenate([1 - planes.sum(axis=1, keepdims=True), planes], axis=1).argmax(axis=1)
    dice = {}
    for number, name in enumerate(labels):
        here, there = found == number, targets == number
        dice[name] = round(float(2 * (here & there).sum() / max(1, here.sum() + there.sum())), 4)
    return {
        "n_pixels": len(targets),
        "pixel_accuracy": round(float((found == targets).mean()), 4),
        "dice": dice,
    }
