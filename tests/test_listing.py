"""Tables as text and as HTML."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from wsinb.listing import Html, code, html_table, text_table

ROWS = st.lists(st.tuples(st.text(), st.integers(), st.text()), min_size=1, max_size=5)


class Cells(HTMLParser):
    """Collects the tags and the text of each cell, as a browser has them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.cells: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells:
            self.cells[-1] += data


def test_numbers_stand_at_the_right_and_text_at_the_left() -> None:
    assert text_table(("slide", "rows"), [("a", 5), ("bcdefg", 1000)]).splitlines() == [
        "slide   rows",
        "a          5",
        "bcdefg  1000",
    ]


def test_a_column_with_one_text_is_text() -> None:
    assert text_table(None, [("3 due", 1), (40, 1)]).splitlines() == ["3 due  1", "40     1"]


def test_without_rows_only_the_head_is_left() -> None:
    assert text_table(("slide", "rows"), []) == "slide  rows"
    assert text_table(None, []) == ""
    assert html_table(("a",), []).endswith("</thead><tbody></tbody></table>")


@given(ROWS)
def test_a_row_is_one_printable_line(rows: list[tuple[str, int, str]]) -> None:
    lines = text_table(("a", "b", "c"), rows).split("\n")
    assert len(lines) == 1 + len(rows)
    assert all(line.isprintable() for line in lines)


@given(ROWS)
def test_no_text_becomes_markup(rows: list[tuple[str, int, str]]) -> None:
    read = Cells(html_table(("a", "b", "c"), [(f"<b>{a}</b>", n, c) for a, n, c in rows]))
    assert read.tags == {"table", "thead", "tbody", "tr", "th", "td"}
    if all("\r" not in a + c for a, _, c in rows):  # parsers read a line end of its own for it
        assert read.cells == [str(cell) for a, n, c in rows for cell in (f"<b>{a}</b>", n, c)]


def test_only_what_says_so_is_taken_as_html() -> None:
    assert (
        '<td style="text-align:left"><i>x</i></td><td style="text-align:left"><code>&lt;</code>'
        in html_table(("a", "b"), [(Html("<i>x</i>"), code("<"))])
    )
