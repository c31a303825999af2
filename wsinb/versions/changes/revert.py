"""Going back: undoing what one commit did, and setting annotations to what they were."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from wsinb.errors import InvalidInput
from wsinb.names import listed
from wsinb.versions.author import check_author
from wsinb.versions.changes.conflicts import Resolver, choose, conflict_error
from wsinb.versions.changes.plan import Plan
from wsinb.versions.graph.commits import Draft
from wsinb.versions.graph.records import Commit
from wsinb.versions.graph.refs import Head

if TYPE_CHECKING:
    from wsinb.versions.repository import Repository

__all__ = ["restore", "revert"]


def revert(
    repository: Repository,
    version: str,
    branch: str,
    resolve: Resolver | None,
    message: str | None,
    author: str | None,
) -> Commit:
    """Undo on a branch what a commit of it did against its first parent; see `Project.revert`.

    It is a three-way merge whose base is the commit: ours is the branch, theirs the commit's parent.
    """
    undone = repository.version(version)
    record = undone.record
    if not record.parents:
        raise InvalidInput(f"Commit {record.id[:10]} is the first of the project: it cannot be reverted.")
    if not repository.ancestry.holds(repository.branch_head(branch).record.id, record.id):
        raise InvalidInput(
            f"Branch {branch!r} does not hold commit {record.id[:10]}: revert on a branch that does."
        )
    words = f"Revert {record.id[:10]}: {record.data['message']}" if message is None else message
    signed = check_author(author)
    before = Head(-1, repository.ancestry.record(record.parents[0]))

    def prepare(head: Head) -> Draft:
        plan = Plan(repository, undone, head, before)
        if plan.conflicts and resolve is None:
            raise conflict_error(
                plan.conflicts,
                f"changed on {branch!r} after commit {record.id[:10]}; nothing was written",
                f"keep the later changes with project.revert({version!r}, {branch!r}, resolve='ours'), or "
                f"undo them, too, with resolve='theirs'",
            )
        members = plan.write({} if resolve is None else choose(plan.conflicts, resolve))
        if not members["changes"] and not members["edits"]:
            raise InvalidInput(
                f"There is nothing to revert: {branch!r} no longer has what commit {record.id[:10]} changed."
            )
        return Draft(words, signed, **members)

    return repository.committer.append(branch, prepare).record.public()


def restore(
    repository: Repository,
    slide: str,
    ids: str | Iterable[str],
    at: str,
    branch: str,
    message: str | None,
    author: str | None,
) -> Commit:
    """Set annotations to what they were at a version, as a commit; see `Project.restore`."""
    texts = listed(ids, "Ids are given as in the column 'id'")
    # without a journal: whoever asked knows how it ended, and asks again
    session = repository.session(branch, author, journal=False)
    session[slide].restore(texts, at)
    if not session.changes:
        raise InvalidInput(
            f"There is nothing to restore: what was named is on {branch!r} as it was at {at!r}."
        )
    number = "1 annotation" if len(set(texts)) == 1 else f"{len(set(texts))} annotations"
    return session.commit(f"Restore {number} of {slide} from {at}" if message is None else message)
