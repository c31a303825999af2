"""`segment_slide`: a segmentation model applied to a whole slide, tile by tile."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.progress import Progress, Tracker
from wsinb.trees.outlines.polygons import mask_polygons
from wsinb.trees.outlines.raster import rasterise
from wsinb.trees.outlines.seams import Found, Piece, SeamMerger
from wsinb.trees.outlines.table import Limits, PolygonTable
from wsinb.trees.scale import warn_if_enlarged
from wsinb.trees.segment.finished import open_finished, resumed_piece
from wsinb.trees.segment.tilemodel import TileModel, check_model, classes_of, plan_for, planes_of
from wsinb.trees.tiling import Core, Plan, in_order, usable_cores

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

    from wsinb.frames import Box
    from wsinb.tiles import Slide

__all__ = ["segment_slide"]


def segment_slide(
    slide: Slide,
    model: TileModel,
    *,
    within: Box | BaseGeometry | None = None,
    tile_size: int = 1024,
    min_area: float | Mapping[str, float] = 0,
    max_area: float | Mapping[str, float] | None = None,
    tolerance: float = 0.75,
    skip_white: bool | None = None,
    layer: str = "segmentation",
    created_by: str | None = None,
    progress: Progress = None,
    threads: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> gpd.GeoDataFrame:
    """Find the model's labels on a slide.

    The slide is read at the resolution that the model was trained at; a warning tells if it is coarser. The
    probabilities of a pixel do not depend on how the slide is cut into tiles, and polygons are joined over
    the seams: the result does not depend on the size of the tiles. Memory is bounded by the tiles in flight
    (one a thread and one more) and the polygons found.

    Parameters
    ----------
    slide : Slide
    model : SegmentationForest, PixelForest or another `TileModel`
    within : Box or shapely polygon, optional
        In level-0 pixels; everything else is background and is not read.
    tile_size : int
        Side of the tiles in pixels of the model's resolution, at least 64.
    min_area, max_area : float or {label: float}
        In level-0 square pixels: smaller and larger polygons are dropped. By label, those that are not named
        have no limit.
    tolerance : float
        How far outlines may move when they are simplified, in pixels of the model's resolution; 0 keeps the
        outlines of the pixels.
    skip_white : bool, optional
        Take empty glass as background without looking. None: if the model was trained so.
    layer, created_by : str
        Columns of the result.
    progress : bool or callable, optional
        See `wsinb.progress`; counts tiles. A callable cancels by raising `Cancelled`.
    threads : int, optional
        None is one for each core that may be used. The result does not depend on it.
    checkpoint : str or Path, optional
        Folder where finished tiles are kept: a run that was cancelled or killed goes on from these. It is for
        one slide, model, `within`, `tile_size` and `skip_white`; the other parameters may be changed.

    Returns
    -------
    GeoDataFrame
        An annotation table (see `wsinb.annotate`): valid polygons with holes in level-0 pixels, `label`, and
        as `score` the mean probability of that label over the polygon. Background has no polygons.

    Raises
    ------
    UnknownMpp
        If the model was trained in micrometres and the slide does not know its own.
    InvalidInput
        If it is no model that has been trained, a parameter is out of range, or the checkpoint is one of
        another slide, model or setting.
    StorageError
        If the checkpoint cannot be written.
    """
    if not 0 <= tolerance < np.inf:
        raise InvalidInput(f"tolerance must be 0 or more pixels, not {tolerance}")
    check_model(model)
    labels = model.header["labels"]
    limits = Limits.of(labels, min_area, max_area)
    workers = usable_cores(threads)
    plan = plan_for(slide, model, tile_size, within)
    warn_if_enlarged(slide, plan.downsample)
    skip = model.header["white_is_background"] if skip_white is None else skip_white
    finished = None
    if checkpoint is not None:
        settings = {"function": "segment_slide", "tile_size": tile_size, "skip_white": skip}
        finished = open_finished(checkpoint, plan, model, settings)
    outline = partial(resumed_piece, finished, len(labels), partial(_outline, plan, model, skip))
    return _joined(
        plan, in_order(outline, plan.cores, workers, "segment"), limits, tolerance, progress
    ).table(labels, layer, created_by)


def _joined(
    plan: Plan, pieces: Generator[Piece], limits: Limits, tolerance: float, progress: Progress
) -> PolygonTable:
    """Join what the cores give, as it comes."""
    merger = SeamMerger()
    kept = PolygonTable(plan.downsample, plan.slide.size, limits, tolerance)
    # closing stops the threads at once when progress cancels
    what = f"segmenting {plan.slide.name}"
    with closing(pieces), Tracker(len(plan.cores), what, progress) as tracker:
        for piece in pieces:
            kept.add(merger.add(piece))
            tracker.update()
    kept.add(merger.finish())
    return kept


def _outline(plan: Plan, model: TileModel, skip_white: bool, core: Core) -> Piece:
    """Predict a core and outline what is found in it."""
    planes = planes_of(model, plan, core, skip_white=skip_white)
    classes = classes_of(planes)
    if plan.within is not None:
        inside = rasterise([plan.within], classes.shape, x=core.x0, y=core.y0, downsample=plan.downsample)
        classes[~inside] = 0
    number = np.zeros(classes.shape, np.int32)
    found: list[Found] = []
    for label in np.unique(classes[classes > 0]):
        traced = mask_polygons(classes == label)
        inside = traced.component > 0
        number[inside] = traced.component[inside] + len(found)
        found.extend(_describe(traced.polygons, traced.component, planes[label - 1], int(label), core))
    return Piece(core.row, core.column, found, number)


def _describe(
    polygons: NDArray[np.object_],
    component: NDArray[np.int32],
    probability: NDArray[np.float32],
    label: int,
    core: Core,
) -> list[Found]:
    import shapely

    moved = shapely.transform(polygons, lambda xy: xy + np.array([core.x0, core.y0]))
    numbers = component.ravel()
    n_pixels = np.bincount(numbers)[1:]
    sums = np.bincount(numbers, weights=probability.ravel())[1:]
    rows = zip(moved, n_pixels.tolist(), sums.tolist(), strict=True)
    return [Found(polygon, label, n, total) for polygon, n, total in rows]
