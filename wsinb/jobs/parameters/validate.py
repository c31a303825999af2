"""Checking what a job was given against what it declares."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from wsinb.errors import InvalidParameter
from wsinb.jobs.parameters.parameter import Parameter
from wsinb.jobs.parameters.types import Value

__all__ = ["unknown_name", "validate"]


def validate(declared: Iterable[Parameter], values: Mapping[str, object], job: str) -> dict[str, Value]:
    """Return every declared parameter with its given or default value.

    Parameters
    ----------
    declared : iterable of Parameter
        What the job takes.
    values : mapping
        What was given, by name.
    job : str
        Name of the job, for the messages.

    Raises
    ------
    InvalidParameter
        If a name is unknown (the message holds the nearest one), one is missing, or a value is
        ill-typed or not allowed.
    """
    known = {parameter.name: parameter for parameter in declared}
    for name in values:
        if name not in known:
            raise InvalidParameter(unknown_name(name, list(known), job))
    missing = [parameter for name, parameter in known.items() if parameter.required and name not in values]
    if missing:
        first = missing[0]
        raise InvalidParameter(
            f"Job {job!r} needs the parameter {first.name!r} ({first.type}){first.hint}; give it a value."
        )
    return {name: p.check(values[name]) if name in values else p.default for name, p in known.items()}


def unknown_name(name: str, known: list[str], job: str) -> str:
    """Return the sentence that says that a job has no such parameter, and which one may be meant."""
    near = difflib.get_close_matches(name, known, n=1)
    remedy = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(known) or 'none'}."
    return f"Job {job!r} has no parameter {name!r}; {remedy}"
