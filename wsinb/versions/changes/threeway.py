"""Rows that both sides changed, merged column by column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wsinb.annotate.schema import SCHEMA
from wsinb.versions.changes.conflicts import SIDES, Choice, ConflictItem, Value
from wsinb.versions.changes.fields import GEOMETRY, all_columns, column_differs, hashed_columns
from wsinb.versions.changes.sides import Mask
from wsinb.versions.changes.slidedelta import SlideDiff, row_dicts
from wsinb.versions.tables.columns import Column, concat
from wsinb.versions.tables.ids import Ids, id_texts, isin, parse_ids

__all__ = ["RowClash", "SetValues", "meet"]

OURS, THEIRS, BASE = range(3)
NUMBER_OF = dict(zip(SIDES, (OURS, THEIRS, BASE), strict=True))
Numbers = npt.NDArray[np.int64]
SetValues = Callable[[pa.Table, Mapping[str, list[Any]]], pa.Table]
"""Returns rows with some columns set to values that a person chose, or raises `InvalidInput`."""


def meet(ours: SlideDiff, theirs: SlideDiff) -> tuple[SlideDiff, RowClash]:
    """Return what only their side did, and the rows that both changed in different ways.

    Parameters
    ----------
    ours, theirs
        What each side did since their common base.
    """
    shared = isin(theirs.ids, ours.ids)
    mine, others = ours.take(isin(ours.ids, theirs.ids)), theirs.take(shared)
    differs = mine.new_hash != others.new_hash
    return theirs.take(~shared), RowClash(mine.take(differs), others.take(differs))


@dataclass(frozen=True)
class RowClash:
    """The n rows that two sides made different of the same rows; `mine` and `others` have equal ids."""

    mine: SlideDiff
    others: SlideDiff

    @property
    def slide(self) -> str:
        """Name of the slide."""
        return self.mine.slide

    @property
    def ids(self) -> Ids:
        """The n ids."""
        return self.mine.ids

    def __len__(self) -> int:
        return len(self.ids)

    def of(self, id_: str) -> RowClash:
        """Return what is between the two rows of one id."""
        only = isin(self.ids, parse_ids([id_]))
        return RowClash(self.mine.take(only), self.others.take(only))

    @cached_property
    def _present(self) -> npt.NDArray[np.bool_]:
        """Where ours, theirs and the base have a row, shape (3, n)."""
        return np.stack([self.mine.in_new, self.others.in_new, self.mine.in_old])

    @cached_property
    def _rows(self) -> pa.Table:
        """The 3n rows of ours, theirs and the base, one below the other; nulls where there is none."""
        tables = (self.mine.new, self.others.new, self.mine.old)
        own = concat([table.slice(0, 0) for table in tables]).schema
        spread = []
        for table, present in zip(tables, self._present, strict=True):
            rows = pa.array(np.cumsum(present) - 1, mask=~present)
            spread.append(concat([table], own).combine_chunks().take(rows))
        return pa.concat_tables(spread).combine_chunks()

    def _side(self, number: int) -> pa.Table:
        return self._rows.slice(number * len(self), len(self))

    @cached_property
    def _whole(self) -> Mask:
        """Where one side deleted the row that the other changed, shape (n,)."""
        return np.asarray(self._present[OURS] != self._present[THEIRS])

    @cached_property
    def _fields(self) -> dict[str, tuple[tuple[str, ...], Mask, Mask]]:
        """For each field its columns, where only they changed it, and where both did in different ways."""
        ours, theirs, base = (self._side(number) for number in (OURS, THEIRS, BASE))
        columns: dict[str, tuple[str, ...]] = {"geometry": GEOMETRY}
        columns |= {name: (name,) for name in hashed_columns(self._rows) if name not in GEOMETRY}
        found = {}
        for field, names in columns.items():
            apart, mine, others = (
                np.logical_or.reduce([column_differs(one, other, name) for name in names]) & ~self._whole
                for one, other in ((ours, theirs), (ours, base), (theirs, base))
            )
            found[field] = names, apart & ~mine, apart & mine & others
        return found

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The project's own columns, which give their fields names."""
        return all_columns(self.others.columns, self.mine.columns)

    def items(self, *, every: bool = False) -> list[ConflictItem]:
        """Return the conflicts, by id and field.

        Parameters
        ----------
        every
            Also one without field for each row whose two changes could be merged.
        """
        fields: list[tuple[int, str | None]] = [(int(row), None) for row in np.flatnonzero(self._whole)]
        fields += [(int(row), name) for name, each in self._fields.items() for row in np.flatnonzero(each[2])]
        if every:
            named = {row for row, _ in fields}
            fields += [(row, None) for row in range(len(self)) if row not in named]
        names = {column.key: column.name for column in self.columns}
        texts = id_texts(self.ids)
        ordered = sorted(fields, key=lambda item: (texts[item[0]], item[1] or ""))
        rows = np.array(sorted({row for row, _ in fields}), np.int64)
        sides = {}
        for number in (OURS, THEIRS, BASE):
            there = np.where(self._present[number][rows], rows, -1)
            dicts = row_dicts(self._side(number), there, self.columns)
            sides[number] = dict(zip(rows.tolist(), dicts, strict=True))
        return [
            ConflictItem(
                self.slide,
                texts[row],
                None if name is None else names.get(name, name),
                sides[BASE][row],
                sides[OURS][row],
                sides[THEIRS][row],
            )
            for row, name in ordered
        ]

    def result(self, choices: Mapping[Any, Choice], set_values: SetValues) -> pa.Table:
        """Return the merged rows of the ids that keep one; where there is no choice, ours holds."""
        keys = {column.name: column.key for column in self.columns}
        places = {text: row for row, text in enumerate(id_texts(self.ids))}
        chosen = [
            (places[id_], None if field is None else keys.get(field, field), choice)
            for (slide, id_, field), choice in choices.items()
            if slide == self.slide and id_ in places
        ]
        sources = self._sources(chosen)
        merged = self._taken(sources)
        present = self._present[sources["id"], np.arange(len(self))]
        given: dict[int, dict[str, Any]] = {}
        for row, field, choice in chosen:
            if isinstance(choice, Value):
                values = choice.value if field is None else {field: choice.value}
                present[row] = values is not None
                given.setdefault(row, {}).update(
                    {keys.get(n, n): value for n, value in (values or {}).items()}
                )
        merged = _with_values(merged, given, set_values)
        return merged.filter(pa.array(present))

    def _sources(self, chosen: Iterable[tuple[int, str | None, Choice]]) -> dict[str, Numbers]:
        """Return for each column from which side its value comes, shape (n,); "id" is for whole rows."""
        whole = np.full(len(self), OURS)
        by_field = {name: np.where(each[1], THEIRS, OURS) for name, each in self._fields.items()}
        for row, field, choice in chosen:
            if isinstance(choice, Value):
                if field is None and not self._present[whole[row]][row]:
                    whole[row] = THEIRS  # values are set on the row that there is
            elif field is None:
                whole[row] = NUMBER_OF[choice]
            else:
                by_field[field][row] = NUMBER_OF[choice]
        rows = np.arange(len(self))
        later = self._later()
        created = np.where(self._present[BASE], BASE, OURS)
        special = {"created_by": created, "created_at": created, "updated_by": later, "updated_at": later}
        special["bbox"] = by_field["geometry"]
        special |= {name: by_field[field] for field, each in self._fields.items() for name in each[0]}
        both = ~self._whole & self._present[OURS][rows]
        return {name: np.where(both, special.get(name, whole), whole) for name in self._rows.column_names}

    def _later(self) -> Numbers:
        """Return which of ours and theirs was updated later, shape (n,)."""
        never = pa.scalar(0, SCHEMA.field("updated_at").type)
        ours, theirs = (
            pc.fill_null(self._side(number).column("updated_at"), never) for number in (OURS, THEIRS)
        )
        return np.where(np.asarray(pc.greater(theirs, ours), dtype=bool), THEIRS, OURS)

    def _taken(self, sources: Mapping[str, Numbers]) -> pa.Table:
        n = len(self)
        arrays = {
            name: self._rows.column(name).take(pa.array(side * n + np.arange(n)))
            for name, side in sources.items()
        }
        arrays["id"] = pa.array(id_texts(self.ids), pa.string())
        return pa.table(list(arrays.values()), schema=self._rows.schema)


def _with_values(rows: pa.Table, given: Mapping[int, Mapping[str, Any]], set_values: SetValues) -> pa.Table:
    """Return rows with values set in some of them, by row number and column; all of one kind at once."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for row, values in given.items():
        groups.setdefault(tuple(sorted(values)), []).append(row)
    pieces, order = [rows], np.arange(rows.num_rows)
    for names, numbers in groups.items():
        order[numbers] = sum(piece.num_rows for piece in pieces) + np.arange(len(numbers))
        columns = {name: [given[row][name] for row in numbers] for name in names}
        pieces.append(set_values(rows.take(pa.array(numbers)), columns))
    return concat(pieces).combine_chunks().take(pa.array(order))
