"""Edits that a crash or a closed browser left behind: found, opened again, or discarded."""

from __future__ import annotations

import re
import time
import warnings
from contextlib import suppress
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from wsinb.annotate import from_features
from wsinb.errors import (
    Conflict,
    InvalidAnnotation,
    InvalidInput,
    StorageError,
    UnknownAnnotation,
    UnknownLabel,
    UnknownVersion,
)
from wsinb.versions.graph.records import PartInfo
from wsinb.versions.journal.edits import Replay, staged_edits
from wsinb.versions.journal.files import Journal, remove_files
from wsinb.versions.journal.lines import Header
from wsinb.versions.journal.reading import (
    LONELY_S,
    Written,
    is_alive,
    journals_in,
    read_header,
    read_journal,
)
from wsinb.versions.journal.viewer import ViewerEdits
from wsinb.versions.storage.layout import keys_key, part_key
from wsinb.versions.storage.objects import read_verified
from wsinb.versions.tables.files import table_bounds
from wsinb.versions.tables.ids import Ids, encode_keys, parse_ids
from wsinb.versions.tables.staging import Staged

if TYPE_CHECKING:
    from wsinb.versions.graph.records import Record
    from wsinb.versions.repository import Repository
    from wsinb.versions.session import Session

__all__ = ["Draft", "is_committed", "landed", "recover"]


class Draft:
    """Edits that were never committed, of a session or viewer that is gone.

    Attributes
    ----------
    id
        Names the journal that holds them.
    author, branch, base
        Who made them, where they belong, and the commit that they were made on.
    time
        Since when (UTC).
    """

    def __init__(self, repository: Repository, path: Path, written: Written) -> None:
        self._repository = repository
        self._path = path
        self._written = written
        header = written.header
        self.id = header.id
        self.author = header.author
        self.branch = header.branch
        self.base = header.base
        self.time: datetime = header.time

    @property
    def last_edit(self) -> datetime:
        """When the last edit was made (UTC)."""
        return self._written.modified

    @cached_property
    def _replayed(self) -> tuple[dict[str, Staged], list[str]]:
        try:
            return _replay(self._repository, self._path, self._written)
        except UnknownVersion as error:
            return {}, [f"The draft {self.id[:10]} cannot be opened: {error}"]

    @property
    def damage(self) -> list[str]:
        """What of the journal could not be read, a sentence each; the rest is kept."""
        return self._replayed[1]

    @property
    def changes(self) -> dict[str, dict[str, int]]:
        """Numbers of edits per slide: added, updated, deleted."""
        return {slide: staged.counts for slide, staged in self._replayed[0].items() if len(staged)}

    def open(self) -> Session:
        """Return a session with these edits, on the same base, that goes on with the journal.

        Warns of what is damaged and left out.

        Raises
        ------
        StorageError
            If another process has opened or discarded it meanwhile.
        UnknownVersion
            If its branch is no more.
        """
        from wsinb.versions.session import Session

        session = Session(self._repository, self.branch, self.author, self.base)
        journal = self._take()
        try:
            staged, damage = _replay(self._repository, self._path, read_journal(self._path))
            if journal.header.kind == "session":
                session._go_on(staged, journal)
            else:
                session._go_on(staged)
                if not damage:  # else what could not be read would be lost
                    journal.remove()
                journal.close()
        except BaseException:
            journal.close()
            raise
        for sentence in damage:
            warnings.warn(sentence, stacklevel=2)
        return session

    def discard(self) -> None:
        """Delete the edits for good.

        Raises
        ------
        StorageError
            If another process has opened them, committed them or discarded them meanwhile.
        """
        self._take().remove()

    def _take(self) -> Journal:
        try:
            return Journal.reopen(self._path)
        except FileNotFoundError:
            raise StorageError(
                f"The draft {self.id[:10]} is committed or discarded: project.recover() has the others."
            ) from None

    def __repr__(self) -> str:
        changes = sum(sum(counts.values()) for counts in self.changes.values())
        damage = ", damaged" if self.damage else ""
        return (
            f"<Draft {self.id[:10]} of {self.author} on {self.branch} at {self.base[:10]}, "
            f"{self.last_edit:%Y-%m-%d %H:%M}: {changes} uncommitted edits{damage}>"
        )


def recover(repository: Repository, branch: str | None = None) -> list[Draft]:
    """Return what was edited and never committed by processes that are gone, the newest first.

    Journals whose edits are in a commit after all are cleared away. Warns of what is no journal any more.
    """
    drafts = []
    for path in journals_in(repository.journals):
        try:
            header = read_header(path)
            if (branch is not None and header.branch != branch) or _at_work(path, header):
                continue
            if is_committed(repository, header):
                with suppress(StorageError):
                    remove_files(path)
                continue
            written = read_journal(path)
        except FileNotFoundError:
            continue  # committed or discarded just now
        except StorageError as error:
            warnings.warn(str(error), stacklevel=3)
            continue
        if written.entries or written.damage:
            drafts.append(Draft(repository, path, written))
    return sorted(drafts, key=lambda draft: draft.last_edit, reverse=True)


def is_committed(repository: Repository, header: Header) -> bool:
    """Say whether a commit since the base of a journal holds its edits."""
    return landed(repository, header.branch, header.base, header.id) is not None


def landed(repository: Repository, branch: str, base: str, journal: str) -> Record | None:
    """Return the commit of a branch since a base that names a journal, or None."""
    try:
        records = repository.ancestry.since(base, repository.branch_head(branch).record.id)
    except (Conflict, UnknownVersion):
        return None  # the branch was deleted, or is another one now
    return next((record for record in records if record.data["journal"] == journal), None)


def _at_work(path: Path, header: Header) -> bool:
    if header.kind == "viewer":
        # the server holds it only while it writes: nobody knows whether the page is still open
        return time.time() - path.stat().st_mtime < LONELY_S
    return is_alive(path)


def _replay(repository: Repository, path: Path, written: Written) -> tuple[dict[str, Staged], list[str]]:
    """Return the edits of a journal by slide, and sentences about what is damaged in it."""
    header, damage = written.header, [*written.damage]
    base = repository.version(header.base)
    if header.kind == "viewer":
        return _replay_viewer(repository, path, written, damage)
    columns = {column.key: column for column in repository.columns_of(base.record)}
    with suppress(UnknownVersion):
        head = repository.branch_head(header.branch).record
        columns |= {column.key: column for column in repository.columns_of(head)}
    replay = Replay(path, columns.values(), partial(_read_part, repository), damage)
    slides = repository.slides_of(base.record)
    staged = {}
    for slide, table in replay.tables(written.entries).items():
        if slide not in slides:
            damage.append(f"The journal {path} names a slide {slide[:40]!r} that its base lacks: left out.")
            continue
        try:
            staged[slide] = staged_edits(repository, base, slide, table, replay.parts.get(slide, {}))
        except InvalidInput as error:
            damage.append(f"The edits of slide {slide!r} in the journal {path} are left out: {error}")
    return staged, damage


def _read_part(repository: Repository, sha: str) -> tuple[PartInfo, Ids]:
    """Return a part that a session stored, and put it anew, so that it is not cleared away meanwhile."""
    store = repository.store
    if not re.fullmatch("[0-9a-f]{64}", sha):
        raise ValueError("it names no part")
    try:
        data = read_verified(store, part_key(sha), sha)
    except StorageError as error:
        raise ValueError(str(error)) from error
    try:
        rows = pq.read_table(pa.BufferReader(data), columns=["id", "bbox"])
        ids = parse_ids(rows.column("id"))
    except (pa.ArrowException, KeyError) as error:
        raise ValueError(f"the part {sha[:10]} is no table") from error
    store.put_if_absent(part_key(sha), data)
    store.put_if_absent(keys_key(sha), encode_keys(ids))
    return PartInfo(sha, rows.num_rows, table_bounds(rows)), ids


def _replay_viewer(
    repository: Repository, path: Path, written: Written, damage: list[str]
) -> tuple[dict[str, Staged], list[str]]:
    from wsinb.versions.session import Session

    header, edits = written.header, ViewerEdits.replay(written.entries)
    session = Session(repository, header.branch, header.author, header.base, journal=False)
    slide = session[str(header.slide)]
    features = [
        {name: value for name, value in feature.items() if name != "key"}
        for feature in edits.features.values()
    ]

    def take(some: list[dict[str, Any]]) -> None:
        try:
            if some:
                slide.upsert(from_features(some))
        except (InvalidAnnotation, UnknownLabel) as error:
            if len(some) == 1:
                damage.append(f"The journal {path} holds a shape that cannot be used: {error}")
                return
            take(some[: len(some) // 2])
            take(some[len(some) // 2 :])

    take(features)
    for id_ in edits.deleted:
        with suppress(UnknownAnnotation, InvalidInput):
            slide.delete(id_)
    return dict(session._staged), damage
