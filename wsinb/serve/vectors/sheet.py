"""The annotations of one version of a slide as they are stored: boxes first, outlines when they are read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wsinb.annotate.schema import SCHEMA
from wsinb.serve.vectors.format import NO_LABEL, NO_SCORE
from wsinb.serve.vectors.loading import Outlines
from wsinb.serve.vectors.search import fill_grid, in_box, search_grid, survey
from wsinb.versions.tables.files import bounds_of_rows
from wsinb.versions.tables.lean import Piece

__all__ = ["BIG_L0_PX", "NOBODY", "READERS", "Grid", "Sheet", "coded", "no_sheet", "numbered", "read_sheet"]

BIG_L0_PX = 512  # side of a grid cell; what is larger is looked up in a list instead
MAX_GRID_CELLS = 1 << 22
SCAN_FRACTION = 32  # a search that expects more than this part of all annotations scans them all
REACH = 2.0**30  # level-0 pixels from the origin; nothing farther can be on a slide
READERS = 2
FIRST = pa.schema([SCHEMA.field(name) for name in ("bbox", "label", "layer", "score")])

Places = NDArray[np.int64]
NOBODY = np.zeros(0, bool)


class Grid(NamedTuple):
    """Small annotations by the cell of their centre: compressed rows, cells row by row.

    Attributes
    ----------
    l0_x, l0_y, l0_cell : float
        Corner of the grid and side of a cell.
    columns, rows : int
        Size of the grid in cells.
    starts : int64, (columns * rows + 1,)
        Where the members of a cell start.
    members, big : uint32
        Places of small annotations, cell by cell, and of those larger than a cell.
    """

    l0_x: float
    l0_y: float
    l0_cell: float
    columns: int
    rows: int
    starts: NDArray[np.int64]
    members: NDArray[np.uint32]
    big: NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class Sheet:
    """Annotations in the order of the files that hold them; arrays of shape (n,).

    Attributes
    ----------
    boxes : float32, (n, 4)
        Boxes: xmin, ymin, xmax, ymax, level-0 pixels; NaN where nothing is drawn, which is without a
        geometry or beyond `REACH`.
    labels, layers : uint16
        Places in `label_names` and `layer_names`; `NO_LABEL` for none.
    scores : uint8
        As in a tile.
    whole : int64
        Places of the annotations without a geometry.
    grid
        Where to search.
    outlines
        Identifiers and geometry, which are read in the background.
    pieces
        Where everything is read from.
    """

    boxes: NDArray[np.float32]
    labels: NDArray[np.uint16]
    layers: NDArray[np.uint16]
    scores: NDArray[np.uint8]
    label_names: list[str]
    layer_names: list[str]
    whole: Places
    grid: Grid
    outlines: Outlines
    pieces: Sequence[Piece]

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def nbytes(self) -> int:
        """Memory that is taken so far, in bytes."""
        grid = self.grid
        arrays: list[NDArray[Any]] = [self.boxes, self.labels, self.layers, self.scores, self.whole]
        arrays += [grid.starts, grid.members, grid.big]
        return sum(array.nbytes for array in arrays) + self.outlines.nbytes

    def touching(self, dead: NDArray[np.bool_], box: tuple[float, float, float, float]) -> Places:
        """Return the places of annotations, without the dead, whose boxes touch a box, in any order."""
        block = self._block(*box)
        if block is not None and self._expected(block) * SCAN_FRACTION > len(self):
            return np.asarray(in_box(self.boxes, dead, self.grid.big, True, *box))
        big = np.asarray(in_box(self.boxes, dead, self.grid.big, False, *box))
        if block is None:
            return big
        grid = self.grid
        small = search_grid(self.boxes, dead, grid.starts, grid.members, grid.columns, *block, *box)
        return np.concatenate([big, small])

    def big_touching(self, dead: NDArray[np.bool_], box: tuple[float, float, float, float]) -> Places:
        """Return the places of annotations larger than `BIG_L0_PX`, without the dead, that touch a box."""
        return np.asarray(in_box(self.boxes, dead, self.grid.big, False, *box))

    def candidates(self, xmin: float, ymin: float, xmax: float, ymax: float) -> tuple[Places, bool]:
        """Return places among which are all annotations whose centres are in a box; or that all are."""
        block = self._block(xmin, ymin, xmax, ymax)
        if block is not None and self._expected(block) * SCAN_FRACTION > len(self):
            return np.zeros(0, np.int64), True
        return self.touching(NOBODY, (xmin, ymin, xmax, ymax)), False

    def _expected(self, block: tuple[int, int, int, int]) -> int:
        col0, row0, col1, row1 = block
        row_starts = np.arange(row0, row1 + 1) * self.grid.columns
        return int((self.grid.starts[row_starts + col1 + 1] - self.grid.starts[row_starts + col0]).sum())

    def _block(self, xmin: float, ymin: float, xmax: float, ymax: float) -> tuple[int, int, int, int] | None:
        """Return the block of cells that can hold small annotations touching a box; ends included."""
        grid, reach = self.grid, BIG_L0_PX / 2 + 1
        if not len(grid.members):
            return None
        col0 = max(0, math.floor((xmin - reach - grid.l0_x) / grid.l0_cell))
        row0 = max(0, math.floor((ymin - reach - grid.l0_y) / grid.l0_cell))
        col1 = min(grid.columns - 1, math.floor((xmax + reach - grid.l0_x) / grid.l0_cell))
        row1 = min(grid.rows - 1, math.floor((ymax + reach - grid.l0_y) / grid.l0_cell))
        return (col0, row0, col1, row1) if col0 <= col1 and row0 <= row1 else None


class _First(NamedTuple):
    boxes: NDArray[np.float32]
    whole: Places
    labels: tuple[NDArray[np.int64], list[str]]
    layers: tuple[NDArray[np.int64], list[str]]
    scores: NDArray[np.uint8]


def read_sheet(pieces: Sequence[Piece], *, at_once: bool = False) -> Sheet:
    """Read the boxes, labels, layers and scores of a table.

    Identifiers and geometry follow in the background, or `at_once`.
    """
    with ThreadPoolExecutor(READERS, thread_name_prefix="wsinb-boxes") as pool:
        found = list(pool.map(_read_first, pieces))
    boxes = np.concatenate([np.zeros((0, 4), np.float32), *(piece.boxes for piece in found)])
    starts = np.cumsum([0, *(len(piece.boxes) for piece in found)])
    whole = [piece.whole + start for piece, start in zip(found, starts, strict=False)]
    labels, label_names = numbered([piece.labels for piece in found])
    layers, layer_names = numbered([piece.layers for piece in found])
    grid = _grid_of(boxes)
    outlines = Outlines(pieces, boxes, grid.big)
    if at_once:
        outlines.load()
    else:
        outlines.start()
    return Sheet(
        boxes=boxes,
        labels=labels,
        layers=layers,
        scores=np.concatenate([np.zeros(0, np.uint8), *(piece.scores for piece in found)]),
        label_names=label_names,
        layer_names=layer_names,
        whole=np.concatenate([np.zeros(0, np.int64), *whole]),
        grid=grid,
        outlines=outlines,
        pieces=pieces,
    )


def no_sheet() -> Sheet:
    """Return no annotations."""
    return read_sheet((), at_once=True)


def _read_first(piece: Piece) -> _First:
    table = piece.read(FIRST)
    bounds = bounds_of_rows(table)
    # a comparison with NaN is false: what has no geometry is left out as well
    drawn = np.asarray(np.abs(bounds) <= REACH).all(axis=1, keepdims=True)
    boxes = np.where(drawn, bounds, np.nan).astype(np.float32)
    scores = table.column("score").to_numpy()
    steps = np.round(np.clip(scores, 0.0, 1.0) * 254)
    return _First(
        boxes,
        np.flatnonzero(np.isnan(bounds[:, 0])),
        coded(table.column("label")),
        coded(table.column("layer")),
        np.where(np.isnan(scores), NO_SCORE, steps).astype(np.uint8),
    )


def coded(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str]]:
    """Return the place of each text in a list of them, -1 for null, and the list."""
    encoded = column.combine_chunks().dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, encoded.dictionary.to_pylist()


def numbered(pieces: Sequence[tuple[NDArray[np.int64], list[str]]]) -> tuple[NDArray[np.uint16], list[str]]:
    """Return the place of each text in the sorted list of all; `NO_LABEL` if missing or far beyond."""
    names = sorted({name for _, listed in pieces for name in listed})[:NO_LABEL]
    place = {name: number for number, name in enumerate(names)}
    numbers = [np.zeros(0, np.uint16)]
    for codes, listed in pieces:
        table = np.array([*(place.get(name, NO_LABEL) for name in listed), NO_LABEL], np.uint16)
        numbers.append(table[codes])  # the last one is that of -1
    return np.concatenate(numbers), names


def _grid_of(boxes: NDArray[np.float32]) -> Grid:
    """Sort annotations into cells; wide scatter makes the cells larger."""
    n, n_big, _, _, small = survey(boxes, NOBODY, float(BIG_L0_PX))
    low, high = (small[:2], small[2:]) if n > n_big else (np.zeros(2), np.zeros(2))
    cell = float(BIG_L0_PX)
    while math.prod(int(extent // cell) + 1 for extent in high - low) > MAX_GRID_CELLS:
        cell *= 2
    columns, rows = (int(extent // cell) + 1 for extent in high - low)
    place = float(low[0]), float(low[1]), cell, columns, rows
    return Grid(*place, *fill_grid(boxes, float(BIG_L0_PX), *place))
