"""`search`: parameters chosen by cross-validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput
from wsinb.listing import html_table
from wsinb.names import unknown
from wsinb.progress import Progress, Tracker
from wsinb.trees.classify.crossvalidate import seed_of, validate_folds
from wsinb.trees.classify.folds import share_out
from wsinb.trees.classify.pictures import as_classes, as_groups, as_pictures
from wsinb.trees.classify.validation import Validation
from wsinb.trees.windows.draws import whole

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Search", "search"]


@dataclass(frozen=True, repr=False)
class Search:
    """What was tried, and the best of it; shows itself as a table.

    Attributes
    ----------
    best : classifier
        Trained on all pictures with the best parameters; `best.header["scores"]` tells its validation.
    table : DataFrame
        One row a combination, the best first: the parameters, balanced_accuracy, accuracy, and the spread
        of the balanced accuracy over the folds.
    validation : Validation
        Of the best. Being the best of many, it is a little too good: validate on other pictures.
    """

    best: Any
    table: pd.DataFrame
    validation: Validation

    def __repr__(self) -> str:
        return f"<Search of {len(self.table)} combinations, the best first:\n{self.table.head(10)}>"

    def _repr_html_(self) -> str:
        rows = [tuple(map(_cell, row)) for row in self.table.itertuples(index=False)]
        best = escape(repr(self.validation)[1:-1])
        return f"<p>{best}</p>{html_table(tuple(map(str, self.table.columns)), rows)}"


def search(
    classifier: Any,
    grid: Mapping[str, Sequence[Any]],
    X: Any,  # noqa: N803
    y: Any = None,
    groups: Any = None,
    *,
    n_splits: int = 5,
    n_iter: int | None = None,
    progress: Progress = None,
) -> Search:
    """Try combinations of parameters, choose the one of the highest balanced accuracy, and train with it.

    All are tested on the same folds, grouped as in `cross_validate`. Of equals the first is chosen.

    Parameters
    ----------
    grid : dict
        Values to try, by name of a parameter; with `n_iter` also distributions of scipy.stats.
    n_iter : int, optional
        Try so many combinations at random rather than all.
    classifier, X, y, groups, n_splits
        As for `cross_validate`.
    progress : bool or callable, optional
        See `wsinb.progress`; counts folds.

    Raises
    ------
    InvalidInput
        If a parameter does not exist or has no values; or as `cross_validate`.
    """
    import pandas as pd
    from sklearn.base import clone

    pictures = as_pictures(X)
    classes, own_groups = as_classes(pictures, y), as_groups(pictures, groups)
    folds = share_out(classes, own_groups, n_splits, seed_of(classifier))
    tries = _combinations(classifier, grid, n_iter)
    found: list[Validation] = []
    with Tracker(len(tries) * len(folds), "folds", progress) as tracker:
        for parameters in tries:
            candidate = clone(classifier).set_params(**parameters)
            found.append(validate_folds(candidate, pictures, classes, own_groups, folds, tracker))
    rows = [
        {
            **parameters,
            "balanced_accuracy": each.balanced_accuracy,
            "accuracy": each.accuracy,
            "spread": each.spread["balanced_accuracy"],
        }
        for parameters, each in zip(tries, found, strict=True)
    ]
    order = sorted(range(len(tries)), key=lambda number: -found[number].balanced_accuracy)
    best = clone(classifier).set_params(**tries[order[0]]).fit(pictures, classes)
    if hasattr(best, "header"):
        best.header["scores"] = found[order[0]].scores
    return Search(best, pd.DataFrame([rows[number] for number in order]), found[order[0]])


def _combinations(classifier: Any, grid: Any, n_iter: int | None) -> list[dict[str, Any]]:
    from sklearn.model_selection import ParameterGrid, ParameterSampler

    if not isinstance(grid, Mapping) or not grid:
        raise InvalidInput("grid names the parameters to try: {'min_samples_leaf': [10, 50]}")
    for name, values in grid.items():
        if name not in classifier.get_params():
            raise InvalidInput(unknown("parameter", name, classifier.get_params()))
        drawn = n_iter is not None and hasattr(values, "rvs")
        if isinstance(values, str) or not (drawn or (hasattr(values, "__len__") and len(values))):
            raise InvalidInput(f"grid has no list of values for {name}: give [{values!r}]")
    if n_iter is None:
        return list(ParameterGrid(dict(grid)))
    number = whole("n_iter", n_iter, 1, 10**6)
    if not any(hasattr(values, "rvs") for values in grid.values()):
        number = min(number, len(ParameterGrid(dict(grid))))
    return list(ParameterSampler(dict(grid), number, random_state=seed_of(classifier)))


def _cell(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
