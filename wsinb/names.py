"""Sentences about names that do not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["unknown"]

MANY = 8


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
    return f"There is no {kind} {name!r}: {advice}"
