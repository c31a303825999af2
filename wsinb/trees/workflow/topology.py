"""How a region is cut into tiles that overlap."""

from __future__ import annotations

from typing import NamedTuple

from wsinb.errors import InvalidInput

__all__ = ["BORDERS", "Span", "Tile", "check_topology", "lay_tiles", "spans"]

BORDERS = ("keep", "skip", "extend")


class Span(NamedTuple):
    """One tile along one axis; maxima lie outside. All cores together cover each pixel once.

    `free_start` to `free_end` is what no other tile sees.
    """

    start: int
    end: int
    core_start: int
    core_end: int
    free_start: int
    free_end: int


class Tile(NamedTuple):
    """A tile of a region, in pixels of the whole slide at the workflow's resolution."""

    region: int
    number: int
    x: Span
    y: Span

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.y.end - self.y.start, self.x.end - self.x.start


def check_topology(tile_size: int, overlap: int, border: str) -> None:
    """Refuse what cannot be laid.

    Raises
    ------
    InvalidInput
        If sizes are out of range or the border policy is unknown.
    """
    for name, value, least in (("tile_size", tile_size, 16), ("overlap", overlap, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InvalidInput(f"{name} must be a whole number of pixels from {least} on, not {value!r}")
    if overlap >= tile_size:
        raise InvalidInput(
            f"tiles of {tile_size} px cannot overlap by {overlap} px: use 0 <= overlap < tile_size"
        )
    if border not in BORDERS:
        raise InvalidInput(f"border must be 'keep', 'skip' or 'extend', not {border!r}")


def spans(start: int, end: int, tile_size: int, overlap: int, border: str) -> list[Span]:
    """Lay tiles along one axis of a region.

    What is left at the end for less than a whole tile is a smaller tile ("keep"), is left out ("skip"), or
    is seen by a whole tile that is moved back and overlaps more ("extend"; of a region smaller than a tile,
    the tile reaches over its end).
    """
    step = tile_size - overlap
    count = max(1, -(-(end - start - overlap) // step))
    starts = [start + number * step for number in range(count)]
    ends = [min(at + tile_size, end) for at in starts]
    if ends[-1] - starts[-1] < tile_size:
        if border == "skip":
            starts, ends = starts[:-1], ends[:-1]
        elif border == "extend":
            starts[-1] = max(start, end - tile_size)
            ends[-1] = starts[-1] + tile_size
    last = len(starts) - 1
    # half of what two tiles share belongs to each
    cuts = [(ends[at] + starts[at + 1]) // 2 for at in range(last)]
    return [
        Span(
            starts[at],
            ends[at],
            cuts[at - 1] if at else starts[at],
            cuts[at] if at < last else ends[at],
            ends[at - 1] if at else starts[at],
            starts[at + 1] if at < last else ends[at],
        )
        for at in range(last + 1)
    ]


def lay_tiles(
    region: int, box: tuple[int, int, int, int], tile_size: int, overlap: int, border: str
) -> list[Tile]:
    """Cut a box (x0, y0, x1, y1) into tiles in reading order; SLDC's topology (Mormont et al., 2016)."""
    x0, y0, x1, y1 = box
    columns = spans(x0, x1, tile_size, overlap, border)
    rows = spans(y0, y1, tile_size, overlap, border)
    return [
        Tile(region, row * len(columns) + column, x, y)
        for row, y in enumerate(rows)
        for column, x in enumerate(columns)
    ]
