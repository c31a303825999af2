"""Zeiss CZI through pylibCZIrw, the reader of Zeiss itself: mosaics, pyramids, planes and channels."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import UnreadableSlide
from wsinb.tiles import metadata
from wsinb.tiles.model import Level, Plane, Planes
from wsinb.tiles.sources.base import NotMine
from wsinb.tiles.sources.czi_metadata import CziMetadata
from wsinb.tiles.sources.planes import PlaneReader

__all__ = ["CziSource"]

TILE = 512
PIXEL_TYPES: dict[str, tuple[type, int]] = {
    "Gray8": (np.uint8, 1),
    "Gray16": (np.uint16, 1),
    "Gray32Float": (np.float32, 1),
    "Bgr24": (np.uint8, 3),
    "Bgr48": (np.uint16, 3),
    "Bgr96Float": (np.float32, 3),
}
"""Type and number of bands by Zeiss' names."""


class CziSource(PlaneReader):
    """A CZI file, all its scenes together. See `Source`."""

    name = "czi"

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            if file.read(10) != b"ZISRAWFILE":
                raise NotMine("it is no CZI file")
        super().__init__()
        self.path = path
        self.associated_names: tuple[str, ...] = ()
        self._reader: Any = None
        self._closed = False
        self._renew()
        try:
            self._describe()
            self.read(0, (0, 0, 1, 1), Plane())
        except Exception as error:
            raise NotMine(f"its pixels cannot be read ({error})") from error

    def raw(self, level: int, lv_box: tuple[int, int, int, int], z: int, t: int, c: int) -> NDArray[Any]:
        """See `PlaneReader.raw`."""
        step = int(self.levels[level].downsample)
        xmin, ymin, xmax, ymax = lv_box
        width, height = xmax - xmin, ymax - ymin
        left, top = self._corner
        box = (left + xmin * step, top + ymin * step, width * step, height * step)
        plane = {axis: start + i for axis, start, i in zip("ZTC", self._starts, (z, t, c), strict=True)}
        fill = (self.background / 255,) * 3
        try:
            with self._held() as reader:
                pixels: NDArray[Any] = reader.read(roi=box, plane=plane, zoom=1 / step, background_pixel=fill)
        except Exception as error:
            raise UnreadableSlide(
                f"The pixels at {box[:2]} of {self.path} are damaged or cut off: copy the file again."
            ) from error
        if pixels.shape[2] == 3:
            pixels = pixels[..., ::-1]  # CZI stores blue first
        missing = (0, height - pixels.shape[0]), (0, width - pixels.shape[1]), (0, 0)
        if any(after > 0 for _before, after in missing):  # the library may round a size down
            pixels = np.pad(pixels, np.maximum(missing, 0), mode="edge")
        return np.ascontiguousarray(pixels[:height, :width])

    def associated(self, name: str) -> NDArray[np.uint8]:
        """See `Source.associated`; there are none."""
        raise KeyError(name)

    def close(self) -> None:
        """See `Source.close`."""
        with self._lock:
            if self._reader is not None:
                self._reader.close()
            self._closed, self._reader = True, None

    def _describe(self) -> None:
        with self._held() as reader:
            ranges = reader.total_bounding_box
            scene = reader.total_bounding_rectangle
            steps = _steps(reader)
            about = CziMetadata(reader.metadata)
            starts = [ranges.get(axis, (0, 1)) for axis in "ZTC"]
            types = {reader.get_channel_pixel_type(c) for c in range(*starts[2])}
        if len(types) != 1 or not types <= PIXEL_TYPES.keys():
            raise NotMine(f"its pixels are {', '.join(sorted(types))}")
        kind, self.bands = PIXEL_TYPES[next(iter(types))]
        self.dtype = np.dtype(kind)
        self._starts = [first for first, _end in starts]
        self._corner = (scene.x, scene.y)
        self.planes = Planes(*(end - first for first, end in starts))
        sizes = [(max(1, scene.w // step), max(1, scene.h // step)) for step in steps]
        self.levels = tuple(
            Level(size, float(step), (TILE, TILE)) for size, step in zip(sizes, steps, strict=True)
        )
        self.mpp_xy = metadata.plausible_mpp(*about.um_per_px)
        self.magnification = about.magnification
        self.frame_rate = about.frame_rate if self.planes.t > 1 else None
        self.channel_notes = about.channel_notes(self.planes.c, next(iter(types)))
        self.properties: Mapping[str, str] = about.properties

    @contextmanager
    def _held(self) -> Iterator[Any]:
        """Give the reader to one thread at a time; it is opened anew in a forked child."""
        if self._pid != os.getpid():
            self._renew()
        with self._lock:
            if self._closed:
                raise ValueError(f"{self.path} is closed: open it again with open_slide.")
            if self._reader is None:
                self._reader = _open(self.path)
            yield self._reader

    def _renew(self) -> None:
        self._pid, self._lock, self._reader = os.getpid(), threading.RLock(), None


def _open(path: Path) -> Any:
    try:
        from pylibCZIrw import czi
    except ImportError as error:
        raise NotMine("the extra czi is not installed") from error
    return czi.CziReader(str(path), czi.ReaderFileInputTypes.Standard)


def _steps(reader: Any) -> list[int]:
    """Downsamples of the layers of the pyramid, as the file's parts have them, beginning with 1."""
    found = {1}

    def note(_number: int, part: Any) -> bool:
        width, height = part.physicalSize.w, part.physicalSize.h
        if width > 0 and height > 0:
            found.add(max(1, round(part.logicalRect.w / width)))
        return True

    reader.enumerate_subblocks(note)
    return sorted(found)
