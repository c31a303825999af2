"""Selecting annotations by an outline that a person draws."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.numbers import real
from wsinb.serve.vectors.index import VectorIndex
from wsinb.serve.vectors.search import in_polygon
from wsinb.serve.vectors.sheet import REACH

__all__ = ["corners_of", "rows_within"]

MAX_CORNERS = 10_000
SLABS = 2_048


def corners_of(numbers: object) -> NDArray[np.float64]:
    """Return a polygon from ``[x, y, x, y, ...]`` in level-0 pixels, as it comes from a browser; (k, 2).

    Raises
    ------
    InvalidInput
        If it is no such list, has fewer than 3 or too many corners, or a number that cannot be a place.
    """
    if not isinstance(numbers, list) or len(numbers) % 2 or not 6 <= len(numbers) <= 2 * MAX_CORNERS:
        raise InvalidInput(
            f"A polygon is a list x, y, x, y, … of 3 to {MAX_CORNERS} corners in level-0 pixels."
        )
    places = [real(number) for number in numbers]
    if any(place is None or abs(place) > REACH for place in places):
        raise InvalidInput("The corners of a polygon must be finite numbers, in level-0 pixels of the slide.")
    return np.array(places, np.float64).reshape(-1, 2)


class _Slabs(NamedTuple):
    """The edges that cross each of many horizontal slabs, so that few are compared with a place."""

    starts: NDArray[np.int64]
    edges: NDArray[np.int64]
    ymin: float
    height: float

    @classmethod
    def of(cls, corners: NDArray[np.float64]) -> _Slabs:
        y, after = corners[:, 1], np.roll(corners[:, 1], -1)
        ymin = float(y.min())
        height = max((float(y.max()) - ymin) / SLABS, 1e-9)
        first, last = (
            np.clip(((extreme - ymin) / height).astype(np.int64), 0, SLABS - 1)
            for extreme in (np.minimum(y, after), np.maximum(y, after))
        )
        counts = last - first + 1
        edges = np.repeat(np.arange(len(corners)), counts)
        slabs = np.arange(len(edges)) - np.repeat(np.cumsum(counts) - counts - first, counts)
        order = np.argsort(slabs, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(slabs, minlength=SLABS))])
        return cls(starts.astype(np.int64), edges[order].astype(np.int64), ymin, height)


def rows_within(index: VectorIndex, corners: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the rows of the annotations whose boxes have their centre in a polygon, ascending."""
    slabs = _Slabs.of(corners)
    (xmin, ymin), (xmax, ymax) = corners.min(axis=0), corners.max(axis=0)
    found = []
    box = (float(xmin), float(ymin), float(xmax), float(ymax))
    start = 0
    for sheet, dead in zip(index.sheets, index.dead, strict=True):
        places = sheet.touching(dead, box)
        found.append(in_polygon(sheet.boxes, places, corners, *slabs) + start)
        start += len(sheet)
    return np.sort(index.rows_at(np.concatenate(found)))
