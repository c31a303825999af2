"""Columns that a project adds to the table of annotations.

Files store an own column under its key, which never changes; what a version calls it stands in
the project metadata of that version. So adding, renaming and removing one rewrites nothing: rows
written before read as null, and the values of a removed column are carried along unseen.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from wsinb.annotate.schema import SCHEMA
from wsinb.errors import InvalidInput, StorageError
from wsinb.names import is_name

__all__ = [
    "TYPES",
    "Column",
    "check_column",
    "concat",
    "conform",
    "own_keys",
    "plain_table",
    "shown",
]

TYPES: dict[str, pa.DataType] = {
    "float": pa.float64(),
    "int": pa.int64(),
    "text": pa.string(),
    "bool": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
}
"""The types that an own column can have, and how files store them."""

MAX_NAME = 100


@dataclass(frozen=True)
class Column:
    """A column that a project adds to its annotations.

    Attributes
    ----------
    key
        What files call it; never changes.
    name
        What people call it in this version.
    type
        "float", "int", "text", "bool" or "time" (with time zone, kept in UTC).
    unit
        For example ``"µm²"``; None where there is none.
    description
        What it means, in a sentence.
    removed
        Whether the project hides it; its values are kept.
    """

    key: str
    name: str
    type: str
    unit: str | None = None
    description: str = ""
    removed: bool = False

    @property
    def field(self) -> pa.Field:
        """The column as it is stored."""
        return pa.field(self.key, TYPES[self.type])

    def to_json(self) -> dict[str, Any]:
        """Return the column as it stands in the project metadata."""
        data: dict[str, Any] = {"key": self.key, "name": self.name, "type": self.type}
        data |= {"unit": self.unit, "description": self.description}
        return data | {"removed": True} if self.removed else data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Column:
        """Read a column from the project metadata.

        Raises
        ------
        StorageError
            If it has a type that this version of wsinb does not know.
        """
        key, name, kind = data["key"], data["name"], data["type"]
        if kind not in TYPES:
            raise StorageError(
                f"The column {name!r} of the project has the type {kind!r}, which this wsinb cannot read: "
                f"update it with pip install --upgrade wsinb."
            )
        return cls(key, name, kind, data["unit"], data["description"], data.get("removed", False))


def check_column(name: Any, kind: Any, unit: Any, description: Any, taken: Iterable[str]) -> Column:
    """Return a new column with a key of its own, or raise `InvalidInput`."""
    if not isinstance(kind, str) or kind not in TYPES:
        raise InvalidInput(f"A column has one of the types {', '.join(map(repr, TYPES))}, not {kind!r}.")
    if not isinstance(unit, str | None):
        raise InvalidInput(f"The unit of a column is a text such as 'µm²', or None, not {unit!r}.")
    if unit and not unit.isprintable():
        raise InvalidInput(f"The unit of a column is a printable text such as 'µm²', not {unit!r:.80}.")
    if not isinstance(description, str):
        raise InvalidInput(f"The description of a column is a text, not {description!r}.")
    if not description.replace("\n", " ").isprintable():
        raise InvalidInput(f"The description of a column is a printable text, not {description!r:.80}.")
    checked = check_column_name(name, taken)
    return Column(f"c_{secrets.token_hex(4)}", checked, kind, unit or None, description)


def check_column_name(name: Any, taken: Iterable[str]) -> str:
    """Return the name of a column, or raise `InvalidInput` if it cannot be one or is taken."""
    if not is_name(name, MAX_NAME, trimmed=True) or name.startswith("_"):
        raise InvalidInput(
            f"A column needs a printable name of 1 to {MAX_NAME} characters without spaces at its ends "
            f"and without a leading underscore, not {str(name)[:MAX_NAME]!r}."
        )
    folded = name.casefold()
    # DuckDB and others do not tell upper from lower case
    if folded in {*SCHEMA.names, "slide"}:
        raise InvalidInput(f"Every annotation table has a column {folded!r}: choose another name.")
    clash = next((other for other in taken if other.casefold() == folded), None)
    if clash is not None:
        raise InvalidInput(f"The project has a column {clash!r} already: choose another name.")
    return str(name)


def shown(columns: Iterable[Column]) -> dict[str, Column]:
    """Return the columns that are not removed, by name."""
    return {column.name: column for column in columns if not column.removed}


def own_keys(table: pa.Table | pa.Schema) -> list[str]:
    """Return the keys of the own columns of a table or a file, ascending."""
    names = table.names if isinstance(table, pa.Schema) else table.column_names
    return sorted(name for name in names if name not in SCHEMA.names and not name.startswith("_"))


def conform(table: pa.Table, schema: pa.Schema | None = None) -> pa.Table:
    """Return a table with the columns of a schema; those that it lacks are null, others are left out.

    Without a schema: `SCHEMA` and all own columns that the table has.
    """
    if schema is None:
        schema = pa.schema([*SCHEMA, *(table.schema.field(key) for key in own_keys(table))])
    if table.schema.equals(schema):
        return table.replace_schema_metadata(None)
    missing = {
        name: pa.nulls(table.num_rows, field.type)
        for name, field in zip(schema.names, schema, strict=True)
        if name not in table.column_names
    }
    columns = [missing[name] if name in missing else table.column(name) for name in schema.names]
    return pa.table(columns, names=schema.names).cast(schema)


def concat(tables: Sequence[pa.Table], schema: pa.Schema | None = None) -> pa.Table:
    """Return tables one below the other, each with `SCHEMA` and own columns.

    Without a schema the result has every own column that one of them has.
    """
    if schema is None:
        own = {key: table.schema.field(key) for table in tables for key in own_keys(table)}
        schema = pa.schema([*SCHEMA, *(own[key] for key in sorted(own))])
    return pa.concat_tables([schema.empty_table(), *(conform(table, schema) for table in tables)])


def plain_table(table: pa.Table, columns: Iterable[Column]) -> pa.Table:
    """Return a table for other programs: own columns by name, with unit and description.

    Parameters
    ----------
    table
        As it is stored, with own columns by key; what is missing becomes null.
    columns
        The columns of the version; removed ones are left out.

    Returns
    -------
    pyarrow.Table
        `SCHEMA`, then the own columns in their order; their fields have the metadata
        ``{"unit", "description"}`` where these are said.
    """
    fields, arrays = list(SCHEMA), [table.column(name) for name in SCHEMA.names]
    for column in shown(columns).values():
        said = {"unit": column.unit, "description": column.description}
        metadata = {name: text for name, text in said.items() if text}
        fields.append(pa.field(column.name, TYPES[column.type], metadata=metadata or None))
        there = column.key in table.column_names
        arrays.append(table.column(column.key) if there else pa.nulls(table.num_rows, TYPES[column.type]))
    return pa.table(arrays, schema=pa.schema(fields))
