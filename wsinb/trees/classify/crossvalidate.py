"""`cross_validate`: train on some groups, test on the others, in turns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wsinb.progress import Progress, Tracker
from wsinb.trees.classify.folds import share_out
from wsinb.trees.classify.pictures import as_classes, as_groups, as_pictures, take
from wsinb.trees.classify.validation import Validation

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["cross_validate", "seed_of", "validate_folds"]


def cross_validate(
    classifier: Any,
    X: Any,  # noqa: N803
    y: Any = None,
    groups: Any = None,
    *,
    n_splits: int = 5,
    progress: Progress = None,
) -> Validation:
    """Test a classifier on pictures that it has not learned from, each once.

    Every class is shared out evenly over the folds. Where there are groups (slides, patients), no group is on
    both sides: pictures of one slide resemble each other, and a classifier that knows the slide would look
    better than it is.

    Parameters
    ----------
    classifier : DirectClassifier, LeafClassifier or another classifier of scikit-learn's kind for pictures
        Stays untrained; copies are trained. Its `random_state` also shares out the folds.
    X, y
        As for `DirectClassifier.fit`.
    groups : array-like (n,) or False, optional
        By default the groups of crops. False: none, so that pictures of one slide are on both sides.
    n_splits : int
        Number of folds.
    progress : bool or callable, optional
        See `wsinb.progress`; counts folds.

    Raises
    ------
    InvalidInput
        If there is one group only, a class has fewer pictures, or lives in fewer groups, than there are
        folds; or as `fit`.
    """
    pictures = as_pictures(X)
    classes, own_groups = as_classes(pictures, y), as_groups(pictures, groups)
    folds = share_out(classes, own_groups, n_splits, seed_of(classifier))
    with Tracker(len(folds), "folds", progress) as tracker:
        return validate_folds(classifier, pictures, classes, own_groups, folds, tracker)


def validate_folds(
    classifier: Any,
    pictures: Any,
    classes: NDArray[Any],
    groups: NDArray[Any] | None,
    folds: list[tuple[NDArray[np.intp], NDArray[np.intp]]],
    tracker: Tracker,
) -> Validation:
    """Train and test on folds that are known; see `cross_validate`."""
    from sklearn.base import clone

    names = np.unique(classes)
    predicted = np.empty(len(classes), classes.dtype)
    proba = np.zeros((len(classes), len(names)))
    fold = np.zeros(len(classes), np.int64)
    for number, (train, test) in enumerate(folds):
        trained = clone(classifier).fit(take(pictures, train), classes[train])
        # what a fold has not seen has probability 0
        columns = np.searchsorted(names, trained.classes_)
        found = trained.predict_proba(take(pictures, test))
        proba[np.ix_(test, columns)] = found
        predicted[test] = trained.classes_[found.argmax(axis=1)]
        fold[test] = number
        tracker.update()
    table = _table(pictures, classes, groups)
    table["predicted"], table["fold"] = predicted, fold
    for column, name in enumerate(names):
        table[f"p({name})"] = proba[:, column]
    return Validation(table, tuple(name.item() for name in names), groups is not None)


def _table(pictures: Any, classes: NDArray[Any], groups: NDArray[Any] | None) -> pd.DataFrame:
    import pandas as pd

    known: pd.DataFrame | None = getattr(pictures, "table", None)
    if known is not None:
        table = known[["id", "slide"]].reset_index(drop=True)
    else:
        slides = groups if groups is not None else np.full(len(classes), "")
        table = pd.DataFrame({"id": [str(number) for number in range(len(classes))], "slide": slides})
    return table.assign(label=classes)


def seed_of(classifier: Any) -> int:
    """Return the seed that shares out the folds of a classifier."""
    seed = getattr(classifier, "random_state", None)
    return int(seed) if isinstance(seed, int | np.integer) else 42
