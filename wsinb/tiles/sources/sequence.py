"""A folder of equally large pictures as one slide, whose time points are the pictures."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import cachetools
import numpy as np
from numpy.typing import NDArray

from wsinb.errors import UnreadableSlide
from wsinb.tiles.members import members_of
from wsinb.tiles.model import Frames, Plane, Planes
from wsinb.tiles.sources.base import Source
from wsinb.tiles.sources.planes import PlaneReader

__all__ = ["SequenceSource"]

OPEN_MEMBERS = 12


class SequenceSource(PlaneReader):
    """A folder of pictures, each read by the reader that fits it. See `Source`."""

    name = "sequence"

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._members = members_of(path)
        self._renew()
        first = self._first = self._member(0)
        if first.planes.t > 1:
            raise UnreadableSlide(
                f"{first.path} has time points of its own: give its path, not that of its folder."
            )
        self.levels, self.mpp_xy, self.magnification = first.levels, first.mpp_xy, first.magnification
        self.properties: Mapping[str, str] = first.properties
        self.associated_names: tuple[str, ...] = ()
        self.planes = Planes(first.planes.z, len(self._members), first.planes.c)
        self.frames = Frames("t", tuple(member.name for member in self._members))
        self.dtype, self.bands = np.dtype(np.uint8), 3
        if isinstance(first, PlaneReader):
            self.dtype, self.bands, self.channel_notes = first.dtype, first.bands, first.channel_notes
        self._check_sizes()

    def raw(self, level: int, lv_box: tuple[int, int, int, int], z: int, t: int, c: int) -> NDArray[Any]:
        """See `PlaneReader.raw`."""
        member = self._member(t)
        if isinstance(member, PlaneReader):
            return member.raw(level, lv_box, z, 0, c)
        return member.read(level, lv_box, Plane(z))

    def associated(self, name: str) -> NDArray[np.uint8]:
        """See `Source.associated`; there are none."""
        raise KeyError(name)

    def close(self) -> None:
        """See `Source.close`; a picture that another thread is reading is closed when it is forgotten."""
        with self._lock:
            self._open.clear()

    def _member(self, t: int) -> Source:
        """Return one picture, open; several threads may open the same one at once, which harms nothing."""
        from wsinb.tiles.sources import open_source

        if self._pid != os.getpid():
            self._renew()
        with self._lock:
            known: Source | None = self._open.get(t)
        if known is None:
            known = open_source(self._members[t])
            if t:
                self._check_like_first(known, t)
            with self._lock:
                self._open[t] = known
        return known

    def _renew(self) -> None:
        self._pid, self._lock = os.getpid(), threading.RLock()
        self._open: cachetools.LRUCache[int, Source] = cachetools.LRUCache(OPEN_MEMBERS)

    def _check_sizes(self) -> None:
        """Compare the sizes of all pictures by their headers."""
        from PIL import Image

        for member in self._members[1:]:
            size = self.levels[0].size
            with suppress(Exception), Image.open(member) as picture:
                size = picture.size
            # what Pillow does not know, or a camera has turned, is compared when it is read
            if self.levels[0].size not in (size, size[::-1]):
                raise self._odd_size(member, size)

    def _check_like_first(self, member: Source, t: int) -> None:
        first, path = self._first, self._members[t]
        if member.levels[0].size != self.levels[0].size:
            raise self._odd_size(path, member.levels[0].size)
        kinds = [
            (
                source.levels,
                source.planes,
                source.dtype if isinstance(source, PlaneReader) else np.dtype(np.uint8),
            )
            for source in (member, first)
        ]
        if kinds[0] != kinds[1]:
            raise UnreadableSlide(
                f"{path} is of another kind than {self._members[0].name}: a folder that is opened as a slide "
                "must hold pictures alike in pixel type, levels and planes; save it like the others."
            )

    def _odd_size(self, member: Path, size: tuple[int, int]) -> UnreadableSlide:
        width, height = self.levels[0].size
        return UnreadableSlide(
            f"{member} is {size[0]} x {size[1]} pixels and {self._members[0].name} is {width} x {height}: a "
            "folder that is opened as a slide must hold pictures of one size; move the others elsewhere."
        )
