"""Differences as text and as HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from wsinb.listing import html_table, text_table
from wsinb.versions.changes.slidedelta import KINDS

if TYPE_CHECKING:
    from wsinb.versions.changes.delta import Diff

__all__ = ["diff_html", "diff_text"]

HEAD = ("slide", *KINDS)


def diff_text(diff: Diff) -> str:
    """Return a difference in a few lines: a table of counts by slide, then the edits of lists."""
    rows = _rows(diff)
    table = [text_table(HEAD, rows)] if rows else []
    return "\n".join([_between(diff), *table, *_edits(diff)])


def diff_html(diff: Diff) -> str:
    """Return a difference as HTML."""
    rows = _rows(diff)
    table = html_table(HEAD, rows) if rows else ""
    edits = "".join(f"<div>{escape(line)}</div>" for line in _edits(diff))
    return f"<div>{escape(_between(diff))}</div>{table}{edits}"


def _rows(diff: Diff) -> list[tuple[str | int, ...]]:
    return [(slide, *(counts[kind] for kind in KINDS)) for slide, counts in diff.counts.items()]


def _between(diff: Diff) -> str:
    sides = " to ".join(side[:10] for side in (diff.a, diff.b) if side)
    what = f"Differences from {sides}" if diff.a and diff.b else "Differences"
    if not diff:
        return f"{what}: none"
    return f"{what}: {len(diff)} annotation{'' if len(diff) == 1 else 's'}"


def _edits(diff: Diff) -> list[str]:
    return [
        f"{kind} {word}: {', '.join(names)}"
        for kind, edits in diff.edits.items()
        for word, names in edits.items()
    ]
