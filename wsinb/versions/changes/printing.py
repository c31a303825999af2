"""Differences as text and as HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from wsinb.versions.changes.slidedelta import KINDS

if TYPE_CHECKING:
    from wsinb.versions.changes.delta import Diff

__all__ = ["diff_html", "diff_text"]


def diff_text(diff: Diff) -> str:
    """Return a difference in a few lines: a table of counts by slide, then the edits of lists."""
    rows: list[tuple[str, ...]] = [("slide", *KINDS)]
    rows += [(slide, *(str(counts[kind]) for kind in KINDS)) for slide, counts in diff.counts.items()]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [_between(diff)]
    if len(rows) > 1:
        for name, *cells in rows:
            padded = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
            lines.append("  ".join([name.ljust(widths[0]), *padded]))
    return "\n".join([*lines, *_edits(diff)])


def diff_html(diff: Diff) -> str:
    """Return a difference as HTML."""
    head = "".join(f'<th style="text-align:left">{name}</th>' for name in ("slide", *KINDS))
    rows = "".join(
        f'<tr><td style="text-align:left">{escape(slide)}</td>'
        + "".join(f"<td>{counts[kind]}</td>" for kind in KINDS)
        + "</tr>"
        for slide, counts in diff.counts.items()
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""
    edits = "".join(f"<div>{escape(line)}</div>" for line in _edits(diff))
    return f"<div>{escape(_between(diff))}</div>{table}{edits}"


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
