"""Evaluation on rows of features."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

from wsinb.errors import InvalidInput
from wsinb.trees import Forest
from wsinb.trees.pixels.walk import CHUNK, pack, row_planes


@pytest.mark.parametrize("kind", [ExtraTreesClassifier, RandomForestClassifier])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_probabilities_are_those_of_scikit_learn(kind, n_classes):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500, 7)).astype(np.float32)
    targets = (rows[:, 0] > 0) * 1 + rng.integers(0, n_classes - 1, 500)
    grown = kind(9, min_samples_leaf=3, random_state=0).fit(rows, targets)
    fresh = rng.normal(size=(1003, 7)).astype(np.float32)
    found = row_planes(pack(Forest.from_sklearn(grown)), fresh)
    np.testing.assert_allclose(found, grown.predict_proba(fresh)[:, 1:], atol=1e-6)


def test_values_at_a_threshold_go_left_as_in_scikit_learn():
    rows = np.array([[0.1], [0.2], [0.30000001], [0.4]], np.float32)
    grown = RandomForestClassifier(20, random_state=0).fit(rows, [0, 1, 0, 1])
    forest = Forest.from_sklearn(grown)
    cuts = np.unique(forest.threshold).astype(np.float32)
    probes = np.concatenate([cuts, np.nextafter(cuts, np.float32(9)), np.nextafter(cuts, np.float32(-9))])
    expected = grown.predict_proba(probes[:, None])[:, 1]
    np.testing.assert_allclose(row_planes(pack(forest), probes[:, None])[:, 0], expected, atol=1e-6)


@pytest.mark.parametrize("n", [0, 1, 7, 8, 9, 515, CHUNK + 3])
def test_a_rows_value_depends_on_itself_only(n):
    rng = np.random.default_rng(n)
    rows = rng.normal(size=(200, 3)).astype(np.float32)
    grown = ExtraTreesClassifier(5, random_state=0).fit(rows, rows[:, 0] * rows[:, 1] > 0.1)
    grown.classes_ = np.array([0, 1])
    packed = pack(Forest.from_sklearn(grown))
    many = rng.normal(size=(n, 3)).astype(np.float32)
    found = row_planes(packed, many, 2)
    assert found.shape == (n, 1)
    single = [row_planes(packed, row[None], 1) for row in many[-20:]]
    np.testing.assert_array_equal(found[-20:], np.concatenate([*single, np.empty((0, 1), np.float32)]))


def test_rows_of_another_width_are_refused():
    grown = ExtraTreesClassifier(2, random_state=0).fit([[0.0, 1.0], [1.0, 0.0]], [0, 1])
    packed = pack(Forest.from_sklearn(grown))
    with pytest.raises(InvalidInput, match="features"):
        row_planes(packed, np.zeros((4, 3), np.float32))
    with pytest.raises(InvalidInput, match="float64"):
        row_planes(packed, np.zeros((4, 2)))
