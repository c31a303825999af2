"""What became of each id of a slide's table: in a whole table, and since an earlier commit.

No row is read here. Where a row came in bulk its hash is not written down; then it is known by the
part that holds it, which is enough to see that two are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from wsinb.versions.changes.sides import Hashes, Mask, Order
from wsinb.versions.graph.maps import read_member
from wsinb.versions.graph.records import Record, State
from wsinb.versions.tables.hashes import NO_ROW
from wsinb.versions.tables.ids import Ids, concat_ids, last_of_each, locate, sorted_order

if TYPE_CHECKING:
    from wsinb.versions.repository import Repository

__all__ = ["Net", "PartNumbers", "Values", "contents", "net_changes", "records_of", "tail"]

UNREAD = 1
"""Stands for the hash of a row that is known by its part only; not `NO_ROW`."""

PartNumbers = dict[str, int]
"""Numbers for the parts that `Values` name, in the order in which they were met."""


class Values(NamedTuple):
    """What each of n ids holds: the hash of its row, or the number of the part that has it, else -1."""

    hashes: Hashes
    part: npt.NDArray[np.int32]

    @classmethod
    def of(cls, hashes: Hashes) -> Values:
        """Return known hashes."""
        return cls(hashes, np.full(len(hashes), -1, np.int32))

    @classmethod
    def none(cls, n: int) -> Values:
        """Return n times no row."""
        return cls.of(np.full(n, NO_ROW, np.uint64))

    @classmethod
    def unread(cls, n: int, part: int) -> Values:
        """Return n rows of a part."""
        return cls(np.full(n, UNREAD, np.uint64), np.full(n, part, np.int32))

    @classmethod
    def concat(cls, several: Sequence[Values]) -> Values:
        """Return several lists as one."""
        return cls(
            np.concatenate([np.empty(0, np.uint64), *(each.hashes for each in several)]),
            np.concatenate([np.empty(0, np.int32), *(each.part for each in several)]),
        )

    @property
    def known(self) -> Mask:
        """Where the hash is known."""
        return self.part < 0

    def take(self, rows: Order | Mask) -> Values:
        """Return some of them."""
        return Values(self.hashes[rows], self.part[rows])

    def where(self, chosen: Mask, other: Values) -> Values:
        """Return these where a mask is True, and others elsewhere."""
        hashes = np.where(chosen, self.hashes, other.hashes)
        return Values(hashes, np.where(chosen, self.part, other.part))

    def spread(self, ids: Ids, over: Ids) -> Values:
        """Return what each id of `over` holds, given what the sorted `ids` hold; no row elsewhere."""
        at = locate(ids, over)
        spread = Values.none(len(over))
        spread.hashes[at >= 0] = self.hashes[at[at >= 0]]
        spread.part[at >= 0] = self.part[at[at >= 0]]
        return spread

    def same(self, other: Values) -> Mask:
        """Return where two surely hold the same; where it is not known yet, False."""
        equal = (self.hashes == other.hashes) & (self.part == other.part)
        return np.asarray(equal)


class Net(NamedTuple):
    """What some ids, sorted, held before and hold now."""

    ids: Ids
    old: Values
    new: Values

    def touches(self, ids: Ids) -> Mask:
        """Return which of some ids are among these."""
        return locate(self.ids, ids) >= 0


def contents(repository: Repository, state: State, numbers: PartNumbers) -> tuple[Ids, Values]:
    """Return all ids of a table, sorted, and what they hold."""
    tables = repository.tables
    overlays = tables.overlays(state)
    top = concat_ids([overlay.ids for overlay in overlays])
    hashes = np.concatenate([np.empty(0, np.uint64), *(overlay.new for overlay in overlays)])
    alive = last_of_each(top) & (hashes != NO_ROW)
    ids, values = [top.take(alive)], [Values.of(hashes[alive])]
    order = sorted_order(top)
    for part in tables.parts(state):
        inside = tables.part_ids(part.sha256)
        inside = inside.take(locate(top.take(order), inside) < 0) if len(top) else inside
        ids.append(inside)
        values.append(Values.unread(len(inside), numbers.setdefault(part.sha256, len(numbers))))
    every = concat_ids(ids)
    order = sorted_order(every)
    return every.take(order), Values.concat(values).take(order)


def net_changes(
    repository: Repository, record: Record, slide: str, state: State, depth: int, numbers: PartNumbers
) -> Net:
    """Return what a slide's ids held at the first-parent ancestor of a depth and hold in a commit.

    Only ids that were touched since; some hold the same as before. `state` is that of the commit, and
    its table must have begun at that depth or before.
    """
    ids: list[Ids] = []
    depths: list[npt.NDArray[np.int32]] = []
    old: list[Values] = []
    new: list[Values] = []

    def add(some: Ids, at: int, before: Values, after: Values) -> None:
        ids.append(some)
        depths.append(np.full(len(some), at, np.int32))
        old.append(before)
        new.append(after)

    for bulk in state.bulk:
        for sha in bulk.parts if bulk.depth > depth else ():
            some = repository.tables.part_ids(sha)
            after = Values.unread(len(some), numbers.setdefault(sha, len(numbers)))
            add(some, bulk.depth, Values.none(len(some)), after)
    merged = repository.histories.after(state.history, depth)
    for commit, sha in tail(repository, record, slide, state, depth):
        change = repository.tables.change_set(sha)
        add(change.ids, commit.depth, Values.of(change.old), Values.of(change.new))
    return _net(
        concat_ids([*ids, merged.ids]),
        np.concatenate([*depths, merged.depth]),
        Values.concat([*old, Values.of(merged.old)]),
        Values.concat([*new, Values.of(merged.new)]),
    )


def _net(ids: Ids, depths: npt.NDArray[np.int32], old: Values, new: Values) -> Net:
    """Return the first old and the last new of each id; no commit speaks of an id twice."""
    order = np.lexsort((depths, ids.low, ids.high))
    ids = ids.take(order)
    begins = np.ones(len(order), bool)
    begins[1:] = (ids.high[1:] != ids.high[:-1]) | (ids.low[1:] != ids.low[:-1])
    ends = np.append(begins[1:], True)[: len(order)]
    return Net(ids.take(begins), old.take(order[begins]), new.take(order[ends]))


def tail(
    repository: Repository, record: Record, slide: str, state: State, depth: int = -1
) -> Iterator[tuple[Record, str]]:
    """Yield the change sets of a state that are not merged, newest first, with the commit of each.

    Only those of commits deeper than `depth`.
    """
    rest = list(state.changes)
    for commit in records_of(repository, record, slide):
        if not rest or commit.depth <= depth:
            return
        for sha in reversed(commit.data["changes"][slide]["sets"]):
            if not rest or rest.pop() != sha:
                return
            yield commit, sha


def records_of(repository: Repository, record: Record, slide: str) -> Iterator[Record]:
    """Yield the commits along first parents that changed the present table of a slide, newest first."""
    while True:
        if slide in record.data["states"]:
            if record.data["states"][slide] is None:
                return
            if slide in record.data["changes"]:
                yield record
            if not record.parents:
                return
            record = repository.ancestry.record(record.parents[0])
        else:
            last = read_member(repository.objects, record.data["tree"], slide)
            if last is None:
                return
            record = repository.ancestry.record(last)
