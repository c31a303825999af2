"""Numbers that come from outside."""

from __future__ import annotations

import math
from numbers import Real

__all__ = ["real"]


def real(value: object) -> float | None:
    """Return a finite real number as a float; None for anything else, such as True or 10**400."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
