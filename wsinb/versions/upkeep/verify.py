"""Checking that every file is as it was written, and that none is missing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from wsinb.errors import InvalidInput, StorageError
from wsinb.listing import code, html_table
from wsinb.progress import Progress, Tracker
from wsinb.versions.graph.records import State
from wsinb.versions.storage.layout import (
    FORMAT_KEY,
    canonical,
    commit_key,
    is_content_key,
    part_key,
    seal_holds,
    sealed,
    sha256,
)
from wsinb.versions.storage.store import Store
from wsinb.versions.tables.ids import encode_keys, last_of_each, locate, parse_ids
from wsinb.versions.tables.reading import Tables
from wsinb.versions.upkeep.walk import MISSING, Walk

if TYPE_CHECKING:
    from wsinb.versions.repository import Repository

__all__ = ["Damage", "VerifyReport", "verify"]

THREADS = 4
PIECE = 1 << 20
WHOLE = 64 << 20
"""Larger files, which artifacts can be, are hashed piece by piece."""

BACKUP = "restore it from a backup or another copy of the project"
NOTHING = "nothing that can be reached"


@dataclass(frozen=True)
class Damage:
    """A file that is not as it should be.

    Attributes
    ----------
    key
        Which file, below the folder of the store.
    problem
        "missing", "damaged", or what does not fit.
    belongs
        The version or slide that needs it.
    remedy
        What to do.
    """

    key: str
    problem: str
    belongs: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.key} is {self.problem} (of {self.belongs}): {self.remedy}."


@dataclass(frozen=True)
class VerifyReport:
    """What was found by checking: `damage`, and how many files and bytes were read."""

    damage: tuple[Damage, ...]
    files: int
    bytes: int

    @property
    def ok(self) -> bool:
        """Whether all is as it should be."""
        return not self.damage

    def _title(self) -> str:
        checked = f"{self.files} files, {self.bytes / 1e6:.1f} MB checked"
        return f"{checked}: {len(self.damage) or 'no'} damaged"

    def __repr__(self) -> str:
        return "\n".join([self._title(), *map(str, self.damage)])

    def _repr_html_(self) -> str:
        rows = [(code(each.key), each.problem, each.belongs, each.remedy) for each in self.damage]
        table = html_table(("file", "problem", "of", "remedy"), rows) if rows else ""
        return f"<p>{self._title()}</p>{table}"


class _Findings:
    """Gathers damage, of each file the first thing that was found."""

    def __init__(self) -> None:
        self._found: dict[str, Damage] = {}

    def add(self, key: str, belongs: str, problem: str) -> None:
        self._found.setdefault(key, Damage(key, problem, belongs, _remedy(key, belongs)))

    def all(self) -> tuple[Damage, ...]:
        return tuple(self._found[key] for key in sorted(self._found))


def _remedy(key: str, belongs: str) -> str:
    if belongs == NOTHING:
        return "project.gc() clears it away once it is older than the period of grace"
    if key == FORMAT_KEY:
        return f"write {canonical(sealed({'format': 1})).decode()} into it"
    if key.startswith("keys/"):
        part = part_key(key.split("/")[1].split(".")[0])
        return f"{BACKUP}, or make it again from {part} as docs/format.md says"
    return BACKUP


def verify(repository: Repository, progress: Progress = None) -> VerifyReport:
    """Read every file and check it against its name and what names it; see `Project.verify`."""
    store = repository.store
    findings = _Findings()
    walk = Walk(store, findings.add)
    walk.everything()
    entries = {entry.key: entry.size for entry in store.entries("") if _is_ours(entry.key)}
    for key in walk.named.keys() - entries.keys():
        if not store.exists(key):  # it may have come since
            findings.add(key, walk.named[key], MISSING)
    _check_format(store, findings)
    content = [key for key in entries if is_content_key(key)]
    with Tracker(len(content), "checking", progress) as tracker, ThreadPoolExecutor(THREADS) as pool:
        try:
            for key, problem in pool.map(lambda key: (key, _problem(store, key, entries[key])), content):
                if problem:
                    findings.add(key, walk.named.get(key, NOTHING), problem)
                tracker.update()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    if not findings.all():  # else it would only say so again
        _check_counts(repository, findings)
    return VerifyReport(findings.all(), len(entries), sum(entries.values()))


def _is_ours(key: str) -> bool:
    return key == FORMAT_KEY or key.startswith(("refs/", "attachments/")) or is_content_key(key)


def _check_format(store: Store, findings: _Findings) -> None:
    try:
        if not seal_holds(store.get(FORMAT_KEY)):
            findings.add(FORMAT_KEY, "the whole project", "damaged")
    except FileNotFoundError:
        findings.add(FORMAT_KEY, "the whole project", MISSING)


def _problem(store: Store, key: str, size: int) -> str | None:
    """Return what is wrong with a file that is named by its content, or by that of its part."""
    sha = key.split("/")[1][:64]
    try:
        if size > WHOLE:
            return None if _hash(store, key) == sha else "damaged"
        data = store.get(key)  # not what a reader has kept in memory
        if key.startswith("keys/"):
            return _problem_of_keys(store, part_key(sha), data)
        if sha256(data) != sha:
            return "damaged"
        if key.endswith(".json"):
            json.loads(data)
        elif key.endswith(".parquet"):
            pq.ParquetFile(pa.BufferReader(data)).metadata  # noqa: B018  raises where there is none
    except FileNotFoundError:
        return None  # cleared away meanwhile; if it is needed, it is missing
    except StorageError as error:
        return f"unreadable ({error})"
    except (pa.ArrowException, ValueError, OSError):
        return "damaged"
    return None


def _problem_of_keys(store: Store, part: str, data: bytes) -> str | None:
    try:
        ids = pq.ParquetFile(store.open(part)).read(["id"]).column("id")
        return None if encode_keys(parse_ids(ids)) == data else "damaged"
    except (FileNotFoundError, pa.ArrowException, OSError, InvalidInput):
        return None  # the part itself is named


def _hash(store: Store, key: str) -> str:
    digest = hashlib.sha256()
    with store.open(key) as file:
        for piece in iter(lambda: file.read(PIECE), b""):
            digest.update(piece)
    return digest.hexdigest()


def _check_counts(repository: Repository, findings: _Findings) -> None:
    """Compare the numbers of rows that states and part lists give with what their files hold."""
    for kind in ("heads", "tags"):
        for name, head in repository.refs.heads(kind).items():
            for slide in repository.slides_of(head.record):
                state = repository.committer.state(head, slide)
                for key, problem in _wrong_counts(repository.tables, state):
                    findings.add(key or commit_key(head.record.id), f"slide {slide!r} at {name!r}", problem)


def _wrong_counts(tables: Tables, state: State) -> Iterator[tuple[str | None, str]]:
    """Yield the parts that hold another number of rows than is listed; None stands for the state itself."""
    over = tables.overlay_ids(state)
    over = over.take(last_of_each(over))
    rows = int(tables.present(state, over).sum())
    for part in tables.parts(state):
        inside = tables.part_ids(part.sha256)
        if len(inside) != part.rows:
            yield part_key(part.sha256), f"listed with {part.rows} rows, but holds {len(inside)}"
        rows += len(inside) - int((locate(inside, over) >= 0).sum())
    if rows != state.rows:
        yield None, f"counting {state.rows} rows, but the files hold {rows}"
