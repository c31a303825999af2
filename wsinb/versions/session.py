"""Sessions: read a pinned version, edit, commit."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from wsinb.errors import (
    InvalidInput,
    StorageError,
    UnknownSlide,
)
from wsinb.names import is_among, unknown
from wsinb.versions.changes.conflicts import Resolver
from wsinb.versions.changes.rebase import rebase
from wsinb.versions.changes.slidedelta import SlideDiff
from wsinb.versions.changes.writing import write_changes, write_diff
from wsinb.versions.graph.commits import Draft as CommitDraft
from wsinb.versions.graph.commits import SlideChange
from wsinb.versions.graph.records import Commit
from wsinb.versions.graph.refs import Head
from wsinb.versions.journal.keeper import Keeper
from wsinb.versions.slidesession import SlideSession, alone
from wsinb.versions.tables.ids import Ids
from wsinb.versions.tables.staging import Staged

if TYPE_CHECKING:
    from wsinb.versions.journal.files import Journal
    from wsinb.versions.repository import Repository

__all__ = ["Session"]

Watcher = Callable[["Session"], object]


class Session:
    """Edits of one author on one branch, on top of the commit that was its head.

    What the session reads does not change when others commit. `session[slide]` reads and
    edits the annotations of a slide; nobody else sees that before `commit`.

    Every edit is in a journal on the disk before the method that makes it returns, unless `journal` is
    False: what a crash leaves behind is offered by `project.recover`. An edit that cannot be written there
    is refused with `StorageError`, and the session stays as it was.

    Several threads may edit one session: they wait for each other, and for a commit.
    """

    def __init__(
        self,
        repository: Repository,
        branch: str,
        author: str,
        base: str | None = None,
        *,
        journal: bool = True,
    ) -> None:
        self._repository = repository
        self.branch = branch
        self.author = author
        self._base = repository.branch_head(branch)
        if base is not None and base != self._base.record.id:
            self._base = repository.version(base)
        self._columns = repository.columns_of(self._base.record)
        self._staged: dict[str, Staged] = {}
        self._alone = threading.RLock()
        self._watchers: list[Watcher] = []
        self._keeper = Keeper(repository, branch, author, wanted=journal)

    @property
    def base(self) -> str:
        """Id of the commit that this session reads."""
        return self._base.record.id

    @property
    def journal(self) -> str | None:
        """Id of the journal that holds the edits; None before the first one, or if there is to be none."""
        return self._keeper.id

    def __getitem__(self, slide: str) -> SlideSession:
        slides = self._repository.slides_of(self._base.record)
        if not is_among(slide, slides):
            message = unknown("slide", slide, slides, "add one with project.slides.add(path).")
            if is_among(slide, self._repository.slides_of(self._repository.branch_head(self.branch).record)):
                message = f"Slide {slide!r} was added after this session was opened: open a new session."
            raise UnknownSlide(message)
        return SlideSession(self, slide)

    def __iter__(self) -> Iterator[str]:
        return iter(self._repository.slides_of(self._base.record))

    @property
    def changes(self) -> dict[str, dict[str, int]]:
        """Numbers of edits that are not committed, per slide: added, updated, deleted."""
        return {slide: staged.counts for slide, staged in self._staged.items() if len(staged)}

    def belongs_to(self, repository: Repository) -> bool:
        """Whether the session edits what is stored there."""
        return self._repository.store.url == repository.store.url

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call a function with this session after every edit, discard and commit; it must not raise.

        Returns
        -------
        callable
            Ends the watch.
        """
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    @alone
    def discard(self) -> None:
        """Forget all edits and read the present head of the branch."""
        self._begin_at(self._repository.branch_head(self.branch))
        self._keeper.done()

    @alone
    def commit(
        self,
        message: str,
        artifacts: Mapping[str, bytes | Path] | None = None,
        *,
        resolve: Resolver | None = None,
        draft: str | None = None,
    ) -> Commit:
        """Store the edits as one commit on the branch.

        If others have committed meanwhile and changed other annotations, the edits are set on
        top of theirs. Afterwards the session reads the new commit. After an interrupt, when nobody knows
        whether the commit was made, committing again returns it if it was.

        Parameters
        ----------
        message
            What was done, in a few words.
        artifacts
            Files that belong to the commit, by name: their bytes, or paths to copy from.
        resolve
            What to do with annotations that somebody else changed meanwhile, too: they are merged by field,
            and where both changed one field, "ours" takes what this session did, "theirs" what the other
            did; or a function from a `ConflictItem` to "ours", "theirs", "base" or ``Value(anything)``.
        draft
            Id of a viewer's draft that holds these edits: it offers nothing any more.

        Raises
        ------
        InvalidInput
            If the message is empty, or there is neither an edit nor an artifact.
        Conflict
            If somebody else changed an annotation that this session changed, and nothing resolves it;
            or removed a slide of this session. Nothing is written, and the edits stay in the session.
        StorageError
            If the store cannot be written. Nothing is committed, the edits stay.
        """
        if not isinstance(message, str) or not message.strip():
            raise InvalidInput("A commit needs a message: say in a few words what was changed.")
        made = self._settle()
        if made is not None:
            return made
        staged = self._to_commit(artifacts)
        stored = [self._repository.artifacts.put(name, data) for name, data in (artifacts or {}).items()]
        common = CommitDraft(
            message.strip(),
            self.author,
            journal=self._keeper.commit_begins(draft),
            artifacts={item.name: {"sha256": item.sha256, "size": item.size} for item in stored},
        )
        prepare = self._preparing(common, staged, resolve)
        self._begin_at(self._repository.committer.append(self.branch, prepare))
        with contextlib.suppress(StorageError):  # the commit names it: it offers nothing
            self._keeper.done()
        return self._base.record.public()

    def _to_commit(self, artifacts: Mapping[str, bytes | Path] | None) -> dict[str, Staged]:
        """Return the edits by slide; refuse artifacts that are none, and nothing at all."""
        if not isinstance(artifacts, Mapping | None):
            raise InvalidInput(
                "The artifacts of a commit are a dict of names and bytes or paths, not "
                f"{type(artifacts).__name__}."
            )
        staged = {slide: edits for slide, edits in self._staged.items() if len(edits)}
        if not staged and not artifacts:
            raise InvalidInput(
                "There is nothing to commit: edit with session[slide].upsert or .delete first."
            )
        return staged

    def _preparing(
        self, common: CommitDraft, staged: Mapping[str, Staged], resolve: Resolver | None
    ) -> Callable[[Head], CommitDraft]:
        """Return what drafts the commit on top of a head, and is asked again when others were faster."""
        repository, base = self._repository, self._base
        changes: dict[str, SlideChange] = {}  # written once, whatever the head

        def prepare(head: Head) -> CommitDraft:
            merged: dict[str, SlideDiff] = {}
            if head.record.id != base.record.id:
                merged = rebase(repository, self.branch, base, head, staged, resolve)
            rest = {slide: staged[slide] for slide in staged.keys() - changes.keys() - merged.keys()}
            changes.update(write_changes(repository, base, rest))
            there = {
                slide: write_diff(repository, repository.committer.state(head, slide), diff)
                for slide, diff in merged.items()
                if len(diff)
            }
            plain = {slide: change for slide, change in changes.items() if slide not in merged}
            return replace(common, changes=plain | there)

        return prepare

    def _begin_at(self, head: Head) -> None:
        """Read another commit, without edits."""
        self._columns = self._repository.columns_of(head.record)
        self._base = head
        self._staged.clear()
        self._tell()

    def _stage(self, slide: str, staged: Staged, ids: Ids) -> None:
        """Take on the edits of a slide, of which those of some ids are new, once they are in the journal."""
        self._keeper.keep(self.base, self._staged, slide, staged, ids)
        self._staged[slide] = staged
        self._tell()

    def _go_on(self, staged: Mapping[str, Staged], journal: Journal | None = None) -> None:
        """Take on edits that a journal holds, which this session goes on with; a new one if None."""
        self._keeper.go_on(self.base, staged, journal)
        self._staged = dict(staged)
        self._tell()

    def _tell(self) -> None:
        for watcher in list(self._watchers):
            watcher(self)

    def _settle(self) -> Commit | None:
        """After an interrupted commit: return it if it was made all the same, and read it."""
        made = self._keeper.landed(self.base)
        if made is None:
            return None
        self._begin_at(self._repository.version(made.id))
        with contextlib.suppress(StorageError):
            self._keeper.done()
        return made.public()

    def __repr__(self) -> str:
        edits = sum(sum(counts.values()) for counts in self.changes.values())
        return f"<Session on {self.branch} at {self.base[:10]} by {self.author}, {edits} uncommitted edits>"
