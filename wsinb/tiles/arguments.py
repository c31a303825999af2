"""Checks of what `Slide.read` is asked for."""

from __future__ import annotations

from typing import SupportsIndex

from wsinb.errors import InvalidInput
from wsinb.tiles.model import Plane, Planes

__all__ = ["check_downsample", "check_plane", "check_size"]

MAX_OUTPUT_PIXELS = 200_000_000
MAX_DOWNSAMPLE = 1e6


def check_downsample(downsample: float) -> float:
    """Return a downsample that can be computed with."""
    if not 1 / MAX_DOWNSAMPLE <= downsample <= MAX_DOWNSAMPLE:
        raise InvalidInput(
            f"A pixel of the output would be {downsample:g} level-0 pixels wide: "
            f"choose a resolution from {1 / MAX_DOWNSAMPLE:g} to {MAX_DOWNSAMPLE:g}."
        )
    return downsample


def check_size(width: int, height: int) -> tuple[int, int]:
    """Return the size of an output that can be made."""
    if not isinstance(width, SupportsIndex) or not isinstance(height, SupportsIndex):
        raise InvalidInput(f"The size {width!r} × {height!r} is not in whole pixels: use integers.")
    width, height = int(width), int(height)
    if width < 1 or height < 1:
        raise InvalidInput(f"The size {width} × {height} is empty: give at least 1 × 1 pixel.")
    if width * height > MAX_OUTPUT_PIXELS:
        raise InvalidInput(
            f"{width} × {height} pixels are more than {MAX_OUTPUT_PIXELS:,}: "
            "read tile by tile, or at a coarser resolution."
        )
    return width, height


def check_plane(planes: Planes, z: int, t: int, c: int | None, name: str) -> Plane:
    """Return a plane that a slide has; `name` is the slide's."""
    for axis, index, count in zip("ztc", (z, t, c or 0), planes, strict=True):
        if not isinstance(index, SupportsIndex) or not 0 <= index.__index__() < count:
            raise InvalidInput(f"{name} has no {axis} = {index}: use 0 to {count - 1}.")
    return Plane(int(z), int(t), None if c is None else int(c))
