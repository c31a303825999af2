"""The small values that describe a slide: its levels, planes and resolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from wsinb.errors import InvalidInput
from wsinb.numbers import real

if TYPE_CHECKING:
    from wsinb.tiles.channels import Paint

__all__ = ["Frames", "Level", "Plane", "Planes", "level_downsample"]


class Level(NamedTuple):
    """One level of the pyramid; level 0 is the finest.

    Attributes
    ----------
    size : (int, int)
        Width and height in pixels of this level.
    downsample : float
        Level-0 pixels per pixel of this level.
    tile_size : (int, int)
        Width and height of the stored tiles, in pixels of this level.
    """

    size: tuple[int, int]
    downsample: float
    tile_size: tuple[int, int]


class Planes(NamedTuple):
    """How many focal planes (z), time points (t) and channels (c) a slide has, each at least 1."""

    z: int = 1
    t: int = 1
    c: int = 1


class Plane(NamedTuple):
    """What of a slide is read: focal plane, time point, and one channel or several in colours.

    Attributes
    ----------
    z, t : int
        Focal plane and time point, in range.
    c : int or None
        One channel, as a grey picture; None for the colour picture.
    paints : tuple of Paint or None
        Channels to be composed in colours, instead of those that the slide shows by itself.
    """

    z: int = 0
    t: int = 0
    c: int | None = None
    paints: tuple[Paint, ...] | None = None


class Frames(NamedTuple):
    """The names that the planes of a slide have, such as those of the files of a sequence.

    Attributes
    ----------
    kind : "z" or "t"
        Which planes they are.
    names : tuple of str
        One name for each of them.
    """

    kind: Literal["z", "t"]
    names: tuple[str, ...]


def level_downsample(l0_size: Sequence[int], lv_size: Sequence[int]) -> float:
    """Return the downsample of a level from its size.

    Writers halve a size by rounding down or up, so the quotient of two sizes is a little off. The nearest
    whole number is taken wherever it explains both sizes to within a pixel; otherwise the mean of the two
    quotients, as OpenSlide does.
    """
    quotients = [l0 / lv for l0, lv in zip(l0_size, lv_size, strict=True)]
    mean = sum(quotients) / 2
    whole = max(1, round(mean))
    fits = all(abs(l0 / whole - lv) < 1 for l0, lv in zip(l0_size, lv_size, strict=True))
    return float(whole) if fits else mean


def check_mpp(value: object) -> tuple[float, float] | None:
    """Return micrometres per pixel along x and y, given as a number, as (x, y) or as None.

    Raises
    ------
    InvalidInput
        If they are not positive numbers.
    """
    if value is None:
        return None
    pair = tuple(value) if isinstance(value, Sequence) else (value, value)
    if len(pair) != 2 or any(positive(v) is None for v in pair):
        raise InvalidInput(
            f"mpp is {value!r}: give positive micrometres per pixel, as a number or as (x, y)."
        )
    return float(pair[0]), float(pair[1])


def positive(value: object) -> float | None:
    """Return `value` if it is a finite positive number, otherwise None."""
    number = real(value)
    return number if number is not None and number > 0 else None
