"""The index of a version from that of an earlier one, when little has changed between them.

What is read, decoded and taken apart is only what changed; the rest is copied into its new order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsinb.serve.vector_format import NO_LABEL, NO_LAYER
from wsinb.serve.vector_index import (
    GRID_L0_PX,
    MAX_IMAGES,
    VectorIndex,
    build_index,
    density_max_zoom,
    grid_of,
)
from wsinb.serve.vector_rings import Rings, starts_of

__all__ = ["Delta", "update_index"]

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Delta:
    """What happened to a table: the ids that were added, changed or deleted, and their present rows."""

    ids: list[str]
    rows: pd.DataFrame


def update_index(old: VectorIndex, delta: Delta) -> VectorIndex | None:
    """Return what `build_index` makes of the table after a change; None where only that can tell.

    That is where an annotation that is not drawn was changed: its label and layer are in no index.
    """
    new = build_index(delta.rows)
    merge = _Merge.of(old, new, delta.ids)
    labels = _labels(old, new, merge)
    layers = _layers(old, new, merge)
    if merge.touches_undrawn or labels is None or layers is None:
        return None
    boxes, centres = merge.gather(old.boxes, new.boxes), merge.gather(old.centres, new.centres)
    kinds = merge.gather(old.kinds, new.kinds)
    images = [{**image, "row": int(merge.row_of_old[image["row"]])} for image in old.images]
    images += [{**image, "row": int(merge.row_of_new[image["row"]])} for image in new.images]
    label_names, counts, label_maps = labels
    layer_names, layer_maps = layers
    return VectorIndex(
        ids=merge.ids,
        id_boxes=merge.id_boxes,
        rows=merge.rows.astype(np.uint32),
        boxes=boxes,
        centres=centres,
        kinds=kinds,
        scores=merge.gather(old.scores, new.scores),
        layers=merge.gather(layer_maps[0][old.layers], layer_maps[1][new.layers]).astype(np.uint8),
        label_numbers=merge.gather(label_maps[0][old.label_numbers], label_maps[1][new.label_numbers]).astype(
            np.uint16
        ),
        labels=label_names,
        layer_names=layer_names,
        counts=counts,
        images=sorted(images, key=lambda image: image["row"])[:MAX_IMAGES],
        rings=_rings(old.rings, new.rings, merge.source),
        grid=grid_of(centres, merge.n_big),
        n_big=merge.n_big,
        density_max_zoom=density_max_zoom(centres, boxes, kinds),
    )


@dataclass(frozen=True)
class _Merge:
    """Where the rows and features of two indexes go in their union.

    Attributes
    ----------
    ids, id_boxes
        As of the new index.
    row_of_old, row_of_new
        The new row number of each row of both; -1 for one that is replaced or gone.
    source
        The feature at each position of the new order: of the old index, or, counted on, of the new one.
    rows
        Row numbers of the features, in the new order.
    n_big
        How many features are larger than a grid cell.
    gone
        The features of the old index that are not taken over.
    touches_undrawn
        Whether a row is replaced or gone that the old index does not draw.
    """

    ids: NDArray[Any]
    id_boxes: NDArray[np.float64]
    row_of_old: Rows
    row_of_new: Rows
    source: Rows
    rows: Rows
    n_big: int
    gone: Rows
    touches_undrawn: bool

    @classmethod
    def of(cls, old: VectorIndex, new: VectorIndex, changed: list[str]) -> _Merge:
        stale = np.zeros(len(old.ids), bool)
        wanted = np.array(sorted(changed), dtype=object)
        places = np.minimum(np.searchsorted(old.ids, wanted), max(0, len(old.ids) - 1))
        if len(old.ids):
            stale[places[old.ids[places] == wanted]] = True
        kept = np.flatnonzero(~stale)
        at = np.searchsorted(old.ids[kept], new.ids)
        row_of_new = (at + np.arange(len(at))).astype(np.int64)
        is_old = np.ones(len(kept) + len(at), bool)
        is_old[row_of_new] = False
        row_of_old = np.full(len(old.ids), -1, np.int64)
        row_of_old[kept] = np.flatnonzero(is_old)
        id_boxes = np.empty((len(is_old), 4))
        id_boxes[is_old], id_boxes[row_of_new] = old.id_boxes[kept], new.id_boxes
        features = np.flatnonzero(row_of_old[old.rows] >= 0)
        rows = np.concatenate([row_of_old[old.rows[features]], row_of_new[new.rows]])
        side = (id_boxes[rows, 2:] - id_boxes[rows, :2]).max(axis=1, initial=0.0)
        order = np.lexsort((rows, -side))
        gone = np.flatnonzero(row_of_old[old.rows] < 0)
        return cls(
            np.insert(old.ids[kept], at, new.ids),
            id_boxes,
            row_of_old,
            row_of_new,
            np.concatenate([features, old.n + np.arange(new.n)])[order].astype(np.int64),
            rows[order],
            int(np.count_nonzero(side > GRID_L0_PX)),
            gone,
            bool(len(gone) < np.count_nonzero(stale)),
        )

    def gather(self, old: NDArray[Any], new: NDArray[Any]) -> NDArray[Any]:
        """Return an array over features in the new order."""
        return np.concatenate([old, new])[self.source]


def _labels(
    old: VectorIndex, new: VectorIndex, merge: _Merge
) -> tuple[list[str], dict[str, int], tuple[Rows, Rows]] | None:
    """Return the labels, how many annotations have each, and the new number of each number of both."""
    counts = dict(old.counts)
    numbers = old.label_numbers[merge.gone]
    for number, count in enumerate(np.bincount(numbers[numbers != NO_LABEL], minlength=len(old.labels))):
        counts[old.labels[number]] -= int(count)
    for name, count in new.counts.items():
        counts[name] = counts.get(name, 0) + count
    names = sorted(name for name, count in counts.items() if count)
    if len(names) >= NO_LABEL:
        return None
    maps = _numbering(old.labels, names, NO_LABEL), _numbering(new.labels, names, NO_LABEL)
    return names, {name: counts[name] for name in names}, maps


def _layers(old: VectorIndex, new: VectorIndex, merge: _Merge) -> tuple[list[str], tuple[Rows, Rows]] | None:
    left = np.bincount(old.layers, minlength=NO_LAYER + 1)
    left -= np.bincount(old.layers[merge.gone], minlength=NO_LAYER + 1)
    gone = {name for name, count in zip(old.layer_names, left.tolist(), strict=False) if not count}
    gone -= set(new.layer_names)
    names = sorted({*old.layer_names, *new.layer_names} - gone)
    if len(names) >= NO_LAYER or (gone and old.n < len(old.ids)):
        return None  # something that is not drawn may be in a layer where nothing drawn is left
    return names, (_numbering(old.layer_names, names, NO_LAYER), _numbering(new.layer_names, names, NO_LAYER))


def _numbering(names: list[str], wanted: list[str], none: int) -> Rows:
    """Return the number among the wanted names of each number among `names`; `none` stays."""
    place = {name: number for number, name in enumerate(wanted)}
    numbers = np.full(none + 1, none, np.int64)
    numbers[: len(names)] = [place.get(name, none) for name in names]
    return numbers


def _rings(old: Rings, new: Rings, source: Rows) -> Rings:
    counts = np.concatenate([np.diff(old.ring_starts), np.diff(new.ring_starts)])
    starts = np.concatenate([old.ring_starts[:-1], new.ring_starts[:-1] + old.ring_starts[-1]])
    rings = _runs(starts[source], counts[source])
    n_vertices = np.concatenate([np.diff(old.vertex_starts), np.diff(new.vertex_starts)])
    firsts = np.concatenate([old.vertex_starts[:-1], new.vertex_starts[:-1] + old.vertex_starts[-1]])
    vertices = _runs(firsts[rings], n_vertices[rings])
    return Rings(
        ring_starts=starts_of(counts[source]),
        vertex_starts=starts_of(n_vertices[rings]),
        l0_xy=np.concatenate([old.l0_xy, new.l0_xy])[vertices],
        boxes=np.concatenate([old.boxes, new.boxes])[rings],
        holes=np.concatenate([old.holes, new.holes])[rings],
    )


def _runs(starts: Rows, counts: Rows) -> Rows:
    """Return the numbers of runs one after the other: ``starts[0], starts[0] + 1, ...``."""
    if not len(starts):
        return np.zeros(0, np.int64)
    ends = np.cumsum(counts)
    return np.repeat(starts - (ends - counts), counts) + np.arange(int(ends[-1]))
