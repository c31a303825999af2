"""`cross_validate_segmentation`: train on some slides or regions, test on the others, in turns."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.progress import Progress, Tracker
from wsinb.trees.learning import check_names, check_places, check_present, places_of
from wsinb.trees.segment.known import Known, Layer, neighbourhoods
from wsinb.trees.segment.regions import (
    Pairs,
    Region,
    check_folds,
    clipped,
    regions_of,
    share_regions,
    with_groups,
)
from wsinb.trees.segment.tilemodel import TileModel, check_model, classes_of, plan_for, planes_of
from wsinb.trees.segment.training import train_segmentation
from wsinb.trees.segment.validation import SegmentationValidation, with_scores
from wsinb.trees.tiling import Core, Plan, in_order, usable_cores

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from wsinb.tiles import Slide

__all__ = ["cross_validate_segmentation"]

TILE = 512
MARGIN = 0.5
LEAST_PX = 24
STROKE_PX = 5.0
POLYGON_DIMENSION = 2


def cross_validate_segmentation(
    slides_and_annotations: Iterable[tuple[Slide, gpd.GeoDataFrame]],
    labels: str | Sequence[str],
    um_per_px: float | None,
    *,
    train: Callable[..., TileModel] = train_segmentation,
    groups: Sequence[Hashable] | Mapping[str, Hashable] | None = None,
    n_splits: int = 5,
    within_label: str | None = None,
    progress: Progress = None,
    **parameters: Any,
) -> SegmentationValidation:
    """Test a way of training on what its models have not learned from, each slide or region once.

    Nothing of a slide, or of a group of slides, is on both sides of a fold: regions of one slide resemble
    each other, and a model that knows the slide would look better than it is. Of a single slide, regions of
    `within_label` are tested in turns, and those that overlap together; that says nothing of other slides.

    Tested are the pixels, at the model's resolution, of which the class is known:

    - with `within_label`, the regions of that label: in them, what carries none of `labels` is background;
    - without, as in training, what is annotated and, for a `train` that has a `margin` and without
      ``background_label``, the neighbourhood of each annotation.

    Parameters
    ----------
    slides_and_annotations, labels, um_per_px
        As for `train`.
    train : callable
        `train_segmentation`, `train_pixels`, or another function from ``(slides_and_annotations, labels,
        um_per_px, progress=..., **parameters)`` to a `TileModel`.
    groups : sequence, or {name of slide: group}, optional
        Such as patients, one for each slide.
    n_splits : int
        Number of folds; fewer slides, groups or regions give as many folds as there are.
    within_label : str, optional
        See above; by default the ``roi_label`` of the parameters. A `train` that has a ``roi_label`` is given
        this one unless it is given another.
    progress : bool or callable, optional
        See `wsinb.progress`; counts folds.
    **parameters
        Of `train`.

    Returns
    -------
    SegmentationValidation

    Raises
    ------
    UnknownLabel
        If no annotation carries one of the labels.
    InvalidInput
        If there is only one group, a label is in only one, or as `train`.
    UnknownMpp
        If `um_per_px` is given and a slide does not know its pixel size.
    """
    pairs = list(slides_and_annotations)
    wanted = [labels] if isinstance(labels, str) else list(labels)
    if isinstance(n_splits, bool) or not isinstance(n_splits, int) or n_splits < 2:
        raise InvalidInput(f"n_splits must be a whole number from 2 on, not {n_splits!r}")
    known_to_train = inspect.signature(train).parameters
    within_label = within_label or parameters.get("roi_label")
    if within_label is not None and "roi_label" in known_to_train:
        parameters.setdefault("roi_label", within_label)
    background = parameters.get("background_label")
    _check(pairs, wanted, within_label, background)
    names = [*wanted, *([background] if background else [])]
    regions, homes = with_groups(regions_of(pairs, names, within_label), pairs, groups)
    by = "region" if homes is None else "slide" if groups is None else "group"
    folds = share_regions(regions, n_splits)
    training = [_training(pairs, regions, fold, homes) for fold in folds]
    check_folds(pairs, training, names, by)
    truth = _Truth(wanted, background, parameters, "margin" in known_to_train)
    parts = []
    with Tracker(len(folds), "validating", progress) as tracker:
        # reports what is done again and again, so that a callable may cancel in the middle of a fold
        alive = partial(_again, tracker)
        for number, (fold, tables) in enumerate(zip(folds, training, strict=True)):
            learned = [(pairs[at][0], table) for at, table in tables]
            model = train(learned, labels, um_per_px, progress=alive, **parameters)
            parts += [(number, *row) for row in _tested(model, pairs, fold, truth, alive)]
            tracker.update()
    return SegmentationValidation(_table(parts), tuple(wanted), by)


def _check(pairs: Pairs, labels: list[str], within_label: str | None, background: str | None) -> None:
    if not pairs:
        raise InvalidInput("there is nothing to test: give slides and their annotations")
    check_names(labels, {"within_label": within_label, "background_label": background})
    names = [name for name in (*labels, within_label, background) if name is not None]
    check_present(pairs, names)
    check_places(pairs, names)


def _training(
    pairs: Pairs, regions: Sequence[Region], fold: Sequence[Region], homes: list[Hashable] | None
) -> list[tuple[int, gpd.GeoDataFrame]]:
    """Return what is learned from while a fold is tested: numbers of slides, and tables."""
    groups = {one.group for one in fold}
    if homes is None:
        areas = [one.area for one in regions if one.group not in groups and one.area is not None]
        return [(0, clipped(pairs[0][1], areas))]
    return [(at, table) for at, (_, table) in enumerate(pairs) if homes[at] not in groups]


class _Truth:
    """What the pixels of a region are, by the classes of a model; -1 where it is not known."""

    def __init__(
        self, labels: Sequence[str], background: str | None, parameters: Mapping[str, Any], around: bool
    ) -> None:
        self.labels = labels
        self.background = background
        self.margin = float(parameters.get("margin", MARGIN))
        self.least = parameters.get("window", LEAST_PX)
        self.stroke = float(parameters.get("stroke_width", STROKE_PX))
        self.around = around and background is None

    def on(
        self, slide: Slide, table: gpd.GeoDataFrame, model: TileModel, region: Region
    ) -> tuple[Plan, Callable[[Core], NDArray[np.int16]]]:
        """Return the cores of a region, and a function that gives the classes of a core, (h, w) int16."""
        downsample = plan_for(slide, model, TILE).downsample
        names = [*self.labels, *([self.background] if self.background else [])]
        numbers = [_class_of(model, name) for name in names]
        drawn = [self._areas(table, name, downsample) for name in names]
        everything = np.concatenate(drawn)
        if region.area is not None:
            inside = np.array([region.area], object)
        elif self.around:
            inside = neighbourhoods(everything, self.margin, self.least * downsample)
        else:
            inside = everything
        rest = 0 if region.area is not None or self.around else -1
        known = Known(list(zip(numbers, drawn, strict=True)), rest, downsample)
        tested = Layer(inside)
        plan = plan_for(slide, model, TILE, shapely.union_all(inside) if len(inside) else None)

        def classes(core: Core) -> NDArray[np.int16]:
            found = known.classes(core.shape, core.x0, core.y0)
            found[~tested.mask(core.shape, core.x0, core.y0, downsample)] = -1
            return found

        return plan, classes

    def _areas(self, table: gpd.GeoDataFrame, label: str, downsample: float) -> NDArray[np.object_]:
        """Return polygons; points and lines are as wide as strokes."""
        geometries = places_of(table, label)
        thin = shapely.get_dimensions(geometries) < POLYGON_DIMENSION
        geometries[thin] = shapely.buffer(geometries[thin], self.stroke * downsample / 2)
        return geometries


def _tested(
    model: TileModel, pairs: Pairs, fold: Sequence[Region], truth: _Truth, alive: Callable[[Any], object]
) -> list[tuple[Any, ...]]:
    """Return slide, region, label and counts for each region and label of a fold."""
    check_model(model)
    rows: list[tuple[Any, ...]] = []
    for region in fold:
        slide, table = pairs[region.pair]
        counts = _count(model, slide, region, truth.on(slide, table, model, region), alive)
        for label in truth.labels:
            at = _class_of(model, label)
            numbers = int(counts[at].sum()), int(counts[:, at].sum()), int(counts[at, at])
            rows.append((slide.name, region.name, label, *numbers))
    return rows


def _count(
    model: TileModel,
    slide: Slide,
    region: Region,
    truth: tuple[Plan, Callable[[Core], NDArray[np.int16]]],
    alive: Callable[[Any], object],
) -> NDArray[np.int64]:
    """Count pixels by true class (rows) and found class (columns)."""
    plan, classes = truth
    n = len(model.header["labels"])
    skip = bool(model.header["white_is_background"])

    def compare(core: Core) -> NDArray[np.int64]:
        true = classes(core)
        known = true >= 0
        if not known.any():
            return np.zeros(n * n, np.int64)
        found = classes_of(planes_of(model, plan, core, skip_white=skip))
        return np.bincount(true[known] * n + found[known].astype(np.int64), minlength=n * n)

    total = np.zeros(n * n, np.int64)
    with closing(in_order(compare, plan.cores, usable_cores(), "validate")) as counts:
        for part in counts:
            total += part
            alive(None)
    if not total.any():
        place = f"region {region.name}" if region.name else "what is annotated"
        raise InvalidInput(
            f"{place} of slide {slide.name} covers no pixel at {model.header['um_per_px']} um per pixel: "
            "enlarge it, or train at fewer um_per_px"
        )
    return total.reshape(n, n)


def _class_of(model: TileModel, label: str) -> int:
    labels: list[str] = model.header["labels"]
    if label not in labels:
        raise InvalidInput(
            f"the model that train returned finds {labels}, and not {label!r} that it was asked for"
        )
    return labels.index(label)


def _table(rows: list[tuple[Any, ...]]) -> Any:
    import pandas as pd

    columns = ["fold", "slide", "region", "label", "pixels", "found", "both"]
    return with_scores(pd.DataFrame(rows, columns=columns))


def _again(tracker: Tracker, step: object) -> None:
    tracker.update(0)
