"""Joining the polygons of tiles over the seams between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["Found", "Piece", "SeamMerger"]


class Found(NamedTuple):
    """A polygon of one class, in pixels of the whole image."""

    polygon: Any
    label: int
    n_pixels: int
    probability_sum: float


@dataclass(frozen=True)
class Piece:
    """What was found in the core of one tile; the cores of all tiles share no pixel and leave no gap.

    Parameters
    ----------
    row, column : int
        Place of the tile in the grid.
    found : list of Found
    number : ndarray (h, w), int32
        1 + index into `found` for each pixel of the core, 0 for background. Only its border is kept.
    """

    row: int
    column: int
    found: list[Found]
    number: NDArray[np.int32]


@dataclass
class SeamMerger:
    """Takes tiles in reading order and joins what shares pixel edges over a seam, class by class.

    Which polygons belong together is decided by the pixels on both sides of a seam, not by geometry: two
    regions that touch at a corner stay apart, as they do inside a tile. Only the borders of one row of tiles
    are held.
    """

    _open: list[Found] = field(default_factory=list)
    _parent: list[int] = field(default_factory=list)
    _below: dict[int, tuple[int, NDArray[np.int64]]] = field(default_factory=dict)
    _right: tuple[int, int, NDArray[np.int64]] | None = None

    def add(self, piece: Piece) -> list[Found]:
        """Add a tile; return the polygons of it that touch no seam and so are finished."""
        number = piece.number
        border = np.concatenate([number[0], number[-1], number[:, 0], number[:, -1]])
        touching = np.unique(border[border > 0])
        key = np.full(len(piece.found) + 1, -1, np.int64)
        key[touching] = len(self._open) + np.arange(len(touching))
        self._parent.extend(range(len(self._open), len(self._open) + len(touching)))
        self._open.extend(piece.found[index - 1] for index in touching)
        above = self._below.get(piece.column)
        if above is not None and above[0] == piece.row - 1:
            self._join(above[1], key[number[0]])
        if self._right is not None and self._right[:2] == (piece.row, piece.column - 1):
            self._join(self._right[2], key[number[:, 0]])
        self._below[piece.column] = (piece.row, key[number[-1]])
        self._right = (piece.row, piece.column, key[number[:, -1]])
        return [found for index, found in enumerate(piece.found, 1) if key[index] < 0]

    def finish(self) -> Iterator[Found]:
        """Yield the polygons that touched seams, joined."""
        groups: dict[int, list[Found]] = {}
        for index, found in enumerate(self._open):
            groups.setdefault(self._root(index), []).append(found)
        for members in groups.values():
            polygon = members[0].polygon
            if len(members) > 1:
                polygon = shapely.union_all([found.polygon for found in members])
            yield Found(
                polygon,
                members[0].label,
                sum(found.n_pixels for found in members),
                sum(found.probability_sum for found in members),
            )

    def _join(self, one: NDArray[np.int64], other: NDArray[np.int64]) -> None:
        pairs = np.unique(np.column_stack([one, other]), axis=0)
        for a, b in pairs[(pairs >= 0).all(axis=1)]:
            if self._open[a].label == self._open[b].label:
                roots = sorted((self._root(a), self._root(b)))
                self._parent[roots[1]] = roots[0]

    def _root(self, index: int) -> int:
        while self._parent[index] != index:
            self._parent[index] = self._parent[self._parent[index]]
            index = self._parent[index]
        return index
