"""Putting fewer files in the place of many: an entry on the branch with the same commit.

The entry is written only where there is none, as every entry is. What others committed meanwhile
stays: their files are newer than those that are replaced. If somebody replaced the same files, the
work is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from wsinb.versions.graph.records import PartInfo, State
from wsinb.versions.graph.refs import Head
from wsinb.versions.storage.objects import Objects

if TYPE_CHECKING:
    from wsinb.versions.repository import Repository

__all__ = ["Rewrite", "substitute", "swap"]

ATTEMPTS = 20
Names = tuple[str, ...]


@dataclass(frozen=True)
class Rewrite:
    """What takes the place of some files of a state; with both, the table and its history are equal.

    Attributes
    ----------
    since
        That of the state: another table of the same name is left alone.
    runs, new_runs
        Runs that follow each other, and what replaces them.
    changes
        Change sets that went into the new files; the oldest of the state.
    history, new_history
        History files that follow each other, and what replaces them.
    parts
        What replaces each part, by its hash; nothing if it is empty. Then all runs below and in
        `runs` are replaced.
    new_parts
        Further parts.
    """

    since: int | None
    runs: Names = ()
    new_runs: Names = ()
    changes: Names = ()
    history: Names = ()
    new_history: Names = ()
    parts: Mapping[str, Sequence[PartInfo]] = field(default_factory=dict)
    new_parts: Sequence[PartInfo] = ()


def substitute(objects: Objects, state: State, rewrite: Rewrite) -> State | None:
    """Return a state, maybe a newer one, with the replaced files; None if it no longer has the old ones."""
    if state.since != rewrite.since or state.changes[: len(rewrite.changes)] != rewrite.changes:
        return None
    to_the_end = bool(rewrite.changes)
    runs = _spliced(state.runs, rewrite.runs, rewrite.new_runs, to_the_end)
    history = _spliced(state.history, rewrite.history, rewrite.new_history, to_the_end)
    if runs is None or history is None:
        return None
    parts = state.parts
    if rewrite.parts or rewrite.new_parts:
        if state.runs[: len(rewrite.runs)] != rewrite.runs:
            return None
        listed = [] if parts is None else objects.get(parts)["parts"]
        if not rewrite.parts.keys() <= {entry["sha256"] for entry in listed}:
            return None
        parts = _put_parts(objects, listed, rewrite)
    changes = state.changes[len(rewrite.changes) :]
    return replace(state, parts=parts, runs=runs, changes=changes, history=history)


def _put_parts(objects: Objects, listed: Sequence[Mapping[str, object]], rewrite: Rewrite) -> str | None:
    entries = []
    for entry in listed:
        if entry["sha256"] in rewrite.parts:
            entries += [part.to_json() for part in rewrite.parts[str(entry["sha256"])]]
        else:
            entries.append(dict(entry))
    entries += [part.to_json() for part in rewrite.new_parts]
    return objects.put({"parts": entries}) if entries else None


def _spliced(names: Names, old: Names, new: Names, to_the_end: bool) -> Names | None:
    """Return names with some that follow each other replaced; None if they are not there."""
    starts = range(len(names) - len(old), -1, -1)
    start = next((at for at in starts if names[at : at + len(old)] == old), None)
    if start is None or (to_the_end and start + len(old) != len(names)):
        return None
    return (*names[:start], *new, *names[start + len(old) :])


def swap(repository: Repository, branch: str, rewrites: Mapping[str, Rewrite]) -> Head | None:
    """Put the rewritten files of some slides in place; return the new entry, or None if nothing fitted.

    What does not fit any more, because others replaced the same files or removed the slide, is dropped.
    """
    for _ in range(ATTEMPTS):
        head = repository.refs.head("heads", branch)
        if head is None:
            return None
        states = dict(head.states)
        for slide, rewrite in rewrites.items():
            state = substitute(repository.objects, repository.committer.state(head, slide), rewrite)
            if state is not None:
                states[slide] = state
        if states == head.states:
            return None
        entry = {
            "commit": head.record.id,
            "states": {slide: state.to_json() for slide, state in states.items()},
        }
        if repository.refs.put("heads", branch, head.number + 1, entry):
            return Head(head.number + 1, head.record, states)
    return None
