"""Which pixels speak for a class."""

from __future__ import annotations

import numpy as np
import pytest

from wsinb.trees import DirectClassifier, LeafClassifier

SMALL = {"n_windows": 8, "window": 8, "n_trees": 10, "min_samples_leaf": 2}
KINDS = [DirectClassifier, LeafClassifier]


def spotted(seed, *, spot):
    """A noisy picture with a red spot in the upper left quarter, or without."""
    rng = np.random.default_rng(seed)
    image = rng.integers(90, 130, (32, 40, 3)).astype(np.uint8)
    if spot:
        image[4:12, 4:12] = (220, 30, 30)
    return image


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.kind)
def model(request):
    images = [spotted(number, spot=number % 2 == 1) for number in range(60)]
    parameters = {**SMALL, "n_windows": 60, "n_trees": 20, "min_samples_leaf": 10, "max_size": 0.5}
    return request.param(**parameters).fit(images, ["plain", "spot"] * 30)


def test_what_makes_the_class_stands_out(model):
    image = spotted(999, spot=True)
    assert model.predict([image])[0] == "spot"
    found = model.importance(image)
    assert found.shape == (32, 40)
    assert found.dtype == np.float32
    inside = found[4:12, 4:12]
    outside = found.copy()
    outside[2:14, 2:14] = 0
    assert inside.sum() > 0
    assert inside.mean() > 5 * np.abs(outside).mean()


def test_the_map_sums_to_what_was_predicted_less_what_is_known_beforehand():
    images = [spotted(number, spot=number % 2 == 1) for number in range(24)]
    names = ["plain", "spot"] * 12
    image = spotted(999, spot=True)
    direct = DirectClassifier(**SMALL).fit(images, names)
    number = list(direct.classes_).index(direct.predict([image])[0])
    expected = direct.predict_proba([image])[0, number] - 0.5
    np.testing.assert_allclose(direct.importance(image).sum(), expected, atol=1e-4)

    leaves = LeafClassifier(**SMALL).fit(images, names)
    sign = 1 if leaves.predict([image])[0] == "spot" else -1
    share = np.zeros(len(leaves.forest.leaves))
    tree = np.searchsorted(leaves.forest.roots, np.flatnonzero(leaves.forest.left < 0), side="right")
    for each in np.unique(tree):
        share[tree == each] = leaves.weight_[tree == each] / leaves.weight_[tree == each].sum()
    base = (share * leaves.coef_[0] / leaves.scale_).sum() + leaves.intercept_[0]
    expected = sign * (leaves.decision_function([image])[0] - base)
    np.testing.assert_allclose(leaves.importance(image).sum(), expected, atol=1e-4)


def test_a_turned_picture_alone_has_the_same_map_if_windows_cover_it_all():
    images = [spotted(number, spot=number % 2 == 1)[:, :32] for number in range(24)]
    model = DirectClassifier(**{**SMALL, "min_size": 1.0, "window": 32, "turn": False}).fit(
        images, ["plain", "spot"] * 12
    )
    image = images[1]
    found = model.importance(image)
    changed = image.copy()
    unused = found == 0
    # a window is the whole picture here: pixels that no path tests cannot change what is said
    changed[unused] = 255 - changed[unused]
    assert unused.any()
    assert model.importance(changed).shape == found.shape
