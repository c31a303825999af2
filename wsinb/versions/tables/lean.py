"""Reading a few columns of a large table, file by file, in any thread."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wsinb.versions.graph.records import PartInfo, State
from wsinb.versions.storage.layout import part_key
from wsinb.versions.tables.columns import conform
from wsinb.versions.tables.ids import sorted_order
from wsinb.versions.tables.reading import Overlay, Tables, _File

__all__ = ["Piece", "lean_pieces"]

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Piece:
    """The rows of a table that lie in one file, or in memory; `read` may be called from several threads.

    Attributes
    ----------
    source
        Rows in memory, or the file: an open one, or the key of a part.
    n
        Number of rows.
    rows
        Which rows of it belong to the table, ascending, shape (n,); None if all do.
    tables
        Reads the file.
    """

    source: pa.Table | str | _File
    n: int
    rows: Rows | None = None
    tables: Tables | None = None

    @classmethod
    def of(cls, table: pa.Table) -> Piece:
        """Return a table in memory as a piece."""
        return cls(table, table.num_rows)

    def __len__(self) -> int:
        return self.n

    def read(self, schema: pa.Schema, wanted: Rows | None = None) -> pa.Table:
        """Return columns of the rows, or of some of them.

        Parameters
        ----------
        schema
            The columns: of `SCHEMA`, or own ones by key; null where the file lacks one.
        wanted
            Some of them by number, ascending; all if None.
        """
        rows = np.arange(self.n) if self.rows is None else self.rows
        if wanted is not None:
            rows = rows[wanted]
        if isinstance(self.source, pa.Table):
            return conform(self.source, schema).take(pa.array(rows))
        assert self.tables is not None
        file = self.tables._file(self.source) if isinstance(self.source, str) else self.source
        return self.tables.rows_of_file(file, rows, schema)


def lean_pieces(
    tables: Tables, state: State, staged: Overlay | None = None, added: Iterable[PartInfo] = ()
) -> list[Piece]:
    """Return the pieces of a table, always in the same order; parameters as of `Tables.read`.

    Nothing but change sets, and the keys of the parts under them, is read yet.
    """
    top = tables._top(state, staged)
    changed = top.ids.take(sorted_order(top.ids))
    pieces = []
    for part in (*tables.parts(state), *added):
        hidden = tables._rows_of_sorted(part, changed) if len(changed) else ()
        rows = np.delete(np.arange(part.rows), hidden) if len(hidden) else None
        n = part.rows - len(hidden)
        pieces.append(Piece(part_key(part.sha256), n, rows, tables))
    start = 0
    for overlay in top.overlays:
        stop = start + len(overlay.ids)
        rows = np.flatnonzero(top.alive[start:stop])
        source = overlay.table if overlay.file is None else overlay.file
        pieces.append(Piece(source, len(rows), rows, tables))
        start = stop
    return [piece for piece in pieces if len(piece)]
