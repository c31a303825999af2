"""`Validation`: what a classifier said about pictures that it had not learned from."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from wsinb.listing import Html, html_table
from wsinb.trees.windows.draws import whole

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Validation"]


@dataclass(frozen=True, repr=False)
class Validation:
    """Results of a cross-validation; shows itself as its confusion matrix and scores.

    Attributes
    ----------
    table : DataFrame
        One row a picture: id, slide, label, predicted, fold, and the probability of each class as
        ``p(<class>)``. Rows are in the order of the pictures.
    classes : tuple of str or int
    grouped : bool
        Whether no group was on both sides of a fold.
    """

    table: pd.DataFrame
    classes: tuple[Any, ...]
    grouped: bool

    @property
    def confusion(self) -> pd.DataFrame:
        """Number of pictures by label (rows) and predicted class (columns)."""
        import pandas as pd

        counts = pd.crosstab(self.table["label"], self.table["predicted"])
        whole_matrix = counts.reindex(index=self.classes, columns=self.classes, fill_value=0)
        return whole_matrix.rename_axis(index="label", columns="predicted")

    @property
    def report(self) -> pd.DataFrame:
        """Precision, recall, f1 and n (pictures) of each class; NaN precision: never predicted."""
        import pandas as pd

        counts = self.confusion.to_numpy()
        right, n, said = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
        with np.errstate(invalid="ignore"):
            columns = {"precision": right / said, "recall": right / n, "f1": 2 * right / (n + said), "n": n}
        return pd.DataFrame(columns, index=pd.Index(self.classes, name="label"))

    @property
    def accuracy(self) -> float:
        """Share of pictures whose class was predicted."""
        return _accuracy(self.table)

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall of the classes."""
        return _balanced_accuracy(self.table)

    @property
    def folds(self) -> pd.DataFrame:
        """Accuracy, balanced accuracy and n of each fold."""
        import pandas as pd

        rows = {
            fold: (_accuracy(part), _balanced_accuracy(part), len(part))
            for fold, part in self.table.groupby("fold")
        }
        columns = ["accuracy", "balanced_accuracy", "n"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("fold")

    @property
    def spread(self) -> dict[str, float]:
        """Standard deviation over the folds of accuracy and balanced accuracy."""
        folds = self.folds
        return {name: float(folds[name].std(ddof=1)) for name in ("accuracy", "balanced_accuracy")}

    @property
    def scores(self) -> dict[str, Any]:
        """The figures as JSON, for the `scores` of a model's header."""
        rounded = {name: round(value, 4) for name, value in self.spread.items()}
        return {
            "accuracy": round(self.accuracy, 4),
            "balanced_accuracy": round(self.balanced_accuracy, 4),
            "spread": rounded,
            "n": len(self.table),
            "n_splits": int(self.table["fold"].nunique()),
            "grouped": self.grouped,
        }

    def calibration(self, n_bins: int = 10) -> pd.DataFrame:
        """Compare how probable predictions were said to be with how often they were right.

        Parameters
        ----------
        n_bins : int
            Parts of equal width from 0 to 1.

        Returns
        -------
        DataFrame
            By part that holds pictures: from, to, n, probability (the mean that was given to the predicted
            class) and accuracy. A calibrated classifier has equal probability and accuracy.
        """
        import pandas as pd

        bins = whole("n_bins", n_bins, 1, 1000)
        given = self.table[[f"p({name})" for name in self.classes]].to_numpy()
        place = [self.classes.index(name) for name in self.table["predicted"]]
        sure = given[np.arange(len(given)), place]
        right = (self.table["predicted"] == self.table["label"]).to_numpy()
        number = np.minimum((sure * bins).astype(int), bins - 1)
        rows = [
            (k / bins, (k + 1) / bins, int(own.sum()), float(sure[own].mean()), float(right[own].mean()))
            for k in range(bins)
            if (own := number == k).any()
        ]
        return pd.DataFrame(rows, columns=["from", "to", "n", "probability", "accuracy"])

    def __repr__(self) -> str:
        spread = self.spread
        kind = "grouped" if self.grouped else "not grouped"
        return (
            f"<Validation of {len(self.table)} pictures, {self.table['fold'].nunique()} folds, {kind}: "
            f"accuracy {self.accuracy:.3f} ± {spread['accuracy']:.3f}, "
            f"balanced {self.balanced_accuracy:.3f} ± {spread['balanced_accuracy']:.3f}>"
        )

    def _repr_html_(self) -> str:
        counts, report = self.confusion, self.report
        head = ("label", *map(str, self.classes), "precision", "recall", "f1", "n")
        rows: list[tuple[str | int, ...]] = []
        for name in self.classes:
            line = counts.loc[name].to_numpy()
            cells = [_shaded(int(value), value / max(1, line.sum())) for value in line]
            scores = [f"{report.loc[name, column]:.3f}" for column in ("precision", "recall", "f1")]
            rows.append((str(name), *cells, *scores, int(report.loc[name, "n"])))
        return f"<p>{escape(repr(self)[1:-1])}</p>{html_table(head, rows)}"


def _shaded(count: int, share: float) -> Html:
    # half transparent, so that text of a light and of a dark theme can be read on it
    style = f"display:block;text-align:right;background:rgba(66,133,244,{share / 2:.2f})"
    return Html(f'<span style="{style}">{count}</span>')


def _accuracy(table: pd.DataFrame) -> float:
    return float((table["label"] == table["predicted"]).mean())


def _balanced_accuracy(table: pd.DataFrame) -> float:
    right = (table["label"] == table["predicted"]).groupby(table["label"]).mean()
    return float(right.mean())
