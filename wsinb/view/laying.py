"""One slide over another: where it lies, and what is seen of it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput, WsinbError
from wsinb.frames import Box
from wsinb.view.heat import colour_table

if TYPE_CHECKING:
    from wsinb.tiles import Slide

__all__ = ["box_of", "paint_overlays"]


def box_of(overlay: Slide, slide: Slide, given: Sequence[float] | None = None) -> Box:
    """Return what all of an overlay covers, in level-0 pixels of the slide below.

    That is the box `given`, or the whole slide. Pictures are whole pixels wide: where both know their mpp,
    the last row and column may reach over the edge.

    Raises
    ------
    InvalidInput
        If the two have different shapes, by more than rounding to whole pixels makes.
    """
    box = Box(0, 0, *slide.size) if given is None else Box(*given)
    if not _is_same_shape((box.width, box.height), overlay.size):
        place = slide.name if given is None else "the box"
        width, height = overlay.size
        raise InvalidInput(
            f"{overlay.name} ({width} x {height} px) has another shape than {place} "
            f"({box.width:.0f} x {box.height:.0f} px): an overlay covers the same area, or has a box."
        )
    if given is not None or overlay.mpp_xy is None or slide.mpp_xy is None:
        return box
    scale = [own / below for own, below in zip(overlay.mpp_xy, slide.mpp_xy, strict=True)]
    own = [px * factor for px, factor in zip(overlay.size, scale, strict=True)]
    fits = abs(own[0] - box.width) < scale[0] and abs(own[1] - box.height) < scale[1]
    return Box(0, 0, *own) if fits else box


def _is_same_shape(one: tuple[float, float], other: tuple[int, int]) -> bool:
    """Tell whether one shape could be the other made smaller or larger, and rounded to whole pixels."""
    least = [length / (px + 1) for length, px in zip(one, other, strict=True)]
    most = [length / (px - 1) if px > 1 else math.inf for length, px in zip(one, other, strict=True)]
    return max(least) <= min(most)


def paint_overlays(
    image: NDArray[np.uint8],
    slide: Slide,
    overlays: Iterable[Mapping[str, Any]],
    within: Box,
    downsample: float,
) -> None:
    """Paint the visible overlays of files on a picture of a part of a slide, (h, w, 3) uint8, in place.

    One that cannot be read is left out with a warning; live ones are only to be seen in the browser.
    """
    from wsinb.tiles import open_slide

    for overlay in overlays:
        path = overlay["source"].get("path")
        if path is None or not overlay["visible"]:
            continue
        try:
            with open_slide(path) as own:
                box = box_of(own, slide, overlay["source"].get("box"))
                values, inside = _values(own, box, within, image.shape[:2], downsample)
        except WsinbError as error:
            warnings.warn(f"The overlay {overlay['name']!r} is left out: {error}", stacklevel=2)
            continue
        table = colour_table(overlay["colours"], overlay["opacity"], overlay["threshold"])
        painted = table[values].astype(np.float32)
        alpha = np.where(inside, painted[..., 3] / 255, 0)[..., None]
        image[:] = np.rint(image * (1 - alpha) + painted[..., :3] * alpha).astype(np.uint8)


def _values(
    overlay: Slide, box: Box, within: Box, shape: tuple[int, int], downsample: float
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the bytes of an overlay at the pixels of a picture, and which of these it covers."""
    import cv2

    height, width = shape
    scale = box.width / overlay.size[0]
    corner = ((within.l0_xmin - box.l0_xmin) / scale, (within.l0_ymin - box.l0_ymin) / scale)
    seen = overlay.read(*corner, width, height, downsample=downsample / scale)
    l0_x = within.l0_xmin + (np.arange(width) + 0.5) * downsample
    l0_y = within.l0_ymin + (np.arange(height) + 0.5) * downsample
    across = (l0_x >= box.l0_xmin) & (l0_x < box.l0_xmax)
    down = (l0_y >= box.l0_ymin) & (l0_y < box.l0_ymax)
    return np.asarray(cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY), dtype=np.uint8), down[:, None] & across
