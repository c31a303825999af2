"""Forests against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from wsinb.errors import InvalidInput
from wsinb.trees import Forest

WINDOW = 6


@pytest.fixture(scope="module")
def image():
    rng = np.random.default_rng(0)
    blocks = np.repeat(np.repeat(rng.integers(0, 256, (12, 15, 3)), 5, axis=0), 5, axis=1)
    return np.clip(blocks + rng.integers(-20, 20, blocks.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def windows(image):
    """Windows of the image as scikit-learn wants them: y, x, samples, classes of all pixels."""
    rng = np.random.default_rng(1)
    y = rng.integers(0, image.shape[0] - WINDOW + 1, 700)
    x = rng.integers(0, image.shape[1] - WINDOW + 1, 700)
    truth = (image[..., 0] > 120).astype(int) + (image[..., 1] > 170)
    places = [np.s_[i : i + WINDOW, j : j + WINDOW] for i, j in zip(y, x, strict=True)]
    samples = np.stack([image[place].ravel() for place in places])
    classes = np.stack([truth[place].ravel() for place in places])
    return y, x, samples.astype(np.float32), classes


def sklearn_proba(estimator, samples):
    """Probabilities of a classifier whose outputs have all classes: (n, n_outputs, n_classes)."""
    return np.stack(estimator.predict_proba(samples), axis=1)


@pytest.mark.parametrize("min_samples_leaf", [1, 10])
@pytest.mark.parametrize("kind", [ExtraTreesClassifier, RandomForestClassifier])
def test_many_outputs_equal_scikit_learn_bit_by_bit(windows, kind, min_samples_leaf):
    _, _, samples, classes = windows
    grown = kind(7, min_samples_leaf=min_samples_leaf, random_state=0).fit(samples[:500], classes[:500])
    forest = Forest.from_sklearn(grown)
    np.testing.assert_array_equal(forest.apply(samples), grown.apply(samples))
    np.testing.assert_array_equal(forest.predict_proba(samples), sklearn_proba(grown, samples))


@pytest.mark.parametrize("labels", [[0, 1], [3, 7, 9], ["islet", "stroma", "tumor"]])
def test_one_output_equals_scikit_learn(windows, labels):
    _, _, samples, classes = windows
    target = np.array(labels)[classes[:, 0] % len(labels)]
    grown = ExtraTreesClassifier(9, random_state=1).fit(samples[:500], target[:500])
    forest = Forest.from_sklearn(grown)
    assert list(forest.classes) == list(grown.classes_)
    np.testing.assert_array_equal(forest.predict_proba(samples), grown.predict_proba(samples))


def test_a_single_tree_equals_scikit_learn(windows):
    _, _, samples, classes = windows
    grown = DecisionTreeClassifier(random_state=1, max_depth=4).fit(samples, classes[:, 3])
    np.testing.assert_array_equal(
        Forest.from_sklearn(grown).predict_proba(samples), grown.predict_proba(samples)
    )


def test_outputs_that_miss_a_class_get_probability_zero_for_it(windows):
    _, _, samples, classes = windows
    targets = classes[:, :3].copy()
    targets[:, 1] = np.minimum(targets[:, 1], 1)
    targets[:, 2] = np.maximum(targets[:, 2], 1)
    grown = ExtraTreesClassifier(5, min_samples_leaf=5, random_state=0).fit(samples, targets)
    found = Forest.from_sklearn(grown).predict_proba(samples)
    expected = grown.predict_proba(samples)
    np.testing.assert_array_equal(found[:, 0], expected[0])
    np.testing.assert_array_equal(found[:, 1, :2], expected[1])
    np.testing.assert_array_equal(found[:, 2, 1:], expected[2])
    assert not found[:, 1, 2].any()
    np.testing.assert_allclose(found[:, 2, 0], 0, atol=1e-15)


def test_weighted_samples_keep_their_fractions(windows):
    _, _, samples, classes = windows
    weight = np.random.default_rng(3).random(len(samples))
    grown = ExtraTreesClassifier(5, min_samples_leaf=5, random_state=0).fit(
        samples, classes, sample_weight=weight
    )
    forest = Forest.from_sklearn(grown)
    assert forest.leaves.dtype == np.float64
    np.testing.assert_allclose(
        forest.predict_proba(samples), sklearn_proba(grown, samples), rtol=0, atol=1e-12
    )


def test_pure_leaves_take_one_byte_a_value(windows):
    _, _, samples, classes = windows
    forest = Forest.from_sklearn(ExtraTreesClassifier(3, random_state=0).fit(samples, classes))
    assert forest.leaves.dtype == np.uint8
    assert forest.leaves.max() <= forest.divisor.max()


def test_leaves_of_many_samples_take_two_bytes():
    rng = np.random.default_rng(0)
    samples = rng.integers(0, 2, (20_000, 3)).astype(np.float32)
    grown = ExtraTreesClassifier(3, random_state=0).fit(samples, rng.integers(0, 2, (20_000, 2)))
    forest = Forest.from_sklearn(grown)
    assert forest.leaves.dtype == np.uint16
    np.testing.assert_array_equal(forest.predict_proba(samples), sklearn_proba(grown, samples))


@pytest.mark.parametrize("min_samples_leaf", [1, 10])
def test_windows_read_in_place_equal_scikit_learn(image, windows, min_samples_leaf):
    y, x, samples, classes = windows
    grown = ExtraTreesClassifier(8, min_samples_leaf=min_samples_leaf, random_state=0).fit(
        samples[:500], classes[:500]
    )
    found = Forest.from_sklearn(grown).window_proba(image, y, x)
    expected = sklearn_proba(grown, samples).transpose(0, 2, 1)
    np.testing.assert_allclose(found, expected[:, 1:], rtol=0, atol=1e-6)
    labels = np.concatenate([1 - found.sum(axis=1, keepdims=True), found], axis=1).argmax(axis=1)
    clear = np.diff(np.sort(expected, axis=1)[:, -2:], axis=1)[:, 0] > 1e-6
    np.testing.assert_array_equal(labels[clear], expected.argmax(axis=1)[clear])
    if min_samples_leaf == 1:
        np.testing.assert_array_equal(labels, np.rint(expected * 8).argmax(axis=1))


@pytest.mark.parametrize("n", [0, 1, 7, 8, 9, 16])
def test_any_number_of_windows_is_summed_once(image, windows, n):
    y, x, samples, classes = windows
    forest = Forest.from_sklearn(ExtraTreesClassifier(4, random_state=0).fit(samples, classes))
    sums = np.zeros((2, *image.shape[:2]), np.float32)
    forest.add_windows(image, y[:n], x[:n], sums)
    expected = np.zeros_like(sums)
    for i, j, window in zip(y, x, forest.window_proba(image, y[:n], x[:n]), strict=False):
        expected[:, i : i + WINDOW, j : j + WINDOW] += window.reshape(2, WINDOW, WINDOW)
    np.testing.assert_array_equal(sums, expected)


def test_whole_number_thresholds_go_left():
    samples = np.repeat(np.arange(6, dtype=np.float32)[:, None], 3, axis=1)
    grown = DecisionTreeClassifier(random_state=0).fit(samples, [0, 1, 0, 1, 0, 1])
    forest = Forest.from_sklearn(grown)
    forest.threshold[forest.left >= 0] = np.floor(forest.threshold[forest.left >= 0])
    image = samples.astype(np.uint8).reshape(6, 1, 3)
    expected = forest.predict_proba(samples)[:, 1]
    np.testing.assert_array_equal(
        forest.window_proba(image, np.arange(6), np.zeros(6, int))[:, 0, 0], expected
    )


@pytest.mark.parametrize(("y", "x"), [(-1, 0), (0, -1), (55, 0), (0, 70), (2**40, 0)])
def test_a_window_outside_the_image_is_refused(image, windows, y, x):
    _, _, samples, classes = windows
    forest = Forest.from_sklearn(ExtraTreesClassifier(2, random_state=0).fit(samples, classes))
    with pytest.raises(InvalidInput, match="leaves the image"):
        forest.window_proba(image, [y], [x])


def test_wrong_arrays_are_refused(image, windows):
    _, _, samples, classes = windows
    forest = Forest.from_sklearn(ExtraTreesClassifier(2, random_state=0).fit(samples, classes))
    with pytest.raises(InvalidInput, match="samples must have shape"):
        forest.predict_proba(samples[:, 1:])
    with pytest.raises(InvalidInput, match="uint8"):
        forest.window_proba(image.astype(np.float32), [0], [0])
    with pytest.raises(InvalidInput, match="sums"):
        forest.add_windows(image, [0], [0], np.zeros((1, *image.shape[:2]), np.float32))
    with pytest.raises(InvalidInput, match="as many rows as columns"):
        forest.window_proba(image, [0, 1], [0])


def test_features_that_are_no_window_are_refused(image, windows):
    _, _, samples, classes = windows
    forest = Forest.from_sklearn(ExtraTreesClassifier(2, random_state=0).fit(samples[:, :50], classes[:, 0]))
    with pytest.raises(InvalidInput, match="square window"):
        forest.window_proba(image, [0], [0])


def test_only_fitted_classifiers_made_of_trees_are_taken(windows):
    _, _, samples, classes = windows
    with pytest.raises(InvalidInput, match="not a fitted classifier"):
        Forest.from_sklearn(ExtraTreesClassifier())
    with pytest.raises(InvalidInput, match="not made of trees"):
        Forest.from_sklearn(LogisticRegression().fit(samples[:, :3] / 255, classes[:, 0]))
