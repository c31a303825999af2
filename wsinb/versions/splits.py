"""Dividing slides into parts by chance, such that anybody gets the same parts from the same seed.

All members of a group come into one part. The groups are put in the order of the SHA-256 of the seed,
a line feed and the group's name (of equal hashes in that of the names), laid one behind the other along
a line, each as long as it has members, and the line is cut at the fractions; a group belongs to the part
in which its middle lies, on a cut to the later one. So the order in which slides are given does not
matter, no part differs from its fraction by more than the largest group, and adding a few slides moves
few others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from wsinb.errors import InvalidInput
from wsinb.names import is_name
from wsinb.numbers import real
from wsinb.versions.storage.layout import sha256

__all__ = ["check_split", "divide"]

DENOMINATOR = 1_000_000


def check_split(split: Any) -> dict[str, float] | None:
    """Return the fraction of each part, or raise `InvalidInput` unless they add up to 1."""
    if split is None:
        return None
    if not isinstance(split, Mapping) or not split:
        raise InvalidInput(
            f"A split is a dict of fractions such as {{'train': 0.7, 'validation': 0.15, 'test': 0.15}}, "
            f"not {split!r}."
        )
    for part, fraction in split.items():
        if not is_name(part):
            raise InvalidInput(f"A part of a set needs a printable name, not {part!r}.")
        value = real(fraction)
        if isinstance(fraction, bool) or value is None or not 0 < value <= 1:
            raise InvalidInput(
                f"The fraction of part {part!r} is a number above 0 and up to 1, not {fraction!r}."
            )
    total = sum(_exact(fraction) for fraction in split.values())
    if total != 1:
        raise InvalidInput(
            f"The fractions of a split add up to 1, and these to {float(total):g}: change one."
        )
    return {part: float(fraction) for part, fraction in split.items()}


def divide(groups: Sequence[str], split: Mapping[str, float], seed: int) -> list[str]:
    """Return the part of each member.

    Parameters
    ----------
    groups
        The group of each member; all members of a group get the same part.
    split
        Parts in their order with the fraction of each, which add up to 1.
    seed
        Another seed gives another division.
    """
    sizes = Counter(groups)
    ordered = sorted(sizes, key=lambda group: (sha256(f"{seed}\n{group}".encode()), group))
    ends, end = [], Fraction(0)
    for fraction in split.values():
        end += _exact(fraction)
        ends.append(end)
    parts, chosen, before = list(split), {}, 0
    for group in ordered:
        middle = Fraction(2 * before + sizes[group], 2 * len(groups))
        chosen[group] = parts[next(number for number, stop in enumerate(ends) if middle < stop)]
        before += sizes[group]
    return [chosen[group] for group in groups]


def _exact(fraction: float) -> Fraction:
    """Return the short fraction that a number stands for: thirds add up to 1."""
    return Fraction(float(fraction)).limit_denominator(DENOMINATOR)
