"""Who changed one annotation, when and how."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, overload

import numpy as np

from wsinb.errors import UnknownAnnotation
from wsinb.listing import code, html_table, text_table
from wsinb.versions.changes.fields import differing_fields
from wsinb.versions.changes.net import tail
from wsinb.versions.graph.records import Record, State
from wsinb.versions.graph.refs import Head
from wsinb.versions.slideentry import check_slide
from wsinb.versions.tables.hashes import NO_ROW, hash_rows
from wsinb.versions.tables.ids import Ids, isin, locate, parse_ids

if TYPE_CHECKING:
    from wsinb.versions.repository import Repository

__all__ = ["Blame", "BlameEntry", "find_blame"]

WITH_FIELDS = 20
"""So many entries are shown with fields: each needs two rows to be read."""


@dataclass(frozen=True)
class BlameEntry:
    """One change of one annotation.

    Attributes
    ----------
    commit, author, time, message
        The commit's id, who made it, when (UTC) and why.
    kind
        "added", "deleted" or "updated".
    """

    commit: str
    author: str
    time: datetime
    message: str
    kind: str
    _find_fields: Callable[[], tuple[str, ...]]

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The columns that differ where it was updated, "geometry" for shape and its numbers; read now."""
        return self._find_fields()

    def __repr__(self) -> str:
        return f"<{self.kind} by {self.author}, {self.time:%Y-%m-%d %H:%M}: {self.message}>"


class Blame(Sequence[BlameEntry]):
    """The changes of one annotation, newest first; shows itself as a table."""

    def __init__(self, slide: str, id: str, entries: Sequence[BlameEntry]) -> None:  # noqa: A002
        self.slide = slide
        self.id = id
        self._entries = tuple(entries)

    @overload
    def __getitem__(self, index: int) -> BlameEntry: ...
    @overload
    def __getitem__(self, index: slice) -> Blame: ...
    def __getitem__(self, index: int | slice) -> BlameEntry | Blame:
        if isinstance(index, slice):
            return Blame(self.slide, self.id, self._entries[index])
        return self._entries[index]

    def __len__(self) -> int:
        return len(self._entries)

    def _rows(self) -> Iterator[tuple[str, ...]]:
        for number, entry in enumerate(self._entries):
            fields = ", ".join(entry.fields) if number < WITH_FIELDS else "..."
            what = f"{entry.kind}: {fields}" if entry.kind == "updated" else entry.kind
            yield entry.commit[:10], f"{entry.time:%Y-%m-%d %H:%M}", entry.author, what, entry.message

    def __repr__(self) -> str:
        return text_table(HEAD, self._rows())

    def _repr_html_(self) -> str:
        return html_table(HEAD, ((code(commit), *cells) for commit, *cells in self._rows()))


HEAD = ("commit", "time (UTC)", "author", "change", "message")


def find_blame(repository: Repository, slide: str, id: str, head: Head) -> Blame:  # noqa: A002  as it is called
    """Return every commit that changed an annotation since its table began, newest first.

    Raises
    ------
    UnknownSlide
        If the version has no slide of that name.
    UnknownAnnotation
        If the slide never had an annotation of that id, as far as the version knows.
    InvalidInput
        If the id is no UUID.
    """
    check_slide(slide, repository.slides_of(head.record), "in this version")
    ids = parse_ids([id])
    tracer = Tracer(repository, slide, ids)
    tracer.trace(head, -1)
    if not tracer.noted:
        raise UnknownAnnotation(
            f"Slide {slide!r} has no annotation {id}, nor had it before this version: take ids from the "
            f"column 'id' of project.read({slide!r})."
        )
    newest_first = sorted(tracer.noted, key=_age)
    return Blame(slide, id, [touch.entry(repository, slide, ids) for touch in newest_first])


@dataclass(frozen=True)
class Touch:
    """One commit that changed an annotation.

    `old` and `new` are the content hashes of the row before and after; `new` is None where the row came
    in bulk. `before` are the change sets of the last touch before, if it has some.
    """

    record: Record
    old: int
    new: int | None
    before: tuple[str, ...] = ()

    def sets(self, slide: str) -> tuple[str, ...]:
        """Return the change sets that hold the row after; none where it came in bulk."""
        return () if self.new is None else tuple(self.record.data["changes"][slide]["sets"])

    def entry(self, repository: Repository, slide: str, ids: Ids) -> BlameEntry:
        """Return the change as people see it."""
        commit = self.record.public()
        kind = "added" if self.old == NO_ROW else "deleted" if self.new == NO_ROW else "updated"

        def fields() -> tuple[str, ...]:
            return self._differing(repository, slide, ids) if kind == "updated" else ()

        return BlameEntry(commit.id, commit.author, commit.time, commit.message, kind, fields)

    def _differing(self, repository: Repository, slide: str, ids: Ids) -> tuple[str, ...]:
        parent = repository.ancestry.record(self.record.parents[0])
        states = State(changes=self.before), State(changes=self.sets(slide))
        if not self.before:
            states = repository.committer.state(Head(-1, parent), slide), states[1]
        old, new = (repository.tables.lookup(state, ids) for state in states)
        return differing_fields(old, new, repository.columns_of(self.record))[0]


class Tracer:
    """Follows one annotation through history, into the second parents of merges; `noted` are its changes."""

    def __init__(self, repository: Repository, slide: str, ids: Ids) -> None:
        self.repository = repository
        self.slide = slide
        self.ids = ids
        self.noted: list[Touch] = []
        self._seen: set[str] = set()

    def trace(self, head: Head, depth: int) -> list[Touch]:
        """Note what commits deeper than `depth`, along first parents, did to the annotation.

        A merge is noted as what the other side did, if the row came from there. Returns what these
        commits did themselves, newest first.
        """
        touches = self._along_first_parents(head, depth)
        for touch in touches:
            if touch.record.id not in self._seen:
                self._seen.add(touch.record.id)
                if not self._came_from_other(touch):
                    self.noted.append(touch)
        return touches

    def _came_from_other(self, touch: Touch) -> bool:
        """Note what the other sides of a merge did; say whether the row is as one of them had it."""
        ancestry = self.repository.ancestry
        came = False
        for parent in touch.record.parents[1:]:
            other = ancestry.record(parent)
            fork = ancestry.fork(ancestry.record(touch.record.parents[0]), other)
            theirs = self.trace(Head(-1, other), -1 if fork is None else fork.depth)
            came |= bool(theirs) and (touch.new is None or touch.new == self._hash(other, theirs[0]))
        return came

    def _hash(self, record: Record, newest: Touch) -> int:
        """Return the content hash of the row in a commit."""
        if newest.new is not None:
            return newest.new
        rows = self.repository.tables.lookup(self._state(Head(-1, record)), self.ids)
        return int(hash_rows(rows)[0])

    def _state(self, head: Head) -> State:
        return self.repository.committer.state(head, self.slide)

    def _along_first_parents(self, head: Head, depth: int) -> list[Touch]:
        """Return what commits deeper than `depth` did, newest first."""
        repository, state = self.repository, self._state(head)
        found: list[Touch] = []
        for commit, sha in tail(repository, head.record, self.slide, state, depth):
            change = repository.tables.change_set(sha)
            for row in np.flatnonzero(isin(change.ids, self.ids)):
                found.append(Touch(commit, int(change.old[row]), int(change.new[row])))
        merged = repository.histories.of_ids(state.history, self.ids)
        for row in np.flatnonzero(merged.depth > depth):
            record = repository.ancestry.record(merged.commit[row])
            found.append(Touch(record, int(merged.old[row]), int(merged.new[row])))
        found.sort(key=lambda touch: touch.record.depth)
        touches: list[Touch] = []
        for newer in [*found, None]:
            touches += self._in_bulk(head, state, touches[-1] if touches else None, newer, depth)
            if newer is not None:
                before = touches[-1].sets(self.slide) if touches else ()
                touches.append(replace(newer, before=before))
        return touches[::-1]

    def _in_bulk(
        self, head: Head, state: State, older: Touch | None, newer: Touch | None, depth: int
    ) -> Iterator[Touch]:
        """Yield the commit between two touches that brought the row in bulk, if there is one.

        Such a commit is in no history; there can be one only where the older touch left no row.
        """
        if (older is not None and older.new != NO_ROW) or (newer is not None and newer.old == NO_ROW):
            return
        low = depth if older is None else older.record.depth
        high = head.record.depth + 1 if newer is None else newer.record.depth
        between = [entry for entry in state.bulk if low < entry.depth < high]
        # a row that must have come between, and by one commit: its parts need not be read
        begun = older is not None or depth < (state.since or 0)
        sure = newer is not None and begun and len(between) == 1
        for entry in between:
            if sure or self._holds(entry.parts):
                yield Touch(self.repository.ancestry.upward(head.record, entry.depth), NO_ROW, None)
                return

    def _holds(self, parts: Sequence[str]) -> bool:
        """Say whether one of some parts holds the annotation."""
        tables = self.repository.tables
        return any(locate(tables.part_ids(sha), self.ids)[0] >= 0 for sha in parts)


def _age(touch: Touch) -> tuple[int, float, str]:
    """Return what sorts children before parents, then newer before older."""
    record = touch.record
    return -record.generation, -datetime.fromisoformat(record.data["time"]).timestamp(), record.id
