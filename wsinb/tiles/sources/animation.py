"""Animated GIFs, decoded by Pillow, which puts their partial frames together."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import UnreadableSlide
from wsinb.tiles.sources.base import NotMine
from wsinb.tiles.sources.frames import FrameReader
from wsinb.tiles.sources.pixels import to_rgb

__all__ = ["AnimationSource"]

KEPT_ON_THE_WAY = 8
SHORTEST_MS, USUAL_MS = 20, 100
"""Browsers show a frame of less than 20 ms for 100."""


class AnimationSource(FrameReader):
    """A GIF file. See `Source`."""

    name = "animation"

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            if file.read(6) not in (b"GIF87a", b"GIF89a"):
                raise NotMine("it is no GIF")
        super().__init__(path)
        self._image: Any = None
        try:
            image = self._open()
            durations = []
            for t in range(image.n_frames):
                image.seek(t)
                told = image.info.get("duration", 0)
                durations.append(told if told >= SHORTEST_MS else USUAL_MS)
            self.describe(image.size, len(durations))
            self.decode(0)
        except Exception as error:
            raise NotMine(f"its frames cannot be decoded ({error})") from error
        total = sum(durations) / 1000
        self.frame_rate = len(durations) / total if len(durations) > 1 else None
        about = {"frames": len(durations), "duration": f"{total:.3f}", "loop": image.info.get("loop", "")}
        self.properties = {f"gif.{key}": str(value) for key, value in about.items()}

    def decode(self, t: int) -> NDArray[np.uint8]:
        """See `FrameReader.decode`; Pillow begins anew for an earlier frame."""
        try:
            image = self._image or self._open()
            # frames on the way are decoded anyhow
            first = max(image.tell() + 1, t - KEPT_ON_THE_WAY) if image.tell() < t else t
            for number in range(first, t):
                self.keep(number, self._picture(image, number))
            return self._picture(image, t)
        except Exception as error:
            self._image = None
            raise UnreadableSlide(
                f"Frame {t} of {self.path} is damaged or cut off: copy the file again."
            ) from error

    def forget(self) -> None:
        """See `FrameReader.forget`."""
        self._image = None

    def _open(self) -> Any:
        from PIL import Image

        # from memory: an open file would be shared with forked children
        self._image = Image.open(io.BytesIO(self.path.read_bytes()), formats=["GIF"])
        return self._image

    def _picture(self, image: Any, t: int) -> NDArray[np.uint8]:
        image.seek(t)
        return to_rgb(np.asarray(image.convert("RGBA")), None)
