"""`Workflow`: segmenter, locator, merger, dispatcher and classifiers, over a slide."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.numbers import real
from wsinb.progress import Progress
from wsinb.trees.models import identity
from wsinb.trees.outlines.polygons import simplified
from wsinb.trees.roles.segmenter import as_segmenter
from wsinb.trees.scale import downsample_on, warn_if_enlarged
from wsinb.trees.tiling.cores import area_of
from wsinb.trees.workflow.found import Found
from wsinb.trees.workflow.look import Look
from wsinb.trees.workflow.merge import Merged, merge_tiles
from wsinb.trees.workflow.rules import Rule
from wsinb.trees.workflow.runners import Runner, open_runner
from wsinb.trees.workflow.sorting import Sorted, sort_by_rules
from wsinb.trees.workflow.tiling import Region, Tiles, lay_regions, look_at_tiles, open_checkpoint
from wsinb.trees.workflow.topology import check_topology

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

    from wsinb.frames import Box
    from wsinb.tiles import Slide

__all__ = ["Workflow"]

ALIKE = 1.05


class Workflow:
    """Objects of a slide, found tile by tile and sorted by rules and classifiers.

    After SLDC (Mormont, Begon, Hoyoux, Maree, Benelearn 2016). Tiles are segmented; groups of pixels of one
    class that share edges become polygons with holes (locator); polygons of neighbouring tiles are joined
    (merger); the first rule that takes an object (dispatcher) gives it to its classifier.

    With a segmenter that decides each pixel by itself, size and overlap of the tiles change nothing, but for
    ``border="skip"``. One that looks around sees less at the sides of tiles: give it an overlap of twice as
    far as it looks.

    Parameters
    ----------
    segmenter : callable, estimator, model, str or Path
        From pictures (N, H, W, 3) uint8, RGB, to (N, H, W) labels, 0 is background, or (N, H, W, classes)
        probabilities, the background first. See `wsinb.trees.roles.as_segmenter`. N is at most `batch_size`.
    labels : str or sequence of str, optional
        Names of the classes, the background first, or of the one class beside it.
    rules : sequence of Rule
        In order. Without any, objects keep the label that the segmenter gives them. An object that none takes
        keeps no label, and is counted.
    tile_size, overlap : int
        In pixels of the workflow's resolution.
    um_per_px : float, optional
        Resolution. None: the segmenter's own, or else level-0 pixels. A warning tells if it is not that of
        the segmenter, or if a slide is coarser.
    tolerance : float
        Polygons of neighbouring tiles that are less than so many pixels apart are joined.
    merge_labels : bool
        Whether to join polygons of different labels, too; the largest area gives the label.
    border : {"keep", "skip", "extend"}
        What becomes of tiles at the right and lower border that are no whole tiles: they are smaller; left
        out; or moved back and overlap more.
    min_area, max_area : float
        In level-0 square pixels, holes taken off.
    simplify : float
        How far outlines may move when they are simplified, in pixels of the resolution.
    batch_size : int
        How many tiles of one shape the segmenter is given at once: more than 1 pays for deep models, and for
        functions that take long to begin. Each thread holds so many tiles.
    retries : int
        How often a tile or a batch of objects is tried again.
    layer, created_by : str
        Columns of the result.
    name : str, optional
        For checkpoints: what says that the segmenter is the same, instead of its code and contents.

    Raises
    ------
    InvalidInput
        If there is no segmenter, or a parameter is out of range.
    """

    def __init__(
        self,
        segmenter: Any,
        *,
        labels: str | Sequence[str] | None = None,
        rules: Sequence[Rule] = (),
        tile_size: int = 1024,
        overlap: int = 7,
        um_per_px: float | None = None,
        tolerance: float = 1.0,
        merge_labels: bool = False,
        border: str = "keep",
        min_area: float = 0,
        max_area: float | None = None,
        simplify: float = 0.0,
        batch_size: int = 1,
        retries: int = 2,
        layer: str = "workflow",
        created_by: str | None = None,
        name: str | None = None,
    ) -> None:
        if segmenter is None:
            raise InvalidInput("a workflow needs a segmenter: give a function of pictures, or a model")
        check_topology(tile_size, overlap, border)
        self.segmenter = as_segmenter(segmenter, labels=labels)
        self.rules = tuple(_checked_rule(rule) for rule in rules)
        self.tile_size, self.overlap, self.border = tile_size, overlap, border
        self.um_per_px = self.segmenter.um_per_px if um_per_px is None else um_per_px
        _warn_of_another(um_per_px, self.segmenter.um_per_px)
        self.tolerance = _number("tolerance", tolerance)
        self.simplify = _number("simplify", simplify)
        self.merge_labels = merge_labels
        self.min_area = _number("min_area", min_area)
        self.max_area = np.inf if max_area is None else _number("max_area", max_area)
        if self.max_area < self.min_area:
            raise InvalidInput(f"areas must satisfy min_area <= max_area, not {min_area} and {max_area}")
        self.batch_size = _whole("batch_size", batch_size, 1, 10_000)
        self.retries = _whole("retries", retries, 0, 100)
        self.layer, self.created_by, self.name = layer, created_by, name

    def run(
        self,
        slide: Slide,
        *,
        within: Box | BaseGeometry | None = None,
        runner: Any = "threads",
        progress: Progress = None,
        checkpoint: str | os.PathLike[str] | None = None,
        threads: int | None = None,
    ) -> Found:
        """Find and sort the objects of a slide.

        Parameters
        ----------
        slide : Slide
        within : Box or shapely polygon, optional
            In level-0 pixels: nothing else is looked at.
        runner : {"serial", "threads", "dask"} or distributed.Client
            Where the work is done; the result is the same. "dask" is the present client, or processes on this
        machine, which import the caller's script: it needs ``if __name__ == "__main__"``.
        progress : bool or callable, optional
            See `wsinb.progress`; counts tiles, then objects. A callable cancels by raising `Cancelled`.
        checkpoint : str or Path, optional
            Folder where finished tiles are kept: a run that was interrupted goes on from these.
        threads : int, optional
            Threads, or processes of a Dask cluster; None is one for each core that may be used.

        Returns
        -------
        Found

        Raises
        ------
        UnknownMpp
            If the resolution is in micrometres and the slide does not know its pixel size.
        InvalidInput
            If the segmenter, a rule or a classifier returns anything unfit, or all tiles fail.
        Cancelled
            If `progress` says so. Finished tiles stay in the checkpoint.
        """
        area = area_of(within)
        warn_if_enlarged(slide, self.downsample(slide))
        width, height = self.size(slide)
        regions = [Region((0, 0, width, height), area)]
        return self.run_regions(
            slide, regions, runner=runner, progress=progress, checkpoint=checkpoint, threads=threads
        )

    def downsample(self, slide: Slide) -> float:
        """Return how many level-0 pixels make a pixel of the workflow."""
        return downsample_on(slide, self.um_per_px, self.segmenter.downsample)

    def size(self, slide: Slide) -> tuple[int, int]:
        """Return width and height of a slide in pixels of the workflow."""
        downsample = self.downsample(slide)
        width, height = (max(1, int(np.ceil(length / downsample - 1e-6))) for length in slide.size)
        return width, height

    def run_regions(
        self,
        slide: Slide,
        regions: Sequence[Region],
        *,
        runner: Any = "threads",
        progress: Progress = None,
        checkpoint: str | os.PathLike[str] | None = None,
        threads: int | None = None,
    ) -> Found:
        """Find and sort the objects of some regions, each with tiles of its own; see `run`."""
        start = time.perf_counter()
        look = Look(slide, self.segmenter, self.downsample(slide), self.size(slide))
        tasks = lay_regions(regions, self.tile_size, self.overlap, self.border, look.downsample)
        store = None
        if checkpoint is not None:
            about = {"tile_size": self.tile_size, "overlap": self.overlap, "border": self.border}
            subject = self.name or identity((self.segmenter.subject, self.segmenter.function))
            store = open_checkpoint(checkpoint, look, regions, {**about, "segmenter": subject})
        with open_runner(runner, threads) as ready:
            tiles = look_at_tiles(look, tasks, ready, store, self.retries, progress, self.batch_size)
            merging = time.perf_counter()
            table = self._table(slide, look.downsample, regions, tiles)
            merged = time.perf_counter() - merging
            found = self._sorted(slide, table, ready, progress)
        spent = sum((seen.seconds for seen in tiles.seen if seen is not None), np.zeros(3))
        timings = dict(zip(("load", "segment", "locate"), spent.tolist(), strict=True))
        timings.update(merge=merged, **found.seconds, total=time.perf_counter() - start)
        failures = (*tiles.failures, *found.failures)
        return Found(_valid(found.table), timings, failures, len(tasks), tiles.resumed, found.unmatched)

    def _sorted(self, slide: Slide, table: gpd.GeoDataFrame, runner: Runner, progress: Progress) -> Sorted:
        if not self.rules or not len(table):
            return Sorted(table, seconds={"dispatch": 0.0, "classify": 0.0})
        return sort_by_rules(slide, table, self.rules, self.um_per_px, runner, self.retries, progress)

    def _table(
        self, slide: Slide, downsample: float, regions: Sequence[Region], tiles: Tiles
    ) -> gpd.GeoDataFrame:
        """Join what the tiles of each region found; return an annotation table, by label and place."""
        from wsinb.annotate import empty_annotations, new_annotations

        by_region: dict[int, list[int]] = {}
        for at, (task, seen) in enumerate(zip(tiles.tasks, tiles.seen, strict=True)):
            if seen is not None and len(seen.polygons):
                by_region.setdefault(task.tile.region, []).append(at)
        parts, parents = [], []
        for region, places in by_region.items():
            seen_there = [seen for at in places if (seen := tiles.seen[at]) is not None]
            merged = merge_tiles(
                [tiles.tasks[at].tile for at in places], seen_there, self.tolerance, self.merge_labels
            )
            parts.append(self._fitting(merged, downsample))
            parents += [regions[region].parent] * len(parts[-1].polygons)
        if not parents:
            return empty_annotations()
        polygons, classes, scores = (np.concatenate([part[at] for part in parts]) for at in range(3))
        l0_polygons = _to_l0(polygons, self.simplify, downsample, slide.size)
        bounds = shapely.bounds(l0_polygons)
        order = np.lexsort((*bounds.T[::-1], classes))
        properties = [None if parents[at] is None else {"parent": parents[at]} for at in order]
        return new_annotations(
            l0_polygons[order],
            label=[self.segmenter.label(number) for number in classes[order].tolist()],
            layer=self.layer,
            score=scores[order],
            created_by=self.created_by,
            properties=properties,
        )

    def _fitting(self, merged: Merged, downsample: float) -> Merged:
        areas = shapely.area(merged.polygons) * downsample**2
        kept = (areas >= self.min_area) & (areas <= self.max_area)
        return Merged(merged.polygons[kept], merged.classes[kept], merged.scores[kept])

    def __repr__(self) -> str:
        rules = f", {len(self.rules)} rules" if self.rules else ""
        return (
            f"Workflow({self.segmenter!r}{rules}, tiles of {self.tile_size} px, overlap {self.overlap} px, "
            f"um_per_px={self.um_per_px}, border={self.border!r})"
        )


def _to_l0(
    polygons: NDArray[np.object_], simplify: float, downsample: float, l0_size: tuple[int, int]
) -> NDArray[np.object_]:
    """Simplify and scale; the last pixel may reach over the edge of the slide and is cut there."""

    def scaled(outlines: NDArray[np.object_]) -> NDArray[np.object_]:
        return np.asarray(
            shapely.transform(outlines, lambda xy: np.minimum(xy * downsample, l0_size)), object
        )

    found = scaled(simplified(polygons, simplify))
    bad = ~shapely.is_valid(found)
    found[bad] = scaled(polygons[bad])
    return found


def _warn_of_another(um_per_px: float | None, own: float | None) -> None:
    """Warn who makes a workflow that it looks at another resolution than its segmenter was made for."""
    if um_per_px is not None and own is not None and not 1 / ALIKE <= um_per_px / own <= ALIKE:
        warnings.warn(
            f"the segmenter was made for {own:g} um per pixel and is applied at {um_per_px:g}: leave "
            "um_per_px out, or train a model at this resolution",
            stacklevel=3,
        )


def _checked_rule(rule: Any) -> Rule:
    if not isinstance(rule, Rule):
        raise InvalidInput(f"rules must be Rule(...), not {type(rule).__name__}")
    return rule


def _whole(name: str, value: Any, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidInput(f"{name} must be a whole number from {low} to {high}, not {value!r}")
    return value


def _number(name: str, value: Any) -> float:
    number = real(value)
    if number is None or number < 0:
        raise InvalidInput(f"{name} must be a number from 0 on, not {value!r}")
    return number


def _valid(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    from wsinb.annotate import validate

    return validate(table)
