"""Which frames a video holds, and when each is shown, found without decoding them."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from wsinb.tiles.sources.base import NotMine

__all__ = ["VideoIndex", "index_video", "is_video"]

MAX_FRAMES = 10_000_000
MIN_GAP_MS = 0.01
# the first bytes of AVI, Matroska and WebM, MPEG streams, ASF and WMV, Ogg, Flash
_STARTS = (b"\x1aE\xdf\xa3", b"\0\0\x01\xba", b"\0\0\x01\xb3", b"0&\xb2u", b"OggS", b"FLV\x01")
_MP4_BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}


def is_video(path: Path) -> bool:
    """Whether a file starts like a video.

    FFmpeg would open texts that name other files and addresses, too, and nothing may be read through them.
    """
    with path.open("rb") as file:
        start = file.read(16)
    if start.startswith(b"RIFF"):
        return start[8:12] == b"AVI "
    return start.startswith(_STARTS) or start[4:8] in _MP4_BOXES


@dataclass(frozen=True)
class VideoIndex:
    """The packets of a video, one for each frame.

    Attributes
    ----------
    times : array of float
        When each frame is shown, in milliseconds from the start, ascending.
    key_times : array of float
        Those of the frames from which decoding can begin.
    timed : bool
        Whether the times are told and differ, so that a decoded frame can be recognised by its own.
    """

    times: array[float]
    key_times: array[float]
    timed: bool

    @property
    def frame_rate(self) -> float | None:
        """Frames per second, None for a single frame."""
        span = self.times[-1] - self.times[0]
        return 1000 * (len(self.times) - 1) / span if span > 0 else None

    def rate_near(self, nominal: float) -> float | None:
        """Return the nominal frame rate, unless the times tell one that is clearly another."""
        told = self.frame_rate
        return nominal if told is not None and abs(told - nominal) <= 0.05 * told else told

    @property
    def tolerance(self) -> float:
        """Milliseconds by which the time of a decoded frame may differ from that of its packet."""
        rate = self.frame_rate
        return 1.0 if rate is None else 250 / rate

    def frame_at(self, time: float) -> int | None:
        """Return the frame that is shown at a time, as a decoder tells it; None if there is none."""
        at = bisect_left(self.times, time)
        near = [t for t in (at - 1, at) if 0 <= t < len(self.times)]
        best = min(near, key=lambda t: abs(self.times[t] - time))
        return best if abs(self.times[best] - time) <= self.tolerance else None

    def key_before(self, t: int) -> int:
        """Return the last frame up to `t` from which decoding can begin."""
        at = bisect_right(self.key_times, self.times[t]) - 1
        return bisect_left(self.times, self.key_times[at]) if at >= 0 else 0


def index_video(path: Path) -> VideoIndex:
    """List the frames of a video by its packets.

    Raises
    ------
    NotMine
        FFmpeg finds no video in it.
    """
    import cv2

    packets = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_FORMAT, -1])
    try:
        if not packets.isOpened():
            raise NotMine("FFmpeg finds no video in it")
        times, keys = _packets(packets, cv2)
    finally:
        packets.release()
    if not times:
        raise NotMine("it holds no frames")
    ordered = array("d", sorted(times))
    timed = all(later - earlier >= MIN_GAP_MS for earlier, later in pairwise(ordered))
    return VideoIndex(ordered, array("d", sorted(keys)), timed)


def _packets(packets: Any, cv2: Any) -> tuple[array[float], array[float]]:
    times, keys = array("d"), array("d")
    while packets.grab():
        time = packets.get(cv2.CAP_PROP_POS_MSEC)
        times.append(time)
        if packets.get(cv2.CAP_PROP_LRF_HAS_KEY_FRAME):
            keys.append(time)
        if len(times) > MAX_FRAMES:
            raise NotMine(f"it holds more than {MAX_FRAMES:,} frames")
    return times, keys
