"""Cutting a slide into tiles."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.frames import Box
from wsinb.tiles.resample import whole

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from wsinb.tiles.slide import Slide

__all__ = ["Tile", "TileGrid", "tile_grid"]

MAX_TILES = 20_000_000


@dataclass(frozen=True)
class Tile:
    """A square cut out of a slide; its pixels are read on first access.

    Attributes
    ----------
    l0_x, l0_y : float
        Top left corner in level-0 pixels.
    t_col, t_row : int
        Place in the grid that covers the whole slide.
    downsample : float
        Level-0 pixels per pixel of `image`.
    """

    l0_x: float
    l0_y: float
    t_col: int
    t_row: int
    downsample: float
    size: int
    _slide: Slide = field(repr=False, compare=False)

    @property
    def image(self) -> NDArray[np.uint8]:
        """Pixels: (size, size, 3) uint8, RGB; white outside the slide. Read anew on every access."""
        return self._slide.read(self.l0_x, self.l0_y, self.size, self.size, downsample=self.downsample)

    @property
    def box(self) -> Box:
        """The area of the tile, in level-0 pixels."""
        edge = self.size * self.downsample
        return Box(self.l0_x, self.l0_y, self.l0_x + edge, self.l0_y + edge)


class _Place(NamedTuple):
    t_col: int
    t_row: int


class TileGrid(Sequence[Tile]):
    """Tiles of a slide in reading order: a sequence that costs nothing until a tile's image is read."""

    def __init__(
        self, slide: Slide, size: int, downsample: float, overlap: int, places: Sequence[_Place]
    ) -> None:
        self.slide, self.size, self.downsample, self.overlap = slide, size, downsample, overlap
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Tile: ...
    @overload
    def __getitem__(self, index: slice) -> TileGrid: ...
    def __getitem__(self, index: int | slice) -> Tile | TileGrid:
        if isinstance(index, slice):
            return TileGrid(self.slide, self.size, self.downsample, self.overlap, self._places[index])
        t_col, t_row = self._places[index]
        step = (self.size - self.overlap) * self.downsample
        return Tile(t_col * step, t_row * step, t_col, t_row, self.downsample, self.size, self.slide)

    def __iter__(self) -> Iterator[Tile]:
        return (self[index] for index in range(len(self)))

    def __repr__(self) -> str:
        return (
            f"TileGrid({len(self)} tiles of {self.size} px, downsample {self.downsample:g}, "
            f"overlap {self.overlap} px, of {self.slide.name!r})"
        )


def tile_grid(
    slide: Slide, size: int, downsample: float, overlap: int, within: Box | BaseGeometry | None
) -> TileGrid:
    """Lay a grid over a slide; see `Slide.tiles`."""
    if size < 1 or not 0 <= overlap < size:
        raise InvalidInput(f"Tiles of {size} px cannot overlap by {overlap} px: use 0 <= overlap < size.")
    l0_step, l0_edge = (size - overlap) * downsample, size * downsample
    n_columns, n_rows = (
        # a quotient of micrometres is whole but for rounding: no tile for the rest
        max(1, math.ceil(whole((length - overlap * downsample) / l0_step)))
        for length in slide.size
    )
    if within is None:
        _check_count(n_columns * n_rows, slide)
        places = [_Place(t_col, t_row) for t_row in range(n_rows) for t_col in range(n_columns)]
    else:
        places = _places_within(within, slide, (n_columns, n_rows), l0_step, l0_edge)
    return TileGrid(slide, size, downsample, overlap, places)


def _places_within(
    within: Box | BaseGeometry, slide: Slide, counts: tuple[int, int], l0_step: float, l0_edge: float
) -> list[_Place]:
    """Places whose tile shares area with `within`."""
    import shapely

    area = shapely.box(*within) if isinstance(within, Box) else within
    if not isinstance(area, shapely.Geometry):
        raise InvalidInput(
            f"within is a {type(within).__name__}: give a Box or a shapely polygon in level-0 pixels."
        )
    if not area.is_valid:
        reason = shapely.is_valid_reason(area)
        raise InvalidInput(f"within is no valid area ({reason}): mend it, for example by shapely.make_valid.")
    area = shapely.intersection(area, shapely.box(0, 0, *slide.size))
    if area.is_empty:
        return []
    xmin, ymin, xmax, ymax = area.bounds
    columns, rows = (
        range(max(0, int((low - l0_edge) // l0_step)), min(count, int(high // l0_step) + 1))
        for low, high, count in zip((xmin, ymin), (xmax, ymax), counts, strict=True)
    )
    _check_count(len(columns) * len(rows), slide)
    t_rows, t_cols = (grid.ravel() for grid in np.meshgrid(rows, columns, indexing="ij"))
    x, y = t_cols * l0_step, t_rows * l0_step
    boxes = shapely.box(x, y, x + l0_edge, y + l0_edge)
    shapely.prepare(area)
    # a touched border is no shared area, unless the area itself is a point or a line
    hit = shapely.intersects(area, boxes) & ~((area.area > 0) & shapely.touches(area, boxes))
    return [_Place(int(t_col), int(t_row)) for t_col, t_row in zip(t_cols[hit], t_rows[hit], strict=True)]


def _check_count(n_tiles: int, slide: Slide) -> None:
    if n_tiles > MAX_TILES:
        raise InvalidInput(
            f"{slide.path.name} would be cut into {n_tiles:,} tiles, and {MAX_TILES:,} is the most: "
            "use larger tiles, a coarser resolution, or within."
        )
