"""Cross-validation, search, and what they show."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import loguniform
from sklearn.metrics import balanced_accuracy_score, precision_recall_fscore_support

from wsinb.errors import InvalidInput
from wsinb.progress import Cancelled
from wsinb.trees import DirectClassifier, LeafClassifier, cross_validate, search
from wsinb.trees.classify import Validation

SMALL = {"n_windows": 8, "window": 8, "n_trees": 10, "min_samples_leaf": 2}


@pytest.fixture(scope="module")
def validation(pictures):
    images, names, groups = pictures
    return cross_validate(DirectClassifier(**SMALL), images, names, groups, n_splits=4)


def test_every_picture_is_tested_once_and_no_group_is_on_both_sides(validation, pictures):
    table = validation.table
    assert table["id"].tolist() == [str(number) for number in range(36)]
    assert table["label"].tolist() == pictures[1].tolist()
    assert table["slide"].tolist() == pictures[2].tolist()
    assert sorted(table["fold"].unique()) == [0, 1, 2, 3]
    assert all(len(set(folds)) == 1 for _, folds in table.groupby("slide")["fold"])
    assert validation.grouped


def test_figures_are_those_of_scikit_learn(validation):
    table = validation.table
    precision, recall, f1, n = precision_recall_fscore_support(
        table["label"], table["predicted"], zero_division=np.nan
    )
    report = validation.report
    for name, expected in (("precision", precision), ("recall", recall), ("f1", f1), ("n", n)):
        np.testing.assert_allclose(report[name], expected)
    assert validation.accuracy == pytest.approx((table["label"] == table["predicted"]).mean())
    assert validation.balanced_accuracy == pytest.approx(
        balanced_accuracy_score(table["label"], table["predicted"])
    )
    assert validation.confusion.to_numpy().sum() == 36
    assert np.diag(validation.confusion).sum() == pytest.approx(36 * validation.accuracy)
    assert validation.accuracy > 0.6
    assert validation.spread["accuracy"] == pytest.approx(validation.folds["accuracy"].std())


def test_probabilities_have_a_column_for_each_class(validation):
    given = validation.table[["p(coarse)", "p(fine)", "p(flat)"]].to_numpy()
    np.testing.assert_allclose(given.sum(axis=1), 1)
    chosen = np.array(validation.classes)[given.argmax(axis=1)]
    np.testing.assert_array_equal(chosen, validation.table["predicted"])


def by_hand(labels, predicted, proba):
    table = pd.DataFrame(
        {"id": range(len(labels)), "slide": "", "label": labels, "predicted": predicted, "fold": 0}
    )
    return Validation(table.assign(**{"p(a)": proba, "p(b)": 1 - np.asarray(proba)}), ("a", "b"), False)


def test_calibration_compares_what_was_said_with_what_was_true():
    found = by_hand(list("aabb"), list("aaab"), [0.95, 0.91, 0.85, 0.0]).calibration()
    assert found["from"].tolist() == [0.8, 0.9]
    assert found["n"].tolist() == [1, 3]
    assert found["accuracy"].tolist() == [0.0, 1.0]
    assert found["probability"].tolist() == pytest.approx([0.85, (0.95 + 0.91 + 1) / 3])


def test_a_class_that_was_never_predicted_has_no_precision():
    report = by_hand(list("aab"), list("aaa"), [1, 1, 1]).report
    assert np.isnan(report.loc["b", "precision"])
    assert report.loc["b", "recall"] == report.loc["b", "f1"] == 0


def test_a_validation_shows_itself_and_escapes_names():
    shown = by_hand(["<b>", "a"], ["<b>", "a"], [1, 1])
    odd = Validation(shown.table.rename(columns={"p(b)": "p(<b>)"}), ("<b>", "a"), True)
    html = odd._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt;" in html
    assert "accuracy 1.000" in html
    assert "1 folds, grouped" in repr(odd)


def test_a_class_in_fewer_groups_than_folds_is_refused_with_advice(pictures):
    images, names, groups = pictures
    names = names.copy()
    names[:3], names[3:6] = "rare", "rare"
    with pytest.raises(
        InvalidInput, match=r"class 'rare' is in 2 groups, which 5 folds cannot share: choose n_splits=2"
    ):
        cross_validate(DirectClassifier(**SMALL), images, names, groups)
    names[3:6] = "fine"
    with pytest.raises(InvalidInput, match=r"in 1 groups, .* leave the class out"):
        cross_validate(DirectClassifier(**SMALL), images, names, groups)
    with pytest.raises(InvalidInput, match="class 'rare' is in 3 pictures, which 5 folds"):
        cross_validate(DirectClassifier(**SMALL), images, names)


def test_one_group_cannot_be_shared_out(pictures):
    images, names, _ = pictures
    with pytest.raises(InvalidInput, match=r"all pictures are of one group, 'x', .* groups=False"):
        cross_validate(DirectClassifier(**SMALL), images, names, ["x"] * 36, n_splits=3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"groups": ["a"]}, "36 pictures need as many groups"),
        ({"n_splits": 1}, "n_splits must be a whole number"),
        ({"y": ["a"] * 36}, "all pictures are of class 'a'"),
        ({"y": None}, "give y"),
    ],
)
def test_bad_input_is_refused(change, message, pictures):
    images, names, _ = pictures
    arguments = {"y": names, "groups": None, "n_splits": 3, **change}
    with pytest.raises(InvalidInput, match=message):
        cross_validate(DirectClassifier(**SMALL), images, **arguments)


def test_progress_counts_folds_and_can_cancel(pictures):
    images, names, _ = pictures
    steps = []
    cross_validate(DirectClassifier(**SMALL), images, names, n_splits=3, progress=steps.append)
    assert [(step.done, step.total) for step in steps] == [(1, 3), (2, 3), (3, 3)]

    def stop(step):
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        cross_validate(DirectClassifier(**SMALL), images, names, n_splits=3, progress=stop)


def test_the_best_combination_is_trained_on_all(pictures, unseen):
    images, names, groups = pictures
    grid = {"min_samples_leaf": [2, 400], "colour": ["gray"]}
    found = search(LeafClassifier(**SMALL), grid, images, names, groups, n_splits=3)
    assert found.table["balanced_accuracy"].is_monotonic_decreasing
    assert found.best.min_samples_leaf == found.table["min_samples_leaf"][0] == 2
    assert found.best.score(*unseen) > 0.65
    assert found.best.header["scores"]["balanced_accuracy"] == pytest.approx(
        found.table["balanced_accuracy"][0], abs=1e-4
    )
    assert "min_samples_leaf" in found._repr_html_()
    assert "2 combinations" in repr(found)


def test_combinations_can_be_drawn_at_random(pictures):
    images, names, _ = pictures
    grid = {"C": loguniform(1e-2, 1e2), "turn": [True, False]}
    model = LeafClassifier(**{**SMALL, "n_trees": 3})
    one, other = (search(model, grid, images, names, n_splits=2, n_iter=3) for _ in range(2))
    pd.testing.assert_frame_equal(one.table, other.table)
    assert one.table["C"].nunique() == 3


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({}, "grid names the parameters"),
        ({"windows": [8]}, "did you mean 'n_windows'|'window'"),
        ({"C": []}, "no list"),
        ({"colour": "hsv"}, r"give \['hsv'\]"),
        ({"C": loguniform(1, 2)}, "no list"),
    ],
)
def test_bad_grids_are_refused(grid, message, pictures):
    images, names, _ = pictures
    with pytest.raises(InvalidInput, match=message):
        search(LeafClassifier(**SMALL), grid, images, names, n_splits=2)
