"""Micrometres to level-0 pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wsinb.errors import UnknownMpp

if TYPE_CHECKING:
    from wsinb.tiles import Slide

__all__ = ["l0_area"]


def l0_area(slide: Slide, um2: float) -> float:
    """Return an area in square micrometres as level-0 square pixels; 0 stays 0 on any slide.

    Raises
    ------
    UnknownMpp
        If the slide does not know its pixel size.
    """
    if um2 == 0:
        return 0.0
    if slide.mpp_xy is None:
        raise UnknownMpp(
            f"Slide {slide.name!r} does not know its pixel size: "
            "set slide.mpp, in a project by project.slides.set_mpp(name, mpp), or give no area."
        )
    return um2 / (slide.mpp_xy[0] * slide.mpp_xy[1])
