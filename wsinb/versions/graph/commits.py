"""Making commits: objects first, then the ref; again if the branch has moved."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from wsinb.errors import InvalidInput, StorageError, UnknownVersion
from wsinb.names import unknown
from wsinb.versions.graph.ancestry import Ancestry
from wsinb.versions.graph.maps import read_map, read_member, write_map
from wsinb.versions.graph.records import Bulk, PartInfo, Record, State
from wsinb.versions.graph.refs import Head, Refs, check_ref_name
from wsinb.versions.storage.layout import canonical, commit_key, sha256
from wsinb.versions.storage.objects import Objects
from wsinb.versions.storage.store import Store

__all__ = ["Committer", "Draft", "SlideChange"]

ATTEMPTS = 1000
MAX_PAUSE_S = 0.05


@dataclass(frozen=True)
class SlideChange:
    """What a commit does to the table of one slide: counts, and the files that hold it."""

    added: int
    updated: int
    deleted: int
    sets: tuple[str, ...] = ()
    parts: tuple[PartInfo, ...] = ()


@dataclass(frozen=True)
class Draft:
    """What a commit is made of, apart from its place in history.

    Attributes
    ----------
    changes
        Per slide; the files they name are stored already.
    slides, labels, project, sets
        The new slide list, and hashes of the new label sets, project metadata and slide sets; None
        keeps what the parent has.
    edits
        Names in "slides", "labels", "columns", "sets" and "project" that were added, updated or removed;
        the tables of removed slides leave the project.
    artifacts
        ``{name: {"sha256", "size"}}``.
    journal
        Id of the journal that held these edits, or None.
    merged
        The commits, besides the head of the branch, of which this one holds the changes.
    """

    message: str
    author: str
    changes: Mapping[str, SlideChange] = field(default_factory=dict)
    slides: Mapping[str, Any] | None = None
    labels: str | None = None
    project: str | None = None
    sets: str | None = None
    edits: Mapping[str, Mapping[str, list[str]]] = field(default_factory=dict)
    artifacts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    journal: str | None = None
    merged: tuple[Record, ...] = ()


class Committer:
    """Appends commits to branches and reads the states that they hold.

    `tend` is called with the branch and the new entry after each commit; it may put files in order,
    and returns the entry to read from.
    """

    def __init__(
        self,
        store: Store,
        objects: Objects,
        refs: Refs,
        ancestry: Ancestry,
        tend: Callable[[str, Head], Head] = lambda branch, head: head,
    ) -> None:
        self._tend = tend
        self._store = store
        self._objects = objects
        self._refs = refs
        self._ancestry = ancestry

    def head(self, branch: str) -> Head:
        """Return the newest entry of a branch, or raise `UnknownVersion`."""
        head = self._refs.head("heads", check_ref_name(branch))
        if head is None:
            self._refs.known()
            raise UnknownVersion(unknown("branch", branch, self._refs.names("heads")))
        return head

    def state(self, head: Head, slide: str) -> State:
        """Return what the table of a slide is made of."""
        if slide in head.states:
            return head.states[slide]
        record = head.record
        if slide not in record.data["states"]:
            last = read_member(self._objects, record.data["tree"], slide)
            if last is None:
                return State()
            record = self._ancestry.record(last)
        state = record.data["states"][slide]
        return State() if state is None else State.from_json(state)

    def append(self, branch: str, prepare: Callable[[Head], Draft]) -> Head:
        """Append the commit that `prepare` drafts for the present head of a branch.

        If another writer is faster, `prepare` is asked again for the new head; it raises
        what should stop the commit.
        """
        for attempt in range(ATTEMPTS):
            head = self.head(branch)
            record = self._record(head, prepare(head))
            if self._advance(branch, head.number + 1, record.id):
                return self._tend(branch, Head(head.number + 1, record))
            time.sleep(random.uniform(0, min(MAX_PAUSE_S, 0.001 * 2 ** min(attempt, 10))))  # noqa: S311
        raise StorageError(
            f"Other writers moved branch {branch!r} {ATTEMPTS} times during this commit: try again later."
        )

    def _advance(self, branch: str, number: int, commit: str) -> bool:
        try:
            return self._refs.advance("heads", branch, number, commit)
        except StorageError:
            if self.head(branch).record.id != commit:
                raise
            # everybody sees the commit already; only flushing the folder failed: once more
            self._store.sync()
            return True

    def root(self, branch: str, author: str, message: str, labels: str, project: str) -> None:
        """Write the first commit of a project, unless another writer has."""
        draft = Draft(message, author, slides={}, labels=labels, project=project)
        data = self._common(draft) | {
            "slides": write_map(self._objects, {}, inline=0),
            "parents": [],
            "generation": 0,
            "depth": 0,
            "skip": None,
            "states": {},
            "tree": {"entries": {}},
        }
        self._refs.advance("heads", branch, 0, self._put(data))

    def _record(self, head: Head, draft: Draft) -> Record:
        parent = head.record
        slides = parent.data["slides"]
        if draft.slides is not None:
            slides = write_map(self._objects, draft.slides, inline=0)
        data = self._common(draft) | {
            "slides": slides,
            "labels": draft.labels or parent.data["labels"],
            "project": draft.project or parent.data["project"],
            "sets": draft.sets or parent.data["sets"],
            "parents": [parent.id, *(record.id for record in draft.merged)],
            "generation": _generation(parent, draft),
            "depth": parent.depth + 1,
            "skip": self._ancestry.skip(parent),
            "states": self._states(head, draft),
            "tree": self._tree(parent),
        }
        return Record(self._put(data), data)

    def _common(self, draft: Draft) -> dict[str, Any]:
        if not isinstance(draft.message, str) or not draft.message.strip():
            raise InvalidInput("A commit needs a message: say in a few words what was changed.")
        try:
            draft.message.encode()
        except UnicodeEncodeError as error:
            raise InvalidInput(f"The message of a commit holds half of a character: {error}.") from error
        return {
            "author": draft.author,
            "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}+00:00",
            "message": draft.message,
            "labels": draft.labels,
            "project": draft.project,
            "sets": draft.sets,
            "journal": draft.journal,
            "edits": {kind: dict(names) for kind, names in draft.edits.items()},
            "artifacts": {name: dict(entry) for name, entry in draft.artifacts.items()},
            "changes": {
                slide: {
                    "added": change.added,
                    "updated": change.updated,
                    "deleted": change.deleted,
                    "sets": list(change.sets),
                    "parts": [part.sha256 for part in change.parts],
                }
                for slide, change in draft.changes.items()
            },
        }

    def _states(self, head: Head, draft: Draft) -> dict[str, Any]:
        states: dict[str, Any] = {slide: state.to_json() for slide, state in head.states.items()}
        for slide in draft.changes:
            states[slide] = self._changed(head, draft, slide).to_json()
        return states | dict.fromkeys(draft.edits.get("slides", {}).get("removed", ()))

    def _changed(self, head: Head, draft: Draft, slide: str) -> State:
        """Return the state of a slide after a change by a child of the head."""
        state, change, depth = self.state(head, slide), draft.changes[slide], head.record.depth + 1
        parts, bulk = state.parts, state.bulk
        since = depth if state.since is None else state.since
        if change.parts:
            before = [] if parts is None else self._objects.get(parts)["parts"]
            parts = self._objects.put({"parts": [*before, *(part.to_json() for part in change.parts)]})
            names = tuple(part.sha256 for part in change.parts)
            bulk = (*bulk, Bulk(depth, _generation(head.record, draft), names))
        rows, changes = state.rows + change.added - change.deleted, (*state.changes, *change.sets)
        return replace(state, rows=rows, parts=parts, changes=changes, since=since, bulk=bulk)

    def _tree(self, parent: Record) -> Any:
        """Return where to find the states that the new commit does not hold itself."""
        own = parent.data["states"]
        if not own:
            return parent.data["tree"]
        entries = read_map(self._objects, parent.data["tree"])
        for slide, state in own.items():
            if state is None:
                entries.pop(slide, None)
            else:
                entries[slide] = parent.id
        return write_map(self._objects, entries)

    def _put(self, data: Mapping[str, Any]) -> str:
        encoded = canonical(data)
        commit = sha256(encoded)
        self._store.put_if_absent(commit_key(commit), encoded)
        return commit


def _generation(parent: Record, draft: Draft) -> int:
    return 1 + max(record.generation for record in (parent, *draft.merged))
