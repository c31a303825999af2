"""Encoding one vector tile."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsinb.serve.vectors.density import Density, density_of
from wsinb.serve.vectors.format import CELL_PX, HEADER, KIND_DENSITY, KIND_FEATURES, MAGIC, TILE_PX
from wsinb.serve.vectors.index import VectorIndex
from wsinb.serve.vectors.kernels import encode_features
from wsinb.serve.vectors.rings import Shapes, no_shapes
from wsinb.serve.vectors.sheet import BIG_L0_PX

__all__ = ["By", "Tile", "encode_tile"]

QUERY_MARGIN_PX = 2.0  # so that dots and strokes of neighbours are not cut at the edge
OUTLINE_PX = 16.0  # what is larger on screen is outlined also in density tiles ...
MAX_OUTLINES = 5_000  # ... the largest ones

Places = NDArray[np.int64]
Pair = tuple[NDArray[np.uint16], NDArray[np.uint16]]


class Tile(NamedTuple):
    """The bytes of a tile, and whether outlines are still missing in it."""

    data: bytes
    preliminary: bool = False


class By(NamedTuple):
    """Categories to count instead of labels: one an annotation of each sheet, and how many there are."""

    codes: Pair
    n: int


def encode_tile(index: VectorIndex, z: int, x: int, y: int, by: By | None = None) -> Tile:
    """Return the tile at zoom `z` (<= 0), column `x` and row `y`, in the form of `format`.

    At `density_max_zoom` and below, annotations are counted per cell; each counts in exactly one
    tile of a zoom, the one that holds the centre of its box. Large outlines are drawn there as well, once
    they are read; an outline elsewhere is waited for.
    """
    l0_step = TILE_PX * 2.0**-z
    l0_margin = QUERY_MARGIN_PX * 2.0**-z
    ox, oy = x * l0_step, y * l0_step
    box = (ox - l0_margin, oy - l0_margin, ox + l0_step + l0_margin, oy + l0_step + l0_margin)
    if index.density_max_zoom is None or z > index.density_max_zoom:
        places = index.touching(box)
        ordered = places[_order(index, places)]
        shapes = _all_shapes(index)
        return Tile(_assemble(index, ordered, shapes, ox, oy, z, None))
    density = density_of(index, z, x, y, *(by or (None, 0)))
    # what is large on screen is big in level-0 pixels, too, unless the zoom is high
    places = index.touching(box, big=OUTLINE_PX * 2.0**-z > BIG_L0_PX)
    sides = _sides(index, places)
    outlined = places[sides * 2.0**z >= OUTLINE_PX]
    if not len(outlined):
        return Tile(_assemble(index, outlined, _none(), ox, oy, z, density))
    shapes_there = _shapes_there(index, outlined)
    if shapes_there is None:
        data = _assemble(index, outlined[:0], _none(), ox, oy, z, density, preliminary=True)
        return Tile(data, preliminary=True)
    outlined = outlined[_order(index, outlined)][:MAX_OUTLINES]
    return Tile(_assemble(index, outlined, shapes_there, ox, oy, z, density))


class _Drawn(NamedTuple):
    """Shapes of both sheets; of the first perhaps only those of some places (ascending)."""

    base: Shapes
    extra: Shapes
    places: Places | None = None


def _none() -> _Drawn:
    return _Drawn(_NO_SHAPES, _NO_SHAPES)


_NO_SHAPES = no_shapes()


def _all_shapes(index: VectorIndex) -> _Drawn:
    base, extra = (sheet.outlines.all().shapes for sheet in index.sheets)
    return _Drawn(base, extra)


def _shapes_there(index: VectorIndex, places: Places) -> _Drawn | None:
    """Return the shapes of some places, if they are read already."""
    n = len(index.sheets[0])
    part = index.sheets[0].outlines.early(places[places < n])
    if part is None:
        return None
    return _Drawn(part.shapes, index.sheets[1].outlines.all().shapes, part.places)


def _sides(index: VectorIndex, places: Places) -> NDArray[np.float32]:
    boxes = index.boxes_at(places)
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0.0))


def _order(index: VectorIndex, places: Places) -> Places:
    """Return the order of annotations by falling size, and by row among those of one size; waits."""
    # the bits of positive numbers sort as they do
    sides = _sides(index, places).astype(np.float32).view(np.uint32).astype(np.uint64)
    return np.argsort(
        (np.uint64(2**32 - 1) - sides) << np.uint64(32) | index.rows_at(places).astype(np.uint64)
    )


def _assemble(
    index: VectorIndex,
    places: Places,
    shapes: _Drawn,
    ox: float,
    oy: float,
    z: int,
    density: Density | None,
    preliminary: bool = False,
) -> bytes:
    chosen, n = places, len(index.sheets[0])
    if shapes.places is not None:
        # the first sheet has fewer shapes than places: those of the second are counted on after them
        first = np.searchsorted(shapes.places, places)
        chosen = np.where(places < n, first, places - n + len(shapes.places))
    found, ring_count, ring_vertices, xy = encode_features(
        chosen, shapes.base, shapes.extra, float(ox), float(oy), 2.0**z, z < 0
    )
    drawn = places[found]
    kind = KIND_FEATURES if density is None else KIND_DENSITY
    cells = density or Density.none()
    sizes = len(drawn), len(ring_vertices), len(xy) // 2, len(cells.counts)
    rows = index.rows_at(drawn) if len(drawn) else drawn
    arrays = (
        rows.astype("<u4"),
        ring_vertices.astype("<u4"),
        cells.counts.astype("<u4"),
        xy.astype("<i2"),
        ring_count.astype("<u2"),
        index.numbers_at(drawn, "labels").astype("<u2"),
        cells.cells.astype("<u2"),
        cells.labels.astype("<u2"),
        _kinds(shapes, chosen[found]),
        index.gather(drawn, (index.sheets[0].scores, index.sheets[1].scores)),
        index.numbers_at(drawn, "layers").astype(np.uint8),
        cells.score_bins,
        cells.layers,
    )
    reserved = int(density is not None), int(preliminary)
    header = HEADER.pack(MAGIC, kind, CELL_PX, cells.bins, *sizes, *reserved)
    return b"".join([header, *(array.tobytes() for array in arrays)])


def _kinds(shapes: _Drawn, chosen: Places) -> NDArray[np.uint8]:
    n = len(shapes.base.kinds)
    kinds = np.empty(len(chosen), np.uint8)
    first = chosen < n
    kinds[first], kinds[~first] = shapes.base.kinds[chosen[first]], shapes.extra.kinds[chosen[~first] - n]
    return kinds
