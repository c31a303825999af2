"""The objects of a run as a table, given to rules and classifiers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from wsinb.frames import Box
from wsinb.progress import Progress, Tracker
from wsinb.trees.cropping.frame import MAX_PIXELS, Frame, View, batches
from wsinb.trees.find.sort import classify_pictures
from wsinb.trees.roles.classifier import Classified, Classifier
from wsinb.trees.workflow.found import Failure
from wsinb.trees.workflow.rules import Rule, dispatch, rule_name
from wsinb.trees.workflow.runners import Runner

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.tiles import Slide

__all__ = ["Sorted", "sort_by_rules"]


class _Batch(NamedTuple):
    """Objects of one rule that are classified together."""

    rule: int
    rows: NDArray[np.intp]
    frames: list[Frame]
    geometries: NDArray[np.object_]


@dataclass(frozen=True)
class _Work:
    """Reads and classifies a batch; may be sent to other processes."""

    slide: Slide
    views: dict[int, View]
    classifiers: dict[int, Classifier]

    def __call__(self, batch: _Batch) -> tuple[Classified, float]:
        start = time.perf_counter()
        view, classifier = self.views[batch.rule], self.classifiers[batch.rule]
        found = classify_pictures(self.slide, view, batch.frames, batch.geometries, classifier)
        return found, time.perf_counter() - start


@dataclass
class Sorted:
    """The table with labels and scores, and what became of the rest."""

    table: gpd.GeoDataFrame
    unmatched: int = 0
    failures: list[Failure] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


def sort_by_rules(
    slide: Slide,
    table: gpd.GeoDataFrame,
    rules: Sequence[Rule],
    um_per_px: float | None,
    runner: Runner,
    retries: int,
    progress: Progress,
) -> Sorted:
    """Give each object to the first rule that takes it, and to that rule's classifier.

    Parameters
    ----------
    um_per_px : float or None
        Resolution of pictures where a rule says nothing of it.
    """
    start = time.perf_counter()
    chosen = dispatch(table, rules)
    names = [rule_name(rule, number) for number, rule in enumerate(rules)]
    labels = np.array(table["label"], object)
    scores = table["score"].to_numpy(np.float64, copy=True, na_value=np.nan)
    for number, rule in enumerate(rules):
        if rule.label is not None:
            labels[chosen == number] = rule.label
    labels[chosen < 0], scores[chosen < 0] = None, np.nan
    table["properties"] = [
        {**(known or {}), **({"rule": names[at]} if at >= 0 else {})} or None
        for known, at in zip(_properties(table), chosen.tolist(), strict=True)
    ]
    result = Sorted(table, int((chosen < 0).sum()))
    result.seconds["dispatch"] = time.perf_counter() - start
    work, items = _planned(slide, table, rules, chosen, um_per_px)
    seconds = 0.0
    outcomes = runner.run(work, items, retries)
    total = sum(len(batch.rows) for batch in items)
    with closing(outcomes), Tracker(total, f"classifying objects of {slide.name}", progress) as tracker:
        for batch, outcome in zip(items, outcomes, strict=True):
            if outcome.reason is None:
                found, spent = outcome.result
                labels[batch.rows], scores[batch.rows] = found.labels, found.scores
                seconds += spent
            else:
                labels[batch.rows], scores[batch.rows] = None, np.nan
                box = Box(*shapely.total_bounds(batch.geometries).tolist())
                result.failures.append(Failure("classify", box, outcome.reason, outcome.attempts))
            tracker.update(len(batch.rows))
    table["label"], table["score"] = labels, scores
    result.seconds["classify"] = seconds
    return result


def _planned(
    slide: Slide,
    table: gpd.GeoDataFrame,
    rules: Sequence[Rule],
    chosen: NDArray[np.int64],
    um_per_px: float | None,
) -> tuple[_Work, list[_Batch]]:
    work = _Work(slide, {}, {})
    items = []
    geometries = np.asarray(table.geometry.array, object)
    for number, rule in enumerate(rules):
        if rule.classifier is None:
            continue
        view = rule.view
        if view.um_per_px is None and view.size is None:
            view = replace(view, um_per_px=um_per_px)
        work.views[number], work.classifiers[number] = view, rule.classifier
        rows = np.flatnonzero(chosen == number)
        frames = view.frame(shapely.bounds(geometries[rows]), slide.name, slide.mpp)
        # an object of very many pixels is seen coarser
        side = int(MAX_PIXELS**0.5)
        frames = [each.at_most(side) if each.width * each.height > MAX_PIXELS else each for each in frames]
        items += [
            _Batch(number, rows[batch], [frames[at] for at in batch], geometries[rows[batch]])
            for batch in batches(frames)
        ]
    return work, items


def _properties(table: gpd.GeoDataFrame) -> list[dict[str, object] | None]:
    import json

    return [json.loads(text) if isinstance(text, str) else None for text in table["properties"].tolist()]
