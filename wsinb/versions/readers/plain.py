"""One version of one slide's table as one plain GeoParquet 1.1 file."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from wsinb.annotate.arrow import geo_document
from wsinb.annotate.schema import SCHEMA
from wsinb.errors import StorageError
from wsinb.versions.graph.refs import Head
from wsinb.versions.slideentry import check_slide
from wsinb.versions.storage.layout import canonical, quote_name, sha256
from wsinb.versions.storage.posix import PosixStore
from wsinb.versions.tables.columns import plain_table

if TYPE_CHECKING:
    from wsinb.versions.repository import Repository

__all__ = ["clear_plain", "plain_file", "plain_pieces", "write_plain", "writing"]

ROW_GROUP = 5_000  # small enough to pick a region by the statistics of bbox, large enough to scan


def plain_file(repository: Repository, head: Head, slide: str) -> Path:
    """Return a plain GeoParquet file of a slide's annotations at a version; made once and kept.

    It lies in the store's folder ``plain`` (if that cannot be written: in the user's cache), apart from what
    the store itself reads, so that nothing is lost if it is changed or removed.

    Raises
    ------
    UnknownSlide
        If there is no such slide at that version.
    StorageError
        If the file cannot be written.
    """
    check_slide(slide, repository.slides_of(head.record), f"at commit {head.record.id[:10]}")
    target = _folder(repository) / _content(repository, head, slide) / f"{quote_name(slide)}.parquet"
    if target.is_file():
        with contextlib.suppress(PermissionError):
            os.utime(target)  # it is in use: clearing away spares it
        return target
    with writing(target) as temporary:
        write_plain(plain_pieces(repository, head, slide), temporary)
    return target


def plain_pieces(repository: Repository, head: Head, slide: str) -> Iterator[pa.Table]:
    """Yield the rows of a slide at a version piece by piece, own columns by name; an empty table first."""
    columns = repository.columns_of(head.record)
    yield plain_table(SCHEMA.empty_table(), columns)
    for piece in repository.tables.pieces(repository.committer.state(head, slide)):
        yield plain_table(piece, columns)


def write_plain(pieces: Iterable[pa.Table], path: Path) -> None:
    """Write tables of one schema as a GeoParquet 1.1 file, piece by piece.

    What the fields of the schema say (unit, description) is kept.
    """
    geo = _Geo()
    iterator = iter(pieces)
    first = next(iterator, SCHEMA.empty_table())
    schema = first.schema
    # the metadata of fields is kept only with the schema of Arrow
    described = any(field.metadata for field in schema)
    with pq.ParquetWriter(path, schema, compression="zstd", store_schema=described) as writer:
        for table in chain([first], iterator):
            if table.num_rows:
                writer.write_table(table, row_group_size=ROW_GROUP)
                geo.add(table)
        writer.add_key_value_metadata({"geo": geo.metadata()})


class _Geo:
    """Gathers what the ``geo`` metadata says of the geometries of all pieces."""

    def __init__(self) -> None:
        self._kinds: set[int] = set()
        self._bounds = np.full(4, np.nan)

    def add(self, table: pa.Table) -> None:
        """Take in the geometries of one piece."""
        geometries = shapely.from_wkb(table.column("geometry").to_numpy(zero_copy_only=False))
        kinds, bounds = shapely.get_type_id(geometries), shapely.total_bounds(geometries)
        self._kinds.update(np.unique(kinds[kinds >= 0]).tolist())
        self._bounds[:2] = np.fmin(self._bounds[:2], bounds[:2])
        self._bounds[2:] = np.fmax(self._bounds[2:], bounds[2:])

    def metadata(self) -> bytes:
        """Return the metadata."""
        return geo_document(self._kinds, None if np.isnan(self._bounds).any() else self._bounds.tolist())


def _content(repository: Repository, head: Head, slide: str) -> str:
    """Return a name for what the file holds: equal content of the store, equal name."""
    state = repository.committer.state(head, slide)
    columns = repository.metadata_of(head.record).get("columns", [])
    what = {"parts": state.parts, "runs": state.runs, "changes": state.changes, "columns": columns}
    return sha256(canonical(what))[:32]


def _folder(repository: Repository) -> Path:
    store = repository.store
    if isinstance(store, PosixStore) and os.access(store.folder, os.W_OK):
        return store.folder / "plain"
    from platformdirs import user_cache_path

    return user_cache_path("wsinb", appauthor=False) / "plain"


def clear_plain(repository: Repository, cutoff: datetime, dry_run: bool = False) -> tuple[int, int]:
    """Remove the plain files that nobody asked for since a time; return how many, and their bytes."""
    count = size = 0
    for path in _folder(repository).glob("*/*"):
        with contextlib.suppress(FileNotFoundError):  # somebody else clears away, too
            status = path.stat()
            if status.st_mtime < cutoff.timestamp():
                count, size = count + 1, size + status.st_size
                if not dry_run:
                    path.unlink()
                    with contextlib.suppress(OSError):  # another file lies there
                        path.parent.rmdir()
    return count, size


@contextlib.contextmanager
def writing(target: Path) -> Iterator[Path]:
    """Give a temporary place beside `target`, and put what is there in its place at the end."""
    temporary = target.with_name(f".tmp-{uuid.uuid4().hex}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        if isinstance(error, StorageError):
            raise
        reason = error.strerror or error
        raise StorageError(f"Cannot write {target}: {reason}; make room or choose another place.") from error
