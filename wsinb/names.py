"""Names that people give: lists of them, and sentences about those that do not exist."""

from __future__ import annotations

import difflib
import os
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Any, TypeGuard

from wsinb.errors import InvalidInput

__all__ = ["given_path", "is_among", "is_name", "listed", "unknown"]

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


def is_among(name: object, known: Container[str]) -> bool:
    """Say whether something is a text, and one of those known; a list, say, is not."""
    return isinstance(name, str) and name in known


def is_name(value: object, longest: int | None = None, *, trimmed: bool = False) -> TypeGuard[str]:
    """Say whether something can name a thing: a printable text that is not blank.

    Parameters
    ----------
    value
        Anything.
    longest
        At most so many characters, if not None.
    trimmed
        Whether there must be no spaces at its ends.
    """
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        return False
    return (longest is None or len(value) <= longest) and (not trimmed or value == value.strip())


def given_path(path: Any, what: str) -> Path:
    """Return a path that a person gave, absolute, with ``~`` replaced by the home folder.

    Raises
    ------
    InvalidInput
        If it is no text or path, cannot be the name of a file, or there is no such home folder; `what` says
        what it should be: "The folder of an export is a path".
    """
    try:
        text = os.fspath(path)
        if not isinstance(text, str) or b"\0" in os.fsencode(text):
            raise ValueError
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{what}, not {_short(path)}.") from error
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:
        raise InvalidInput(f"There is no home folder for {_short(text)}: write the whole path.") from error


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
