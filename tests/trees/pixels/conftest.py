"""Pictures whose classes differ by colour and grain, with strokes on them."""

from __future__ import annotations

import numpy as np
import pytest


def picture(seed, shape=(96, 120)):
    """Return an image of grainy ground with rougher and redder discs, and their classes."""
    import cv2

    rng = np.random.default_rng(seed)
    classes = np.zeros(shape, np.int16)
    for number in range(6):
        centre = (int(rng.integers(shape[1])), int(rng.integers(shape[0])))
        cv2.circle(classes, centre, int(rng.integers(10, 18)), number % 2 + 1, -1)
    grain = rng.normal(0, 12, (*shape, 3))
    image = 150 + grain
    image[classes == 1] = 120 + 3 * grain[classes == 1]
    image[classes == 2] += (40, -40, 0)
    return np.clip(image, 0, 255).astype(np.uint8), classes


def scribbled(classes, seed=0, n=150):
    """Return strokes: some pixels of each class, -1 elsewhere."""
    rng = np.random.default_rng(seed)
    strokes = np.full(classes.shape, -1, np.int16)
    for label in np.unique(classes):
        chosen = rng.choice(np.flatnonzero(classes == label), n)
        strokes.ravel()[chosen] = label
    return strokes


@pytest.fixture(scope="session")
def make_picture():
    return picture


@pytest.fixture(scope="session")
def make_strokes():
    return scribbled
