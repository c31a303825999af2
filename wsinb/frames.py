"""Coordinate frames.

Every coordinate name carries its frame:

``l0_``
    level-0 pixels, origin top left, y down: the only frame that is stored.
``lv_``
    pixels of one pyramid level.
``um_``
    micrometres, origin top left, y down.
``t_``
    column or row of a tile.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Box"]


class Box(NamedTuple):
    """An axis-parallel box in level-0 pixels; the maxima lie outside."""

    l0_xmin: float
    l0_ymin: float
    l0_xmax: float
    l0_ymax: float

    @property
    def width(self) -> float:
        """Extent along x, in level-0 pixels."""
        return self.l0_xmax - self.l0_xmin

    @property
    def height(self) -> float:
        """Extent along y, in level-0 pixels."""
        return self.l0_ymax - self.l0_ymin

    def intersection(self, other: Box) -> Box | None:
        """Return the common part of two boxes, or None if they do not overlap."""
        box = Box(
            max(self.l0_xmin, other.l0_xmin),
            max(self.l0_ymin, other.l0_ymin),
            min(self.l0_xmax, other.l0_xmax),
            min(self.l0_ymax, other.l0_ymax),
        )
        return box if box.width > 0 and box.height > 0 else None
