"""TIFF files with planes, channels, 16 bits or any compression: OME-TIFF, QPTIFF, ImageJ, plain TIFF.

tifffile parses the file once and gives, for each kind of page, a function that decodes one tile or strip from
its bytes. The bytes are read by position, so threads do not disturb each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import UnreadableSlide
from wsinb.tiles import metadata
from wsinb.tiles.model import Level, Plane, Planes, level_downsample
from wsinb.tiles.planes_metadata import frames_of, tiff_channels, tiff_frame_rate
from wsinb.tiles.sources.base import NotMine, is_tiff
from wsinb.tiles.sources.planes import PlaneReader
from wsinb.tiles.sources.positioned import PositionedFile

__all__ = ["TiffPlanesSource"]

MAX_SEGMENT_PIXELS = 1 << 28
PLAIN_COLOURS = {"MINISWHITE", "MINISBLACK", "RGB", "YCBCR", "PALETTE"}
_AXIS_OF = {"Z": "z", "T": "t", "C": "c", "I": "z", "Q": "z"}


@dataclass(frozen=True)
class _Segments:
    """Where the tiles or strips of one page are."""

    offsets: Sequence[int]
    byte_counts: Sequence[int]


@dataclass(frozen=True)
class _TiffLevel:
    """One level: how its tiles or strips are decoded, and where they are in the page of each plane."""

    size: tuple[int, int]
    segment_size: tuple[int, int]
    samples: int
    n_separate: int
    dtype: np.dtype[Any]
    decode: Callable[..., Any]
    jpegtables: bytes | None
    pages: Sequence[_Segments]


class TiffPlanesSource(PlaneReader):
    """The largest picture of a TIFF file with all its planes. See `Source`."""

    name = "tiff-planes"

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.associated_names: tuple[str, ...] = ()
        self._parse()
        self._file = PositionedFile(path)
        try:
            width, height = self.levels[-1].size
            middle = (width // 2, height // 2, width // 2 + 1, height // 2 + 1)
            self.read(len(self.levels) - 1, middle, Plane())
        except Exception as error:
            self._file.close()
            raise NotMine(f"its pixels cannot be decoded ({error})") from error

    def raw(self, level: int, lv_box: tuple[int, int, int, int], z: int, t: int, c: int) -> NDArray[Any]:
        """See `PlaneReader.raw`."""
        lv = self._tiff_levels[level]
        page = lv.pages[sum(self._strides.get(axis, 0) * i for axis, i in zip("ztc", (z, t, c), strict=True))]
        xmin, ymin, xmax, ymax = lv_box
        width, height = lv.segment_size
        n_columns = -(-lv.size[0] // width)
        per_sample = n_columns * -(-lv.size[1] // height)
        out = np.empty((ymax - ymin, xmax - xmin, lv.samples * lv.n_separate), lv.dtype)
        for t_row in range(ymin // height, -(-ymax // height)):
            for t_col in range(xmin // width, -(-xmax // width)):
                left, top = t_col * width, t_row * height
                x0, y0, x1, y1 = (
                    max(xmin, left),
                    max(ymin, top),
                    min(xmax, left + width),
                    min(ymax, top + height),
                )
                for s in range(lv.n_separate):
                    index = s * per_sample + t_row * n_columns + t_col
                    segment = self._segment(lv, page, index)
                    target = out[y0 - ymin : y1 - ymin, x0 - xmin : x1 - xmin]
                    target = target[..., s * lv.samples : (s + 1) * lv.samples]
                    target[:] = segment[y0 - top : y1 - top, x0 - left : x1 - left]
        usable = out[..., : self.bands]
        if self._white_is_zero:
            return self._inverted(usable)
        return usable

    def associated(self, name: str) -> NDArray[np.uint8]:
        """See `Source.associated`; there are none."""
        raise KeyError(name)

    def close(self) -> None:
        """See `Source.close`."""
        self._file.close()

    def _segment(self, lv: _TiffLevel, page: _Segments, index: int) -> NDArray[Any]:
        """Decode one tile or strip: (height, width, samples); of a missing one, white."""
        try:
            count = page.byte_counts[index]
            if not count:
                return np.broadcast_to(self._white(lv), (lv.segment_size[1], lv.segment_size[0], lv.samples))
            data = self._file.read(page.offsets[index], count)
            decoded, _place, shape = lv.decode(data, index, jpegtables=lv.jpegtables)
            segment: NDArray[Any] = decoded.reshape(shape)[0]
        except Exception as error:
            raise UnreadableSlide(
                f"Part {index} of {self.path} is damaged, cut off or of an unsupported compression: "
                "copy the file again from its origin, or convert it to a tiled TIFF."
            ) from error
        return segment

    def _white(self, lv: _TiffLevel) -> Any:
        # of other pixels zero is the darkest or the absent value, and what writers leave out is empty
        picture = self.bands >= 3 or (lv.dtype == np.uint8 and self.background)
        return np.array(np.iinfo(lv.dtype).max if picture and lv.dtype.kind == "u" else 0, lv.dtype)

    def _inverted(self, pixels: NDArray[Any]) -> NDArray[Any]:
        if np.issubdtype(pixels.dtype, np.unsignedinteger):
            return np.iinfo(pixels.dtype).max - pixels
        return ~pixels if pixels.dtype == np.bool_ else -pixels

    def _parse(self) -> None:
        """Describe the file; `NotMine` if it is no TIFF or not of pixels that can be shown."""
        import tifffile

        if not is_tiff(self.path):
            raise NotMine("it is no TIFF file")
        try:
            with tifffile.TiffFile(self.path) as tiff:
                if "ndpi" in tiff.flags:
                    raise NotMine("its JPEG streams need their vendor's reader")
                series = _largest_series(tiff)
                self.planes, self._strides = _planes(series)
                self._tiff_levels = [_tiff_level(level) for level in series.levels]
                keyframe = series.keyframe
                _refuse_odd_colours(keyframe)
                self._white_is_zero = keyframe.photometric.name == "MINISWHITE"
                self.dtype, self.bands = np.dtype(keyframe.dtype), _shown_bands(keyframe)
                self._describe(tiff, keyframe)
                self.channel_notes = tiff_channels(tiff, series, self.planes)
                self.frames = frames_of(tiff, self.planes)
                self.frame_rate = tiff_frame_rate(tiff, series)
        except NotMine:
            raise
        except Exception as error:
            raise NotMine(f"its TIFF directories cannot be parsed ({error})") from error
        sizes = [level.size for level in self._tiff_levels]
        self.levels = tuple(
            Level(lv.size, level_downsample(sizes[0], lv.size), lv.segment_size) for lv in self._tiff_levels
        )

    def _describe(self, tiff: Any, page: Any) -> None:
        text = tiff.ome_metadata or page.description
        self.properties: Mapping[str, str] = metadata.tiff_properties(page)
        self.mpp_xy = metadata.ome_mpp(text) or metadata.imagej_mpp(page) or metadata.tiff_mpp(page)
        self.magnification = metadata.xml_magnification(text)


def _largest_series(tiff: Any) -> Any:
    series = [
        entry for entry in tiff.series if "X" in entry.axes and "Y" in entry.axes and 0 not in entry.shape
    ]
    if not series:
        raise NotMine("it holds no picture")
    return max(series, key=lambda entry: math.prod(entry.shape))


def _planes(series: Any) -> tuple[Planes, dict[str, int]]:
    """Return the counts of the planes, and how many pages apart neighbours along each axis are."""
    counts = {"z": 1, "t": 1, "c": 1}
    strides: dict[str, int] = {}
    n_pages = 1
    for axis, length in reversed(list(zip(series.axes, series.shape, strict=True))):
        if axis in "YXS" or length == 1:
            continue
        name = _AXIS_OF.get(axis)
        if name is None or counts[name] > 1:
            raise NotMine(f"its axes are {series.axes}")
        counts[name], strides[name] = length, n_pages
        n_pages *= length
    if any(len(level.pages) != n_pages for level in series.levels):
        raise NotMine("its planes are not one to a page")
    return Planes(**counts), strides


def _tiff_level(series: Any) -> _TiffLevel:
    page = series.keyframe
    if page.shaped[1] != 1:
        raise NotMine("its pages are volumes")
    separate, _depth, length, width, samples = page.shaped
    segment_size = (
        (page.tilewidth, page.tilelength) if page.is_tiled else (width, min(page.rowsperstrip, length))
    )
    if not 0 < segment_size[0] * segment_size[1] <= MAX_SEGMENT_PIXELS:
        raise NotMine("its tiles are empty or enormous")
    return _TiffLevel(
        (width, length),
        segment_size,
        samples,
        separate,
        np.dtype(page.dtype),
        page.decode,
        page.jpegtables,
        [_Segments(entry.dataoffsets, entry.databytecounts) for entry in series.pages],
    )


def _refuse_odd_colours(page: Any) -> None:
    if page.photometric.name not in PLAIN_COLOURS:
        raise NotMine(f"its colours are {page.photometric.name}")
    if page.photometric.name == "YCBCR" and int(page.compression) not in (6, 7, 33007):
        raise NotMine("its YCbCr pixels are not JPEG")


def _shown_bands(page: Any) -> int:
    """Return the number of samples to show: without those that are neither colour nor transparency."""
    samples = int(page.samplesperpixel)
    extra = len(page.extrasamples)
    has_alpha = extra == 1 and int(page.extrasamples[0]) in (1, 2)
    return samples if has_alpha else max(1, samples - extra)
