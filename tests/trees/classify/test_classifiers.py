"""ET-DIC and ET-FL on pictures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import (
    check_get_params_invariance,
    check_no_attributes_set_in_init,
    check_parameters_default_constructible,
    check_set_params,
)
from sklearn.utils.validation import check_is_fitted

from wsinb.errors import InvalidInput, WsinbError
from wsinb.trees import DirectClassifier, LeafClassifier, draw_subwindows
from wsinb.trees.windows import Draws

SMALL = {"n_windows": 8, "window": 8, "n_trees": 10, "min_samples_leaf": 2}
KINDS = [DirectClassifier, LeafClassifier]

each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)


def test_textures_are_told_apart(trained, unseen):
    images, names = unseen
    assert trained.score(images, names) > 0.65
    assert list(trained.classes_) == ["coarse", "fine", "flat"]


def test_probabilities_are_probabilities_and_choose_the_class(trained, unseen):
    proba = trained.predict_proba(unseen[0])
    assert proba.shape == (30, 3)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert (proba >= 0).all()
    np.testing.assert_array_equal(trained.classes_[proba.argmax(axis=1)], trained.predict(unseen[0]))


def drawn(model, images, *, alike):
    p = model.get_params()
    draws = Draws(*(p[name] for name in Draws.__dataclass_fields__))
    return draws.windows(images, alike=alike).reshape(len(images) * model.n_windows, -1)


def sklearn_trees(model, samples, names):
    return ExtraTreesClassifier(
        model.n_trees, max_features="sqrt", min_samples_leaf=model.min_samples_leaf, random_state=42
    ).fit(samples, np.repeat(names, model.n_windows))


def test_direct_classification_is_what_scikit_learn_says_of_the_windows(pictures, unseen):
    images, names, _ = pictures
    model = DirectClassifier(**SMALL).fit(images, names)
    windows = drawn(model, images, alike=False)
    expected = draw_subwindows(images, 8, window=8, min_size=0.1).reshape(len(windows), -1)
    np.testing.assert_array_equal(windows, expected)
    grown = sklearn_trees(model, windows.astype(np.float32), names)
    proba = grown.predict_proba(drawn(model, unseen[0], alike=True)).reshape(30, 8, 3).mean(axis=1)
    np.testing.assert_array_equal(model.predict_proba(unseen[0]), proba)


def test_feature_learning_is_a_linear_machine_on_all_nodes_of_scikit_learn(pictures, unseen):
    images, names, _ = pictures
    model = LeafClassifier(**SMALL).fit(images, names)
    windows = drawn(model, images, alike=False)
    grown = sklearn_trees(model, windows.astype(np.float32), names)

    def features(samples):
        nodes = grown.apply(samples)
        first = np.concatenate([[0], np.cumsum([tree.tree_.node_count for tree in grown.estimators_])])
        counts = np.zeros((len(samples) // 8, first[-1]))
        np.add.at(counts, (np.repeat(np.arange(len(counts)), 8)[:, None], nodes + first[:-1]), 1 / 8)
        return counts

    train = features(windows)
    largest = np.where(train.max(axis=0) > 0, train.max(axis=0), 1)
    machine = LinearSVC(C=1.0, dual=True, random_state=42, max_iter=10_000).fit(
        csr_matrix(train / largest), names
    )
    expected = machine.decision_function(features(drawn(model, unseen[0], alike=True)) / largest)
    # inner nodes are columns of zeros, which only change the order in which the machine sums
    np.testing.assert_allclose(model.decision_function(unseen[0]), expected, atol=2e-2)
    np.testing.assert_array_equal(model.predict(unseen[0]), machine.classes_[expected.argmax(axis=1)])


@each_kind
@pytest.mark.parametrize("n_jobs", [1, 2, None])
def test_any_number_of_threads_gives_the_same_model(kind, n_jobs, pictures, unseen):
    images, names, _ = pictures
    first, other = (kind(**SMALL, n_jobs=n).fit(images, names) for n in (3, n_jobs))
    np.testing.assert_array_equal(first.predict_proba(unseen[0]), other.predict_proba(unseen[0]))


def test_what_is_predicted_of_a_picture_does_not_depend_on_others(trained, unseen):
    images, _ = unseen
    together = trained.predict_proba(images)
    order = np.random.default_rng(0).permutation(30)
    np.testing.assert_array_equal(trained.predict_proba([images[k] for k in order]), together[order])
    np.testing.assert_array_equal(trained.predict_proba(images[7:8])[0], together[7])


@each_kind
def test_whole_numbers_and_two_classes_are_classes(kind, pictures, unseen):
    images, names, _ = pictures
    two = names != "flat"
    some = [image for image, chosen in zip(images, two, strict=True) if chosen]
    model = kind(**SMALL).fit(some, np.where(names[two] == "fine", 7, -3))
    assert model.classes_.tolist() == [-3, 7]
    assert set(model.predict(unseen[0])) <= {-3, 7}
    assert model.predict_proba(unseen[0]).shape == (30, 2)
    np.testing.assert_array_equal(model.predict(unseen[0]) == 7, model.predict_proba(unseen[0])[:, 1] > 0.5)


def test_of_two_classes_there_is_one_decision_value(pictures, unseen):
    images, names, _ = pictures
    model = LeafClassifier(**SMALL).fit(images, names == "flat")
    scores = model.decision_function(unseen[0])
    assert scores.shape == (30,)
    np.testing.assert_array_equal(model.predict(unseen[0]), scores > 0)
    np.testing.assert_allclose(model.predict_proba(unseen[0])[:, 1], 1 / (1 + np.exp(-scores)))


@each_kind
@pytest.mark.parametrize("colour", ["rgb", "normalised_rgb", "gray"])
def test_every_colour_space_can_be_learned(kind, colour, pictures, unseen):
    images, names, _ = pictures
    model = kind(**SMALL, colour=colour, interpolation="area").fit(images, names)
    assert model.score(*unseen) > 0.65


@each_kind
@pytest.mark.parametrize("weights", ["balanced", {"coarse": 1, "fine": 5.0, "flat": 2}])
def test_classes_can_be_weighted(kind, weights, pictures, unseen):
    images, names, _ = pictures
    model = kind(**SMALL, class_weight=weights).fit(images, names)
    plain = kind(**SMALL).fit(images, names)
    assert model.score(*unseen) > 0.65
    if weights != "balanced":
        assert not np.array_equal(model.predict_proba(unseen[0]), plain.predict_proba(unseen[0]))


def test_an_array_of_pictures_is_as_good_as_a_list():
    stack = np.random.default_rng(0).integers(0, 256, (12, 20, 20, 3)).astype(np.uint8)
    names = ["a", "b"] * 6
    one, other = (DirectClassifier(**SMALL).fit(x, names).predict_proba(x) for x in (stack, list(stack)))
    np.testing.assert_array_equal(one, other)


@each_kind
def test_conventions_of_scikit_learn_that_apply_to_pictures(kind):
    name, model = kind.__name__, kind()
    check_parameters_default_constructible(name, model)
    check_no_attributes_set_in_init(name, model)
    check_get_params_invariance(name, model)
    check_set_params(name, model)
    assert clone(kind(n_trees=3)).get_params() == kind(n_trees=3).get_params()
    assert model.__sklearn_tags__().estimator_type == "classifier"
    assert not model.__sklearn_tags__().input_tags.two_d_array


@each_kind
def test_an_untrained_classifier_says_so(kind, unseen):
    model = kind()
    for ask in (model.predict, model.predict_proba, lambda x: model.importance(x[0]), lambda _: model.header):
        with pytest.raises(NotFittedError, match="call fit or load first") as caught:
            ask(unseen[0])
        assert isinstance(caught.value, WsinbError)
    with pytest.raises(NotFittedError):
        check_is_fitted(model)


def test_tools_of_scikit_learn_take_classifiers_of_pictures(pictures):
    images, names, _ = pictures
    stack = np.stack([image[:24, :24] for image in images])
    assert cross_val_score(DirectClassifier(**SMALL), stack, names, cv=3).mean() > 0.6
    found = GridSearchCV(LeafClassifier(**SMALL), {"C": [0.1, 1.0]}, cv=2).fit(images, names)
    assert found.best_estimator_.classes_.tolist() == ["coarse", "fine", "flat"]


@each_kind
def test_fit_returns_itself_and_changes_no_parameter(kind, pictures):
    images, names, _ = pictures
    model = kind(**SMALL)
    before = model.get_params()
    assert model.fit(images[:6], names[:6]) is model
    assert model.get_params() == before
    check_is_fitted(model)


BAD_INPUT = {
    "one class": (lambda x, y: (x, ["a"] * len(x)), "all pictures are of class 'a'"),
    "no classes": (lambda x, y: (x, None), "give y"),
    "too few classes": (lambda x, y: (x, y[:-1]), "36 pictures need as many classes"),
    "missing class": (lambda x, y: (x, [None, *y[1:]]), "missing or no text"),
    "nan class": (lambda x, y: (x, [np.nan, *range(35)]), "such as NaN"),
    "no pictures": (lambda x, y: ([], []), "no pictures"),
    "one picture": (lambda x, y: (x[0], ["a"]), "into a list"),
    "a table": (lambda x, y: (np.zeros((36, 5)), y), "into a list"),
    "a generator": (lambda x, y: (iter(x), y), "not list_iterator"),
    "empty crop": (lambda x, y: ([*x[:-1], np.zeros((0, 9, 3), np.uint8)], y), "image 35 is empty"),
    "small crop": (lambda x, y: ([*x[:-1], np.zeros((9, 2, 3), np.uint8)], y), "image 35 is 2 x 9 px"),
    "alpha": (lambda x, y: ([*x[:-1], np.zeros((9, 9, 4), np.uint8)], y), "image 35 has shape"),
    "nan pixels": (lambda x, y: ([*x[:-1], np.full((9, 9, 3), np.nan)], y), "not finite"),
    "float pixels": (lambda x, y: (np.zeros((36, 9, 9, 3)), y), "image 0 is float64"),
}


@each_kind
@pytest.mark.parametrize(("change", "message"), BAD_INPUT.values(), ids=BAD_INPUT)
def test_bad_input_is_refused_in_one_sentence(kind, change, message, pictures):
    images, names, _ = pictures
    with pytest.raises(InvalidInput, match=message):
        kind(**SMALL).fit(*change(images, list(names)))


@pytest.mark.parametrize(
    "parameter",
    [
        {"n_trees": 0},
        {"min_samples_leaf": 0},
        {"max_features": "all"},
        {"max_features": 0},
        {"max_features": 1.5},
        {"max_features": 10**6},
        {"max_features": True},
        {"class_weight": "rare"},
        {"class_weight": {"fine": 1}},
        {"class_weight": [1, 2, 3]},
        {"C": 0},
        {"C": "1"},
        {"colour": "lab"},
        {"window": 0},
        {"random_state": None},
    ],
    ids=str,
)
def test_bad_parameters_are_refused_when_training(parameter, pictures):
    images, names, _ = pictures
    with pytest.raises(InvalidInput):
        LeafClassifier(**{**SMALL, **parameter}).fit(images, names)


def test_bad_pictures_are_refused_when_predicting(trained):
    with pytest.raises(InvalidInput, match="image 1 is empty"):
        trained.predict([np.zeros((9, 9, 3), np.uint8), np.zeros((0, 0, 3), np.uint8)])
    with pytest.raises(InvalidInput, match="into a list"):
        trained.predict(np.zeros((9, 9, 3), np.uint8))
