"""One version: who made it, and what it changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from wsinb.versions.changes.delta import Diff
from wsinb.versions.changes.diff import find_diff
from wsinb.versions.graph.records import Commit
from wsinb.versions.graph.refs import Head

if TYPE_CHECKING:
    from wsinb.versions.repository import Repository

__all__ = ["Shown", "find_shown"]


@dataclass(frozen=True)
class Shown:
    """A commit and what it did against its first parent; the first commit made all that it holds."""

    commit: Commit
    diff: Diff

    def __repr__(self) -> str:
        commit = self.commit
        merged = [f"merges {', '.join(parent[:10] for parent in commit.parents[1:])}"]
        lines = [
            f"commit {commit.id}",
            *(merged if len(commit.parents) > 1 else []),
            f"author {commit.author}",
            f"time   {commit.time:%Y-%m-%d %H:%M:%S} UTC",
            "",
            *(f"    {line}" for line in commit.message.splitlines()),
            "",
            repr(self.diff),
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        commit = self.commit
        return (
            f"<div><code>{commit.id[:10]}</code> {commit.time:%Y-%m-%d %H:%M} UTC, {escape(commit.author)}"
            f"<br><b>{escape(commit.message)}</b></div>{self.diff._repr_html_()}"
        )


def find_shown(repository: Repository, head: Head, show: Callable[..., Any] | None = None) -> Shown:
    """Return a commit and its difference from its first parent; `show` as of `Diff`."""
    record = head.record
    parent = Head(-1, repository.ancestry.record(record.parents[0])) if record.parents else None
    # as the commit made it: upkeep has nothing to do with what it changed
    return Shown(record.public(), find_diff(repository, parent, Head(-1, record), show=show))
