"""Videos, decoded by the FFmpeg that OpenCV brings: MP4, MOV, AVI, Matroska, WebM, MPEG, WMV.

OpenCV's own seeking counts frames by the nominal frame rate, and may be off by some. Here the packets are
listed once, without decoding; a decoded frame is then recognised by its time, and the decoder goes on until
the right one comes. Where the times cannot be trusted, frames are counted from the start.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import UnreadableSlide
from wsinb.tiles.sources.base import NotMine
from wsinb.tiles.sources.frames import FrameReader
from wsinb.tiles.sources.video_index import index_video, is_video

__all__ = ["VideoSource"]

KEPT_ON_THE_WAY = 8
"""Frames before the one that is asked for are kept as well: they are often asked for next."""

_ABANDONED: list[Any] = []
"""Decoders of a forked child's parent: to close them would wait for threads that are not there."""


class VideoSource(FrameReader):
    """A video file. See `Source`."""

    name = "video"

    def __init__(self, path: Path) -> None:
        if not is_video(path):
            raise NotMine("it does not start like a video")
        super().__init__(path)
        self._decoder: Any = None
        self._next = 0
        self._index = index_video(path)
        self._timed = self._index.timed
        try:
            self._check_start()
        except UnreadableSlide as error:
            self.forget()
            raise NotMine(f"its frames cannot be decoded ({error})") from error

    def decode(self, t: int) -> NDArray[np.uint8]:
        """See `FrameReader.decode`."""
        try:
            return self._decoded(t)
        except _Lost:
            self._timed = False
            self._open()
            return self._decoded(t)

    def forget(self) -> None:
        """See `FrameReader.forget`."""
        if self._decoder is not None and self._pid != os.getpid():
            _ABANDONED.append(self._decoder)
        self._decoder = None

    def _check_start(self) -> None:
        """Decode the first frames, and see whether their times are those of the packets."""
        import cv2

        self._open()
        for t in range(min(3, len(self._index.times))):
            if not self._decoder.grab():
                raise self._damaged(t)
            if t == 0:
                size = self._picture().shape
            if self._index.frame_at(self._decoder.get(cv2.CAP_PROP_POS_MSEC)) != t:
                self._timed = False
        self.describe((size[1], size[0]), len(self._index.times))
        self.frame_rate = self._index.rate_near(self._decoder.get(cv2.CAP_PROP_FPS))
        codec = int(self._decoder.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
        rate = self.frame_rate
        self.properties = {
            "video.codec": "".join(c for c in codec.to_bytes(4, "little").decode("latin-1") if c.isalnum()),
            "video.frames": str(self.planes.t),
            "video.fps": "" if rate is None else f"{rate:.6g}",
            "video.duration": "" if rate is None else f"{self.planes.t / rate:.3f}",
        }
        self._decoder = None

    def _decoded(self, t: int) -> NDArray[np.uint8]:
        self._approach(t)
        while True:
            number = self._grab(t)
            if number >= t:
                return self._picture()
            if t - number <= KEPT_ON_THE_WAY:
                self.keep(number, self._picture())

    def _approach(self, t: int) -> None:
        """Bring the decoder to a frame at or before `t`."""
        if self._decoder is None:
            self._open()
        if not self._timed:
            if self._next > t:
                self._open()
            return
        start = self._index.key_before(t)
        if self._next <= t and start <= self._next + KEPT_ON_THE_WAY:
            return  # to go on is no longer than to begin anew
        self._seek(t, start)

    def _seek(self, t: int, start: int) -> None:
        """Begin at a key frame; OpenCV may come out later than told, and is then told an earlier place."""
        import cv2

        back = 0.0
        while start > 0:
            wanted = self._index.times[max(start, t - KEPT_ON_THE_WAY)] - back
            if wanted <= 0 or not self._decoder.set(cv2.CAP_PROP_POS_MSEC, wanted):
                break
            if not self._decoder.grab():
                break
            number = self._index.frame_at(self._decoder.get(cv2.CAP_PROP_POS_MSEC))
            if number is None:
                raise _Lost
            if number < t:
                self._next = number + 1
                return
            back = 2 * back + 1000
        self._open()

    def _grab(self, t: int) -> int:
        """Decode one more frame and return its number."""
        import cv2

        if not self._decoder.grab():
            self._decoder = None
            raise self._damaged(t)
        number: int | None = self._next
        if self._timed:
            number = self._index.frame_at(self._decoder.get(cv2.CAP_PROP_POS_MSEC))
            if number is None or number < self._next:
                raise _Lost
        assert number is not None
        self._next = number + 1
        return number

    def _picture(self) -> NDArray[np.uint8]:
        import cv2

        found, picture = self._decoder.retrieve()
        if not found:
            raise self._damaged(self._next - 1)
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)

    def _open(self) -> None:
        import cv2

        self._decoder = cv2.VideoCapture(str(self.path), cv2.CAP_FFMPEG)
        self._next = 0
        if not self._decoder.isOpened():
            self._decoder = None
            raise self._damaged(0)

    def _damaged(self, t: int) -> UnreadableSlide:
        return UnreadableSlide(f"Frame {t} of {self.path} is damaged or cut off: copy the file again.")


class _Lost(Exception):
    """A decoded frame has a time that no packet has: the times cannot be trusted."""
