"""Counting annotations by cell, label, layer and score where they are too many and too small to be seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wsinb.serve.vector_counting import count_sorted, density_keys
from wsinb.serve.vector_format import CELL_PX, MAX_SCORE_BINS, NO_BIN, NO_LABEL, NO_LAYER, NO_SCORE, TILE_PX

if TYPE_CHECKING:
    from wsinb.serve.vector_index import VectorIndex

__all__ = ["Density", "density_of"]

MAX_DENSITY_ENTRIES = 120_000
SIDE = TILE_PX // CELL_PX
Codes = NDArray[np.uint16]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Density:
    """Counted entries of one tile, by cell (row-major), label, layer and score bin; arrays of shape (c,)."""

    bins: int
    cells: NDArray[np.uint16]
    labels: NDArray[np.uint16]
    layers: NDArray[np.uint8]
    score_bins: NDArray[np.uint8]
    counts: NDArray[np.uint32]

    @classmethod
    def none(cls) -> Density:
        """Return no entries."""
        return _fitting(np.zeros(0, np.int64), np.zeros(0, np.int64), 1, 1)


def density_of(
    index: VectorIndex, z: int, x: int, y: int, codes: tuple[Codes, Codes] | None = None, n_codes: int = 0
) -> Density:
    """Count the annotations whose centres are in a tile.

    Parameters
    ----------
    index, z, x, y
        The annotations and the tile.
    codes, n_codes
        Instead of labels: a category of each annotation of both sheets, `NO_LABEL` for none, and how many
        categories there are.
    """
    l0_step = TILE_PX * 2.0**-z
    labels = len(index.labels) + 1 if codes is None else n_codes + 1
    layers = len(index.layer_names) + 1
    found = []
    for number, sheet in enumerate(index.sheets):
        places, every = sheet.candidates(x * l0_step, y * l0_step, (x + 1) * l0_step, (y + 1) * l0_step)
        by = sheet.labels if codes is None else codes[number]
        label_map = index.label_maps[number] if codes is None else _UNCHANGED
        found.append(
            density_keys(
                *(places, every, sheet.boxes, index.dead[number]),
                *(by, sheet.layers, sheet.scores, label_map, index.layer_maps[number]),
                *(l0_step, x, y, SIDE, labels, layers, MAX_SCORE_BINS, NO_SCORE),
            )
        )
    cells, keys = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    entries, counts = count_sorted(cells, keys, SIDE * SIDE, labels * layers * (MAX_SCORE_BINS + 1))
    return _fitting(entries, counts, labels, layers)


_UNCHANGED = np.arange(NO_LABEL + 1, dtype=np.uint16)


def _fitting(entries: Counts, counts: Counts, labels: int, layers: int) -> Density:
    """Make bins coarser, then layers one, until the entries are not too many."""
    bins = MAX_SCORE_BINS
    while len(entries) > MAX_DENSITY_ENTRIES and bins > 1:
        rest, score_bins = np.divmod(entries, bins + 1)
        bins //= 2
        entries, counts = _merged(rest * (bins + 1) + score_bins // 2, counts)
    if len(entries) > MAX_DENSITY_ENTRIES:
        rest, score_bins = np.divmod(entries, bins + 1)
        rest += layers - 1 - rest % layers
        entries, counts = _merged(rest * (bins + 1) + score_bins, counts)
    rest, score_bins = np.divmod(entries, bins + 1)
    rest, layer = np.divmod(rest, layers)
    cells, label = np.divmod(rest, labels)
    return Density(
        bins,
        cells.astype(np.uint16),
        np.where(label == labels - 1, NO_LABEL, label).astype(np.uint16),
        np.where(layer == layers - 1, NO_LAYER, layer).astype(np.uint8),
        np.where(score_bins == bins, NO_BIN, score_bins).astype(np.uint8),
        counts.astype(np.uint32),
    )


def _merged(entries: Counts, counts: Counts) -> tuple[Counts, Counts]:
    """Return each entry once, with the sum of its counts."""
    if (np.diff(entries) < 0).any():
        order = np.argsort(entries, kind="stable")
        entries, counts = entries[order], counts[order]
    first = np.flatnonzero(np.diff(entries, prepend=-1))
    return entries[first], np.add.reduceat(counts, first)
