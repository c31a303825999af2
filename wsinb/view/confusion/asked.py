"""What a browser may ask of a confusion matrix: messages, checked before anything is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from wsinb.errors import InvalidInput
from wsinb.view.confusion.cases import Cell
from wsinb.view.confusion.pictures import MAX_SIDE

__all__ = ["MAX_PATCHES", "MAX_ROWS", "Patches", "Rows", "ids_of", "number_of", "text_of"]

MAX_ROWS = 500
MAX_PATCHES = 500
MIN_SIDE = 16
MAX_IDS = 1_000_000
MAX_TEXT = 10_000


class Rows(NamedTuple):
    """A part of a cell is wanted: `n_rows` of it from `start` on, in answer to question `asked`."""

    asked: str
    cell: Cell
    start: int
    n_rows: int

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> Rows:
        """Read a message.

        Raises
        ------
        InvalidInput
            If it is none.
        """
        count = number_of(content, "count", MAX_ROWS)
        cell = _name_of(content, "label"), _name_of(content, "predicted")
        return cls(text_of(content, "asked"), cell, number_of(content, "start"), count)


class Patches(NamedTuple):
    """A page wants pictures, no side longer than `side`, and nothing else that it has not got yet."""

    page: str
    rows: tuple[int, ...]
    side: int

    @classmethod
    def read(cls, content: Mapping[str, Any], n_cases: int) -> Patches:
        """Read a message.

        Raises
        ------
        InvalidInput
            If it is none, or names a case that is not there.
        """
        rows = content.get("rows")
        if not isinstance(rows, list) or len(rows) > MAX_PATCHES:
            raise _strange()
        if not all(type(row) is int and 0 <= row < n_cases for row in rows):
            raise _strange()
        return cls(text_of(content, "page"), tuple(rows), max(MIN_SIDE, number_of(content, "side", MAX_SIDE)))


def number_of(content: Mapping[str, Any], name: str, largest: int = 2**31) -> int:
    """Return a whole number of a message, from 0 to `largest`."""
    value = content.get(name)
    if type(value) is not int or not 0 <= value <= largest:
        raise _strange()
    return value


def text_of(content: Mapping[str, Any], name: str) -> str:
    """Return a text of a message."""
    value = content.get(name)
    if not isinstance(value, str) or not value or len(value) > MAX_TEXT:
        raise _strange()
    return value


def ids_of(content: Mapping[str, Any]) -> list[str]:
    """Return the ids of a message."""
    value = content.get("ids")
    if not isinstance(value, list) or len(value) > MAX_IDS or not all(isinstance(one, str) for one in value):
        raise _strange()
    return value


def _name_of(content: Mapping[str, Any], name: str) -> str | None:
    return None if content.get(name) is None else text_of(content, name)


def _strange() -> InvalidInput:
    return InvalidInput(
        "The browser asked the confusion matrix in a form that is not known: reload the page."
    )
