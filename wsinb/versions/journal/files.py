"""The file of a journal: a line of JSON an edit, on the disk before the edit counts.

docs/design/0002-versions.md, "Journals", says what the lines hold. Each line names the hash of its
other members, so that a damaged one is known; the last one may be torn by a crash. While a process
holds a journal open, it has the file locked.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import stat
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from wsinb.errors import StorageError
from wsinb.versions.journal.holders import Holder, is_held, take_lock
from wsinb.versions.storage.layout import canonical
from wsinb.versions.storage.posix import reason_of, sync_folder

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Header", "InUse", "Journal", "Kind", "Written", "journal_path", "journals_in", "read_journal"]

VERSION = 1
SUFFIX = ".jsonl"
MAX_LINE = 64 << 20
MAX_FILE = 1 << 30
MAX_HEADER = 1 << 16
LONELY_S = 600
"""Where locks tell nothing, a journal counts as left after so long without an edit."""

Kind = Literal["session", "viewer"]
_ID = re.compile(r"[0-9a-f]{32}")
_COMMIT = re.compile(r"[0-9a-f]{64}")
_OPEN: weakref.WeakSet[Journal] = weakref.WeakSet()


class InUse(StorageError):
    """Another process holds the journal."""


@dataclass(frozen=True)
class Header:
    """The first line of a journal.

    Attributes
    ----------
    id
        32 hexadecimal digits.
    kind
        Whether a session in Python wrote it, or a viewer by way of the server.
    branch, base
        Where the edits are to be committed, and the commit that they are made on.
    author, time
        Who made the edits, and since when.
    slide
        The slide of a viewer; a session says it in each line.
    """

    id: str
    kind: Kind
    branch: str
    base: str
    author: str
    time: datetime
    slide: str | None = None

    @classmethod
    def new(cls, kind: Kind, branch: str, base: str, author: str, slide: str | None = None) -> Header:
        """Return the header of a new journal."""
        return cls(secrets.token_hex(16), kind, branch, base, author, datetime.now(UTC), slide)

    def to_json(self) -> dict[str, Any]:
        """Return the line, without who holds the journal."""
        data = {name: getattr(self, name) for name in ("id", "kind", "branch", "base", "author", "slide")}
        return {"journal": VERSION, **data, "time": self.time.isoformat()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], id_: str) -> Header:
        """Read the line of the journal with an id; ValueError if it is no such line."""
        texts = {name: data.get(name) for name in ("branch", "base", "author", "time")}
        kind, slide = data.get("kind"), data.get("slide")
        if data.get("journal") != VERSION or data.get("id") != id_ or kind not in ("session", "viewer"):
            raise ValueError("its first line is of no journal that this wsinb knows")
        if not all(isinstance(text, str) for text in texts.values()) or not isinstance(slide, str | None):
            raise ValueError("its first line lacks a text")
        if not _COMMIT.fullmatch(str(texts["base"])):
            raise ValueError("its first line names no commit")
        time_ = datetime.fromisoformat(str(texts.pop("time")))
        if time_.tzinfo is None or (kind == "viewer") != (slide is not None):
            raise ValueError("its first line lacks a member")
        return cls(id_, kind, time=time_, slide=slide, **{name: str(text) for name, text in texts.items()})


@dataclass(frozen=True)
class Written:
    """What a journal holds: its lines after the first, what is damaged in it, when it was last written."""

    header: Header
    entries: list[dict[str, Any]]
    damage: list[str]
    modified: datetime


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
        with _explained(path):
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
        with _explained(path):
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
        with _explained(self.path):
            try:
                if table is not None:
                    kept, members = self._write_table(table)
                    entry = {**entry, "rows": members}
                self._append_line(_line(entry))
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
        return path, {"file": path.name, "sha256": _digest(path), "n": table.num_rows}

    def remove(self) -> None:
        """Forget the journal: what it holds is committed, or nobody wants it."""
        remove_files(self.path)
        self.close()

    def close(self) -> None:
        """Let go of the journal, which stays."""
        self._close()


def journals_in(folder: Path) -> Iterator[Path]:
    """Yield the journals in a folder, oldest name first; none where there is no such folder."""
    try:
        names = sorted(item.name for item in folder.iterdir())
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageError(f"Cannot read the journals in {folder}: {reason_of(error)}.") from error
    for name in names:
        if name.endswith(SUFFIX) and _ID.fullmatch(name.removesuffix(SUFFIX)):
            yield folder / name


def journal_path(folder: Path, id_: str) -> Path | None:
    """Return the file of the journal with an id, if there is one; the id is not trusted."""
    path = folder / f"{id_}{SUFFIX}"
    return path if _ID.fullmatch(id_) and path.is_file() and not path.is_symlink() else None


def read_header(path: Path) -> Header:
    """Return the first line of a journal.

    Raises
    ------
    FileNotFoundError
        If there is none.
    StorageError
        If it is damaged, or cannot be read.
    """
    with _explained(path, "read"), path.open("rb") as file:
        return _header(path, file.readline(MAX_HEADER))[0]


def read_journal(path: Path) -> Written:
    """Return what a journal holds; damaged lines are left out and named.

    Raises
    ------
    FileNotFoundError
        If there is none.
    StorageError
        If its first line is damaged, or it cannot be read.
    """
    entries: list[dict[str, Any]] = []
    damage: list[str] = []
    with _explained(path, "read"), path.open("rb") as file:
        header = _header(path, file.readline(MAX_HEADER))[0]
        status = os.fstat(file.fileno())
        if status.st_size > MAX_FILE:
            raise StorageError(f"The journal {path} is larger than {MAX_FILE >> 20} MB: move it away.")
        number = 1
        while line := file.readline(MAX_LINE):
            number += 1
            if not line.endswith(b"\n") and len(line) < MAX_LINE:
                break  # torn by a crash: nobody was told that this edit counts
            try:
                entries.append(_entry(line))
            except ValueError as error:
                damage.append(f"Line {number} of the journal {path} is damaged ({error}): it is left out.")
    modified = datetime.fromtimestamp(status.st_mtime, UTC)
    return Written(header, entries, damage, modified)


def read_table(path: Path, members: Any) -> pa.Table:
    """Return the rows that a line of a journal names; ValueError if they are damaged or missing."""
    import pyarrow as pa

    name, digest, n = (members.get(key) for key in ("file", "sha256", "n"))
    stem = path.name.removesuffix(SUFFIX)
    if not isinstance(name, str) or not re.fullmatch(rf"{stem}-[0-9a-f]{{8}}\.arrow", name):
        raise ValueError("it names no file of the journal")
    file = path.parent / name
    if file.is_symlink() or not file.is_file():
        raise ValueError(f"the file {name} is missing")
    if _digest(file) != digest:
        raise ValueError(f"the file {name} is damaged")
    try:
        with pa.memory_map(str(file)) as source:
            table = pa.ipc.open_stream(source).read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"the file {name} is no table") from error
    if table.num_rows != n:
        raise ValueError(f"the file {name} has another number of rows")
    return table


def remove_files(path: Path) -> None:
    """Delete a journal and the tables beside it; first the journal, so that no line lacks its table."""
    with _explained(path, "delete"):
        path.unlink(missing_ok=True)
        for table in path.parent.glob(f"{path.name.removesuffix(SUFFIX)}-*.arrow"):
            table.unlink(missing_ok=True)


def is_alive(path: Path) -> bool:
    """Say whether a process is at work on a journal.

    The lock tells, on one host. Where there are no locks, or perhaps none between two hosts, an edit not
    long ago counts as well.
    """
    with _explained(path, "read"):
        held = is_held(path)
        if held:
            return True
        with path.open("rb") as file:
            holder = _header(path, file.readline(MAX_HEADER))[1]
        runs = None if holder is None else holder.runs()
        if held is False and runs is not None:
            return False  # the process may be there, and have let go of the journal
        return bool(runs) or time.time() - path.stat().st_mtime < LONELY_S


def _line(entry: Mapping[str, Any]) -> bytes:
    return canonical({**entry, "sum": _sum(entry)}) + b"\n"


def _entry(line: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("it is no JSON") from None
    if not isinstance(entry, dict):
        raise ValueError("it is no JSON object")
    said = entry.pop("sum", None)
    try:
        right = said == _sum(entry)
    except (ValueError, RecursionError):
        right = False
    if not right:
        raise ValueError("its sum is wrong")
    return entry


def _sum(entry: Mapping[str, Any]) -> str:
    return hashlib.blake2b(canonical(entry), digest_size=8).hexdigest()


def _header(path: Path, line: bytes) -> tuple[Header, Holder | None]:
    try:
        if not line.endswith(b"\n"):
            raise ValueError("its first line is not whole")
        entry = _entry(line)
        return Header.from_json(entry, path.name.removesuffix(SUFFIX)), Holder.from_json(entry)
    except ValueError as error:
        raise StorageError(f"The journal {path} is damaged ({error}): move it away.") from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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


@contextlib.contextmanager
def _explained(path: Path, verb: str = "write") -> Iterator[None]:
    try:
        yield
    except (StorageError, FileNotFoundError) as error:
        if isinstance(error, FileNotFoundError) and verb == "write" and not path.parent.is_dir():
            raise StorageError(f"Cannot write the journal {path}: the folder is gone.") from error
        raise
    except OSError as error:
        hint = "; project.session(journal=False) edits without a journal" if verb == "write" else ""
        raise StorageError(f"Cannot {verb} the journal {path}: {reason_of(error)}{hint}.") from error


def _let_go_in_child() -> None:
    """Close what was inherited by a fork: a child would keep the locks of its parent."""
    for journal in list(_OPEN):
        journal.close()


_after_fork: Callable[..., None] = os.register_at_fork
_after_fork(after_in_child=_let_go_in_child)
