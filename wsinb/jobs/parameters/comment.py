"""What the comment of a parameter says: help, unit, choices and a range."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Comment", "read_comment"]

_NUMBER = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_UNIT = re.compile(r"(?:^|\s)\[([^\[\]{}]{1,20})\]$")
_CHOICES = re.compile(r"(?:^|\s)\{([^{}]+)\}$")
_RANGE = re.compile(rf"(?:^|\s)(?!\.\.$)({_NUMBER})?\.\.({_NUMBER})?$")


class Comment(NamedTuple):
    """The parts of a comment; choices and limits are texts, since their type is not told by it."""

    help: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    low: str | None = None
    high: str | None = None


def read_comment(comment: str) -> Comment:
    """Read a comment ``help [unit] {choice, choice} low..high``.

    What is behind the help may come in any order, each of it once.

    Parameters
    ----------
    comment : str
        Without its ``#``.
    """
    found = Comment(comment.strip())
    while True:
        more = _without_last(found)
        if more is None:
            return found
        found = more


def _without_last(read: Comment) -> Comment | None:
    """Take the last part behind the help off it, if there is one that was not taken before."""
    text = read.help
    if not read.unit and (match := _UNIT.search(text)):
        return read._replace(help=text[: match.start()].rstrip(), unit=match[1].strip())
    if not read.choices and (match := _CHOICES.search(text)):
        choices = tuple(choice.strip() for choice in match[1].split(","))
        return read._replace(help=text[: match.start()].rstrip(), choices=choices)
    if read.low is None and read.high is None and (match := _RANGE.search(text)):
        return read._replace(help=text[: match.start()].rstrip(), low=match[1], high=match[2])
    return None
