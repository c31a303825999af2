"""Edits as they travel: what a list differs in from the one that the other side has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from wsinb.errors import InvalidInput

__all__ = ["EditsMessage", "spliced"]

T = TypeVar("T")


class EditsMessage(NamedTuple):
    """What a browser tells of edits that were made in it.

    Attributes
    ----------
    start
        Name of the state that the changes are made to; None: to nothing.
    end
        Name of the state after them.
    drawn, deleted
        The changes of the two lists, see `spliced`.
    """

    start: str | None
    end: str
    drawn: Mapping[str, Any]
    deleted: Mapping[str, Any]

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> EditsMessage:
        """Read a message.

        Raises
        ------
        InvalidInput
            If it is none.
        """
        start, end, drawn, deleted = (content.get(name) for name in ("from", "to", "drawn", "deleted"))
        if (
            (start is None or isinstance(start, str))
            and (isinstance(end, str) and end)
            and isinstance(drawn, Mapping)
            and isinstance(deleted, Mapping)
        ):
            return cls(start, end, drawn, deleted)
        raise InvalidInput("The browser told of edits in a form that is not known: reload the page.")


def spliced(items: Sequence[T], change: Mapping[str, Any]) -> list[T]:
    """Return `items` with ``remove`` of them taken away from ``at`` on, and ``add`` in their place.

    Raises
    ------
    InvalidInput
        If the change does not fit the list.
    """
    at, remove, add = (change.get(name) for name in ("at", "remove", "add"))
    if type(at) is int and type(remove) is int and isinstance(add, list):
        end = at + remove
        if 0 <= at <= end <= len(items):
            return [*items[:at], *add, *items[end:]]
    raise InvalidInput("The browser told of edits that do not fit those before: reload the page.")
