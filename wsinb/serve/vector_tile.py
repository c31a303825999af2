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
from wsinb.serve.vector_kernels import density_keys, encode_features

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
    largest = touching[:MAX_OUTLINES]
    sides = (index.boxes[largest, 2:] - index.boxes[largest, :2]).max(axis=1, initial=0.0)
    outlined = largest[sides * 2.0**z >= OUTLINE_PX]
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
    side = TILE_PX // CELL_PX
    n_labels = len(index.labels) + 1
    bins = MAX_SCORE_BINS
    keys = density_keys(
        *(touching, index.centres, index.label_numbers, index.scores),
        *(TILE_PX * 2.0**-z, x, y, side, n_labels, bins, NO_SCORE),
    )
    entries, counts = _tally(keys, side * side * n_labels * (bins + 1))
    while len(entries) > MAX_DENSITY_ENTRIES and bins > 1:
        entries, counts = _coarser(entries, counts, bins)
        bins //= 2
    return _Density(entries, counts, n_labels, bins)


def _coarser(
    entries: NDArray[np.int64], counts: NDArray[np.int64], bins: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Merge neighbouring score bins; the bin of missing scores stays the last."""
    cells, score_bins = np.divmod(entries, bins + 1)
    merged = cells * (bins // 2 + 1) + score_bins // 2
    first = np.flatnonzero(np.diff(merged, prepend=-1))
    return merged[first], np.add.reduceat(counts, first)


def _tally(keys: NDArray[np.int64], n_keys: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the keys that occur, ascending, and how often each does."""
    if n_keys > 8 * len(keys):
        return np.unique(keys, return_counts=True)
    counts = np.bincount(keys, minlength=n_keys)
    entries = np.flatnonzero(counts)
    return entries, counts[entries]


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
