"""What is drawn on the demo slide for training, and what is held out to judge the result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from shapely import Polygon, box, unary_union

from wsinb.demo.layout import CELL, Layout

__all__ = ["Split", "split_regions"]

TRAINING_ISLAND = 1
MAX_TRAINING_NESTS = 4
MARGIN = 0.45  # of a nest's extent, on each side


@dataclass(frozen=True)
class Split:
    """Known tumour regions, divided before anything is trained.

    Attributes
    ----------
    rois : tuple of Polygon
        Rectangles in which every tumour region is drawn, level-0 px: the only part that training sees.
    training : tuple of Polygon
        The tumour regions that touch a rectangle, level-0 px.
    held_out : tuple of Polygon
        All others, level-0 px.
    """

    rois: tuple[Polygon, ...]
    training: tuple[Polygon, ...]
    held_out: tuple[Polygon, ...]


def split_regions(layout: Layout) -> Split:
    """Divide the known regions: those of one tissue island are for training, the others are held out."""
    nests = sorted(
        (nest.polygon for nest in layout.nests if nest.island == TRAINING_ISLAND), key=lambda p: -p.area
    )
    rois = [_around(nest, layout.size) for nest in nests[:MAX_TRAINING_NESTS]]
    edge = _edge_roi(layout)
    if edge is not None:
        rois.append(edge)
    seen = unary_union(rois)
    known = [nest.polygon for nest in layout.nests]
    return Split(
        rois=tuple(rois),
        training=tuple(polygon for polygon in known if polygon.intersects(seen)),
        held_out=tuple(polygon for polygon in known if not polygon.intersects(seen)),
    )


def _around(polygon: Polygon, size: int) -> Polygon:
    x0, y0, x1, y1 = polygon.bounds
    dx, dy = MARGIN * (x1 - x0), MARGIN * (y1 - y0)
    return box(*np.round(np.clip([x0 - dx, y0 - dy, x1 + dx, y1 + dy], 0, size)))


def _edge_roi(layout: Layout) -> Polygon | None:
    """Return a square half on tissue, half on glass and without tumour, so that both are seen in training."""
    side = max(layout.size // 12 // CELL, 8)
    for row in range(0, layout.tissue.shape[0] // 2, side // 2):
        for col in range(0, layout.tissue.shape[1] // 2, side // 2):
            part = (slice(row, row + side), slice(col, col + side))
            if 0.35 < layout.tissue[part].mean() < 0.6 and layout.tumour[part].max() < 0:
                return box(CELL * col, CELL * row, CELL * (col + side), CELL * (row + side))
    return None
