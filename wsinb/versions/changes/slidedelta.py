"""What changed on one slide, as a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from wsinb.errors import InvalidInput
from wsinb.versions.changes.fields import all_columns, differing_fields
from wsinb.versions.changes.sides import Hashes, Mask, Order, Side, rows_among, union
from wsinb.versions.tables.columns import Column
from wsinb.versions.tables.files import bounds_of_rows, hilbert_order
from wsinb.versions.tables.hashes import hash_rows
from wsinb.versions.tables.ids import Ids, id_texts, isin, locate, parse_ids, sorted_order

__all__ = ["KINDS", "Change", "SlideDiff", "row_dicts"]

KINDS = ("added", "deleted", "updated")
BATCH = 512


@dataclass(frozen=True)
class Change:
    """One annotation that differs.

    Attributes
    ----------
    slide, id
        Which annotation.
    kind
        "added", "deleted" or "updated".
    fields
        The columns that differ, "geometry" for shape and numbers of the shape too; empty where there is
        no row on one side.
    old, new
        The rows by column, `geometry` as a shape in level-0 pixels; None where there is none.
    """

    slide: str
    id: str
    kind: str
    fields: tuple[str, ...]
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None


class SlideDiff:
    """The annotations of one slide that differ: what they were and what they are.

    A value: nothing of it changes. Rows are read when they are first asked for.

    Parameters
    ----------
    slide
        Name of the slide.
    old, new
        Both sides, over the same sorted ids.
    columns
        The project's own columns, which say what the tables' keys are called.
    """

    def __init__(self, slide: str, old: Side, new: Side, columns: tuple[Column, ...] = ()) -> None:
        self.slide = slide
        self.columns = columns
        self._old = old
        self._new = new

    @classmethod
    def between(cls, slide: str, old: pa.Table, new: pa.Table, columns: tuple[Column, ...] = ()) -> SlideDiff:
        """Return the difference between two tables in memory, each with one row an id, in any order."""
        before, after = parse_ids(old.column("id")), parse_ids(new.column("id"))
        first, second = sorted_order(before), sorted_order(after)
        before, after = before.take(first), after.take(second)
        ids = union(before, after)
        return cls.exact(
            slide,
            _side(ids, before, old.take(pa.array(first))),
            _side(ids, after, new.take(pa.array(second))),
            columns,
        )

    @classmethod
    def exact(cls, slide: str, old: Side, new: Side, columns: tuple[Column, ...] = ()) -> SlideDiff:
        """Return the difference of two sides without the rows that are equal."""
        unsure = old.present & new.present & ~(old.known & new.known)
        differs = old.hashes != new.hashes
        if unsure.any():
            differs[unsure] = old.take(unsure).exact != new.take(unsure).exact
        # a row of unknown hash on one side only differs whatever it holds
        differs |= old.present != new.present
        if not differs.all():
            old, new = old.take(differs), new.take(differs)
        return cls(slide, old, new, columns)

    @property
    def ids(self) -> Ids:
        """The n ids, sorted by (high, low)."""
        return self._old.ids

    @property
    def old_hash(self) -> Hashes:
        """Content hashes of the old rows, shape (n,), uint64; 0 where there is none."""
        return self._old.exact

    @property
    def new_hash(self) -> Hashes:
        """Content hashes of the new rows, shape (n,), uint64; 0 where there is none."""
        return self._new.exact

    @property
    def in_old(self) -> Mask:
        """Where there is an old row, shape (n,)."""
        return self._old.present

    @property
    def in_new(self) -> Mask:
        """Where there is a new row, shape (n,)."""
        return self._new.present

    @cached_property
    def kinds(self) -> npt.NDArray[np.str_]:
        """What happened to each id, shape (n,): "added", "deleted" or "updated"."""
        return np.where(~self.in_old, "added", np.where(self.in_new, "updated", "deleted"))

    @property
    def counts(self) -> dict[str, int]:
        """Number of changes by kind."""
        old, new = self.in_old, self.in_new
        added, deleted = int((~old).sum()), int((~new).sum())
        return {"added": added, "deleted": deleted, "updated": len(self) - added - deleted}

    @property
    def old(self) -> pa.Table:
        """The old rows of those ids that have one, in the order of the ids; own columns by key."""
        return self._old.rows

    @property
    def new(self) -> pa.Table:
        """The new rows of those ids that have one, in the order of the ids; own columns by key."""
        return self._new.rows

    @cached_property
    def fields(self) -> list[tuple[str, ...]]:
        """The columns that differ, of each id; empty where there is no row on one side."""
        both = self.in_old & self.in_new
        before = self.old.filter(pa.array(both[self.in_old]))
        after = self.new.filter(pa.array(both[self.in_new]))
        named = iter(differing_fields(before, after, self.columns))
        return [next(named) if updated else () for updated in both.tolist()]

    @cached_property
    def bounds(self) -> npt.NDArray[np.float64]:
        """Level-0 box of each change, shape (n, 4): of both rows together; NaN without geometry."""
        boxes = np.full((2, len(self), 4), np.nan)
        boxes[0, self.in_old] = bounds_of_rows(self.old)
        boxes[1, self.in_new] = bounds_of_rows(self.new)
        return np.hstack([np.fmin(*boxes[..., :2]), np.fmax(*boxes[..., 2:])])

    @cached_property
    def order(self) -> Order:
        """Positions of the changes along a curve through the slide, shape (n,): neighbours follow."""
        bbox = pa.concat_arrays(
            [
                self.new.column("bbox").combine_chunks(),
                self.old.column("bbox").combine_chunks().filter(pa.array(~self.in_new[self.in_old])),
            ]
        )
        rows = np.concatenate([np.flatnonzero(self.in_new), np.flatnonzero(~self.in_new)])
        return rows[hilbert_order(pa.table({"bbox": bbox}))]

    def changes(self) -> Iterator[Change]:
        """Yield the changes one by one, along `order`."""
        old_row, new_row = rows_among(self.in_old), rows_among(self.in_new)
        for start in range(0, len(self), BATCH):
            some = self.order[start : start + BATCH]
            texts = id_texts(self.ids.take(some))
            before = row_dicts(self.old, old_row[some], self.columns)
            after = row_dicts(self.new, new_row[some], self.columns)
            for number, text, old, new in zip(some.tolist(), texts, before, after, strict=True):
                yield Change(self.slide, text, str(self.kinds[number]), self.fields[number], old, new)

    def take(self, chosen: Mask | Order) -> SlideDiff:
        """Return some of the changes: a mask over the ids, or ascending positions."""
        return SlideDiff(self.slide, self._old.take(chosen), self._new.take(chosen), self.columns)

    def __invert__(self) -> SlideDiff:
        return SlideDiff(self.slide, self._new, self._old, self.columns)

    def __add__(self, other: SlideDiff) -> SlideDiff:
        if not isinstance(other, SlideDiff) or other.slide != self.slide:
            return NotImplemented
        self._check_fit(other)
        ids = union(self.ids, other.ids)
        old, new = self._old.under(other._old, ids), other._new.under(self._new, ids)
        return SlideDiff.exact(self.slide, old, new, all_columns(self.columns, other.columns))

    def _check_fit(self, other: SlideDiff) -> None:
        """Refuse a difference that does not begin where this one ends."""
        mine, theirs = isin(self.ids, other.ids), isin(other.ids, self.ids)
        unfit = self._new.take(mine).exact != other._old.take(theirs).exact
        if unfit.any():
            example = id_texts(self.ids.take(mine).take(unfit))[0]
            raise InvalidInput(
                f"The differences do not follow each other: annotation {example} of slide {self.slide!r} "
                f"ends as one row in the first and begins as another in the second."
            )

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Change]:
        return self.changes()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SlideDiff):
            return NotImplemented
        return (
            self.slide == other.slide
            and len(self) == len(other)
            and np.array_equal(self.ids.high, other.ids.high)
            and np.array_equal(self.ids.low, other.ids.low)
            and np.array_equal(self.old_hash, other.old_hash)
            and np.array_equal(self.new_hash, other.new_hash)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        said = ", ".join(f"{n} {kind}" for kind, n in self.counts.items() if n)
        return f"<differences of {self.slide!r}: {said or 'none'}>"


def _side(ids: Ids, present: Ids, table: pa.Table) -> Side:
    """Return a side of which all rows are in memory, in the order of `present`, which is sorted."""
    hashes = np.zeros(len(ids), np.uint64)
    hashes[locate(ids, present)] = hash_rows(table)

    def read(wanted: Ids) -> pa.Table:
        return table.take(pa.array(locate(present, wanted)))

    return Side(ids, hashes, np.ones(len(ids), bool), read)


def row_dicts(table: pa.Table, numbers: Order, columns: Iterable[Column] = ()) -> list[dict[str, Any] | None]:
    """Return rows as dictionaries; None where the number is -1.

    Own columns go by key, those of `columns` by name, without removed ones.
    """
    columns = list(columns)
    own = {column.key: column for column in columns if column.key in table.column_names}
    absent = {column.name: None for column in columns if column.key not in own and not column.removed}
    taken = table.take(pa.array(numbers[numbers >= 0]))
    taken = taken.drop_columns(["bbox", *(key for key, column in own.items() if column.removed)])
    taken = taken.rename_columns([own[key].name if key in own else key for key in taken.column_names])
    shapes = shapely.from_wkb(taken.column("geometry").to_numpy(zero_copy_only=False))
    rows = iter(
        [{**row, **absent, "geometry": shape} for row, shape in zip(taken.to_pylist(), shapes, strict=True)]
    )
    return [next(rows) if number >= 0 else None for number in numbers.tolist()]
