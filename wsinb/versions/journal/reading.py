"""Reading journals, of which nothing is trusted."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from wsinb.errors import StorageError
from wsinb.versions.journal.holders import Holder, is_held
from wsinb.versions.journal.lines import Header, decode_line
from wsinb.versions.storage.posix import reason_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "Written",
    "damage_of",
    "is_alive",
    "journal_path",
    "journals_in",
    "read_header",
    "read_journal",
    "read_table",
]

SUFFIX = ".jsonl"
MAX_LINE = 64 << 20
MAX_FILE = 1 << 30
MAX_HEADER = 1 << 16
LONELY_S = 600
"""Where locks tell nothing, a journal counts as left after so long without an edit."""

_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Written:
    """What a journal holds: its lines after the first, what is damaged in it, when it was last written."""

    header: Header
    entries: list[dict[str, Any]]
    damage: list[str]
    modified: datetime


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
        If there is none, or it is only being begun.
    StorageError
        If it is damaged, or cannot be read.
    """
    with explained(path, "read"), path.open("rb") as file:
        return _header_of(path, file)[0]


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
    with explained(path, "read"), path.open("rb") as file:
        header = _header_of(path, file)[0]
        status = os.fstat(file.fileno())
        if status.st_size > MAX_FILE:
            raise StorageError(f"The journal {path} is larger than {MAX_FILE >> 20} MB: move it away.")
        number = 1
        while line := file.readline(MAX_LINE):
            number += 1
            if not line.endswith(b"\n") and len(line) < MAX_LINE:
                break  # torn by a crash: nobody was told that this edit counts
            try:
                entries.append(decode_line(line))
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
    if digest_of(file) != digest:
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


def damage_of(path: Path) -> list[str]:
    """Return what is damaged in a journal and the tables beside it, one sentence each."""
    try:
        written = read_journal(path)
    except FileNotFoundError:
        return []  # committed or discarded just now, or only being begun
    except StorageError as error:
        return [str(error)]
    damage = list(written.damage)
    for entry in written.entries:
        if "rows" in entry:
            try:
                read_table(path, entry["rows"] if isinstance(entry["rows"], dict) else {})
            except ValueError as error:
                damage.append(
                    f"Rows that the journal {path} names cannot be read ({error}): they are left out."
                )
    return damage


def is_alive(path: Path) -> bool:
    """Say whether a process is at work on a journal.

    The lock tells, on one host. Where there are no locks, or perhaps none between two hosts, an edit not
    long ago counts as well.
    """
    with explained(path, "read"):
        held = is_held(path)
        if held:
            return True
        with path.open("rb") as file:
            holder = _header_of(path, file)[1]
        runs = None if holder is None else holder.runs()
        if held is False and runs is not None:
            return False  # the process may be there, and have let go of the journal
        return bool(runs) or time.time() - path.stat().st_mtime < LONELY_S


def _header_of(path: Path, file: BinaryIO) -> tuple[Header, Holder | None]:
    line = file.readline(MAX_HEADER)
    if not line.endswith(b"\n") and time.time() - os.fstat(file.fileno()).st_mtime < LONELY_S:
        # it may be being made at this moment; no edit is in it
        raise FileNotFoundError(f"The journal {path} is only being begun.")
    try:
        if not line.endswith(b"\n"):
            raise ValueError("its first line is not whole")
        entry = decode_line(line)
        return Header.from_json(entry, path.name.removesuffix(SUFFIX)), Holder.from_json(entry)
    except ValueError as error:
        raise StorageError(f"The journal {path} is damaged ({error}): move it away.") from error


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def explained(path: Path, verb: str = "write") -> Iterator[None]:
    """Say of a file that cannot be written or read which it is, why, and what helps."""
    try:
        yield
    except (StorageError, FileNotFoundError) as error:
        if isinstance(error, FileNotFoundError) and verb == "write" and not path.parent.is_dir():
            raise StorageError(f"Cannot write the journal {path}: the folder is gone.") from error
        raise
    except OSError as error:
        hint = "; project.session(journal=False) edits without a journal" if verb == "write" else ""
        raise StorageError(f"Cannot {verb} the journal {path}: {reason_of(error)}{hint}.") from error
