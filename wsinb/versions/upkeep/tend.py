"""What is done in the wake of a commit: little, bounded, and never in the way of the commit."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from wsinb.versions.graph.refs import Head
from wsinb.versions.upkeep.fold import FOLD_AT, assign, choose, fold
from wsinb.versions.upkeep.runs import (
    MERGE_AT,
    merged,
    n_gathered,
    tail_history,
    write_history,
    write_runs,
)
from wsinb.versions.upkeep.swap import Rewrite, swap

if TYPE_CHECKING:
    from wsinb.versions.repository import Repository

__all__ = ["plan", "tend"]

PARTS = 2
"""At most so many parts of a slide are folded in the wake of one commit."""

WAKE_S = 0.15
"""When so many seconds have gone, no further slide is begun; the next commit goes on."""

logger = logging.getLogger(__name__)


def tend(repository: Repository, branch: str, head: Head) -> Head:
    """Merge and fold what a commit has made due; return the entry to read from now on.

    `head` is the entry that the commit has made. Nothing is raised: the commit has succeeded, and
    what was not done is done after a later one.
    """
    states = head.record.data["states"]
    sizes = {slide: len(states[slide]["changes"]) for slide in head.record.data["changes"]}
    due = sorted((slide for slide in sizes if sizes[slide] >= MERGE_AT), key=lambda slide: -sizes[slide])
    if not due:
        return head
    rewrites: dict[str, Rewrite] = {}
    start = time.perf_counter()
    try:
        for slide in due:
            rewrite = plan(repository, head, slide)
            if rewrite is not None:
                rewrites[slide] = rewrite
            if time.perf_counter() - start > WAKE_S:
                break
        after = swap(repository, branch, rewrites) if rewrites else None
    except Exception:  # whatever it is, the commit stands
        logger.warning("Upkeep after commit %s was given up.", head.record.id[:10], exc_info=True)
        return head
    return after if after is not None and after.record.id == head.record.id else head


def plan(repository: Repository, head: Head, slide: str) -> Rewrite | None:
    """Store the files that are to replace others of a slide; None if its history is not at hand."""
    state = repository.committer.state(head, slide)
    newest = tail_history(repository, head.record, slide, state)
    if newest is None:
        return None
    overlays = repository.tables.overlays(state)
    sizes = [len(overlay.ids) for overlay in overlays]
    keep = len(state.runs) - n_gathered(sizes[: len(state.runs)], sum(sizes[len(state.runs) :]))
    kept = len(state.history)
    kept -= n_gathered([repository.histories.rows(sha) for sha in state.history], len(newest))
    rewrite = Rewrite(
        state.since,
        runs=state.runs[keep:],
        changes=state.changes,
        history=state.history[kept:],
        new_history=write_history(repository, state.history[kept:], newest),
    )
    store, tables = repository.store, repository.tables
    if sum(sizes) >= FOLD_AT:
        change = merged(overlays)
        homes = assign(tables, tables.parts(state), change)
        numbers = choose(homes, change, state.rows, PARTS)
        if numbers:
            folded = fold(repository, change, homes, numbers)
            rest = write_runs(store, tables, folded.rest)
            parts, new_parts = folded.parts, folded.new_parts
            return replace(rewrite, runs=state.runs, new_runs=rest, parts=parts, new_parts=new_parts)
    return replace(rewrite, new_runs=write_runs(store, tables, merged(overlays[keep:])))
