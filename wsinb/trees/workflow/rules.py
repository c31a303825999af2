"""Which objects go to which classifier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.names import listed
from wsinb.trees.cropping.frame import View, colour_of
from wsinb.trees.roles.classifier import Classifier, as_classifier

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Rule", "dispatch"]


class Rule:
    """What is done with some of the objects.

    Parameters
    ----------
    when : callable, str, sequence of str, optional
        Which objects are meant: a function from a GeoDataFrame (an annotation table in level-0 pixels, (n,)
        rows) to a mask (n,) of bool; or labels of the segmenter. None is all that no rule before took.
    classifier : estimator, callable, str or Path, optional
        Names these objects, see `wsinb.trees.roles.as_classifier`. None: they keep the segmenter's label.
    labels : sequence of str, optional
        Names of the classes of a classifier that has none of its own.
    label : str, optional
        Without classifier: the label of these objects.
    name : str, optional
        What to call the rule; "rule 1" and so on by default.
    um_per_px, context, size, background
        What the classifier sees of an object, as in `wsinb.trees.cropping.crops`.

    Raises
    ------
    InvalidInput
        If a parameter cannot be used.
    """

    def __init__(
        self,
        when: Callable[[gpd.GeoDataFrame], Any] | str | Sequence[str] | None = None,
        classifier: Any = None,
        *,
        labels: Sequence[str] | None = None,
        label: str | None = None,
        name: str | None = None,
        um_per_px: float | None = None,
        context: float = 0.0,
        size: int | None = None,
        background: Any = None,
    ) -> None:
        if classifier is not None and label is not None:
            raise InvalidInput("a rule has a classifier or a label: leave one of them out")
        self.when = when if when is None or callable(when) else listed(when, "Labels are given by name")
        self.classifier: Classifier | None = (
            None if classifier is None else as_classifier(classifier, labels=labels)
        )
        self.label = label
        self.name = name
        self.view = View(um_per_px, context, size, colour_of(background))

    def takes(self, objects: gpd.GeoDataFrame, name: str) -> NDArray[np.bool_]:
        """Return which objects are meant: (n,) bool.

        Raises
        ------
        InvalidInput
            If the function of the rule returns anything but a mask.
        """
        if self.when is None:
            return np.ones(len(objects), bool)
        if not callable(self.when):
            return np.asarray(objects["label"].isin(self.when), bool)
        mask = np.asarray(self.when(objects))
        if mask.shape != (len(objects),) or mask.dtype != bool:
            raise InvalidInput(
                f"{name} returned {mask.dtype} of shape {mask.shape} for {len(objects)} objects: "
                "it must return a mask, one bool for each"
            )
        return mask

    def __repr__(self) -> str:
        what = self.classifier if self.classifier is not None else self.label
        return f"Rule({self.name or self.when!r}, {what!r})"


def dispatch(objects: gpd.GeoDataFrame, rules: Sequence[Rule]) -> NDArray[np.int64]:
    """Return the number of the first rule that takes each object, -1 where none does: (n,) int64."""
    chosen = np.full(len(objects), -1, np.int64)
    for number, rule in enumerate(rules):
        left = np.flatnonzero(chosen < 0)
        if not len(left):
            break
        chosen[left[rule.takes(objects.iloc[left], rule_name(rule, number))]] = number
    return chosen


def rule_name(rule: Rule, number: int) -> str:
    """Return what to call a rule."""
    return rule.name or f"rule {number + 1}"
