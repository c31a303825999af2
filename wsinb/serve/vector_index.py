"""The annotations of one version of one slide, laid out for drawing tiles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from wsinb.annotate import to_features
from wsinb.serve.vector_format import NO_LABEL, NO_LAYER, NO_SCORE, POINT, TILE_PX
from wsinb.serve.vector_kernels import in_box, search_grid
from wsinb.serve.vector_rings import Rings, outlines, starts_of

__all__ = ["VectorIndex", "build_index", "density_max_zoom", "grid_of"]

GRID_L0_PX = 512  # side of a grid cell; what is larger is looked up in a list instead
MAX_GRID_CELLS = 1 << 22
SCAN_FRACTION = 32  # a search that expects more than this part of all features scans them all
DENSITY_SIDE_PX = 2.0  # density is drawn where the median annotation is smaller than this on screen ...
DENSITY_MIN_PER_TILE = 2_000  # ... if a tile holds more than this
DENSITY_FROM_PER_TILE = 100_000  # and in any case where a tile holds more than this
REACH = 2.0**30  # level-0 pixels from the origin; nothing farther can be on a slide
MAX_IMAGES = 1_000  # whole-image annotations that a viewer lists
POINT_SIDE = 16.0  # level-0 pixels that a point stands for


@dataclass(frozen=True)
class Grid:
    """Small features by the cell of their centre: compressed rows, cells row by row.

    Attributes
    ----------
    l0_x, l0_y, l0_cell : float
        Corner of the grid and side of a cell.
    columns, rows : int
        Size of the grid in cells.
    starts : int64, (columns * rows + 1,)
        Where the members of a cell start.
    members : int64, (m,)
        Positions of features.
    """

    l0_x: float
    l0_y: float
    l0_cell: float
    columns: int
    rows: int
    starts: NDArray[np.int64]
    members: NDArray[np.int64]


@dataclass(frozen=True)
class VectorIndex:
    """Annotations with a geometry (within `REACH`), the largest first; `n` of them.

    Attributes
    ----------
    ids : object, (all rows,)
        Identifiers of all annotations, also those without a geometry, ascending: the row
        number of an annotation is its place here.
    id_boxes : float64, (all rows, 4)
        Boxes in the order of `ids`; NaN where there is no geometry.
    rows : uint32, (n,)
        Row numbers.
    boxes : float32, (n, 4)
        Boxes: xmin, ymin, xmax, ymax, level-0 pixels.
    centres : float64, (n, 2)
        Centres of the boxes; they decide in which density tile an annotation counts.
    kinds, scores, layers : uint8, (n,)
        As in a tile.
    label_numbers : uint16, (n,)
        Index into `labels`.
    n_big : int
        How many of the first features are larger than a grid cell.
    counts : dict
        How many annotations, also those of the whole image, have each label.
    images : list of features
        Annotations of the whole image, with their ``row``: they are in no tile.
    density_max_zoom : int | None
        Highest zoom that is drawn as density, or None.
    """

    ids: NDArray[Any]
    id_boxes: NDArray[np.float64]
    rows: NDArray[np.uint32]
    boxes: NDArray[np.float32]
    centres: NDArray[np.float64]
    kinds: NDArray[np.uint8]
    scores: NDArray[np.uint8]
    layers: NDArray[np.uint8]
    label_numbers: NDArray[np.uint16]
    labels: list[str]
    layer_names: list[str]
    counts: dict[str, int]
    images: list[dict[str, Any]]
    rings: Rings
    grid: Grid
    n_big: int
    density_max_zoom: int | None

    @property
    def n(self) -> int:
        """Number of annotations that have a geometry."""
        return len(self.rows)

    @property
    def nbytes(self) -> int:
        """Memory that the index takes, in bytes."""
        rings, grid = self.rings, self.grid
        arrays: list[NDArray[Any]] = [
            self.id_boxes,
            self.rows,
            self.boxes,
            self.centres,
            self.kinds,
            self.scores,
            self.layers,
        ]
        arrays += [self.label_numbers, rings.ring_starts, rings.vertex_starts, rings.l0_xy, rings.boxes]
        arrays += [rings.holes, grid.starts, grid.members]
        id_bytes = 100  # an object pointer and a text of 36 characters
        return sum(array.nbytes for array in arrays) + id_bytes * len(self.ids)

    @property
    def bounds(self) -> list[float] | None:
        """Box around everything, or None where there is nothing."""
        if not self.n:
            return None
        low, high = self.boxes[:, :2].min(axis=0), self.boxes[:, 2:].max(axis=0)
        return [float(value) for value in (*low, *high)]

    def touching(self, xmin: float, ymin: float, xmax: float, ymax: float) -> NDArray[np.int64]:
        """Return the positions of all features whose boxes touch a box, the largest first."""
        box = (float(xmin), float(ymin), float(xmax), float(ymax))
        block = self._cells(*box)
        if block is None:
            return np.asarray(in_box(self.boxes, self.n_big, *box))
        grid = self.grid
        col0, row0, col1, row1 = block
        row_starts = np.arange(row0, row1 + 1) * grid.columns
        expected = (grid.starts[row_starts + col1 + 1] - grid.starts[row_starts + col0]).sum()
        if expected * SCAN_FRACTION > self.n:
            # one pass in the order of memory is faster than jumping about, and needs no sorting
            return np.asarray(in_box(self.boxes, self.n, *box))
        big = in_box(self.boxes, self.n_big, *box)
        small = search_grid(grid.starts, grid.members, self.boxes, grid.columns, *block, *box)
        return np.concatenate([big, np.sort(small)])

    def _cells(self, xmin: float, ymin: float, xmax: float, ymax: float) -> tuple[int, int, int, int] | None:
        """Return the block of cells that can hold small features touching a box; ends included."""
        grid, reach = self.grid, GRID_L0_PX / 2 + 1
        if not len(grid.members):
            return None
        col0 = max(0, math.floor((xmin - reach - grid.l0_x) / grid.l0_cell))
        row0 = max(0, math.floor((ymin - reach - grid.l0_y) / grid.l0_cell))
        col1 = min(grid.columns - 1, math.floor((xmax + reach - grid.l0_x) / grid.l0_cell))
        row1 = min(grid.rows - 1, math.floor((ymax + reach - grid.l0_y) / grid.l0_cell))
        return (col0, row0, col1, row1) if col0 <= col1 and row0 <= row1 else None


def build_index(table: pd.DataFrame) -> VectorIndex:
    """Lay out a table of annotations (a GeoDataFrame with the project's columns) for drawing.

    The order of the table's rows does not matter: rows are numbered by ascending id, so that a
    version has the same numbers however its files are arranged.
    """
    ids = table["id"].to_numpy(dtype=object)
    by_id = np.argsort(ids.astype(str), kind="stable")
    geometries = np.asarray(table.geometry.to_numpy(), dtype=object)[by_id]
    id_boxes = shapely.bounds(geometries)
    # a comparison with NaN is false: what has no geometry is left out as well
    drawn = np.flatnonzero((np.abs(id_boxes) <= REACH).all(axis=1))
    side = (id_boxes[drawn, 2:] - id_boxes[drawn, :2]).max(axis=1, initial=0.0)
    rows = drawn[np.argsort(-side, kind="stable")]
    boxes = id_boxes[rows].astype(np.float32)
    label_numbers, labels = _numbers(table["label"].iloc[by_id], NO_LABEL)
    layers, layer_names = _numbers(table["layer"].iloc[by_id], NO_LAYER)
    n_big = int(np.count_nonzero(side > GRID_L0_PX))
    centres = (boxes[:, :2].astype(np.float64) + boxes[:, 2:]) / 2
    kinds, rings = outlines(geometries[rows])
    whole = np.flatnonzero(~np.isfinite(id_boxes).all(axis=1))[:MAX_IMAGES]
    return VectorIndex(
        ids=ids[by_id],
        id_boxes=id_boxes,
        rows=rows.astype(np.uint32),
        boxes=boxes,
        centres=centres,
        kinds=kinds,
        scores=_scores(table["score"].iloc[by_id])[rows],
        layers=layers[rows].astype(np.uint8),
        label_numbers=label_numbers[rows].astype(np.uint16),
        labels=labels,
        layer_names=layer_names,
        counts={labels[n]: int(count) for n, count in enumerate(_counts(label_numbers, len(labels)))},
        images=_images(table.iloc[by_id[whole]], whole),
        rings=rings,
        grid=grid_of(centres, n_big),
        n_big=n_big,
        density_max_zoom=density_max_zoom(centres, boxes, kinds),
    )


def _numbers(values: pd.Series[Any], none: int) -> tuple[NDArray[np.int64], list[str]]:
    """Return the place of each value in the sorted list of values, and that list.

    What is missing, or beyond the `none` values that a tile can name, gets `none`.
    """
    codes, names = pd.factorize(values.astype(object), sort=True)
    codes = np.where((codes < 0) | (codes >= none), none, codes)
    return codes.astype(np.int64), [str(name) for name in names[:none]]


def _counts(numbers: NDArray[np.int64], n_labels: int) -> NDArray[np.int64]:
    return np.bincount(numbers[numbers != NO_LABEL], minlength=n_labels)


def _images(table: pd.DataFrame, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
    if not len(rows):
        return []
    return [{**feature, "row": int(row)} for feature, row in zip(to_features(table), rows, strict=True)]


def _scores(values: pd.Series[Any]) -> NDArray[np.uint8]:
    scores = pd.to_numeric(values).to_numpy(dtype=np.float64, na_value=np.nan)
    steps = np.round(np.clip(scores, 0.0, 1.0) * 254)
    return np.where(np.isnan(scores), NO_SCORE, steps).astype(np.uint8)


def grid_of(centres: NDArray[np.float64], n_big: int) -> Grid:
    """Sort the features after the first `n_big` into cells; wide scatter makes the cells larger."""
    small = centres[n_big:]
    if not len(small):
        none = np.zeros(0, np.int64)
        return Grid(0.0, 0.0, float(GRID_L0_PX), 0, 0, np.zeros(1, np.int64), none)
    low, span = small.min(axis=0), np.ptp(small, axis=0)
    cell = float(GRID_L0_PX)
    while (span[0] // cell + 1) * (span[1] // cell + 1) > MAX_GRID_CELLS:
        cell *= 2
    columns, rows = (int(extent // cell) + 1 for extent in span)
    col, row = (np.minimum(((small - low) // cell).astype(np.int64), [columns - 1, rows - 1])).T
    number = row * columns + col
    members = np.argsort(number, kind="stable") + n_big
    starts = starts_of(np.bincount(number, minlength=columns * rows))
    return Grid(float(low[0]), float(low[1]), cell, columns, rows, starts, members.astype(np.int64))


def density_max_zoom(
    centres: NDArray[np.float64], boxes: NDArray[np.float32], kinds: NDArray[np.uint8]
) -> int | None:
    """Return the highest zoom that is better drawn as density: many annotations, too small to see."""
    if len(centres) <= DENSITY_MIN_PER_TILE:
        return None
    side = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    median = float(np.median(np.where(kinds == POINT, POINT_SIDE, side)))
    for z in range(-1, -32, -1):
        fullest = _fullest_tile(centres, z)
        tiny = median * 2.0**z < DENSITY_SIDE_PX
        if fullest > DENSITY_FROM_PER_TILE or (tiny and fullest > DENSITY_MIN_PER_TILE):
            return z
    return None


def _fullest_tile(centres: NDArray[np.float64], z: int) -> int:
    tiles = np.floor(centres / (TILE_PX * 2.0**-z)).astype(np.int64)
    tiles -= tiles.min(axis=0)
    number = tiles[:, 1] * (int(tiles[:, 0].max()) + 1) + tiles[:, 0]
    if int(number.max()) < 8 * len(number) + 1024:
        return int(np.bincount(number).max())
    return int(np.unique(number, return_counts=True)[1].max())
