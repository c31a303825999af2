"""How large the tables of a branch are, what upkeep has to do, and what is not committed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

from wsinb.listing import html_table, text_table
from wsinb.versions.journal.drafts import recover
from wsinb.versions.upkeep.runs import is_due

if TYPE_CHECKING:
    from wsinb.versions.graph.refs import Head
    from wsinb.versions.repository import Repository

__all__ = ["DraftStatus", "SlideStatus", "Status", "find_status"]

COLUMNS = ("slide", "annotations", "parts", "runs", "change sets")


@dataclass(frozen=True)
class SlideStatus:
    """The table of one slide.

    Attributes
    ----------
    slide
        Its name.
    rows
        Number of annotations.
    parts, runs, changes
        Number of files: of rows in bulk, of merged change sets, of change sets that wait to be merged.
    due
        Whether the next commit to the slide merges them.
    """

    slide: str
    rows: int
    parts: int
    runs: int
    changes: int
    due: bool


@dataclass(frozen=True)
class DraftStatus:
    """Edits that were never committed; ``project.recover()`` gives them."""

    id: str
    author: str
    time: datetime
    changes: dict[str, dict[str, int]]


@dataclass(frozen=True)
class Status:
    """What a branch holds.

    Attributes
    ----------
    branch, commit
        Its name, and the id of its newest commit.
    slides
        One entry a slide, sorted by name.
    drafts
        Edits that sessions and viewers left behind, newest first.
    """

    branch: str
    commit: str
    slides: tuple[SlideStatus, ...]
    drafts: tuple[DraftStatus, ...]

    @property
    def rows(self) -> int:
        """Number of annotations in all."""
        return sum(each.rows for each in self.slides)

    def _rows(self) -> list[tuple[str | int, ...]]:
        rows = [
            (
                each.slide,
                each.rows,
                each.parts,
                each.runs,
                f"{each.changes} due" if each.due else each.changes,
            )
            for each in self.slides
        ]
        sums = (sum(getattr(each, name) for each in self.slides) for name in ("parts", "runs", "changes"))
        return [*rows, ("all", self.rows, *sums)]

    def _drafts(self) -> list[str]:
        return [
            f"not committed: {sum(sum(counts.values()) for counts in draft.changes.values())} edits of "
            f"{draft.author}, {draft.time:%Y-%m-%d %H:%M} (draft {draft.id[:10]})"
            for draft in self.drafts
        ]

    def __repr__(self) -> str:
        title = f"branch {self.branch} at {self.commit[:10]}"
        return "\n".join([title, text_table(COLUMNS, self._rows()), *self._drafts()])

    def _repr_html_(self) -> str:
        drafts = "".join(f"<div>{escape(line)}</div>" for line in self._drafts())
        return (
            f"<div>branch <b>{escape(self.branch)}</b> at <code>{self.commit[:10]}</code></div>"
            f"{html_table(COLUMNS, self._rows())}{drafts}"
        )


def find_status(repository: Repository, branch: str) -> Status:
    """Return what a branch holds.

    Raises
    ------
    UnknownVersion
        If there is no such branch.
    """
    head = repository.branch_head(branch)
    slides = tuple(_slide_status(repository, head, name) for name in repository.slides_of(head.record))
    drafts = tuple(
        DraftStatus(draft.id, draft.author, draft.time, draft.changes)
        for draft in recover(repository, branch)
    )
    return Status(branch, head.record.id, slides, drafts)


def _slide_status(repository: Repository, head: Head, slide: str) -> SlideStatus:
    state = repository.committer.state(head, slide)
    n_parts = len(repository.tables.parts(state))
    return SlideStatus(slide, state.rows, n_parts, len(state.runs), len(state.changes), is_due(state))
