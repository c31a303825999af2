"""Merging: what another version changed, made on a branch as one commit with two parents."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from wsinb.errors import Conflict, InvalidInput
from wsinb.versions.author import check_author
from wsinb.versions.changes.conflicts import (
    Choice,
    ConflictItem,
    Conflicts,
    Resolver,
    Value,
    check_choice,
    choose,
    conflict_error,
)
from wsinb.versions.changes.delta import Diff
from wsinb.versions.changes.plan import Plan
from wsinb.versions.graph.commits import Draft
from wsinb.versions.graph.records import Commit, signed_counts
from wsinb.versions.graph.refs import Head

if TYPE_CHECKING:
    from wsinb.versions.repository import Repository

__all__ = ["Merge", "merge", "merge_base"]


class Merge:
    """A merge that is planned: what it does, what is in its way, and the commit.

    Nothing is written before `commit`. If the branch moves meanwhile, the merge is planned again on
    its new head; choices stay where the conflict is the same.

    Parameters
    ----------
    repository
        Where both are.
    source
        The version whose changes are taken: a branch, a tag, a commit.
    into
        The branch that takes them.

    Raises
    ------
    InvalidInput
        If the branch holds the version already, or they share no commit.
    """

    def __init__(self, repository: Repository, source: str, into: str) -> None:
        self._repository = repository
        self.source, self.into = source, into
        self._theirs = repository.version(source)
        self._plan = self._planned(repository.branch_head(into))
        self._choices: dict[Any, tuple[ConflictItem, Choice]] = {}

    @property
    def base(self) -> str:
        """Id of the best common ancestor."""
        return self._plan.base.record.id

    @property
    def ours(self) -> str:
        """Id of the head of the branch, as it was planned for."""
        return self._plan.ours.record.id

    @property
    def theirs(self) -> str:
        """Id of the commit whose changes are taken."""
        return self._theirs.record.id

    @property
    def conflicts(self) -> Conflicts:
        """All that both sides changed in different ways, whether it is resolved or not."""
        return self._plan.conflicts

    @property
    def unresolved(self) -> Conflicts:
        """The conflicts for which nothing was chosen yet."""
        return Conflicts(item for item in self.conflicts if item.key not in self._choices)

    @property
    def diff(self) -> Diff:
        """What the merge does to the branch; unresolved conflicts do nothing."""
        return self._plan.diff(self._chosen())

    def resolve(self, conflict: ConflictItem, choice: Choice) -> None:
        """Choose for a conflict; the last choice counts.

        Parameters
        ----------
        conflict
            One of `conflicts`.
        choice
            "ours" (of the branch), "theirs" (of the version that is merged), "base", or
            ``Value(anything)``.

        Raises
        ------
        InvalidInput, UnknownLabel
            If that cannot be chosen, or this merge has no such conflict.
        """
        if not isinstance(conflict, ConflictItem) or self._plan.items.get(conflict.key) != conflict:
            raise InvalidInput(f"This merge has no conflict {conflict!r}: take one of merge.conflicts.")
        checked = check_choice(conflict, choice)
        if isinstance(checked, Value):
            self._plan.check_value(conflict, checked)
        self._choices[conflict.key] = (conflict, checked)

    def commit(self, message: str | None = None, author: str | None = None) -> Commit:
        """Write the merge commit.

        Parameters
        ----------
        message
            "Merge <source> into <branch>" if None.
        author
            Who merges; the user by default.

        Raises
        ------
        Conflict
            If a conflict is not resolved; also one that came up because the branch moved meanwhile.
        InvalidInput
            If the branch holds the version by now.
        """
        return self._commit(message, author, None)

    def _commit(self, message: str | None, author: str | None, resolve: Resolver | None) -> Commit:
        words = f"Merge {self.source} into {self.into}" if message is None else message
        signed = check_author(author)

        def prepare(head: Head) -> Draft:
            if head != self._plan.ours:
                self._plan = self._planned(head)
                there, kept = self._plan.items, self._choices.items()
                self._choices = {key: made for key, made in kept if there.get(key) == made[0]}
            self._decide(resolve)
            members = self._plan.write(self._chosen())
            return Draft(words, signed, merged=(self._theirs.record,), **members)

        return self._repository.committer.append(self.into, prepare).record.public()

    def _decide(self, resolve: Resolver | None) -> None:
        """Let a resolver choose what is open; raise `Conflict` if something stays so."""
        if resolve is not None:
            items = {item.key: item for item in self.unresolved}
            chosen = choose(items.values(), resolve)
            self._choices |= {key: (items[key], choice) for key, choice in chosen.items()}
        if self.unresolved:
            raise self._error(self.unresolved)

    def _error(self, items: Conflicts) -> Conflict:
        return conflict_error(
            items,
            f"changed on {self.into!r} and on {self.source!r} in different ways; nothing was written",
            f"choose with project.merge({self.source!r}, {self.into!r}, resolve='ours' or 'theirs' or a "
            f"function), or one by one with project.plan_merge({self.source!r}, {self.into!r})",
        )

    def _planned(self, head: Head) -> Plan:
        base = merge_base(self._repository, head, self._theirs, self.source, self.into)
        return Plan(self._repository, base, head, self._theirs)

    def _chosen(self) -> dict[Any, Choice]:
        return {key: choice for key, (_, choice) in self._choices.items()}

    def _said(self) -> str:
        changes = " ".join(signed_counts(self.diff.counts))
        conflicts, left = len(self.conflicts), len(self.unresolved)
        said = f"Merge of {self.source} ({self.theirs[:10]}) into {self.into} ({self.ours[:10]}): "
        return f"{said}{changes or 'no annotations'}, {conflicts} conflicts, {left} of them unresolved"

    def __repr__(self) -> str:
        return f"<{self._said()}>"

    def _repr_html_(self) -> str:
        return f"<p>{escape(self._said())}</p>{self.diff._repr_html_()}{self.unresolved._repr_html_()}"


def merge(
    repository: Repository,
    source: str,
    into: str,
    resolve: Resolver | None,
    message: str | None,
    author: str | None,
) -> Commit:
    """Merge a version into a branch; see `Project.merge`."""
    return Merge(repository, source, into)._commit(message, author, resolve)


def merge_base(repository: Repository, ours: Head, theirs: Head, source: str, into: str) -> Head:
    """Return the best common ancestor of two versions.

    Raises
    ------
    InvalidInput
        If one holds the other's changes already, or they share no commit.
    """
    base = repository.ancestry.common(ours.record.id, theirs.record.id)
    if base is None:
        raise InvalidInput(
            f"{source!r} and {into!r} share no commit, so nothing says who changed what: export one and add "
            f"its annotations in a session."
        )
    if base.id == theirs.record.id:
        raise InvalidInput(
            f"There is nothing to merge: {into!r} is up to date with {source!r}, whose commit {base.id[:10]} "
            f"it holds."
        )
    return ours if base.id == ours.record.id else Head(-1, base)
