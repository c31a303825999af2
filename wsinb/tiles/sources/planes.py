"""What readers of slides with planes, channels and any pixel type have in common."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import UnreadableSlide
from wsinb.tiles.model import Level, Planes
from wsinb.tiles.sources.pixels import blend_channels, data_range, to_rgb

__all__ = ["PlaneReader"]

MAX_OVERVIEW = 1024


class PlaneReader(ABC):
    """Turns the raw pixels of any format into RGB.

    Pixels that are not 8-bit are scaled so that the overview of each channel fills the range from black to
    white (`data_range`). Several channels give a picture in `CHANNEL_COLOURS` unless one is asked for.
    """

    levels: tuple[Level, ...]
    planes: Planes

    def __init__(self) -> None:
        self._ranges: dict[int, tuple[float, float]] = {}
        self._ranges_lock = threading.Lock()

    @abstractmethod
    def raw(self, level: int, lv_box: tuple[int, int, int, int], z: int, t: int, c: int) -> NDArray[Any]:
        """Return the pixels of one channel as stored: (height, width, bands)."""

    def read(
        self, level: int, lv_box: tuple[int, int, int, int], z: int, t: int, c: int | None
    ) -> NDArray[np.uint8]:
        """See `Source.read`."""
        if c is None and self.planes.c > 1:
            return blend_channels([self.read(level, lv_box, z, t, number) for number in range(self.planes.c)])
        pixels = self.raw(level, lv_box, z, t, c or 0)
        scale = None if pixels.dtype in (np.uint8, np.bool_) else self._range(c or 0)
        return to_rgb(pixels, scale)

    def _range(self, c: int) -> tuple[float, float]:
        """Range of the values of a channel in the middle of its overview, of the first plane."""
        with self._ranges_lock:
            known = self._ranges.get(c)
        if known is not None:
            return known
        found = data_range(np.concatenate([part.ravel() for part in self._overview(c)]))
        with self._ranges_lock:
            return self._ranges.setdefault(c, found)

    def _overview(self, c: int) -> list[NDArray[Any]]:
        """Read the middle of the coarsest level tile by tile, without those that are damaged."""
        level = len(self.levels) - 1
        (width, height), _, (tile_width, tile_height) = self.levels[level]
        left, top = max(0, (width - MAX_OVERVIEW) // 2), max(0, (height - MAX_OVERVIEW) // 2)
        right, bottom = min(width, left + MAX_OVERVIEW), min(height, top + MAX_OVERVIEW)
        parts: list[NDArray[Any]] = []
        damage: UnreadableSlide | None = None
        for y in range(top - top % tile_height, bottom, tile_height):
            for x in range(left - left % tile_width, right, tile_width):
                box = max(x, left), max(y, top), min(x + tile_width, right), min(y + tile_height, bottom)
                try:
                    parts.append(self.raw(level, box, 0, 0, c))
                except UnreadableSlide as error:
                    damage = error
        if not parts and damage is not None:
            raise damage
        return parts
