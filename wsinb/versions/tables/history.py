"""Who changed which id when: the history files of a slide, merged from its change sets.

They are sorted by id, with statistics, so that one id is one row group of each; and small
enough (a hundred bytes a change) that whole ones are kept in memory.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from wsinb.errors import StorageError
from wsinb.versions.storage.cache import Cache
from wsinb.versions.storage.layout import history_key
from wsinb.versions.storage.store import Store
from wsinb.versions.tables.files import NEW, OLD, OP, OPS, ZSTD_LEVEL
from wsinb.versions.tables.hashes import NO_ROW
from wsinb.versions.tables.ids import Ids, concat_ids, id_array, locate, parse_ids, sorted_order

__all__ = ["HISTORY_SCHEMA", "Entries", "Histories", "encode_history"]

ROW_GROUP = 2048
CACHED_BYTES = 64 << 20
HISTORY_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("depth", pa.int32(), nullable=False),
        pa.field("commit", pa.string(), nullable=False),
        pa.field(OP, pa.string(), nullable=False),
        pa.field(OLD, pa.uint64(), nullable=False),
        pa.field(NEW, pa.uint64(), nullable=False),
    ]
)


@dataclass(frozen=True)
class Entries:
    """What commits did to n ids, one entry for each id of a commit.

    Attributes
    ----------
    ids
        The ids.
    depth
        Depth of each commit, shape (n,), int32.
    commit
        Id of each commit, shape (n,), texts as objects.
    op
        "add", "update" or "delete", relative to the first parent, shape (n,), texts as objects.
    old, new
        Content hashes in the first parent and in the commit, shape (n,), uint64, 0 where there is none.
    """

    ids: Ids
    depth: npt.NDArray[np.int32]
    commit: npt.NDArray[np.object_]
    op: npt.NDArray[np.object_]
    old: npt.NDArray[np.uint64]
    new: npt.NDArray[np.uint64]

    @classmethod
    def of_change(
        cls, ids: Ids, commit: str, depth: int, old: npt.NDArray[np.uint64], new: npt.NDArray[np.uint64]
    ) -> Entries:
        """Return the entries of a change set of one commit."""
        n = len(ids)
        words = np.array(OPS, object)
        kinds = np.where(old == NO_ROW, 0, np.where(new == NO_ROW, 2, 1))
        return cls(ids, np.full(n, depth, np.int32), np.full(n, commit, object), words[kinds], old, new)

    @classmethod
    def concat(cls, several: Sequence[Entries]) -> Entries:
        """Return several lists as one."""
        names = ("depth", "commit", "op", "old", "new")
        kinds: tuple[Any, ...] = (np.int32, object, object, np.uint64, np.uint64)
        columns: list[Any] = [
            np.concatenate([np.empty(0, kind), *(getattr(each, name) for each in several)])
            for name, kind in zip(names, kinds, strict=True)
        ]
        return cls(concat_ids([each.ids for each in several]), *columns)

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> Entries:
        """Return some of them."""
        ids = self.ids.take(rows)
        return Entries(
            ids, self.depth[rows], self.commit[rows], self.op[rows], self.old[rows], self.new[rows]
        )

    def sorted(self) -> Entries:
        """Return them by id and depth."""
        return self.take(np.lexsort((self.depth, self.ids.low, self.ids.high)))


class _File(NamedTuple):
    """The footer of a history file; the first and last id of each row group; the greatest depth."""

    metadata: Any
    first: npt.NDArray[np.object_]
    last: npt.NDArray[np.object_]
    depth: int


def encode_history(entries: Entries) -> bytes:
    """Return a history file."""
    entries = entries.sorted()
    columns = [id_array(entries.ids), entries.depth, entries.commit, entries.op, entries.old, entries.new]
    table = pa.table([pa.array(column) for column in columns], names=HISTORY_SCHEMA.names)
    sink = io.BytesIO()
    pq.write_table(
        table.cast(HISTORY_SCHEMA),
        sink,
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        row_group_size=ROW_GROUP,
        store_schema=False,
        use_dictionary=["commit", OP],
        write_statistics=["id", "depth"],
    )
    return sink.getvalue()


class Histories:
    """Reads history files; keeps footers and those last used in memory."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._files: Cache[str, _File] = Cache(CACHED_BYTES)
        self._entries: Cache[str, Entries] = Cache(CACHED_BYTES)

    def rows(self, sha: str) -> int:
        """Return the number of entries of a file."""
        return int(self._file(sha).metadata.num_rows)

    def entries(self, sha: str) -> Entries:
        """Return all entries of a file, sorted by id and depth."""

        def load() -> tuple[Entries, int]:
            entries = self._read(sha, range(self._file(sha).metadata.num_row_groups))
            return entries, 56 * len(entries)

        return self._entries.get(sha, load)

    def after(self, history: Sequence[str], depth: int) -> Entries:
        """Return the entries of commits deeper than `depth`, in no order.

        `history` is that of a state: old to new.
        """
        found = []
        for sha in reversed(history):
            if self._file(sha).depth <= depth:
                break
            entries = self.entries(sha)
            found.append(entries.take(entries.depth > depth))
        return Entries.concat(found)

    def of_ids(self, history: Sequence[str], ids: Ids) -> Entries:
        """Return the entries of some ids, in no order; of a few ids, a few row groups are read."""
        wanted = ids.take(sorted_order(ids))
        texts = np.array(id_array(wanted).to_pylist(), object)
        found = []
        for sha in history if len(wanted) else ():
            file = self._file(sha)
            # the first wanted id that a row group may hold, and whether it lies before its end
            at = np.searchsorted(texts, file.first, "left")
            inside = np.minimum(at, len(texts) - 1)
            groups = np.flatnonzero((at < len(texts)) & (texts[inside] <= file.last)).tolist()
            if groups:
                entries = self._read(sha, groups)
                found.append(entries.take(locate(wanted, entries.ids) >= 0))
        return Entries.concat(found)

    def _read(self, sha: str, groups: Sequence[int]) -> Entries:
        file = self._file(sha)
        with self._reading(sha) as source:
            reader = pq.ParquetFile(source, metadata=file.metadata, read_dictionary=["commit", OP])
            table = reader.read_row_groups(list(groups))
        depth, old, new = (table.column(name).to_numpy() for name in ("depth", OLD, NEW))
        commit, op = (_texts(table.column(name)) for name in ("commit", OP))
        return Entries(parse_ids(table.column("id")), depth, commit, op, old, new)

    def _file(self, sha: str) -> _File:
        def load() -> tuple[_File, int]:
            with self._reading(sha) as source:
                metadata = pq.ParquetFile(source).metadata
                groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
                ids = [group.column(0).statistics for group in groups]
                depth = max(group.column(1).statistics.max for group in groups)
                first = np.array([each.min for each in ids], object)
                last = np.array([each.max for each in ids], object)
            return _File(metadata, first, last, depth), metadata.serialized_size * 8

        return self._files.get(sha, load)

    @contextlib.contextmanager
    def _reading(self, sha: str) -> Iterator[Any]:
        key = history_key(sha)
        remedy = "restore it from a backup or another copy."
        try:
            yield self._store.open(key)
        except FileNotFoundError:
            raise StorageError(f"The file {key} is missing in {self._store.url}: {remedy}") from None
        except (pa.ArrowException, OSError, AttributeError, ValueError) as error:
            if isinstance(error, StorageError):
                raise
            raise StorageError(f"The file {key} in {self._store.url} is damaged: {remedy}") from error


def _texts(column: pa.ChunkedArray) -> npt.NDArray[np.object_]:
    """Return a column of few different texts as objects that share them."""
    chunks = [chunk.dictionary_encode() for chunk in column.chunks]
    words = [np.array(chunk.dictionary.to_pylist(), object)[chunk.indices.to_numpy()] for chunk in chunks]
    return np.concatenate([np.empty(0, object), *words])
