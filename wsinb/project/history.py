"""The words of a project that speak of its versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from wsinb.versions import MAIN, Commit, Diff, Log, Repository, SlideEntry, SlideSet, SlideSets
from wsinb.versions.changes.blame import Blame, find_blame
from wsinb.versions.changes.conflicts import Resolver
from wsinb.versions.changes.diff import find_diff
from wsinb.versions.changes.merge import Merge, merge
from wsinb.versions.changes.revert import restore, revert
from wsinb.versions.changes.shown import Shown, find_shown
from wsinb.versions.checkout import Checkout
from wsinb.versions.graph.naming import RefNames
from wsinb.versions.journal.drafts import Draft, recover
from wsinb.versions.status import Status, find_status

if TYPE_CHECKING:
    from wsinb.annotate import LabelSet

__all__ = ["VersionWords"]


class VersionWords:
    """Log, branches, tags, differences and merges; a part of `Project`."""

    repository: Repository
    sets: SlideSets
    view: Callable[..., Any]

    def log(self, branch: str = MAIN, limit: int | None = None) -> Log:
        """Return the commits of a branch (or up to any version), newest first."""
        return self.repository.log(branch, limit)

    def head(self, branch: str = MAIN) -> str:
        """Return the id of the newest commit of a branch."""
        return self.repository.branch_head(branch).record.id

    def resolve(self, version: str) -> str:
        """Return the full commit id of a branch, a tag, or the first digits of a commit."""
        return self.repository.record(version).id

    def commit(self, version: str) -> Commit:
        """Return the commit of a version."""
        return self.repository.commit(version)

    def slides_at(self, version: str) -> dict[str, SlideEntry]:
        """Return the slide list of a version."""
        entries = self.repository.slides_of(self.repository.record(version))
        return {name: SlideEntry.from_json(name, data) for name, data in entries.items()}

    def counts_at(self, version: str) -> dict[str, int]:
        """Return the number of annotations of each slide of a version; no table is read."""
        return self.repository.counts(version)

    def labels_at(self, version: str) -> LabelSet:
        """Return the labels of a version."""
        return self.repository.labels_of(self.repository.record(version))

    def sets_at(self, version: str) -> dict[str, SlideSet]:
        """Return the virtual sets of a version, by name."""
        return self.sets.at(version)

    def checkout(self, version: str = MAIN) -> Checkout:
        """Return all that a version holds, to look at; it stays as it is whatever is committed later.

        Raises
        ------
        UnknownVersion
            If there is no such version.
        """
        return Checkout(self.repository, version, self.sets.at)

    def diff(self, a: str, b: str = MAIN, slides: str | Iterable[str] | None = None) -> Diff:
        """Return what changed from version `a` to version `b`, as a value.

        Parameters
        ----------
        a, b
            Branches, tags, commits or the first digits of one (at least 6); any two.
        slides
            Only the annotations of these slides; changes of the slide list, labels, columns and sets are
            left out then.

        Returns
        -------
        Diff
            ``diff[slide]`` has the changes of a slide; ``~diff`` goes back, ``diff + other`` goes on,
            ``diff.filter(...)`` picks, ``diff.apply(session)`` makes the changes elsewhere.

        Raises
        ------
        UnknownVersion, UnknownSlide
            If there is no such version, or neither has a slide of that name.
        """
        versions = self.repository.version(a), self.repository.version(b)
        return find_diff(self.repository, *versions, slides, self.view)

    def show(self, version: str = MAIN) -> Shown:
        """Return a commit and what it changed against its first parent.

        Raises
        ------
        UnknownVersion
            If there is no such version.
        """
        return find_shown(self.repository, self.repository.version(version), self.view)

    def status(self, branch: str = MAIN) -> Status:
        """Return how large the tables of a branch are and in how many files, and what is not committed.

        Raises
        ------
        UnknownVersion
            If there is no such branch.
        """
        return find_status(self.repository, branch)

    def blame(self, slide: str, id: str, version: str = MAIN) -> Blame:  # noqa: A002  the column's name
        """Return who changed an annotation, when and how: one entry a commit, the newest first.

        A merge is told by the commits that it brought.

        Parameters
        ----------
        slide, id
            Which annotation; it may be deleted by now.
        version
            Up to which branch, tag or commit.

        Raises
        ------
        UnknownAnnotation
            If there never was such an annotation.
        UnknownSlide, UnknownVersion
            If there is no such slide or version.
        """
        return find_blame(self.repository, slide, id, self.repository.version(version))

    @property
    def branches(self) -> RefNames:
        """The branches: a mapping from names to the ids of their newest commits."""
        return RefNames(self.repository.refs.heads("heads"))

    def branch(self, name: str, at: str = MAIN) -> None:
        """Make a branch that begins at a version; ``project.session(name)`` commits to it.

        Raises
        ------
        InvalidInput
            If the name cannot be used, or names a branch or tag already.
        UnknownVersion
            If there is no such version.
        """
        self.repository.naming.branch(name, self.repository.version(at))

    def delete_branch(self, name: str) -> None:
        """End a branch. Its commits stay: ``project.branch(name, at=<commit>)`` brings it back.

        Raises
        ------
        InvalidInput
            If it is main.
        UnknownVersion
            If there is no such branch.
        """
        self.repository.naming.delete_branch(name)

    @property
    def tags(self) -> RefNames:
        """The tags: a mapping from names to the ids of their commits."""
        return RefNames(self.repository.refs.heads("tags"))

    def tag(self, name: str, at: str = MAIN) -> None:
        """Give a version a name that stays.

        Raises
        ------
        InvalidInput
            If the name cannot be used, or names a branch or tag already.
        UnknownVersion
            If there is no such version.
        """
        self.repository.naming.tag(name, self.repository.version(at))

    def delete_tag(self, name: str) -> None:
        """Take a tag away; its commit stays. Who wrote the name down will no longer find the version.

        Raises
        ------
        UnknownVersion
            If there is no such tag.
        """
        self.repository.naming.delete_tag(name)

    def merge(
        self,
        source: str,
        into: str = MAIN,
        *,
        resolve: Resolver | None = None,
        message: str | None = None,
        author: str | None = None,
    ) -> Commit:
        """Make on a branch what another version changed since both were one, as a commit with two parents.

        Annotations are merged by id and field, the lists of slides, labels, columns and sets by entry.

        Parameters
        ----------
        source
            The version to take from: a branch, a tag, a commit.
        into
            The branch that takes.
        resolve
            What to do where both changed the same: "ours" (of `into`), "theirs" (of `source`), or a function
            from a `ConflictItem` to "ours", "theirs", "base" or ``Value(anything)``.
        message
            "Merge <source> into <into>" if None.
        author
            Who merges; the user by default.

        Raises
        ------
        Conflict
            If there are conflicts and nothing resolves them; its `conflicts` lists them. Nothing is
            written. `plan_merge` resolves them one by one.
        InvalidInput
            If `into` holds `source` already, or they share no commit.
        UnknownVersion
            If there is no such version or branch.
        """
        return merge(self.repository, source, into, resolve, message, author)

    def plan_merge(self, source: str, into: str = MAIN) -> Merge:
        """Return what a merge would do, and its conflicts, to be resolved one by one and committed.

        Raises
        ------
        InvalidInput, UnknownVersion
            As of `merge`.
        """
        return Merge(self.repository, source, into)

    def revert(
        self,
        version: str,
        branch: str = MAIN,
        *,
        resolve: Resolver | None = None,
        message: str | None = None,
        author: str | None = None,
    ) -> Commit:
        """Undo what one commit did against its first parent, as a new commit on a branch that holds it.

        Slides, labels, columns and sets are undone, too, where they still stand as the commit left them.

        Parameters
        ----------
        version
            The commit.
        branch
            Where to undo it.
        resolve
            What to do where the same was changed again: "ours" keeps the later change, "theirs" sets back
            to what was before the commit; or a function, as of `merge`.
        message
            "Revert <commit>: <its message>" if None.
        author
            Who reverts; the user by default.

        Raises
        ------
        Conflict
            If the same was changed again and nothing says what holds. Nothing is written.
        InvalidInput
            If the branch does not hold the commit, or nothing of it is left to undo.
        UnknownVersion
            If there is no such version or branch.
        """
        return revert(self.repository, version, branch, resolve, message, author)

    def restore(
        self,
        slide: str,
        ids: str | Iterable[str],
        at: str,
        branch: str = MAIN,
        *,
        author: str | None = None,
        message: str | None = None,
    ) -> Commit:
        """Set annotations to what they were at a version, as a commit; deleted ones come back.

        Parameters
        ----------
        slide
            Name of the slide.
        ids
            The annotations.
        at
            The version that holds them as they shall be.
        branch
            Where to set them.
        author
            Who restores; the user by default.
        message
            "Restore <n> annotations of <slide> from <at>" if None.

        Raises
        ------
        UnknownAnnotation
            If the slide had no annotation of an id at that version.
        InvalidInput
            If all are as they were.
        UnknownSlide, UnknownVersion
            If there is no such slide, version or branch.
        """
        return restore(self.repository, slide, ids, at, branch, message, author)

    def recover(self, branch: str | None = None) -> list[Draft]:
        """Return edits that were never committed, of sessions and viewers that are gone, the newest first.

        Every edit of a session is kept in a journal at once, so that a crash loses nothing.
        ``draft.open()`` gives a session that goes on with the edits, ``draft.discard()`` deletes them.
        What a viewer left behind is offered by the viewer itself, and here after ten minutes.

        Parameters
        ----------
        branch
            Only edits for this branch.
        """
        return recover(self.repository, branch)
