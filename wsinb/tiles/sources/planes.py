"""What readers of slides with planes, channels and any pixel type have in common."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import UnreadableSlide
from wsinb.tiles.channels import Channel, ChannelNote, own_paints
from wsinb.tiles.model import Frames, Level, Plane, Planes
from wsinb.tiles.sources.pixels import CHANNEL_COLOURS, compose, data_limits, data_range, to_rgb

__all__ = ["PlaneReader"]

MAX_OVERVIEW = 1024
WHITE = "#ffffff"
BYTES = (np.uint8, np.bool_)


class PlaneReader(ABC):
    """Turns the raw pixels of any format into RGB.

    Pixels that are not 8-bit, and channels that the file names or colours, are scaled so that the overview of
    each channel fills the range from black to white (`data_range`), unless the file says how they are shown.
    Several channels are composed in their colours unless one is asked for. `dtype` and `bands` are those of
    `raw`.
    """

    levels: tuple[Level, ...]
    planes: Planes
    dtype: np.dtype[Any]
    bands: int
    channel_notes: Sequence[ChannelNote] = ()
    frames: Frames | None = None
    frame_rate: float | None = None

    def __init__(self) -> None:
        self._channels: tuple[Channel, ...] | None = None
        self._known: dict[int, Channel] = {}
        self._known_lock = threading.Lock()

    @abstractmethod
    def raw(self, level: int, lv_box: tuple[int, int, int, int], z: int, t: int, c: int) -> NDArray[Any]:
        """Return the pixels of one channel as stored: (height, width, bands)."""

    @property
    def background(self) -> int:
        """See `Source.background`."""
        return 0 if self._in_colours and self.bands < 3 else 255

    def channels(self) -> tuple[Channel, ...]:
        """See `Source.channels`."""
        if self._channels is None:
            count = 0 if self._plain else self.planes.c
            self._channels = tuple(self._channel(c) for c in range(count))
        return self._channels

    def read(self, level: int, lv_box: tuple[int, int, int, int], plane: Plane) -> NDArray[np.uint8]:
        """See `Source.read`."""
        z, t, c, paints = plane
        if paints is None and c is None and self._in_colours:
            paints = own_paints(self.channels())
        if paints is not None:
            size = lv_box[2] - lv_box[0], lv_box[3] - lv_box[1]
            return compose([self.raw(level, lv_box, z, t, paint.c) for paint in paints], paints, size)
        pixels = self.raw(level, lv_box, z, t, c or 0)
        return to_rgb(pixels, None if self._plain else self._channel(c or 0).range)

    def stored_jpeg(self, level: int, t_col: int, t_row: int) -> bytes | None:
        """See `Source.stored_jpeg`; there are none."""
        return None

    @property
    def _in_colours(self) -> bool:
        """Whether the picture is composed: of several channels, or of one in a colour of its own."""
        return self.planes.c > 1 or self._note(0).color not in (None, WHITE)

    @property
    def _plain(self) -> bool:
        """Whether the pixels are shown as they are stored."""
        return self.dtype in BYTES and not self._in_colours

    def _note(self, c: int) -> ChannelNote:
        return self.channel_notes[c] if c < len(self.channel_notes) else ChannelNote()

    def _channel(self, c: int) -> Channel:
        """Describe a channel, once: its values are those of the middle of the overview of the first plane."""
        with self._known_lock:
            known = self._known.get(c)
        if known is not None:
            return known
        found = self._described(c)
        with self._known_lock:
            return self._known.setdefault(c, found)

    def _described(self, c: int) -> Channel:
        parts = self._overview(c)
        pixels = np.concatenate([part.ravel() for part in parts])
        note = self._note(c)
        limits = data_limits(pixels)
        # 8-bit planes that nobody named may be red, green and blue of a picture
        told = self.bands < 3 and (note.name, note.color) != (None, None)
        as_stored = pixels.dtype in BYTES and not told
        auto = data_range(pixels)
        shown = note.range or (limits if as_stored else auto)
        single = self.planes.c == 1 or self.bands >= 3
        color = note.color or (WHITE if single else CHANNEL_COLOURS[c % len(CHANNEL_COLOURS)])
        limits = min(limits[0], shown[0], auto[0]), max(limits[1], shown[1], auto[1])
        # pictures in full colour on top of each other would show nothing
        visible = self.bands < 3 or c == 0
        return Channel(note.name or f"Channel {c + 1}", color, shown, limits, auto, visible)

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
