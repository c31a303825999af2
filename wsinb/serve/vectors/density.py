"""Counting annotations by cell, label, layer and score where they are too many and too small to be seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wsinb.serve.vectors.counting import BIN_BITS, count_sorted, density_keys, halve_bins
from wsinb.serve.vectors.format import CELL_PX, MAX_SCORE_BINS, NO_BIN, NO_LABEL, NO_LAYER, NO_SCORE, TILE_PX

if TYPE_CHECKING:
    from wsinb.serve.vectors.index import VectorIndex

__all__ = ["Density", "density_of"]

MAX_DENSITY_ENTRIES = 120_000
SIDE = TILE_PX // CELL_PX
Codes = NDArray[np.uint16]


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
        return _fitting(np.zeros(0, np.uint32), np.zeros(0, np.int64), np.zeros(0, np.uint32), 1, 1)


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
    entries, keys, counts = count_sorted(cells, keys, SIDE * SIDE)
    return _fitting(entries, keys, counts, layers, labels)


_UNCHANGED = np.arange(NO_LABEL + 1, dtype=np.uint16)


def _fitting(
    cells: NDArray[np.uint32], keys: NDArray[np.int64], counts: NDArray[np.uint32], layers: int, labels: int
) -> Density:
    """Make bins coarser, then layers one, until the entries are not too many."""
    bins, n = MAX_SCORE_BINS, len(keys)
    while n > MAX_DENSITY_ENTRIES and bins > 1:
        n = halve_bins(cells[:n], keys[:n], counts[:n])
        bins //= 2
    cells, keys, counts = cells[:n], keys[:n], counts[:n]
    if n > MAX_DENSITY_ENTRIES:
        cells, keys, counts = _of_one_layer(cells, keys, counts, layers)
    label, layer = np.divmod(keys >> BIN_BITS, layers)
    score_bins = keys & ((1 << BIN_BITS) - 1)
    return Density(
        bins,
        cells.astype(np.uint16),
        np.where(label == labels - 1, NO_LABEL, label).astype(np.uint16),
        np.where(layer == layers - 1, NO_LAYER, layer).astype(np.uint8),
        np.where(score_bins == bins, NO_BIN, score_bins).astype(np.uint8),
        counts,
    )


def _of_one_layer(
    cells: NDArray[np.uint32], keys: NDArray[np.int64], counts: NDArray[np.uint32], layers: int
) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.uint32]]:
    """Return entries that do not tell layers apart: all have that for none."""
    group = keys >> BIN_BITS
    keys = (group + layers - 1 - group % layers) << BIN_BITS | keys & ((1 << BIN_BITS) - 1)
    order = np.lexsort((keys, cells))
    cells, keys = cells[order], keys[order]
    first = np.flatnonzero((np.diff(cells, prepend=0) != 0) | (np.diff(keys, prepend=-1) != 0))
    return cells[first], keys[first], np.add.reduceat(counts[order], first)
