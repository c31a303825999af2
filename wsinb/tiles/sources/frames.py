"""What readers of films have in common: frames that are decoded in order and asked for in any."""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

import cachetools
import numpy as np
from numpy.typing import NDArray

from wsinb.errors import UnreadableSlide
from wsinb.tiles.channels import Channel
from wsinb.tiles.model import Frames, Level, Plane, Planes

__all__ = ["FrameReader"]

CACHE_BYTES = 64 << 20
"""Decoded frames that a film keeps, by their size in memory; one at least."""


class FrameReader(ABC):
    """A film as a slide of one level, whose time points are its frames. See `Source`.

    Tiles of one frame, and neighbouring frames, are asked for together: what was decoded last is kept.
    """

    name: str
    background = 255
    magnification: float | None = None
    mpp_xy: tuple[float, float] | None = None
    associated_names: tuple[str, ...] = ()
    frames: Frames | None = None
    levels: tuple[Level, ...]
    planes: Planes
    _kept: cachetools.LRUCache[int, NDArray[np.uint8]]

    def __init__(self, path: Path) -> None:
        self.path = path
        self.properties: Mapping[str, str] = {}
        self.frame_rate: float | None = None
        self._closed = False
        self._renew()

    def describe(self, size: tuple[int, int], count: int) -> None:
        """Set the size in pixels and the number of frames."""
        self.levels = (Level(size, 1.0, size),)
        self.planes = Planes(t=count)
        capacity = max(CACHE_BYTES, size[0] * size[1] * 3)
        with self._kept_lock:
            self._kept = cachetools.LRUCache(capacity, getsizeof=lambda frame: frame.nbytes)

    @abstractmethod
    def decode(self, t: int) -> NDArray[np.uint8]:
        """Return a frame (height, width, 3) uint8 RGB; called by one thread at a time. May `keep` others."""

    @abstractmethod
    def forget(self) -> None:
        """Drop what is open: after a fork without touching it, as it belongs to the parent's threads."""

    def keep(self, t: int, frame: NDArray[np.uint8]) -> None:
        """Remember a decoded frame."""
        with self._kept_lock:
            self._kept[t] = frame

    def channels(self) -> tuple[Channel, ...]:
        """See `Source.channels`; there are none."""
        return ()

    def read(self, level: int, lv_box: tuple[int, int, int, int], plane: Plane) -> NDArray[np.uint8]:
        """See `Source.read`."""
        xmin, ymin, xmax, ymax = lv_box
        return np.ascontiguousarray(self._frame(plane.t)[ymin:ymax, xmin:xmax])

    def stored_jpeg(self, level: int, t_col: int, t_row: int) -> bytes | None:
        """See `Source.stored_jpeg`; there are none."""
        return None

    def associated(self, name: str) -> NDArray[np.uint8]:
        """See `Source.associated`; there are none."""
        raise KeyError(name)

    def close(self) -> None:
        """See `Source.close`."""
        with self._lock:
            self._closed = True
            self._kept.clear()
            self.forget()

    def _frame(self, t: int) -> NDArray[np.uint8]:
        if self._pid != os.getpid():
            # a forked child: locks may be held for ever, and the decoder's threads are not there
            self.forget()
            self._renew()
            self.describe(self.levels[0].size, self.planes.t)
        frame = self._known(t)
        if frame is not None:
            return frame
        with self._lock:
            if self._closed:
                raise ValueError(f"{self.path} is closed: open it again with open_slide.")
            frame = self._known(t)  # another thread may have decoded it meanwhile
            if frame is None:
                frame = self.decode(t)
                if (frame.shape[1], frame.shape[0]) != self.levels[0].size:
                    raise UnreadableSlide(
                        f"Frame {t} of {self.path} is of another size than the first: save the film anew."
                    )
                self.keep(t, frame)
        return frame

    def _known(self, t: int) -> NDArray[np.uint8] | None:
        with self._kept_lock:
            frame: NDArray[np.uint8] | None = self._kept.get(t)
            return frame

    def _renew(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._kept_lock = threading.Lock()
        self._kept = cachetools.LRUCache(CACHE_BYTES)
