"""Names that people give: lists of them, and sentences about those that do not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from wsinb.errors import InvalidInput

__all__ = ["listed", "unknown"]

MANY = 8
LONGEST = 80


def listed(given: str | Iterable[Any], what: str) -> list[Any]:
    """Return a name, or several, as a list.

    Raises
    ------
    InvalidInput
        If it is neither; `what` says what it should be: "Slides are given by name".
    """
    if isinstance(given, str):
        return [given]
    # bytes are iterable, too, but nobody means their numbers
    if isinstance(given, Iterable) and not isinstance(given, bytes):
        return list(given)
    raise InvalidInput(f"{what}: a text or a list of texts, not {_short(given)}.")


def unknown(kind: str, name: object, known: Iterable[str], remedy: str = "") -> str:
    """Return the sentence that there is no `kind` of this name, with near names or all of a few.

    `remedy` replaces the advice that is given where nothing is known yet.
    """
    names = list(known)
    near = difflib.get_close_matches(str(name), names, n=3, cutoff=0.6)
    if near:
        advice = f"did you mean {' or '.join(repr(n) for n in near)}?"
    elif not names:
        advice = remedy or "there is none yet."
    elif len(names) <= MANY:
        advice = f"there is {', '.join(repr(n) for n in names)}."
    else:
        advice = f"there are {len(names)}, such as {', '.join(repr(n) for n in names[:3])}."
    return f"There is no {kind} {_short(name)}: {advice}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
