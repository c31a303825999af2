"""The file of a journal: a line of JSON an edit, on the disk before the edit counts.

docs/format.md says what the lines hold. The last one may be torn by a crash. While a process holds a
journal open, it has the file locked.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wsinb.errors import StorageError
from wsinb.versions.journal.holders import Holder, take_lock
from wsinb.versions.journal.lines import Header, encode_line
from wsinb.versions.journal.reading import (
    MAX_FILE,
    MAX_LINE,
    SUFFIX,
    digest_of,
    explained,
    is_alive,
    read_header,
)
from wsinb.versions.storage.posix import sync_folder

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["InUse", "Journal", "remove_files"]

_OPEN: weakref.WeakSet[Journal] = weakref.WeakSet()


class InUse(StorageError):
    """Another process holds the journal."""


class Journal:
    """A journal that this process holds, and appends edits to.

    Make one with `create`, or go on with one by `reopen`.
    """

    def __init__(self, path: Path, header: Header, handle: int) -> None:
        self.path = path
        self.header = header
        self._handle = handle
        self._size = os.fstat(handle).st_size
        self._close = weakref.finalize(self, os.close, handle)
        _OPEN.add(self)

    @classmethod
    def create(cls, folder: Path, header: Header) -> Journal:
        """Begin a journal.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        path = folder / f"{header.id}{SUFFIX}"
        with explained(path):
            mode = _make_folder(folder)
            handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
            journal = cls(path, header, handle)
            try:
                _set_mode(handle, mode)
                take_lock(handle)
                journal.append({**header.to_json(), **Holder.here().to_json()})
                sync_folder(folder)
            except BaseException:
                journal.remove()
                raise
        return journal

    @classmethod
    def reopen(cls, path: Path) -> Journal:
        """Go on with a journal, of which nobody else is the holder; what a crash has torn is cut off.

        Raises
        ------
        FileNotFoundError
            If there is none any more.
        InUse
            If another process holds it.
        StorageError
            If it is damaged, or cannot be written.
        """
        with explained(path):
            handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                taken = take_lock(handle)
                if os.fstat(handle).st_nlink == 0:
                    raise FileNotFoundError(f"There is no journal {path} any more.")
                if taken is False or (taken is None and is_alive(path)):
                    raise InUse(f"The edits in {path} are being worked on: close that session first.")
                header = read_header(path)
                end = _end_of_last_line(handle)
                if end < os.fstat(handle).st_size:
                    os.ftruncate(handle, end)
            except BaseException:
                os.close(handle)
                raise
            return cls(path, header, handle)

    @property
    def id(self) -> str:
        """Names the journal; the commit that stores its edits says it."""
        return self.header.id

    @property
    def is_open(self) -> bool:
        """Whether edits can be kept here; not after `close`, in a forked child, or if somebody deleted it."""
        return self._close.alive and os.fstat(self._handle).st_nlink > 0

    def append(self, entry: Mapping[str, Any], table: pa.Table | None = None) -> None:
        """Add a line; it survives a power failure once this has returned.

        Parameters
        ----------
        entry
            A JSON object.
        table
            Rows that are kept in a file beside it, which the line names.

        Raises
        ------
        StorageError
            If it cannot be written; then the journal is as before.
        """
        kept = None
        with explained(self.path):
            try:
                if table is not None:
                    kept, members = self._write_table(table)
                    entry = {**entry, "rows": members}
                self._append_line(encode_line(entry))
            except BaseException:
                with contextlib.suppress(OSError):
                    os.ftruncate(self._handle, self._size)
                if kept is not None:
                    kept.unlink(missing_ok=True)
                raise

    def _append_line(self, line: bytes) -> None:
        if self._size + len(line) > MAX_FILE or len(line) > MAX_LINE:
            raise StorageError(f"The journal {self.path} would be too large: commit, or edit less at once.")
        if os.fstat(self._handle).st_size != self._size:  # a failed append could not be undone
            os.ftruncate(self._handle, self._size)
        view = memoryview(line)
        while view:
            view = view[os.write(self._handle, view) :]
        os.fsync(self._handle)
        self._size += len(line)

    def _write_table(self, table: pa.Table) -> tuple[Path, dict[str, Any]]:
        import pyarrow as pa

        path = self.path.parent / f"{self.id}-{secrets.token_hex(4)}.arrow"
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        try:
            with path.open("xb") as file:
                _set_mode(file.fileno(), stat.S_IMODE(os.fstat(self._handle).st_mode))
                with pa.ipc.new_stream(file, table.schema, options=options) as writer:
                    writer.write_table(table, max_chunksize=1 << 16)
                file.flush()
                os.fsync(file.fileno())
            sync_folder(path.parent)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path, {"file": path.name, "sha256": digest_of(path), "n": table.num_rows}

    def remove(self) -> None:
        """Forget the journal: what it holds is committed, or nobody wants it."""
        remove_files(self.path)
        self.close()

    def close(self) -> None:
        """Let go of the journal, which stays."""
        self._close()


def remove_files(path: Path) -> None:
    """Delete a journal and the tables beside it; first the journal, so that no line lacks its table."""
    with explained(path, "delete"):
        path.unlink(missing_ok=True)
        for table in path.parent.glob(f"{path.name.removesuffix(SUFFIX)}-*.arrow"):
            table.unlink(missing_ok=True)


def _end_of_last_line(handle: int) -> int:
    """Return where the last whole line ends."""
    end = os.fstat(handle).st_size
    while end > 0:
        start = max(0, end - (1 << 16))
        found = os.pread(handle, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _make_folder(folder: Path) -> int:
    """Make the folder with the rights of the one above, which others of the project may have too.

    Returns the rights of files in it.
    """
    if not folder.is_dir():
        with contextlib.suppress(FileExistsError):
            folder.mkdir(parents=not folder.parent.exists())
            with contextlib.suppress(PermissionError):
                folder.chmod(stat.S_IMODE(folder.parent.stat().st_mode))
            sync_folder(folder.parent)
    return stat.S_IMODE(folder.stat().st_mode) & 0o666


def _set_mode(handle: int, mode: int) -> None:
    with contextlib.suppress(PermissionError):
        os.fchmod(handle, mode)


def _let_go_in_child() -> None:
    """Close what was inherited by a fork: a child would keep the locks of its parent."""
    for journal in list(_OPEN):
        journal.close()


_after_fork: Callable[..., None] = os.register_at_fork
_after_fork(after_in_child=_let_go_in_child)
