"""Folding what lies over the parts into them, part by part, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from wsinb.versions.graph.records import PartInfo
from wsinb.versions.tables import staging
from wsinb.versions.tables.columns import concat, conform
from wsinb.versions.tables.files import order_of_boxes
from wsinb.versions.tables.ids import isin, locate
from wsinb.versions.tables.reading import Tables
from wsinb.versions.tables.staging import write_parts
from wsinb.versions.upkeep.runs import Merged, Order

if TYPE_CHECKING:
    from wsinb.versions.repository import Repository

__all__ = ["Folded", "Homes", "assign", "choose", "fold"]

FOLD_AT = 4096
"""Parts are folded in the wake of a commit when so many rows lie over them."""

SHARE, SHARE_OF_MANY, MANY = 0.15, 0.05, 0.05
"""A part is folded when so much of it lies above it; or less, when that is so much of the table."""

NOWHERE = -1
BATCH = 1 << 22  # distances in memory at once


class Homes(NamedTuple):
    """Where the ids of an overlay belong.

    Attributes
    ----------
    parts
        The parts of the table; without any, number 0 stands for those that there will be.
    home
        Number of the part of each id, shape (n,); -1 where neither the table nor a part has such a row.
    """

    parts: Sequence[PartInfo]
    home: Order

    @property
    def counts(self) -> Order:
        """Number of ids over each part."""
        return np.bincount(self.home[self.home >= 0], minlength=max(1, len(self.parts)))


class Folded(NamedTuple):
    """What replaces each folded part, by its hash; parts beyond; and what still lies over the others."""

    parts: Mapping[str, Sequence[PartInfo]]
    new_parts: Sequence[PartInfo]
    rest: Merged


def assign(tables: Tables, parts: Sequence[PartInfo], change: Merged) -> Homes:
    """Find the part of each id: the one that holds it, for a new one the nearest."""
    home = np.full(len(change.ids), NOWHERE)
    rest = np.arange(len(change.ids))
    for number, part in enumerate(parts):
        if not len(rest):
            break
        here = locate(tables.part_ids(part.sha256), change.ids.take(rest)) >= 0
        home[rest[here]] = number
        rest = rest[~here]
    new = rest[change.alive[rest]]
    if len(new):
        home[new] = _nearest(parts, change.take(new).bounds(tables)) if parts else 0
    return Homes(parts, home)


def _nearest(parts: Sequence[PartInfo], bounds: npt.NDArray[np.float64]) -> Order:
    """Return the number of the part whose box is nearest to the centre of each box, shape (n, 4)."""
    boxes = np.array([part.bounds or (np.inf,) * 4 for part in parts])
    middle = np.nan_to_num((boxes[:, :2] + boxes[:, 2:]) / 2, nan=np.inf)
    centres = (bounds[:, :2] + bounds[:, 2:]) / 2
    nearest = np.full(len(bounds), len(parts) - 1)  # rows without geometry stand last
    placed = np.flatnonzero(~np.isnan(centres[:, 0]))
    for rows in np.array_split(placed, max(1, len(placed) * len(parts) // BATCH)):
        at = centres[rows, None, :]
        outside = np.maximum(np.maximum(boxes[None, :, :2] - at, at - boxes[None, :, 2:]), 0)
        distance = np.nan_to_num(outside, nan=np.inf).sum(axis=2)
        # boxes overlap: of those at the same distance, the one whose middle is nearest
        tie = np.abs(at - middle[None]).sum(axis=2)
        ties = np.where(distance == distance.min(axis=1, keepdims=True), tie, np.inf)
        nearest[rows] = ties.argmin(axis=1)
    return nearest


def choose(homes: Homes, change: Merged, table_rows: int, at_most: int) -> list[int]:
    """Return the numbers of the parts that are worth folding now, those with the largest share first."""
    counts = homes.counts
    if not homes.parts:
        return [0] if counts[0] >= staging.PART_ROWS else []
    many = len(change.ids) > MANY * table_rows
    shares = counts / np.array([part.rows for part in homes.parts])
    order = np.argsort(-shares, kind="stable")
    worth = order[shares[order] >= (SHARE_OF_MANY if many else SHARE)]
    return [int(number) for number in worth[:at_most]]


def fold(
    repository: Repository,
    change: Merged,
    homes: Homes,
    numbers: Sequence[int],
    done: Callable[[], object] = lambda: None,
) -> Folded:
    """Store anew the parts of some numbers, with what lies over them; `done` is called after each."""
    parts: dict[str, Sequence[PartInfo]] = {}
    new_parts: list[PartInfo] = []
    for number in numbers:
        above = change.take(homes.home == number)
        if homes.parts:
            part = homes.parts[number]
            parts[part.sha256] = _folded_part(repository, part, above)
        else:
            new_parts += _own_parts(repository, above)
        done()
    rest = change.take((homes.home != NOWHERE) & ~np.isin(homes.home, numbers))
    return Folded(parts, new_parts, rest)


def _folded_part(repository: Repository, part: PartInfo, above: Merged) -> list[PartInfo]:
    """Store a part with all that belongs to it; as several where it has grown twofold, as none if empty."""
    tables = repository.tables
    own: list[PartInfo] = []
    new = ~isin(above.ids, tables.part_ids(part.sha256))
    if new.sum() > staging.PART_ROWS:  # enough for parts of their own, which need not be in memory at once
        own = _own_parts(repository, above.take(new))
        above = above.take(~new)
    stays = tables.part_rows(part, above.ids)
    table = concat([stays, conform(above.take(above.alive).rows(tables))])
    if not table.num_rows:
        return own
    n_parts = 1 if table.num_rows <= 2 * staging.PART_ROWS else None
    return [*write_parts(repository.store, table.combine_chunks(), n_parts), *own]


def _own_parts(repository: Repository, above: Merged) -> list[PartInfo]:
    """Store rows as parts of their own, one after the other along a Hilbert curve."""
    above = above.take(above.alive)
    order = order_of_boxes(above.bounds(repository.tables))
    parts: list[PartInfo] = []
    for rows in np.array_split(order, -(-len(order) // staging.PART_ROWS)) if len(order) else ():
        table = conform(above.take(rows).rows(repository.tables))
        parts += write_parts(repository.store, table.combine_chunks(), 1)
    return parts
