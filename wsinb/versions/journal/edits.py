"""The edits of a session as lines of a journal, and back.

A line says of each touched annotation what it is after the edit, so that the last word on an id holds:
its row, that it is deleted, or that it is again as in the base; or it names parts in the store that hold
new rows in bulk, and comes before the other words of its line. What is read back is checked like anything
from outside; what it means against the base is found anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import shapely

from wsinb.annotate import from_arrow, validate
from wsinb.annotate.arrow import bounds_array
from wsinb.annotate.schema import SCHEMA
from wsinb.errors import InvalidInput
from wsinb.versions.graph.records import PartInfo
from wsinb.versions.journal.reading import read_table
from wsinb.versions.tables.columns import Column, own_keys
from wsinb.versions.tables.files import NEW, OLD, OP
from wsinb.versions.tables.ids import Ids, id_array, id_texts, isin, last_of_each, parse_ids
from wsinb.versions.tables.spilled import Spilled
from wsinb.versions.tables.staging import Staged

if TYPE_CHECKING:
    from wsinb.versions.graph.refs import Head
    from wsinb.versions.repository import Repository

__all__ = ["Replay", "edit_of", "staged_edits"]

MANY_ROWS = 1000
MANY_BYTES = 1 << 20
"""More than this goes to a file of its own beside the journal."""

FORGET = "forget"
"""Stands for an annotation that is again as in the base."""

PART = "part"
"""Stands for a new annotation whose row lies in a part of the store."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LEFT_OUT = {"bbox", OP, OLD, NEW}
_BAD = (pa.ArrowException, InvalidInput, ValueError, TypeError, OverflowError, shapely.GEOSException)


def edit_of(
    slide: str, before: Staged, after: Staged, ids: Ids
) -> tuple[dict[str, Any], pa.Table | None] | None:
    """Return the line of an edit that touched some ids, and the rows that belong into a file beside it.

    None where the edit changed nothing.
    """
    touched = isin(after.ids, ids)
    rows = after.table.filter(pa.array(touched))
    known = before.ids.take(isin(before.ids, ids))
    known = known.take(~isin(known, after.ids.take(touched)))
    forgotten = id_texts(known.take(~isin(known, after.touched(known))))
    parts = [part.sha256 for part in after.parts[len(before.parts) :]]
    if not rows.num_rows and not forgotten and not parts:
        return None
    entry: dict[str, Any] = {"slide": slide} | ({"parts": parts} if parts else {})
    if rows.num_rows + len(forgotten) > MANY_ROWS or rows.nbytes > MANY_BYTES:
        rows = rows.drop_columns([name for name in rows.column_names if name in _LEFT_OUT - {OP}])
        gone = pa.table({"id": pa.array(forgotten, pa.string()), OP: pa.array([FORGET] * len(forgotten))})
        return entry, pa.concat_tables([rows, gone], promote_options="default")
    deleted = pc.equal(rows.column(OP), "delete")
    lists = {
        "upsert": list(_rows_as_json(rows.filter(pc.invert(deleted)))),
        "delete": rows.column("id").filter(deleted).to_pylist(),
        FORGET: forgotten,
    }
    return entry | {name: items for name, items in lists.items() if items}, None


def _rows_as_json(rows: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield rows without their nulls; geometry as hexadecimal WKB, times in µs since 1970."""
    columns = {}
    for name in rows.column_names:
        if name in _LEFT_OUT:
            continue
        column = rows.column(name)
        columns[name] = column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
    for row in pa.table(columns).to_pylist():
        kept = {name: value for name, value in row.items() if value is not None}
        if "geometry" in kept:
            kept["geometry"] = kept["geometry"].hex()
        yield kept


@dataclass
class Replay:
    """Reads the lines of a session's journal; `damage` names what had to be left out.

    Parameters
    ----------
    path
        The journal.
    columns
        The own columns that rows may have.
    read_part
        Gives a part of the store and its ids; ValueError if it is damaged or missing.
    """

    path: Path
    columns: Iterable[Column]
    read_part: Callable[[str], tuple[PartInfo, Ids]]
    damage: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        own = {column.key: column.field for column in self.columns}
        self._schema = pa.schema([*SCHEMA, *own.values(), pa.field(OP, pa.string())])
        self._pieces: dict[str, list[pa.Table]] = {}
        self._waiting: dict[str, list[dict[str, Any]]] = {}
        self.parts: dict[str, dict[PartInfo, Ids]] = {}

    def tables(self, entries: Iterable[Mapping[str, Any]]) -> dict[str, pa.Table]:
        """Return, by slide, the last row of each touched id, with the column ``_op``.

        That is "delete", "forget", "part" for a row that lies in one of `parts`, or any other word for a row
        that is set.
        """
        for entry in entries:
            try:
                self._take(entry)
            except ValueError as error:
                self._left_out("an edit", error)
        for slide in [*self._waiting]:
            self._flush(slide)
        found = {}
        for slide, pieces in self._pieces.items():
            table = pa.concat_tables([self._schema.empty_table(), *pieces]).combine_chunks()
            last = table.filter(pa.array(last_of_each(parse_ids(table.column("id")))))
            found[slide] = pa.concat_tables([self._schema.empty_table(), *self._sound(last, _checked)])
        return found

    def _take(self, entry: Mapping[str, Any]) -> None:
        slide = entry.get("slide")
        if not isinstance(slide, str):
            raise ValueError("it names no slide")
        for sha in _items(entry, "parts", str):
            self._flush(slide)
            try:
                part, ids = self.read_part(sha)
            except ValueError as error:
                self._left_out("rows", error)
                continue
            self.parts.setdefault(slide, {})[part] = ids
            self._pieces.setdefault(slide, []).append(self._only_ids(ids))
        if "rows" in entry:
            if not isinstance(entry["rows"], dict):
                raise ValueError("it names no file")
            table = read_table(self.path, entry["rows"])
            self._flush(slide)
            self._pieces.setdefault(slide, []).append(self._from_file(table))
            return
        waiting = self._waiting.setdefault(slide, [])
        for row in _items(entry, "upsert", dict):
            try:
                waiting.append({**self._row(row), OP: "set"})
            except ValueError as error:
                self._left_out("a row", error)
        for word in ("delete", FORGET):
            for id_ in _items(entry, word, str):
                if _UUID.fullmatch(id_):
                    waiting.append({"id": id_, OP: word})
                else:
                    self._left_out("an id", ValueError(f"{id_[:40]!r} is no id"))

    def _row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        unknown = (row.keys() - set(self._schema.names)) | (row.keys() & _LEFT_OUT)
        if unknown:
            raise ValueError(f"it has an unknown member {min(unknown)[:40]!r}")
        if not isinstance(row.get("id"), str) or not _UUID.fullmatch(row["id"]):
            raise ValueError("it has no id")
        if not isinstance(row.get("geometry"), str | None):
            raise ValueError("its geometry is no text")
        return {**row, "geometry": bytes.fromhex(row["geometry"])} if row.get("geometry") else dict(row)

    def _flush(self, slide: str) -> None:
        rows = self._waiting.pop(slide, [])
        self._pieces.setdefault(slide, []).extend(
            self._sound(rows, lambda some: pa.Table.from_pylist(some, self._schema))
        )

    def _sound(self, rows: Any, read: Callable[[Any], pa.Table]) -> Iterator[pa.Table]:
        """Yield what `read` makes of rows; those that it refuses are searched by halves and left out."""
        n = len(rows)
        if not n:
            return
        try:
            yield read(rows)
        except _BAD as error:
            if n == 1:
                self._left_out("a row", error)
                return
            yield from self._sound(rows[: n // 2], read)
            yield from self._sound(rows[n // 2 :], read)

    def _only_ids(self, ids: Ids) -> pa.Table:
        n = len(ids)
        given = {"id": id_array(ids), OP: pa.repeat(pa.scalar(PART), n)}
        columns = [given.get(each.name, pa.nulls(n, each.type)) for each in self._schema]
        return pa.table(columns, schema=self._schema)

    def _from_file(self, table: pa.Table) -> pa.Table:
        """Return the rows of a file with the columns of the table, in their types."""
        names = table.column_names
        if len(set(names)) < len(names) or not {"id", OP} <= set(names) <= set(self._schema.names):
            raise ValueError("its file has other columns")
        columns = [
            table.column(name) if name in names else pa.nulls(table.num_rows, type_)
            for name, type_ in zip(self._schema.names, self._schema.types, strict=True)
        ]
        try:
            table = pa.table(columns, self._schema.names).cast(self._schema)
            parse_ids(table.column("id"))
        except _BAD as error:
            raise ValueError("its file has other columns") from error
        return table

    def _left_out(self, what: str, error: Exception) -> None:
        reason = str(error).removesuffix(".")[:200]
        self.damage.append(f"The journal {self.path} holds {what} that is damaged ({reason}): left out.")


def staged_edits(
    repository: Repository, base: Head, slide: str, table: pa.Table, parts: Mapping[PartInfo, Ids]
) -> Staged:
    """Return the edits that a table and the parts of a `Replay` make of the base.

    Raises
    ------
    InvalidInput
        If a part holds a row twice, or one that is in the base.
    """
    state = repository.committer.state(base, slide)
    tables = repository.tables
    staged = Staged.empty()
    if parts:
        spilled = Spilled(tables)
        for part, ids in parts.items():
            known = tables.present(state, ids) | isin(ids, tables.overlay_ids(state)) | spilled.holds(ids)
            if known.any():
                raise InvalidInput(f"The part {part.sha256[:10]} holds rows that are not new.")
            spilled = spilled.with_parts([part], ids)
        staged = Staged(staged.overlay, spilled)
    own = [key for key in own_keys(table) if table.column(key).null_count < table.num_rows]
    rows = table.filter(_is_set(table.column(OP))).select([*SCHEMA.names, *own])
    ids = parse_ids(rows.column("id"))
    if len(ids):
        staged = staged.upsert(rows, ids, staged.lookup(tables, state, ids))
    gone = parse_ids(table.column("id").filter(pc.equal(table.column(OP), "delete")))
    stored = staged.lookup(tables, state, gone)
    gone = gone.take(isin(gone, parse_ids(stored.column("id"))))
    return staged.delete(gone, stored) if len(gone) else staged


def _is_set(ops: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return where an operation is none of those that stand without a row."""
    return pc.invert(pc.is_in(ops, pa.array(["delete", FORGET, PART])))


def _items(entry: Mapping[str, Any], name: str, kind: type) -> list[Any]:
    items = entry.get(name, [])
    if not isinstance(items, list) or not all(isinstance(item, kind) for item in items):
        raise ValueError(f"its {name!r} is no list of the right things")
    return items


def _checked(table: pa.Table) -> pa.Table:
    """Return rows, each of another id, with their boxes; raise what is wrong with those that are set."""
    ops = table.column(OP)
    if ops.null_count:
        raise ValueError("it does not say what was done")
    sets = _is_set(ops)
    shapes = shapely.from_wkb(table.column("geometry").to_numpy(zero_copy_only=False))
    table = table.set_column(table.schema.get_field_index("bbox"), SCHEMA.field("bbox"), bounds_array(shapes))
    rows = table.filter(sets)
    if rows.num_rows:
        validate(from_arrow(rows))
    return table
