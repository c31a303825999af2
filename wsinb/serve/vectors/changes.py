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
from wsinb.versions.graph.refs import Head
from wsinb.versions.tables.ids import Ids, concat_ids, isin, last_of_each, locate, sorted_order

if TYPE_CHECKING:
    from wsinb.serve.sources import AnnotationTable

__all__ = ["Changes", "check_since", "find_changes"]

ADDED, CHANGED, UNCHANGED = range(len(CHANGES))
_COMMIT = re.compile("[0-9a-f]{64}")


class Changes(NamedTuple):
    """What became of some annotations, sorted by (high, low): places in `CHANGES`, uint16, (n,).

    All others are unchanged. Some of the ids may be gone by now.
    """

    ids: Ids
    states: NDArray[np.uint16]

    def of(self, sorted_ids: Ids) -> NDArray[np.uint16]:
        """Return what became of each of some sorted ids."""
        states = np.full(len(sorted_ids), UNCHANGED, np.uint16)
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
    before = _before(table, since)
    repository, slide = table.project.repository, table.key.slide
    after = repository.version(table.commit)
    part = find_diff(repository, before, after, slide)[slide]
    stored = Changes(part.ids, _states(part))
    return stored if table.edits is None else _with_edits(table, before, stored)


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


def _states(part: SlideDiff) -> NDArray[np.uint16]:
    return np.where(part.in_old, CHANGED, ADDED).astype(np.uint16)


def _with_edits(table: AnnotationTable, before: Head | None, stored: Changes) -> Changes:
    """Return changes with those of an open session: what it spoke of is compared anew."""
    assert table.edits is not None
    spoken = table.edits.since(None)
    assert spoken is not None
    ids = spoken.take(last_of_each(spoken))
    ids = ids.take(sorted_order(ids))
    states = np.full(len(ids), ADDED, np.uint16)
    if before is not None and len(ids):
        repository, slide = table.project.repository, table.key.slide
        state = repository.committer.state(before, slide)
        was_there = repository.tables.present(state, ids)
        common = ids.take(was_there)
        part = SlideDiff.between(slide, repository.tables.lookup(state, common), table.lookup(common))
        states[was_there] = np.where(isin(common, part.ids), CHANGED, UNCHANGED)
    rest = ~isin(stored.ids, ids)
    every = concat_ids([stored.ids.take(rest), ids])
    order = sorted_order(every)
    return Changes(every.take(order), np.concatenate([stored.states[rest], states])[order])
