"""The resolution of a model, on a slide."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from wsinb.errors import UnknownMpp

if TYPE_CHECKING:
    from wsinb.tiles import Slide

__all__ = ["downsample_on", "warn_if_enlarged"]

ENLARGED = 0.75


def downsample_on(slide: Slide, um_per_px: float | None, downsample: float | None) -> float:
    """Return how many level-0 pixels of a slide make a pixel of a model.

    Parameters
    ----------
    slide : Slide
    um_per_px : float or None
        Micrometres per pixel of the model.
    downsample : float or None
        Level-0 pixels per pixel of a model that knows no micrometres; None is 1.

    Raises
    ------
    UnknownMpp
        If `um_per_px` is given and the slide does not know its own.
    """
    if um_per_px is None:
        return float(downsample or 1.0)
    if slide.mpp is None:
        raise UnknownMpp(
            f"the model sees {um_per_px} um per pixel, but slide {slide.name} does not know its pixel size: "
            "set slide.mpp (in a project: project.slides.set_mpp), or train with um_per_px=None"
        )
    return float(slide.downsample(um_per_px))


def warn_if_enlarged(slide: Slide, downsample: float) -> None:
    """Warn the caller's caller that a slide is coarser than what a model has learned from."""
    if downsample < ENLARGED:
        warnings.warn(
            f"slide {slide.name} is coarser than what the model has learned from, and is enlarged "
            f"{1 / downsample:.3g} times: what is found may be worse than its scores say",
            stacklevel=3,
        )
