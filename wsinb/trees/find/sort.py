"""`sort_objects`: a label for each object, by a classifier that looks at its picture."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from wsinb.progress import Progress, Tracker
from wsinb.trees.cropping.frame import Frame, View, batches, colour_of
from wsinb.trees.roles.classifier import Classified, Classifier, as_classifier
from wsinb.trees.tiling.inorder import in_order, usable_cores

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.tiles import Slide

__all__ = ["classify_pictures", "sort_objects"]


def sort_objects(
    slide: Slide,
    objects: gpd.GeoDataFrame,
    classifier: Any,
    *,
    labels: Sequence[str] | None = None,
    um_per_px: float | None = None,
    context: float = 0.0,
    size: int | None = None,
    background: Any = None,
    progress: Progress = None,
    threads: int | None = None,
) -> gpd.GeoDataFrame:
    """Classify the picture of each object.

    Parameters
    ----------
    slide : Slide
    objects : GeoDataFrame
        An annotation table, such as `find_objects` returns.
    classifier : estimator, callable, str or Path
        See `wsinb.trees.roles.as_classifier`.
    labels : sequence of str, optional
        Names of the classes of a classifier that has none of its own.
    um_per_px, context, size, background
        What the classifier sees of an object, as in `wsinb.trees.cropping.crops`: as it was in training.
    progress : bool or callable, optional
        See `wsinb.progress`; counts objects. A callable cancels by raising `Cancelled`.
    threads : int, optional
        None is one for each core that may be used.

    Returns
    -------
    GeoDataFrame
        The same table with `label` and, where the classifier gives probabilities, `score`. An object without
        area and a picture that the classifier has no label for have none.

    Raises
    ------
    UnknownMpp
        If `um_per_px` is given and the slide does not know its pixel size.
    InvalidInput
        If the classifier returns anything else, or pictures are not of the size that it takes.
    """
    from wsinb.annotate import validate

    chooser = as_classifier(classifier, labels=labels)
    view = View(um_per_px, context, size, colour_of(background))
    workers = usable_cores(threads)
    table = validate(objects)
    geometries = np.asarray(table.geometry.array, object)
    seen = np.flatnonzero(_has_picture(geometries, view))
    frames = view.frame(shapely.bounds(geometries[seen]), slide.name, slide.mpp)
    names, scores = np.full(len(table), None, object), np.full(len(table), np.nan)

    def run(batch: list[int]) -> tuple[list[int], Classified]:
        rows = seen[batch]
        return batch, classify_pictures(slide, view, [frames[at] for at in batch], geometries[rows], chooser)

    results = in_order(run, batches(frames), workers, "wsinb-sort")
    with closing(results), Tracker(len(seen), f"sorting objects of {slide.name}", progress) as tracker:
        for batch, found in results:
            names[seen[batch]], scores[seen[batch]] = found.labels, found.scores
            tracker.update(len(batch))
    table["label"], table["score"] = names, scores
    return validate(table)


def classify_pictures(
    slide: Slide,
    view: View,
    frames: Sequence[Frame],
    geometries: NDArray[np.object_],
    classifier: Classifier,
) -> Classified:
    """Read the pictures of some objects of a slide and classify them together."""
    images = [view.read(slide, frame, geometry) for frame, geometry in zip(frames, geometries, strict=True)]
    return classifier.classify(images)


def _has_picture(geometries: NDArray[np.object_], view: View) -> NDArray[np.bool_]:
    if view.takes_points:
        return ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    return np.nan_to_num(shapely.area(geometries)) > 0
