"""A slide cut into cores: squares of a grid that share no pixel and leave no gap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.frames import Box

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from wsinb.tiles import Slide

__all__ = ["Core", "Plan", "area_of", "plan_cores"]


@dataclass(frozen=True)
class Core:
    """A square of the grid, in pixels of the plan; the maxima lie outside."""

    row: int
    column: int
    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.y1 - self.y0, self.x1 - self.x0


@dataclass(frozen=True)
class Plan:
    """A slide seen at a resolution, and its cores.

    Attributes
    ----------
    downsample : float
        Level-0 pixels per pixel of the plan.
    width, height : int
        Size of the slide in pixels of the plan.
    within : shapely geometry or None
        In level-0 pixels: nothing else is looked at.
    cores : list of Core
        In reading order; those that share area with `within`.
    """

    slide: Slide
    downsample: float
    width: int
    height: int
    within: BaseGeometry | None
    cores: list[Core]

    def read(self, core: Core, halo: int = 0) -> NDArray[np.uint8]:
        """Read a core and `halo` pixels around it: (h + 2 halo, w + 2 halo, 3) uint8, RGB.

        Beyond the slide its border pixels are repeated, so that the pixels do not depend on how the slide is
        cut.
        """
        x0, y0 = max(core.x0 - halo, 0), max(core.y0 - halo, 0)
        x1, y1 = min(core.x1 + halo, self.width), min(core.y1 + halo, self.height)
        image = self.slide.read(
            x0 * self.downsample, y0 * self.downsample, x1 - x0, y1 - y0, downsample=self.downsample
        )
        left, top = x0 - (core.x0 - halo), y0 - (core.y0 - halo)
        right, bottom = core.x1 + halo - x1, core.y1 + halo - y1
        if left or top or right or bottom:
            image = np.pad(image, ((top, bottom), (left, right), (0, 0)), mode="edge")
        return image


def area_of(within: Box | BaseGeometry | None) -> BaseGeometry | None:
    """Return `within` as a valid geometry with an area, None for everything.

    Raises
    ------
    InvalidInput
        If it is anything else.
    """
    if within is None:
        return None
    area = shapely.box(*within) if isinstance(within, tuple) and len(within) == 4 else within
    if not isinstance(area, shapely.Geometry) or not shapely.area(area) > 0:
        raise InvalidInput("within has no area: give a box or polygon in level-0 pixels, or None for all")
    if not area.is_valid:
        raise InvalidInput("within is no valid polygon: mend it, for example by shapely.make_valid")
    return area


def plan_cores(
    slide: Slide, downsample: float, tile_size: int, within: Box | BaseGeometry | None = None
) -> Plan:
    """Cut a slide into cores of at most `tile_size` pixels of `downsample` level-0 pixels each.

    Raises
    ------
    InvalidInput
        If the tiles are smaller than 64 pixels or `within` has no area.
    """
    if isinstance(tile_size, bool) or not isinstance(tile_size, int) or tile_size < 64:
        raise InvalidInput(f"tile_size must be at least 64 px, not {tile_size!r}")
    area = area_of(within)
    width, height = (max(1, int(np.ceil(length / downsample - 1e-6))) for length in slide.size)
    cores = [
        Core(y // tile_size, x // tile_size, x, y, min(x + tile_size, width), min(y + tile_size, height))
        for y in range(0, height, tile_size)
        for x in range(0, width, tile_size)
    ]
    if area is not None:
        shapely.prepare(area)
        l0_boxes = np.array([(core.x0, core.y0, core.x1, core.y1) for core in cores]) * downsample
        meets = np.asarray(shapely.intersects(area, shapely.box(*l0_boxes.T)))
        cores = [core for core, chosen in zip(cores, meets, strict=True) if chosen]
    return Plan(slide, downsample, width, height, area, cores)
