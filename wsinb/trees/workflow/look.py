"""One tile: read, segmented, and its objects outlined."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from wsinb.trees.outlines.polygons import mask_polygons
from wsinb.trees.outlines.raster import rasterise
from wsinb.trees.roles.segmenter import Segmenter
from wsinb.trees.workflow.topology import Tile

if TYPE_CHECKING:
    from wsinb.tiles import Slide

__all__ = ["Look", "Seen", "Task"]


class Task(NamedTuple):
    """A tile and, in level-0 pixels, the polygon outside which is only background, or None."""

    tile: Tile
    within: Any


class Seen(NamedTuple):
    """What was found on a tile.

    Parameters
    ----------
    polygons : ndarray (n,) of shapely polygons
        In pixels of the whole slide at the workflow's resolution.
    classes : ndarray (n,), int32
    core, whole : ndarray (n, 2), float64
        Number of pixels and sum of their probabilities: in the core of the tile, and in all of it.
    seconds : ndarray (3,), float64
        Spent on loading, segmenting, locating.
    """

    polygons: NDArray[np.object_]
    classes: NDArray[np.int32]
    core: NDArray[np.float64]
    whole: NDArray[np.float64]
    seconds: NDArray[np.float64]


@dataclass(frozen=True)
class Look:
    """What is done with each tile of a slide; may be sent to other processes.

    Parameters
    ----------
    slide : Slide
    segmenter : Segmenter
    downsample : float
        Level-0 pixels per pixel.
    size : (int, int)
        Width and height of the slide in these pixels.
    """

    slide: Slide
    segmenter: Segmenter
    downsample: float
    size: tuple[int, int]

    def __call__(self, task: Task) -> Seen:
        """Look at a tile."""
        return self.all([task])[0]

    def all(self, tasks: Sequence[Task]) -> list[Seen]:
        """Look at tiles of one shape at once."""
        times = [time.perf_counter()]
        images = np.stack([self._read(task.tile) for task in tasks])
        times.append(time.perf_counter())
        found = self.segmenter.segment(images)
        times.append(time.perf_counter())
        spent = np.diff(times) / len(tasks)
        shares = [None] * len(tasks) if found.probability is None else found.probability
        return [self._located(*one, spent) for one in zip(tasks, found.classes, shares, strict=True)]

    def _read(self, tile: Tile) -> NDArray[np.uint8]:
        height, width = tile.shape
        corner = tile.x.start * self.downsample, tile.y.start * self.downsample
        return self.slide.read(*corner, width, height, downsample=self.downsample)

    def _located(
        self,
        task: Task,
        found: NDArray[np.int32],
        share: NDArray[np.float32] | None,
        spent: NDArray[np.float64],
    ) -> Seen:
        """Outline what was found on a tile; `spent` are the seconds of loading and segmenting it."""
        start = time.perf_counter()
        tile, classes = task.tile, found.copy()
        self._clear(classes, task)
        polygons, numbers, component = _outlined(classes)
        core, whole = _counted(component, share, tile, len(polygons))
        moved = shapely.transform(polygons, lambda xy: xy + np.array([tile.x.start, tile.y.start]))
        seconds = np.append(spent, time.perf_counter() - start)
        return Seen(np.asarray(moved, object), numbers, core, whole, seconds)

    def _clear(self, classes: NDArray[np.int32], task: Task) -> None:
        """Make background of what lies outside the slide and outside `within`."""
        tile, (width, height) = task.tile, self.size
        classes[max(0, height - tile.y.start) :] = 0
        classes[:, max(0, width - tile.x.start) :] = 0
        if task.within is not None:
            inside = rasterise(
                [task.within], tile.shape, x=tile.x.start, y=tile.y.start, downsample=self.downsample
            )
            classes[~inside] = 0


def _outlined(classes: NDArray[np.int32]) -> tuple[NDArray[np.object_], NDArray[np.int32], NDArray[np.int32]]:
    """Return polygons, their classes, and for each pixel 1 + the number of its polygon, 0 for background."""
    polygons, numbers = [np.empty(0, object)], [np.empty(0, np.int32)]
    component = np.zeros(classes.shape, np.int32)
    n = 0
    for number in np.unique(classes[classes > 0]).tolist():
        traced = mask_polygons(classes == number)
        inside = traced.component > 0
        component[inside] = traced.component[inside] + n
        polygons.append(traced.polygons)
        numbers.append(np.full(len(traced.polygons), number, np.int32))
        n += len(traced.polygons)
    return np.concatenate(polygons), np.concatenate(numbers), component


def _counted(
    component: NDArray[np.int32], share: NDArray[np.float32] | None, tile: Tile, n: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return pixels and sums of probabilities of each polygon, in the core and in the whole tile."""
    rows = slice(tile.y.core_start - tile.y.start, tile.y.core_end - tile.y.start)
    columns = slice(tile.x.core_start - tile.x.start, tile.x.core_end - tile.x.start)
    counted: list[NDArray[np.float64]] = []
    for part in ((rows, columns), (slice(None), slice(None))):
        members = component[part].ravel()
        pixels = np.bincount(members, minlength=n + 1)[1:].astype(np.float64)
        weights = None if share is None else share[part].ravel()
        sums = pixels * np.nan if weights is None else np.bincount(members, weights, n + 1)[1:]
        counted.append(np.stack([pixels, sums], axis=1).astype(np.float64))
    return counted[0], counted[1]
