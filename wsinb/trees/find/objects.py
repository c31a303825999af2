"""`find_objects`: what is darker or brighter than a threshold, tile by tile."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.numbers import real
from wsinb.progress import Progress, Tracker
from wsinb.trees.find.threshold import check_offset, darker_than_mean, gray, odd_block, otsu
from wsinb.trees.outlines.polygons import mask_polygons
from wsinb.trees.outlines.raster import rasterise
from wsinb.trees.outlines.seams import Found, Piece, SeamMerger
from wsinb.trees.outlines.table import Limits, PolygonTable
from wsinb.trees.scale import downsample_on
from wsinb.trees.tiling.cores import Core, Plan, plan_cores
from wsinb.trees.tiling.inorder import in_order, usable_cores

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

    from wsinb.frames import Box
    from wsinb.tiles import Slide

__all__ = ["find_objects"]

OVERVIEW = 2048
CLASSES = ["background", "object"]


def find_objects(
    slide: Slide,
    *,
    threshold: str | float = "adaptive",
    block: int = 71,
    offset: float = 3,
    dark: bool = True,
    um_per_px: float | None = None,
    tile_size: int = 512,
    min_area: float = 1000,
    max_area: float | None = 1e7,
    tolerance: float = 0.75,
    within: Box | BaseGeometry | None = None,
    label: str | None = None,
    layer: str = "objects",
    created_by: str | None = None,
    progress: Progress = None,
    threads: int | None = None,
) -> gpd.GeoDataFrame:
    """Outline the objects of a slide that differ from their surroundings.

    After the object finder of Cytomine-DataMining, on the luma of colour pictures. Tiles are read with half a
    block around them and their polygons joined over the seams, so that the result does not depend on the size
    of the tiles, and no object is cut.

    Parameters
    ----------
    slide : Slide
    threshold : {"adaptive", "otsu"} or number
        "adaptive": a pixel is compared with the mean of the block around it, less `offset`. "otsu": one
        threshold for the slide, from the grey values of an overview of at most 2048 pixels a side, those
        within `within`. A number from 0 to 255: what is below is dark.
    block : int
        Side of the neighbourhood in pixels of the resolution; made odd. For "adaptive" only, as is `offset`.
    offset : float
        In grey values.
    dark : bool
        Whether objects are darker than what is around them; False: brighter.
    um_per_px : float, optional
        Resolution to look at; None is level-0 pixels.
    tile_size : int
        Side of the tiles in pixels of the resolution, at least 64.
    min_area, max_area : float
        In level-0 square pixels, holes taken off; None is no upper limit.
    tolerance : float
        How far outlines may move when they are simplified, in pixels of the resolution; 0 keeps the outlines
        of the pixels.
    within : Box or shapely polygon, optional
        In level-0 pixels; nothing else is looked at. Objects end there.
    label, layer, created_by : str
        Columns of the result.
    progress : bool or callable, optional
        See `wsinb.progress`; counts tiles. A callable cancels by raising `Cancelled`.
    threads : int, optional
        None is one for each core that may be used. The result does not depend on it.

    Returns
    -------
    GeoDataFrame
        An annotation table: valid polygons with holes in level-0 pixels, by place.

    Raises
    ------
    UnknownMpp
        If `um_per_px` is given and the slide does not know its pixel size.
    InvalidInput
        If a parameter is out of range.
    """
    _check_areas(min_area, max_area, tolerance)
    workers = usable_cores(threads)
    plan = plan_cores(slide, downsample_on(slide, um_per_px, None), tile_size, within)
    look = _Look(plan, _level(threshold, plan), odd_block(block), check_offset(offset), bool(dark))
    merger = SeamMerger()
    limits = Limits.of(CLASSES, min_area, max_area)
    kept = PolygonTable(plan.downsample, slide.size, limits, tolerance)
    pieces = in_order(look.run, plan.cores, workers, "wsinb-find")
    # closing stops the threads at once when progress cancels
    with closing(pieces), Tracker(len(plan.cores), f"finding objects on {slide.name}", progress) as tracker:
        for piece in pieces:
            kept.add(merger.add(piece))
            tracker.update()
    kept.add(merger.finish())
    table = kept.table(CLASSES, layer, created_by)
    table["score"] = np.nan
    # an empty table has its own kinds of columns
    if len(table):
        table["label"] = label
    return _validated(table)


@dataclass(frozen=True)
class _Look:
    """What is an object, on one plan; `level` None is the mean around each pixel."""

    plan: Plan
    level: float | None
    block: int
    offset: float
    dark: bool

    def run(self, core: Core) -> Piece:
        """Outline what is found in a core."""
        mask = self.mask(core)
        if self.plan.within is not None:
            mask &= rasterise(
                [self.plan.within], core.shape, x=core.x0, y=core.y0, downsample=self.plan.downsample
            )
        traced = mask_polygons(mask)
        moved = shapely.transform(traced.polygons, lambda xy: xy + np.array([core.x0, core.y0]))
        n_pixels = np.bincount(traced.component.ravel(), minlength=len(moved) + 1)[1:]
        found = [Found(polygon, 1, n, float(n)) for polygon, n in zip(moved, n_pixels.tolist(), strict=True)]
        return Piece(core.row, core.column, found, traced.component)

    def mask(self, core: Core) -> NDArray[np.bool_]:
        """Return where objects are: (h, w) bool."""
        if self.level is None:
            picture = gray(self.plan.read(core, self.block // 2))
            return darker_than_mean(picture, self.block, self.offset, self.dark)
        picture = gray(self.plan.read(core))
        return np.asarray(picture < self.level if self.dark else picture >= self.level)


def _level(threshold: Any, plan: Plan) -> float | None:
    """Return the grey value below which pixels are dark, None for the mean around each."""
    if isinstance(threshold, str):
        if threshold == "adaptive":
            return None
        if threshold == "otsu":
            return otsu(_overview(plan))
    level = real(threshold)
    if level is None or not 0 <= level <= 255:
        raise InvalidInput(
            f"threshold must be 'adaptive', 'otsu' or a grey value from 0 to 255, not {threshold!r}"
        )
    return level


def _overview(plan: Plan) -> NDArray[np.uint8]:
    """Return grey values of the slide, no finer than the plan: (n,) uint8."""
    downsample = max(plan.downsample, max(plan.slide.size) / OVERVIEW)
    width, height = (max(1, int(length / downsample + 1e-9)) for length in plan.slide.size)
    picture = gray(plan.slide.read(0, 0, width, height, downsample=downsample))
    if plan.within is None:
        return picture.ravel()
    inside = rasterise([plan.within], picture.shape, downsample=downsample)
    if not inside.any():
        raise InvalidInput("within holds no pixel of the slide: give a larger area, or None for all")
    return picture[inside]


def _check_areas(min_area: Any, max_area: Any, tolerance: Any) -> None:
    low, high, far = real(min_area), real(max_area), real(tolerance)
    if low is None or low < 0 or (max_area is not None and (high is None or high < low)):
        raise InvalidInput(f"areas must satisfy 0 <= min_area <= max_area, not {min_area} and {max_area}")
    if far is None or far < 0:
        raise InvalidInput(f"tolerance must be 0 or more pixels, not {tolerance!r}")


def _validated(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    from wsinb.annotate import validate

    return validate(table)
