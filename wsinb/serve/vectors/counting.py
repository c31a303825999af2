"""Compiled loops that count annotations by cell."""

# numba finds the types of its functions' arguments itself
# mypy: disable-error-code="no-untyped-def, no-untyped-call"
# ruff: noqa: ANN001, ANN201, ANN202

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["BIN_BITS", "count_sorted", "density_keys", "halve_bins"]

BIN_BITS = 5  # of a key; the rest is label and layer

FEW = 24  # so few keys of a cell are sorted by insertion


@njit(cache=True, nogil=True)
def density_keys(
    places, every, boxes, dead, labels, layers, scores, label_map, layer_map,
    l0_step, x, y, side, n_labels, n_layers, bins, no_score,
):  # fmt: skip
    """Return cell and key of each annotation whose centre is in a tile.

    The last label and the last layer stand for none, the bin after the last for no score.

    Parameters
    ----------
    places, every
        Places of the annotations (int64), or all of them if `every`.
    boxes, dead, labels, layers, scores
        Of all annotations: boxes (n, 4) float32, whether it does not count (bool, or empty), numbers of
        label and layer (uint16), score (uint8).
    label_map, layer_map
        What the numbers of labels and layers become (uint16 and uint8).
    l0_step, x, y
        Side of a tile in level-0 pixels, and the tile's column and row.
    side, n_labels, n_layers, bins, no_score
        Cells along a side, labels and layers with the ones for none, score bins, the score that means none.

    Returns
    -------
    cells : uint32, (m,)
        Row by row.
    keys : int64, (m,)
        ``(label * n_layers + layer) << BIN_BITS | bin``.
    """
    count = boxes.shape[0] if every else places.size
    cells, keys = np.empty(count, np.uint32), np.empty(count, np.int64)
    n, scale = 0, side / l0_step
    left, top = x * l0_step, y * l0_step
    for k in range(count):
        i = k if every else places[k]
        centre_x = (np.float64(boxes[i, 0]) + np.float64(boxes[i, 2])) / 2
        centre_y = (np.float64(boxes[i, 1]) + np.float64(boxes[i, 3])) / 2
        # not so for NaN, where nothing is drawn
        if not (np.floor(centre_x / l0_step) == x and np.floor(centre_y / l0_step) == y):
            continue
        if dead.size and dead[i]:
            continue
        column = min(max(int((centre_x - left) * scale), 0), side - 1)
        row = min(max(int((centre_y - top) * scale), 0), side - 1)
        label = min(np.int64(label_map[labels[i]]), n_labels - 1)
        layer = min(np.int64(layer_map[layers[i]]), n_layers - 1)
        score_bin = bins if scores[i] == no_score else np.int64(scores[i]) * bins // no_score
        cells[n] = row * side + column
        keys[n] = (label * n_layers + layer) << BIN_BITS | score_bin
        n += 1
    return cells[:n], keys[:n]


@njit(cache=True, nogil=True)
def _sort(keys):
    """Sort in place; most cells hold a few."""
    if keys.size > FEW:
        keys[:] = np.sort(keys)
        return
    for i in range(1, keys.size):
        key, j = keys[i], i
        while j > 0 and keys[j - 1] > key:
            keys[j] = keys[j - 1]
            j -= 1
        keys[j] = key


@njit(cache=True, nogil=True)
def count_sorted(cells, keys, n_cells):
    """Return each cell and key that occur together, ascending, and how often (uint32, int64, uint32)."""
    starts = np.zeros(n_cells + 1, np.int64)
    for cell in cells:
        starts[cell + 1] += 1
    for cell in range(n_cells):
        starts[cell + 1] += starts[cell]
    grouped, next_of = np.empty(keys.size, np.int64), starts[:-1].copy()
    for i in range(keys.size):
        grouped[next_of[cells[i]]] = keys[i]
        next_of[cells[i]] += 1
    of_cell, counts = np.empty(keys.size, np.uint32), np.empty(keys.size, np.uint32)
    n = 0
    for cell in range(n_cells):
        start, stop = starts[cell], starts[cell + 1]
        if start == stop:
            continue
        _sort(grouped[start:stop])
        last = np.int64(-1)
        for j in range(start, stop):
            key = grouped[j]
            if key != last:
                # no later than it was read from
                of_cell[n], grouped[n], counts[n] = cell, key, 0
                n += 1
                last = key
            counts[n - 1] += 1
    return of_cell[:n], grouped[:n], counts[:n]


@njit(cache=True, nogil=True)
def halve_bins(cells, keys, counts):
    """Merge neighbouring score bins, of which there are an even number, in place; return how many remain.

    The bin for no score stays the last.
    """
    n = 0
    for i in range(keys.size):
        key = keys[i] >> BIN_BITS << BIN_BITS | (keys[i] & ((1 << BIN_BITS) - 1)) >> 1
        if n and cells[n - 1] == cells[i] and keys[n - 1] == key:
            counts[n - 1] += counts[i]
        else:
            cells[n], keys[n], counts[n] = cells[i], key, counts[i]
            n += 1
    return n
