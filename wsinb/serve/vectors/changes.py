"""What became of the annotations of a version since another one: added, changed, or as they were.

Found as differences of versions are: from what history says of each id, without reading rows where their
hashes are stored. Only what an open session edited is read and compared.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.serve.vectors.colouring import CHANGES
from wsinb.versions.changes.diff import find_diff
from wsinb.versions.changes.slidedelta import SlideDiff
from wsinb.versions.graph.records import State
from wsinb.versions.graph.refs import Head
from wsinb.versions.tables.ids import Ids, concat_ids, isin, last_of_each, locate, sorted_order

if TYPE_CHECKING:
    from wsinb.serve.sources import AnnotationTable

__all__ = ["Changes", "check_since", "find_changes"]

ADDED, CHANGED, UNCHANGED = range(len(CHANGES))
_COMMIT = re.compile("[0-9a-f]{64}")


class Changes(NamedTuple):
    """What became of annotations.

    Attributes
    ----------
    ids
        Some of them, sorted by (high, low); they may be gone by now.
    states
        What became of each: places in `CHANGES`, uint16, (n,).
    rest
        What became of all others.
    """

    ids: Ids
    states: NDArray[np.uint16]
    rest: int = UNCHANGED

    def of(self, sorted_ids: Ids) -> NDArray[np.uint16]:
        """Return what became of each of some sorted ids."""
        states = np.full(len(sorted_ids), self.rest, np.uint16)
        places = locate(sorted_ids, self.ids)
        states[places[places >= 0]] = self.states[places >= 0]
        return states


def check_since(since: str | None) -> str | None:
    """Return the version to compare with, as an address names it; None for the one before.

    Raises
    ------
    InvalidInput
        If it is no whole commit id: an answer that never changes cannot be about a branch, which does.
    """
    if since is not None and not _COMMIT.fullmatch(since):
        raise InvalidInput(
            f"'since' is a whole commit id, not {since[:80]!r}: GET log tells those of a version."
        )
    return since


def find_changes(table: AnnotationTable, since: str | None = None) -> Changes:
    """Return what became of the annotations of a table.

    Parameters
    ----------
    table
        The annotations of a slide, at a commit or with the edits of a session on top.
    since
        The id of the commit to compare with; by default the first parent of the table's commit, and for
        edits the commit that they are made on.

    Raises
    ------
    UnknownVersion
        If there is no such commit.
    """
    repository, slide = table.project.repository, table.key.slide
    before = _before(table, since)
    state = State() if before is None else repository.committer.state(before, slide)
    if not state.rows:
        return Changes(concat_ids([]), np.zeros(0, np.uint16), rest=ADDED)
    part = find_diff(repository, before, repository.version(table.commit), slide)[slide]
    stored = Changes(part.ids, np.where(part.in_old, CHANGED, ADDED).astype(np.uint16))
    return stored if table.edits is None else _with_edits(table, state, stored)


def _before(table: AnnotationTable, since: str | None) -> Head | None:
    """Return the version to compare with; None is nothing at all, before the first commit."""
    repository = table.project.repository
    if since is not None:
        return repository.version(since)
    after = repository.version(table.commit)
    if table.edits is not None:
        return after
    parents = after.record.parents
    return repository.version(parents[0]) if parents else None


def _with_edits(table: AnnotationTable, before: State, stored: Changes) -> Changes:
    """Return changes with those of an open session: what it spoke of is compared anew."""
    assert table.edits is not None
    spoken = table.edits.since(None)
    assert spoken is not None
    ids = spoken.take(last_of_each(spoken))
    ids = ids.take(sorted_order(ids))
    states = np.full(len(ids), ADDED, np.uint16)
    tables = table.project.repository.tables
    was_there = tables.present(before, ids)
    common = ids.take(was_there)
    part = SlideDiff.between(table.key.slide, tables.lookup(before, common), table.lookup(common))
    states[was_there] = np.where(isin(common, part.ids), CHANGED, UNCHANGED)
    rest = ~isin(stored.ids, ids)
    every = concat_ids([stored.ids.take(rest), ids])
    order = sorted_order(every)
    return Changes(every.take(order), np.concatenate([stored.states[rest], states])[order])
