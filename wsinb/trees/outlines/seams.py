"""Joining the polygons of tiles over the seams between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsinb.trees.outlines.joining import joined

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


class SeamMerger:
    """Takes tiles in reading order and joins what shares pixel edges over a seam, class by class.

    Which polygons belong together is decided by the pixels on both sides of a seam, not by geometry: two
    regions that touch at a corner stay apart, as they do inside a tile. Only the borders of one row of tiles
    are held, and the polygons that still reach them.
    """

    def __init__(self) -> None:
        self._open: dict[int, Found] = {}
        self._parent: dict[int, int] = {}
        self._n_keys = 0
        self._row = -1
        # keys along the lower border of each column of tiles, and along the right border of the last tile
        self._below: dict[int, tuple[int, NDArray[np.int64]]] = {}
        self._right: tuple[int, int, NDArray[np.int64]] | None = None

    def add(self, piece: Piece) -> list[Found]:
        """Add a tile; return the polygons that no later tile can add to."""
        done = self._close_rows(piece.row)
        number = piece.number
        border = np.concatenate([number[0], number[-1], number[:, 0], number[:, -1]])
        touching = np.unique(border[border > 0])
        key = np.full(len(piece.found) + 1, -1, np.int64)
        key[touching] = self._n_keys + np.arange(len(touching))
        self._n_keys += len(touching)
        for index in touching.tolist():
            self._open[int(key[index])] = piece.found[index - 1]
            self._parent[int(key[index])] = int(key[index])
        if piece.column in self._below:
            self._join(self._below[piece.column][1], key[number[0]])
        if self._right is not None and self._right[:2] == (piece.row, piece.column - 1):
            self._join(self._right[2], key[number[:, 0]])
        self._below[piece.column] = (piece.row, key[number[-1]])
        self._right = (piece.row, piece.column, key[number[:, -1]])
        done += [found for index, found in enumerate(piece.found, 1) if key[index] < 0]
        return done

    def finish(self) -> list[Found]:
        """Return the polygons that are still open, joined."""
        return self._take(set())

    def _close_rows(self, row: int) -> list[Found]:
        """When a new row of tiles begins, return the polygons that do not reach it."""
        if row == self._row:
            return []
        self._row = row
        self._below = {column: below for column, below in self._below.items() if below[0] == row - 1}
        borders = [below for _, below in self._below.values()]
        keys = np.unique(np.concatenate(borders)) if borders else np.empty(0, np.int64)
        return self._take({self._root(key) for key in keys.tolist() if key >= 0})

    def _take(self, staying: set[int]) -> list[Found]:
        """Take out and join all groups but those whose root is `staying`."""
        groups: dict[int, list[int]] = {}
        for key in self._open:
            groups.setdefault(self._root(key), []).append(key)
        taken = []
        for root, keys in groups.items():
            if root not in staying:
                taken.append(_joined([self._open.pop(key) for key in keys]))
                for key in keys:
                    del self._parent[key]
        return taken

    def _join(self, one: NDArray[np.int64], other: NDArray[np.int64]) -> None:
        pairs = np.unique(np.column_stack([one, other]), axis=0)
        for a, b in pairs[(pairs >= 0).all(axis=1)].tolist():
            if self._open[a].label == self._open[b].label:
                low, high = sorted((self._root(a), self._root(b)))
                self._parent[high] = low

    def _root(self, key: int) -> int:
        while self._parent[key] != key:
            self._parent[key] = self._parent[self._parent[key]]
            key = self._parent[key]
        return key


def _joined(members: list[Found]) -> Found:
    if len(members) == 1:
        return members[0]
    return Found(
        joined([found.polygon for found in members]),
        members[0].label,
        sum(found.n_pixels for found in members),
        sum(found.probability_sum for found in members),
    )
