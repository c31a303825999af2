"""Pictures of three textures, and classifiers that learned them."""

from __future__ import annotations

import numpy as np
import pytest

from wsinb.trees import DirectClassifier, LeafClassifier

SMALL = {"n_windows": 8, "window": 8, "n_trees": 10, "min_samples_leaf": 2}
KINDS = [DirectClassifier, LeafClassifier]
NAMES = ("coarse", "fine", "flat")


def make_picture(name, seed):
    """A picture of any size whose class is its texture and, a little, its colour."""
    rng = np.random.default_rng((NAMES.index(name), seed))
    height, width = rng.integers(24, 48, 2)
    colour = rng.integers(80, 170, 3)
    colour[NAMES.index(name)] += 40
    if name == "flat":
        pattern = np.zeros((height, width))
    else:
        step = 1 if name == "fine" else 6
        cells = rng.choice([-60, 60], (height // step + 1, width // step + 1))
        pattern = np.repeat(np.repeat(cells, step, axis=0), step, axis=1)[:height, :width]
    noise = rng.normal(0, 4, (height, width, 3))
    return np.clip(colour + pattern[..., None] + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def pictures():
    """36 pictures, their classes, and 12 groups that each hold one of every class."""
    names = [NAMES[number % 3] for number in range(36)]
    groups = [f"slide {number // 3}" for number in range(36)]
    return (
        [make_picture(name, number) for number, name in enumerate(names)],
        np.array(names),
        np.array(groups),
    )


@pytest.fixture(scope="session", params=KINDS, ids=lambda kind: kind.kind)
def trained(request, pictures):
    images, names, _ = pictures
    return request.param(**SMALL).fit(images, names)


@pytest.fixture(scope="session")
def unseen():
    return [make_picture(NAMES[number % 3], 100 + number) for number in range(30)], np.array(
        [NAMES[number % 3] for number in range(30)]
    )
