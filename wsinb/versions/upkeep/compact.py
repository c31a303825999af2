"""Compacting: all that lies over the parts of chosen slides becomes part of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wsinb.listing import html_table
from wsinb.names import listed
from wsinb.progress import Progress, Tracker
from wsinb.versions.graph.records import State
from wsinb.versions.graph.refs import Head
from wsinb.versions.slideentry import check_slide
from wsinb.versions.upkeep.fold import assign, fold
from wsinb.versions.upkeep.runs import merged, tail_history, write_history, write_runs
from wsinb.versions.upkeep.swap import Rewrite, swap

if TYPE_CHECKING:
    from wsinb.versions.repository import Repository

__all__ = ["CompactReport", "Compacted", "compact"]

ATTEMPTS = 3
HISTORY_ROWS = 1_000_000
"""Histories of more entries are not merged into one: they are in memory while that is done."""


@dataclass(frozen=True)
class Compacted:
    """What was folded into the parts of one slide: runs and change sets, and the rows in them."""

    files: int
    rows: int


@dataclass(frozen=True)
class CompactReport:
    """What compacting has done.

    Attributes
    ----------
    slides
        Those that had something to fold.
    skipped
        Names of slides whose files others replaced at the same time, again and again.
    """

    slides: Mapping[str, Compacted]
    skipped: tuple[str, ...] = ()

    def _rows(self) -> list[tuple[str, str]]:
        rows = [
            (name, f"folded {each.rows} rows of {each.files} files") for name, each in self.slides.items()
        ]
        return rows + [(name, "others were at work on it: compact again") for name in self.skipped]

    def __repr__(self) -> str:
        return "\n".join(f"{name}: {text}" for name, text in self._rows()) or "nothing to compact"

    def _repr_html_(self) -> str:
        rows = self._rows()
        return html_table(("slide", "what was done"), rows) if rows else "nothing to compact"


def compact(
    repository: Repository, slides: str | Iterable[str] | None, branch: str, progress: Progress = None
) -> CompactReport:
    """Fold everything of some slides, all by default, at the head of a branch; see `Project.compact`."""
    head = repository.branch_head(branch)
    known = repository.slides_of(head.record)
    names = list(known) if slides is None else listed(slides, "Slides are given by their names")
    for name in names:
        check_slide(name, known, f"on branch {branch!r}")
    states = {name: repository.committer.state(head, name) for name in names}
    states = {name: state for name, state in states.items() if state.runs or state.changes}
    done: dict[str, Compacted] = {}
    total = sum(_steps(repository, state) for state in states.values())
    with Tracker(total, "compacting", progress) as tracker:
        for name in states:
            result = _compact_slide(repository, branch, name, tracker)
            if result is not None:
                done[name] = result
    return CompactReport(done, tuple(name for name in states if name not in done))


def _steps(repository: Repository, state: State) -> int:
    return max(1, len(repository.tables.parts(state)))


def _compact_slide(repository: Repository, branch: str, slide: str, tracker: Tracker) -> Compacted | None:
    before = tracker.done
    for _ in range(ATTEMPTS):
        head = repository.branch_head(branch)
        state = repository.committer.state(head, slide)
        overlays = repository.tables.overlays(state)
        if not overlays:  # somebody else has done it
            return Compacted(0, 0)
        tracker.done = before
        rewrite = _everything(repository, head, slide, state, tracker)
        if rewrite is None:
            return None
        if swap(repository, branch, {slide: rewrite}) is not None:
            return Compacted(len(overlays), sum(len(overlay.ids) for overlay in overlays))
    return None


def _everything(
    repository: Repository, head: Head, slide: str, state: State, tracker: Tracker
) -> Rewrite | None:
    """Store the files that are to replace all that lies over the parts of a slide."""
    newest = tail_history(repository, head.record, slide, state)
    if newest is None:
        return None
    store, tables = repository.store, repository.tables
    change = merged(tables.overlays(state))
    parts = tables.parts(state)
    homes = assign(tables, parts, change)
    numbers = np.flatnonzero(homes.counts).tolist()
    tracker.update(0)
    folded = fold(repository, change, homes, numbers, tracker.update)
    tracker.update(_steps(repository, state) - len(numbers))
    rows = sum(repository.histories.rows(sha) for sha in state.history)
    history = state.history if rows <= HISTORY_ROWS else ()
    if len(history) == 1 and not len(newest):
        history = ()
    return Rewrite(
        state.since,
        runs=state.runs,
        new_runs=write_runs(store, tables, folded.rest),
        changes=state.changes,
        history=history,
        new_history=write_history(repository, history, newest),
        parts=folded.parts,
        new_parts=folded.new_parts,
    )
