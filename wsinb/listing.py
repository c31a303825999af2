"""Tables as people read them: lines of text for a terminal, HTML for a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["Cell", "Html", "code", "html_table", "text_table"]

Cell = str | int


class Html(str):
    """A cell that is HTML already and is taken as it is; all others are escaped."""

    __slots__ = ()


def code(text: str) -> Html:
    """Return text as HTML in the letters of code, for ids and paths."""
    return Html(f"<code>{escape(text)}</code>")


def text_table(head: Sequence[str] | None, rows: Iterable[Sequence[Cell]]) -> str:
    """Return rows as lines of aligned columns, those of numbers to the right.

    Parameters
    ----------
    head
        Names of the columns, or None for no such line.
    rows
        Text or numbers. What cannot be printed, line breaks too, becomes a space: a message of somebody else
        neither breaks the table nor commands the terminal.
    """
    listed = [tuple(row) for row in rows]
    right = _numeric(listed)
    above: list[Sequence[Cell]] = [] if head is None else [head]
    lines = [[_printable(str(cell)) for cell in row] for row in [*above, *listed]]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def html_table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return rows as an HTML table; text is escaped and at the left, where notebooks do not put it."""
    listed = [tuple(row) for row in rows]
    right = _numeric(listed)
    left = ["" if at in right else ' style="text-align:left"' for at in range(len(head))]
    names = "".join(f"<th{style}>{escape(name)}</th>" for style, name in zip(left, head, strict=True))
    body = "".join(
        "<tr>"
        + "".join(f"<td{style}>{_markup(cell)}</td>" for style, cell in zip(left, row, strict=True))
        + "</tr>"
        for row in listed
    )
    return f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"


def _numeric(rows: Sequence[Sequence[Cell]]) -> set[int]:
    """Return the places of the columns that hold numbers only."""
    return {
        at for at, column in enumerate(zip(*rows, strict=True)) if all(isinstance(c, int) for c in column)
    }


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _markup(cell: Cell) -> str:
    return cell if isinstance(cell, Html) else escape(str(cell))
