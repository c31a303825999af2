"""Nuclei: 41 pictures, 36 by fluorescence and 5 stained, 5 folds with the kinds shared out.

Measured is the Dice coefficient of the pixels of a picture, its mean over all pictures. How contrast is made
alike is chosen inside each fold by three folds of its own training pictures, with half of the pixels;
which contrasts are tried, and the sizes of trees, was decided before, by five folds of all pictures; dropped
then were second stages and colours beside the grays of `levels`, which made no difference. Otsu is
told which side is the nuclei by their being fewer pixels. The target was set by 0.869 of Otsu on a wider set,
of which every fourth picture is here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.contrast import CONTRASTS, is_stained
from benchmarks.accuracy.data import Masked, nuclei
from benchmarks.accuracy.figures import Clock, Figure, Section, in_columns, say
from benchmarks.accuracy.masks import Folds, choose, dice, otsu
from wsinb.trees import SegmentationForest
from wsinb.trees.pixels import PixelForest
from wsinb.trees.segment.sampling import TrainingRegion

__all__ = ["run"]

TARGET = 0.90
N_FOLDS, N_INNER = 5, 3
FIXED: dict[str, Any] = {
    "n_trees": 30, "max_depth": None, "min_samples_leaf": 5, "max_features": 0.3, "balance": False,
}  # fmt: skip
SETTINGS: list[dict[str, Any]] = [{"contrast": name} for name in CONTRASTS]
FEW, MANY = 15_000, 30_000
N_WINDOWS = 10_000
MEASURE = "mean Dice"
KINDS = ("fluorescence", "stained")
PIXELS, WINDOWS, OTSU = "PixelForest", "SegmentationForest, windows of 24 px", "Otsu"
Numbers = NDArray[np.intp]


def run(seeds: int) -> Section:
    """Score each picture by models that have not seen it, by seed, beside Otsu."""
    pictures, clock = nuclei(), Clock()
    stained = np.array([is_stained(image) for image in pictures.images])
    alike = {name: _alike(pictures, name) for name in CONTRASTS}
    scores = {
        PIXELS: np.zeros((seeds, len(stained))),
        WINDOWS: np.zeros((seeds, len(stained))),
        OTSU: np.array([[dice(otsu(image), mask) for image, mask in zip(*pictures[:2], strict=True)]]),
    }
    notes = ["contrast chosen inside each fold (Dice of each that was tried):"]
    for number, (train, test) in enumerate(_folds(np.arange(len(stained)), stained, N_FOLDS)):
        chosen, means = _choose(alike, train, stained)
        tried = ", ".join(f"{name} {mean:.4f}" for name, mean in zip(CONTRASTS, means, strict=True))
        notes.append(f"  fold {number}: {chosen['contrast']} ({tried})")
        for seed in range(seeds):
            with clock(PIXELS):
                scores[PIXELS][seed, test] = _pixels(alike, {**chosen, "n_pixels": MANY}, train, test, seed)
            with clock(WINDOWS):
                scores[WINDOWS][seed, test] = _windows(alike["levels"], train, test, seed)
            for method in (PIXELS, WINDOWS):
                say("dsb2018", method, f"fold {number}, seed {seed}", scores[method][seed, test].mean())
    figures = [
        Figure(
            method,
            measure,
            runs[:, chosen_kind].mean(axis=1).tolist(),
            clock.seconds[method] / len(runs),
            TARGET if method == PIXELS and measure == MEASURE else None,
            baseline=method == OTSU,
        )
        for measure, chosen_kind in (
            (MEASURE, np.ones(len(stained), bool)),
            (f"{MEASURE}, {(~stained).sum()} by {KINDS[0]}", ~stained),
            (f"{MEASURE}, {stained.sum()} {KINDS[1]}", stained),
        )
        for method, runs in scores.items()
    ]
    about = f"{len(stained)} pictures, {N_FOLDS} folds, contrast by nested folds"
    return Section("dsb2018", about, figures, [*notes, *_by_picture(pictures.names, stained, scores)])


def _folds(numbers: Numbers, stained: NDArray[np.bool_], n_folds: int) -> Folds:
    """Share out pictures, each kind evenly."""
    from sklearn.model_selection import StratifiedKFold

    splitter = StratifiedKFold(n_folds, shuffle=True, random_state=0)
    return [(numbers[train], numbers[test]) for train, test in splitter.split(numbers, stained[numbers])]


def _choose(
    alike: dict[str, Masked], train: Numbers, stained: NDArray[np.bool_]
) -> tuple[dict[str, Any], list[float]]:
    return choose(
        SETTINGS,
        _folds(train, stained, N_INNER),
        lambda setting, some, rest: _pixels(alike, {**setting, "n_pixels": FEW}, some, rest, 0),
    )


def _alike(pictures: Masked, contrast: str) -> Masked:
    return pictures._replace(images=[CONTRASTS[contrast](image) for image in pictures.images])


def _pixels(
    alike: dict[str, Masked], setting: dict[str, Any], train: Numbers, test: Numbers, seed: int
) -> list[float]:
    """Train on pixels and return the Dice coefficient of each picture to test."""
    pictures = alike[setting["contrast"]]
    model = PixelForest(**FIXED, n_pixels=setting["n_pixels"], random_state=seed)
    model.fit([pictures.images[n] for n in train], [pictures.masks[n] for n in train])
    return [dice(model.predict(pictures.images[n]), pictures.masks[n]) for n in test]


def _windows(pictures: Masked, train: Numbers, test: Numbers, seed: int) -> list[float]:
    """Train on windows, as in Cytomine, and return the Dice coefficient of each picture to test."""
    model = SegmentationForest(n_windows=N_WINDOWS, colour="rgb", random_state=seed)
    model.fit([TrainingRegion(pictures.images[n], pictures.masks[n]) for n in train])
    return [dice(model.predict(pictures.images[n]), pictures.masks[n]) for n in test]


def _by_picture(
    names: list[str], stained: NDArray[np.bool_], scores: dict[str, NDArray[np.float64]]
) -> list[str]:
    """Return a table of the pictures, those first in which Otsu is best, and how many these are."""
    means = {method: runs.mean(axis=0) for method, runs in scores.items()}
    gain = means[PIXELS] - means[OTSU]
    lost = gain < 0
    rows = [("picture", "kind", PIXELS, "windows", OTSU, "")]
    rows += [
        (
            names[number][:8],
            KINDS[int(stained[number])],
            *(f"{means[method][number]:.3f}" for method in (PIXELS, WINDOWS, OTSU)),
            "Otsu wins" if lost[number] else "",
        )
        for number in np.argsort(gain)
    ]
    count = ", ".join(
        f"{(lost & (stained == bool(kind))).sum()} of {(stained == bool(kind)).sum()} {name}"
        for kind, name in enumerate(KINDS)
    )
    return [f"Otsu wins over {PIXELS} on {lost.sum()} of {len(names)} pictures: {count}", *in_columns(rows)]
