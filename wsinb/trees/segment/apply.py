"""`segment_slide`: a segmentation model applied to a whole slide, tile by tile."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.progress import Progress, Tracker
from wsinb.trees.outlines.polygons import mask_polygons
from wsinb.trees.outlines.raster import rasterise
from wsinb.trees.outlines.seams import Found, Piece, SeamMerger
from wsinb.trees.outlines.table import PolygonTable
from wsinb.trees.scale import downsample_on
from wsinb.trees.segment.grid import window_starts

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

    from wsinb.frames import Box
    from wsinb.tiles import Slide
    from wsinb.trees.segment.model import SegmentationForest

__all__ = ["segment_slide"]


def segment_slide(
    slide: Slide,
    model: SegmentationForest,
    *,
    within: Box | BaseGeometry | None = None,
    tile_size: int = 1024,
    min_area: float = 0,
    max_area: float | None = None,
    tolerance: float = 0.75,
    skip_white: bool | None = None,
    layer: str = "segmentation",
    created_by: str | None = None,
    progress: Progress = None,
    threads: int | None = None,
) -> gpd.GeoDataFrame:
    """Find the model's labels on a slide.

    The slide is read at the resolution that the model was trained at. Tiles overlap by a window, and all
    windows lie on one grid of the whole slide, so that the result does not depend on the size of the tiles.
    Memory is bounded by the tiles in flight (one a thread and one more) and the polygons found.

    Parameters
    ----------
    slide : Slide
    model : SegmentationForest
    within : Box or shapely polygon, optional
        In level-0 pixels; everything else is background and is not read.
    tile_size : int
        Side of the tiles in pixels of the model's resolution, at least 64.
    min_area, max_area : float
        In level-0 square pixels: smaller and larger polygons are dropped.
    tolerance : float
        How far outlines may move when they are simplified, in pixels of the model's resolution; 0 keeps the
        outlines of the pixels.
    skip_white : bool, optional
        Take windows of empty glass as background without looking. None: if the model was trained so.
    layer, created_by : str
        Columns of the result.
    progress : bool or callable, optional
        See `wsinb.progress`; counts tiles. A callable cancels by raising `Cancelled`.
    threads : int, optional
        None is one for each core that may be used. The result does not depend on it.

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
        If a parameter is out of range.
    """
    _check(tile_size, min_area, max_area, tolerance, threads)
    job = _Job.plan(slide, model, within, tile_size, skip_white)
    merger = SeamMerger()
    kept = PolygonTable(job.downsample, slide.size, min_area, max_area, tolerance)
    tiles = job.tiles()
    pieces = _in_order(job.run, tiles, threads or _usable_cores())
    # closing stops the threads at once when progress cancels
    with closing(pieces), Tracker(len(tiles), f"segmenting {slide.name}", progress) as tracker:
        for piece in pieces:
            kept.add(merger.add(piece))
            tracker.update()
    kept.add(merger.finish())
    return kept.table(model.header["labels"], layer, created_by)


def _check(
    tile_size: int, min_area: float, max_area: float | None, tolerance: float, threads: int | None
) -> None:
    if tile_size < 64:
        raise InvalidInput(f"tile_size must be at least 64 px, not {tile_size}")
    if not min_area >= 0 or (max_area is not None and not max_area >= min_area):
        raise InvalidInput(f"areas must satisfy 0 <= min_area <= max_area, not {min_area} and {max_area}")
    if not 0 <= tolerance < np.inf:
        raise InvalidInput(f"tolerance must be 0 or more pixels, not {tolerance}")
    if threads is not None and threads < 1:
        raise InvalidInput(f"threads must be at least 1, not {threads}")


@dataclass(frozen=True)
class _Tile:
    """Core of a tile, in pixels of the model's resolution."""

    row: int
    column: int
    x0: int
    y0: int
    x1: int
    y1: int


@dataclass(frozen=True)
class _Job:
    """A slide seen at the model's resolution, with one grid of windows."""

    slide: Slide
    model: SegmentationForest
    downsample: float
    width: int
    height: int
    y_starts: NDArray[np.int64]
    x_starts: NDArray[np.int64]
    tile_size: int
    within: BaseGeometry | None
    skip_white: bool

    @classmethod
    def plan(
        cls,
        slide: Slide,
        model: SegmentationForest,
        within: Box | BaseGeometry | None,
        tile_size: int,
        skip_white: bool | None,
    ) -> _Job:
        import shapely

        downsample = downsample_on(slide, model.header["um_per_px"], model.header["downsample"])
        width, height = (int(np.ceil(length / downsample - 1e-6)) for length in slide.size)
        if isinstance(within, tuple):
            within = shapely.box(*within)
        if within is not None and (not isinstance(within, shapely.Geometry) or not shapely.area(within) > 0):
            raise InvalidInput("within has no area: give a box or polygon in level-0 pixels, or None for all")
        return cls(
            slide, model, downsample, width, height,
            window_starts(max(height, model.window), model.window, model.step),
            window_starts(max(width, model.window), model.window, model.step),
            tile_size, within, model.header["white_is_background"] if skip_white is None else skip_white,
        )  # fmt: skip

    def tiles(self) -> list[_Tile]:
        """Return the tiles that share area with `within`, in reading order."""
        import shapely

        size = self.tile_size
        tiles = [
            _Tile(y // size, x // size, x, y, min(x + size, self.width), min(y + size, self.height))
            for y in range(0, self.height, size)
            for x in range(0, self.width, size)
        ]
        if self.within is None:
            return tiles
        shapely.prepare(self.within)
        cores = np.array([(tile.x0, tile.y0, tile.x1, tile.y1) for tile in tiles]) * self.downsample
        meets = np.asarray(shapely.intersects(self.within, shapely.box(*cores.T)))
        return [tile for tile, chosen in zip(tiles, meets, strict=True) if chosen]

    def run(self, tile: _Tile) -> Piece:
        """Predict a tile and outline what is found in its core."""
        planes = self._planes(tile)
        background = 1 - planes.sum(axis=0)
        best = planes.argmax(axis=0)
        highest = np.take_along_axis(planes, best[None], axis=0)[0]
        classes = np.where(highest > background, best + 1, 0).astype(np.uint8)
        if self.within is not None:
            inside = rasterise([self.within], classes.shape, x=tile.x0, y=tile.y0, downsample=self.downsample)
            classes[~inside] = 0
        number = np.zeros(classes.shape, np.int32)
        found: list[Found] = []
        for label in np.unique(classes[classes > 0]):
            traced = mask_polygons(classes == label)
            inside = traced.component > 0
            number[inside] = traced.component[inside] + len(found)
            found.extend(_describe(traced.polygons, traced.component, planes[label - 1], int(label), tile))
        return Piece(tile.row, tile.column, found, number)

    def _planes(self, tile: _Tile) -> NDArray[np.float32]:
        """Return the probabilities of the core, from all windows of the grid that touch it."""
        window = self.model.window
        y = self.y_starts[(self.y_starts > tile.y0 - window) & (self.y_starts < tile.y1)]
        x = self.x_starts[(self.x_starts > tile.x0 - window) & (self.x_starts < tile.x1)]
        left, top = int(x[0]), int(y[0])
        width, height = int(x[-1]) + window - left, int(y[-1]) + window - top
        image = self.slide.read(
            left * self.downsample, top * self.downsample, width, height, downsample=self.downsample
        )
        planes = self.model.predict_planes(image, y - top, x - left, skip_white=self.skip_white)
        return planes[:, tile.y0 - top : tile.y1 - top, tile.x0 - left : tile.x1 - left]


def _describe(
    polygons: NDArray[np.object_],
    component: NDArray[np.int32],
    probability: NDArray[np.float32],
    label: int,
    tile: _Tile,
) -> list[Found]:
    import shapely

    moved = shapely.transform(polygons, lambda xy: xy + np.array([tile.x0, tile.y0]))
    numbers = component.ravel()
    n_pixels = np.bincount(numbers)[1:]
    sums = np.bincount(numbers, weights=probability.ravel())[1:]
    rows = zip(moved, n_pixels.tolist(), sums.tolist(), strict=True)
    return [Found(polygon, label, n, total) for polygon, n, total in rows]


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _in_order(run: Callable[[_Tile], Piece], tiles: list[_Tile], workers: int) -> Generator[Piece]:
    """Run tiles on threads, at most one more than there are threads at a time; yield results in order."""
    waiting: deque[Future[Piece]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="segment")
    try:
        for tile in tiles:
            waiting.append(pool.submit(run, tile))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
