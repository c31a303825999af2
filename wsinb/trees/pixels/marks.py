"""Annotations as marks on the pixels of a model, cut into patches around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.numbers import real
from wsinb.trees.outlines.raster import rasterise
from wsinb.trees.tiling import Core

__all__ = ["PATCH", "STROKE_WIDTH", "Marks", "Patch", "check_stroke_width", "class_order"]

PATCH = 256
STROKE_WIDTH = 5.0
# a disc of less than the diagonal of a pixel may lie between the centres of all
STROKE_WIDTHS = (1.5, 1000.0)
AREA = 2


@dataclass(frozen=True, eq=False)
class Patch:
    """The marked pixels of a square of the grid.

    Attributes
    ----------
    core : Core
        The box of its marked pixels, in pixels of the model.
    classes : ndarray (h, w), int16
        Of the pixels of the core; -1 where nothing is marked.
    """

    core: Core
    classes: NDArray[np.int16]


def check_stroke_width(width: float) -> float:
    """Return the width of strokes in pixels of the model; `InvalidInput` if it is out of range."""
    value, (low, high) = real(width), STROKE_WIDTHS
    if value is None or not low <= value <= high:
        raise InvalidInput(f"stroke_width must be from {low:g} to {high:g} px of the model, not {width!r}")
    return value


def class_order(labels: Sequence[str], background_label: str | None) -> tuple[list[str], list[int]]:
    """Return the names of the classes, the background first, and the classes in the order in which they hold.

    Without a label of its own, the background is the label named first.
    """
    if background_label is None:
        return list(labels), list(range(len(labels)))
    return [background_label, *labels], [*range(1, len(labels) + 1), 0]


class Marks:
    """Annotations of several classes on a slide.

    Lines are strokes of `width` pixels of the model and points discs of that width, polygons are what they
    cover. A pixel is marked if its centre is.

    Parameters
    ----------
    geometries : sequence of ndarray of shapely geometries
        Of each class, in level-0 pixels.
    order : sequence of int
        All classes: where marks overlap, the one that comes first holds.
    size : (int, int)
        Width and height of the slide in pixels of the model.
    downsample : float
        Level-0 pixels per pixel of the model.
    width : float
        Of strokes, in pixels of the model.

    Attributes
    ----------
    classes : ndarray (n_marks,), int16
        Of each mark; marks are numbered class by class, in the order in which they hold.
    """

    def __init__(
        self,
        geometries: Sequence[NDArray[np.object_]],
        order: Sequence[int],
        size: tuple[int, int],
        downsample: float,
        width: float = STROKE_WIDTH,
    ) -> None:
        self.size, self.downsample = size, downsample
        drawn = [np.asarray(geometries[number], object) for number in order]
        self._areas = _as_areas(np.concatenate(drawn), width * downsample)
        self.classes = np.repeat(np.asarray(order, np.int16), [len(part) for part in drawn])
        self._tree = shapely.STRtree(self._areas)

    def squares(self) -> dict[tuple[int, int], NDArray[np.int64]]:
        """Return by row and column of the grid, in reading order, which marks touch a square.

        Those come first that hold.
        """
        side, (width, height) = PATCH * self.downsample, self.size
        rows, columns = (max(1, -(-length // PATCH)) for length in (height, width))
        near = np.zeros((rows, columns), bool)
        bounds = shapely.bounds(self._areas)
        low = np.maximum(np.floor(bounds[:, :2] / side), 0).astype(int)
        high = np.minimum(np.floor(bounds[:, 2:] / side), (columns - 1, rows - 1)).astype(int)
        for (left, top), (right, bottom) in zip(low, high, strict=True):
            near[top : bottom + 1, left : right + 1] = True
        y, x = np.nonzero(near)
        boxes = shapely.box(x * side, y * side, (x + 1) * side, (y + 1) * side)
        place, mark = self._tree.query(boxes, predicate="intersects")
        inside = np.split(mark[np.argsort(place, kind="stable")], np.cumsum(np.bincount(place))[:-1])
        touched = np.unique(place)
        found = [np.sort(marks) for marks in inside if len(marks)]
        return dict(zip(zip(y[touched].tolist(), x[touched].tolist(), strict=True), found, strict=True))

    def name(self, marks: NDArray[np.int64]) -> tuple[tuple[int, bytes], ...]:
        """Name marks by their classes and coordinates: equal names in a square are equal patches."""
        return tuple(zip(self.classes[marks].tolist(), shapely.to_wkb(self._areas[marks]), strict=True))

    def patch(self, square: tuple[int, int], marks: NDArray[np.int64]) -> Patch | None:
        """Return the pixels of a square that some marks cover, None if there are none."""
        top, left = square[0] * PATCH, square[1] * PATCH
        shape = (min(PATCH, self.size[1] - top), min(PATCH, self.size[0] - left))
        classes = np.full(shape, -1, np.int16)
        for mark in marks[::-1]:
            mask = rasterise([self._areas[mark]], shape, x=left, y=top, downsample=self.downsample)
            classes[mask] = self.classes[mark]
        rows, columns = (np.flatnonzero((classes >= 0).any(axis=axis)) for axis in (1, 0))
        if not len(rows):
            return None
        y0, y1, x0, x1 = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
        box = (int(left + x0), int(top + y0), int(left + x1), int(top + y1))
        return Patch(Core(*square, *box), np.ascontiguousarray(classes[y0:y1, x0:x1]))

    def patches(self) -> list[Patch]:
        """Return all patches that hold marked pixels, in reading order; their cores share no pixel."""
        found = [self.patch(square, marks) for square, marks in self.squares().items()]
        return [patch for patch in found if patch is not None]


def _as_areas(geometries: NDArray[np.object_], l0_width: float) -> NDArray[np.object_]:
    """Return what is covered by marks of a width in level-0 pixels."""
    geometries = geometries.copy()
    thin = shapely.get_dimensions(geometries) < AREA
    geometries[thin] = shapely.buffer(geometries[thin], l0_width / 2)
    return geometries
