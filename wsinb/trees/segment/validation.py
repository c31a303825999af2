"""`SegmentationValidation`: how well models find what they have not learned from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from wsinb.listing import html_table, text_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SCORES", "SegmentationValidation", "with_scores"]

SCORES = ("dice", "jaccard", "precision", "recall")
COUNTS = ["pixels", "found", "both"]
HEAD = ("label", *SCORES, "pixels", "dice over the folds")


def with_scores(counts: pd.DataFrame) -> pd.DataFrame:
    """Add scores to counts.

    Parameters
    ----------
    counts : DataFrame
        With `pixels` of a label, pixels `found` as it, and pixels that are `both`.

    Returns
    -------
    DataFrame
        With the columns of `SCORES` in front of the counts. NaN where there is nothing to divide by: a label
        that neither is there nor was found, the precision of one never found, the recall of one not there.
    """
    true, found, both = (counts[name].to_numpy(float) for name in COUNTS)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = (2 * both / (true + found), both / (true + found - both), both / found, both / true)
    scored = counts.copy()
    for at, (name, value) in enumerate(zip(SCORES, values, strict=True)):
        scored.insert(len(counts.columns) - len(COUNTS) + at, name, value)
    return scored


@dataclass(frozen=True, repr=False)
class SegmentationValidation:
    """Results of a cross-validation of segmenters; shows itself as scores by label.

    Attributes
    ----------
    table : DataFrame
        One row a region and label: fold, slide, region (id of its annotation, "" for all that is known on a
        slide), label, dice, jaccard, precision, recall, pixels (of the label, at the model's resolution),
        found (as that label), both.
    labels : tuple of str
        What was to be found.
    by : {"slide", "region", "group"}
        What was never on both sides of a fold.
    """

    table: pd.DataFrame
    labels: tuple[str, ...]
    by: str

    @property
    def report(self) -> pd.DataFrame:
        """Scores by label, over the pixels of all regions together."""
        return with_scores(self.table.groupby("label")[COUNTS].sum().reindex(list(self.labels)))

    @property
    def dice(self) -> dict[str, float]:
        """Dice by label, over the pixels of all regions together."""
        return dict(zip(self.labels, self.report["dice"].astype(float).tolist(), strict=True))

    @property
    def folds(self) -> pd.DataFrame:
        """Scores by fold and label."""
        return with_scores(self.table.groupby(["fold", "label"])[COUNTS].sum()).reset_index()

    @property
    def spread(self) -> dict[str, float]:
        """Standard deviation of Dice over the folds, by label."""
        values = self.folds.groupby("label")["dice"].std(ddof=1)
        return {name: float(values[name]) for name in self.labels}

    @property
    def scores(self) -> dict[str, Any]:
        """The figures as JSON, for the `scores` of a model's header; None where there is nothing to say."""
        report = self.report
        columns = {name: report[name].astype(float).tolist() for name in SCORES}
        return {
            **{name: _by_label(self.labels, map(_rounded, values)) for name, values in columns.items()},
            "spread": {label: _rounded(value) for label, value in self.spread.items()},
            "pixels": _by_label(self.labels, report["pixels"].tolist()),
            "n_splits": int(self.table["fold"].nunique()),
            "grouped_by": self.by,
        }

    def _rows(self) -> list[tuple[str, ...]]:
        folds = self.folds
        values = self.report[[*SCORES, "pixels"]].to_numpy(float)
        rows = []
        for label, (*scores, pixels) in zip(self.labels, values.tolist(), strict=True):
            own = folds.loc[folds["label"] == label, "dice"].dropna()
            over = f"{own.min():.3f} to {own.max():.3f}, ± {own.std(ddof=1):.3f}" if len(own) else ""
            rows.append((label, *(f"{score:.3f}" for score in scores), f"{int(pixels):,}", over))
        return rows

    def _told(self) -> str:
        n_regions = len(self.table.drop_duplicates(["slide", "region"]))
        n_slides, n_folds = self.table["slide"].nunique(), self.table["fold"].nunique()
        return (
            f"Segmentation validated on {_n(n_regions, 'region')} of {_n(n_slides, 'slide')}, "
            f"{n_folds} folds by {self.by}"
        )

    def __repr__(self) -> str:
        return f"<{self._told()}>\n{text_table(HEAD, self._rows())}"

    def _repr_html_(self) -> str:
        return f"<p>{escape(self._told())}</p>{html_table(HEAD, self._rows())}"


def _by_label(labels: tuple[str, ...], values: Iterable[Any]) -> dict[str, Any]:
    return dict(zip(labels, values, strict=True))


def _rounded(value: Any) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)


def _n(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
