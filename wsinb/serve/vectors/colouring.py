"""What annotations can be coloured by: the one list of it, which Python and the browser are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wsinb.errors import UnknownColumn
from wsinb.names import unknown

if TYPE_CHECKING:
    import pyarrow as pa

    from wsinb.versions.tables.columns import Column

__all__ = [
    "CHANGE",
    "CHANGES",
    "DRAWN",
    "STORED",
    "Colouring",
    "check_colouring",
    "colourings",
    "find_colouring",
]

DRAWN = ("label", "layer", "score")
"""What every tile tells of its annotations, so that nothing else is asked for."""

STORED = {
    "created_by": "created_by",
    "updated_by": "updated_by",
    "shape": "shape",
    "verified": "verifications",
}
"""Further columns of every table of annotations, and what is read for each."""

CHANGE = "change"
"""What became of an annotation since an earlier version; nothing stored says it."""

CHANGES = ("added", "changed", "unchanged")
"""The categories of `CHANGE`."""


@dataclass(frozen=True)
class Colouring:
    """A column to colour by.

    Attributes
    ----------
    name, unit
        What people call it.
    field
        What is read of the files; None where it is found by comparing two versions.
    is_number
        Whether its values are numbers and not categories.
    """

    name: str
    field: pa.Field | None = None
    is_number: bool = False
    unit: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what a browser is told of it."""
        return {"name": self.name, "kind": "number" if self.is_number else "category", "unit": self.unit}


def colourings(columns: Iterable[Column]) -> dict[str, Colouring]:
    """Return the columns to colour by beyond `DRAWN`, by name, given the project's own columns."""
    from wsinb.annotate.schema import SCHEMA
    from wsinb.versions.tables.columns import shown

    found = {name: Colouring(name, SCHEMA.field(stored)) for name, stored in STORED.items()}
    found[CHANGE] = Colouring(CHANGE)
    for column in shown(columns).values():
        number = column.type in ("float", "int", "time")
        unit = "days since 1970" if column.type == "time" else column.unit
        # one that is called "verified", say, is what the project means by it
        found[column.name] = Colouring(column.name, column.field, number, unit)
    return found


def find_colouring(name: str, columns: Iterable[Column]) -> Colouring:
    """Return a column by its name.

    Raises
    ------
    UnknownColumn
        If there is none.
    """
    known = colourings(columns)
    if name not in known:
        raise UnknownColumn(unknown("column to colour by named", name, known))
    return known[name]


def check_colouring(name: str, columns: Callable[[], Iterable[Column]]) -> None:
    """Refuse what annotations cannot be coloured by; `columns` reads the project's own.

    Raises
    ------
    UnknownColumn
        If it is neither one of `DRAWN` nor a column.
    """
    # what all projects have is known without reading anything
    if name not in {*DRAWN, *STORED, CHANGE}:
        known = [*DRAWN, *colourings(columns())]
        if name not in known:
            remedy = "add one with project.columns.add, or colour by another one."
            raise UnknownColumn(unknown("column", name, known, remedy))
