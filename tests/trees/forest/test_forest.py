"""Forests against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from wsinb.errors import InvalidInput
from wsinb.trees import Forest
from wsinb.trees.forest.rows import add_paths, node_values

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


def test_an_image_too_wide_for_a_word_is_refused(windows):
    _, _, samples, classes = windows
    forest = Forest.from_sklearn(ExtraTreesClassifier(2, random_state=0).fit(samples, classes))
    widest = (2**24 - 1) // (3 * WINDOW) - 1
    strip = np.zeros((WINDOW, widest, 3), np.uint8)
    strip[:, -WINDOW:] = samples[5].reshape(WINDOW, WINDOW, 3)
    expected = sklearn_proba(ExtraTreesClassifier(2, random_state=0).fit(samples, classes), samples[5:6])
    found = forest.window_proba(strip, [0], [widest - WINDOW])
    np.testing.assert_allclose(found, expected.transpose(0, 2, 1)[:, 1:], rtol=0, atol=1e-6)
    with pytest.raises(InvalidInput, match=f"too wide: cut it into pieces of {widest} px"):
        forest.window_proba(np.zeros((WINDOW, widest + 1, 3), np.uint8), [0], [0])


def test_more_features_than_a_word_holds_are_refused():
    forest = Forest.from_sklearn(ExtraTreesClassifier(2, random_state=0).fit([[0.0], [1.0]], [0, 1]))
    names = ("feature", "threshold", "left", "right", "roots", "leaves", "divisor", "n_outputs", "classes")
    with pytest.raises(InvalidInput, match="16777217 features"):
        Forest(n_features=2**24 + 1, **{name: getattr(forest, name) for name in names})


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


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("n_jobs", [1, 3, None])
def test_rows_of_any_type_on_any_threads_equal_scikit_learn(windows, dtype, n_jobs):
    _, _, samples, classes = windows
    grown = ExtraTreesClassifier(6, random_state=0).fit(samples[:400], classes[:400, 0])
    forest = Forest.from_sklearn(grown)
    many = np.concatenate([samples] * 9).astype(dtype)
    np.testing.assert_array_equal(forest.predict_proba(many, n_jobs), grown.predict_proba(many))
    np.testing.assert_array_equal(forest.apply(many), grown.apply(many))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 99))
def test_fractions_are_compared_as_scikit_learn_does(n, n_features, seed):
    rng = np.random.default_rng(seed)
    samples = rng.choice(np.array([0, 0.1, 0.1 + 1e-8, 1 / 3, -2.5, 1e-30, 3e8]), (n + 2, n_features))
    grown = DecisionTreeClassifier(random_state=seed).fit(samples, np.arange(n + 2) % 3 % 2)
    forest = Forest.from_sklearn(grown)
    np.testing.assert_array_equal(forest.apply(samples)[:, 0], grown.apply(samples))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("n_rows", [1, 7, 70])
def test_leaf_frequencies_are_those_of_scikit_learns_leaves(windows, dtype, n_rows):
    _, _, samples, classes = windows
    grown = ExtraTreesClassifier(5, min_samples_leaf=3, random_state=0).fit(samples, classes[:, 0])
    forest = Forest.from_sklearn(grown)
    found = forest.leaf_frequencies(samples.astype(dtype), n_rows)
    leaves = grown.apply(samples) + forest.roots
    expected = np.zeros((700 // n_rows, len(forest.left)))
    np.add.at(expected, (np.repeat(np.arange(700 // n_rows), n_rows)[:, None], leaves), 1 / n_rows)
    np.testing.assert_allclose(found.toarray(), expected[:, forest.left < 0])
    assert not expected[:, forest.left >= 0].any()
    assert found.has_canonical_format
    for n_jobs in (2, None):
        other = forest.leaf_frequencies(samples.astype(dtype), n_rows, n_jobs)
        for part in ("data", "indices", "indptr"):
            np.testing.assert_array_equal(getattr(other, part), getattr(found, part))


def test_samples_that_are_no_groups_are_refused(windows):
    _, _, samples, classes = windows
    forest = Forest.from_sklearn(ExtraTreesClassifier(2, random_state=0).fit(samples, classes[:, 0]))
    with pytest.raises(InvalidInput, match="700 samples are not groups of 9"):
        forest.leaf_frequencies(samples, 9)
    assert forest.leaf_frequencies(samples[:0], 9).shape == (0, len(forest.leaves))


def test_paths_sum_to_what_the_leaves_say(windows):
    _, _, samples, classes = windows
    grown = ExtraTreesClassifier(5, min_samples_leaf=4, random_state=0).fit(
        samples, (classes[:, 0] > 0).astype(int)
    )
    forest = Forest.from_sklearn(grown)
    leaves = grown.estimators_[0].tree_.children_left < 0
    assert leaves.any()
    weight = np.concatenate(
        [tree.tree_.n_node_samples[tree.tree_.children_left < 0] for tree in grown.estimators_]
    )
    proba = forest.leaves[:, 0] / forest.divisor
    value = node_values(forest.left, forest.right, forest._leaf_number, weight.astype(float), proba)
    expected = np.concatenate([tree.tree_.value[:, 0, 1] for tree in grown.estimators_])
    np.testing.assert_allclose(value, expected, atol=1e-12)
    found = np.zeros(samples.shape)
    add_paths(
        samples, forest.feature, forest.threshold, forest.left, forest.right, forest.roots, value, found
    )
    base = value[forest.roots].sum()
    np.testing.assert_allclose(found.sum(axis=1) + base, 5 * grown.predict_proba(samples)[:, 1], atol=1e-9)
