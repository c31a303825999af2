"""Edits of a session on top of what others committed meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from wsinb.errors import Conflict
from wsinb.versions.changes.chosen import value_setter
from wsinb.versions.changes.conflicts import ConflictItem, Conflicts, Resolver, choose
from wsinb.versions.changes.sides import rows_of, union
from wsinb.versions.changes.slidedelta import SlideDiff, row_dicts
from wsinb.versions.changes.threeway import RowClash, meet
from wsinb.versions.graph.records import Record
from wsinb.versions.graph.refs import Head
from wsinb.versions.tables.columns import conform
from wsinb.versions.tables.ids import Ids, concat_ids, id_texts, isin, last_of_each
from wsinb.versions.tables.staging import Staged

if TYPE_CHECKING:
    from wsinb.versions.repository import Repository

__all__ = ["rebase"]


def rebase(
    repository: Repository,
    branch: str,
    base: Head,
    head: Head,
    staged: Mapping[str, Staged],
    resolve: Resolver | None,
) -> dict[str, SlideDiff]:
    """Return what to do to the tables of a moved branch, where others changed the same annotations.

    Slides of which others changed other annotations need nothing: their edits hold as they are.

    Parameters
    ----------
    repository, branch
        Where to commit.
    base, head
        What the session reads, and where the branch is now.
    staged
        The edits on top of the base, by slide.
    resolve
        What to do with conflicts; "ours" are the edits of the session, "theirs" those of the others.

    Raises
    ------
    Conflict
        If a slide of the session was removed; without `resolve` also if an annotation was touched by both.
    """
    records = repository.ancestry.since(base.record.id, head.record.id)
    _check_removed(branch, records, staged)
    authors: set[str] = set()
    shared = {
        slide: _shared_ids(repository, slide, edits, records, authors) for slide, edits in staged.items()
    }
    shared = {slide: ids for slide, ids in shared.items() if len(ids)}
    meetings = {slide: _Meeting(repository, slide, base, head, staged[slide]) for slide in shared}
    if shared and resolve is None:
        raise _conflict(branch, sorted(authors), shared, meetings)
    labels = repository.labels_of(head.record)
    set_values = value_setter(repository.columns_of(head.record), labels)
    merged = {}
    for slide, meeting in meetings.items():
        choices = choose(meeting.clash.items(), resolve)
        rows = meeting.clash.result(choices, set_values)
        clash = meeting.clash
        merged[slide] = meeting.clean + SlideDiff.between(slide, clash.others.new, rows, clash.columns)
    return merged


class _Meeting:
    """The edits of a session on one slide, and what others did to the same rows."""

    def __init__(self, repository: Repository, slide: str, base: Head, head: Head, edits: Staged) -> None:
        committer, tables = repository.committer, repository.tables
        edits = edits.in_memory()
        self.slide = slide
        self.columns = repository.columns_of(head.record)
        self.base = tables.lookup(committer.state(base, slide), edits.ids)
        self.theirs = tables.lookup(committer.state(head, slide), edits.ids)
        self.ours = conform(edits.table.filter(pa.array(~edits.overlay.deleted)))
        mine = SlideDiff.between(slide, self.base, self.ours, self.columns)
        others = SlideDiff.between(slide, self.base, self.theirs, self.columns)
        self.clean = mine.take(~isin(mine.ids, others.ids))
        self.clash: RowClash = meet(mine, others)[1]

    def items(self, ids: Ids) -> list[ConflictItem]:
        """Return at least one conflict for each id: by field, or of the row where both can be merged."""
        items = self.clash.items(every=True)
        rest = ids.take(~isin(ids, self.clash.ids))
        sides = [
            row_dicts(table, rows_of(table, rest), self.columns)
            for table in (self.base, self.ours, self.theirs)
        ]
        texts = id_texts(rest)
        return items + [
            ConflictItem(self.slide, text, None, *rows) for text, *rows in zip(texts, *sides, strict=True)
        ]


def _check_removed(branch: str, records: list[Record], staged: Mapping[str, Staged]) -> None:
    for record in records:
        removed = record.data["edits"].get("slides", {}).get("removed", ())
        for slide in sorted(staged.keys() & set(removed)):
            raise Conflict(
                f"Slide {slide!r} was removed from {branch!r} meanwhile (by {record.data['author']}); "
                f"nothing was written: your edits are in session[{slide!r}].edits(); "
                f"add the slide again and open a new session."
            )


def _shared_ids(
    repository: Repository, slide: str, edits: Staged, records: list[Record], authors: set[str]
) -> Ids:
    """Return the ids that a session and later commits touched, sorted; add the authors of these."""
    shared = concat_ids([])
    for record in records:
        files = record.data["changes"].get(slide)
        if files is not None:
            theirs = repository.tables.changed_ids(files["sets"], files["parts"])
            both = edits.touched(theirs.take(last_of_each(theirs)))
            shared = union(shared, both)
            authors |= {record.data["author"]} if len(both) else set()
    return shared


def _conflict(
    branch: str, authors: list[str], shared: Mapping[str, Ids], meetings: Mapping[str, _Meeting]
) -> Conflict:
    slide, ids = next(iter(shared.items()))
    total = sum(len(each) for each in shared.values())
    example = id_texts(ids.take(np.arange(1)))[0]
    which = f"Annotation {example}" if total == 1 else f"{total} annotations, such as {example},"
    error = Conflict(
        f"{which} of slide {slide!r} changed on {branch!r} meanwhile (by {', '.join(authors)}); "
        f"nothing was written, and your edits are kept in session[{slide!r}].edits(): commit with "
        f"resolve='ours' (yours), 'theirs' or a function, or call session.discard() and make them again."
    )
    error.ids = {slide: id_texts(each) for slide, each in shared.items()}
    error.conflicts = Conflicts(item for name, each in meetings.items() for item in each.items(shared[name]))
    return error
