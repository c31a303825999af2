"""Encoding one vector tile."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wsinb.serve.vector_format import (
    CELL_PX,
    HEADER,
    KIND_DENSITY,
    KIND_FEATURES,
    MAGIC,
    MAX_SCORE_BINS,
    NO_BIN,
    NO_LABEL,
    NO_SCORE,
    TILE_PX,
)
from wsinb.serve.vector_index import VectorIndex
from wsinb.serve.vector_kernels import encode_features

__all__ = ["encode_tile"]

QUERY_MARGIN_PX = 2.0  # so that dots and strokes of neighbours are not cut at the edge
OUTLINE_PX = 16.0  # what is larger on screen is outlined also in density tiles ...
MAX_OUTLINES = 5_000  # ... the largest ones
MAX_DENSITY_ENTRIES = 120_000


def encode_tile(index: VectorIndex, z: int, x: int, y: int) -> bytes:
    """Return the tile at zoom `z` (<= 0), column `x` and row `y`, in the form of `vector_format`.

    At `density_max_zoom` and below, annotations are counted per cell; each counts in exactly one
    tile of a zoom, the one that holds the centre of its box. Large outlines are drawn there as well.
    """
    l0_step = TILE_PX * 2.0**-z
    l0_margin = QUERY_MARGIN_PX * 2.0**-z
    ox, oy = x * l0_step, y * l0_step
    box = (ox - l0_margin, oy - l0_margin, ox + l0_step + l0_margin, oy + l0_step + l0_margin)
    touching = index.touching(*box)
    if index.density_max_zoom is None or z > index.density_max_zoom:
        return _assemble(index, touching, ox, oy, z, None)
    sides = (index.boxes[touching, 2:] - index.boxes[touching, :2]).max(axis=1, initial=0.0)
    outlined = touching[sides * 2.0**z >= OUTLINE_PX][:MAX_OUTLINES]
    return _assemble(index, outlined, ox, oy, z, _density(index, touching, z, x, y))


class _Density:
    """Counted cells of one tile, in row-major order."""

    def __init__(
        self, entries: NDArray[np.int64], counts: NDArray[np.int64], n_labels: int, bins: int
    ) -> None:
        self.bins = bins
        self.counts = counts.astype("<u4")
        cells, rest = np.divmod(entries, n_labels * (bins + 1))
        labels, score_bins = np.divmod(rest, bins + 1)
        self.cells = cells.astype("<u2")
        self.labels = np.where(labels == n_labels - 1, NO_LABEL, labels).astype("<u2")
        self.score_bins = np.where(score_bins == bins, NO_BIN, score_bins).astype(np.uint8)


def _density(index: VectorIndex, touching: NDArray[np.int64], z: int, x: int, y: int) -> _Density:
    l0_step = TILE_PX * 2.0**-z
    centres = index.centres[touching]
    own = (np.floor(centres / l0_step) == [x, y]).all(axis=1)
    features, centres = touching[own], centres[own]
    side = TILE_PX // CELL_PX
    inside = (centres - [x * l0_step, y * l0_step]) * (side / l0_step)
    columns, rows = np.clip(inside.astype(np.int64), 0, side - 1).T
    n_labels = len(index.labels) + 1
    labels = np.minimum(index.label_numbers[features].astype(np.int64), n_labels - 1)
    scores = index.scores[features].astype(np.int64)
    bins = MAX_SCORE_BINS
    while True:
        score_bins = np.where(scores == NO_SCORE, bins, scores * bins // NO_SCORE)
        keys = ((rows * side + columns) * n_labels + labels) * (bins + 1) + score_bins
        entries, counts = np.unique(keys, return_counts=True)
        if len(entries) <= MAX_DENSITY_ENTRIES or bins == 1:
            return _Density(entries, counts, n_labels, bins)
        bins //= 2


def _assemble(
    index: VectorIndex, features: NDArray[np.int64], ox: float, oy: float, z: int, density: _Density | None
) -> bytes:
    rings = index.rings
    drawn, ring_count, ring_vertices, xy = encode_features(
        features,
        rings.ring_starts,
        rings.vertex_starts,
        rings.l0_xy,
        rings.boxes,
        rings.holes,
        index.boxes,
        index.kinds,
        float(ox),
        float(oy),
        2.0**z,
        z < 0,
    )
    kind = KIND_FEATURES if density is None else KIND_DENSITY
    cells = density or _Density(np.zeros(0, np.int64), np.zeros(0, np.int64), 1, MAX_SCORE_BINS)
    sizes = len(drawn), len(ring_vertices), len(xy) // 2, len(cells.counts)
    arrays = (
        index.rows[drawn].astype("<u4"),
        ring_vertices.astype("<u4"),
        cells.counts,
        xy.astype("<i2"),
        ring_count.astype("<u2"),
        index.label_numbers[drawn].astype("<u2"),
        cells.cells,
        cells.labels,
        index.kinds[drawn],
        index.scores[drawn],
        index.layers[drawn],
        cells.score_bins,
    )
    header = HEADER.pack(MAGIC, kind, CELL_PX, cells.bins, *sizes, 0, 0)
    return b"".join([header, *(array.tobytes() for array in arrays)])
