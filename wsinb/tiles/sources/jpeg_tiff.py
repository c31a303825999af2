"""Our own path for plain tiled JPEG pyramids: TIFF and Aperio SVS.

The directories are parsed once. A tile is then one positioned read and one decode by libjpeg-turbo; no file
position, cache or lock is shared, so threads scale. The pixels equal those of OpenSlide.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from wsinb.errors import UnreadableSlide
from wsinb.tiles import metadata
from wsinb.tiles.channels import Channel
from wsinb.tiles.model import Frames, Level, Plane, Planes, level_downsample
from wsinb.tiles.sources.base import NotMine, is_tiff, vendor_of
from wsinb.tiles.sources.positioned import PositionedFile

__all__ = ["JpegTiffSource"]

JPEG = 7
PHOTOMETRIC_RGB, PHOTOMETRIC_YCBCR = 2, 6
MAX_TILE_PIXELS = 1 << 26
MAX_SCRATCH = 4 << 20
SOI, EOI = b"\xff\xd8", b"\xff\xd9"
# an Adobe marker is the only way to tell a JPEG decoder the colour space, which in a TIFF is in a tag
ADOBE = {
    PHOTOMETRIC_RGB: b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00",
    PHOTOMETRIC_YCBCR: b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x01",
}
# kinds whose pages are planes, or that say in their own words what is a level
NOT_PLAIN = {"ome", "qpi", "imagej", "lsm", "fluoview", "stk", "indica"}


_threads = threading.local()


@dataclass(frozen=True)
class _TiledPage:
    """What is needed to read the tiles of one directory."""

    size: tuple[int, int]
    tile_size: tuple[int, int]
    offsets: Sequence[int]
    byte_counts: Sequence[int]
    head: bytes
    photometric: int

    @property
    def n_columns(self) -> int:
        return -(-self.size[0] // self.tile_size[0])


class JpegTiffSource:
    """A tiled TIFF or SVS of 8-bit RGB or YCbCr JPEG tiles. See `Source`."""

    name = "jpeg-tiff"
    planes = Planes()
    background = 255
    frames: Frames | None = None
    frame_rate: float | None = None

    def __init__(self, path: Path) -> None:
        self.path = path
        pages, self._associated_pages, tags = _parse(path)
        self._pages = pages
        self.levels = tuple(
            Level(page.size, level_downsample(pages[0].size, page.size), page.tile_size) for page in pages
        )
        self.properties: Mapping[str, str] = tags.properties
        self.mpp_xy = tags.mpp_xy
        self.magnification = tags.magnification
        self.associated_names = tuple(self._associated_pages)
        self._file = PositionedFile(path)

    def channels(self) -> tuple[Channel, ...]:
        """See `Source.channels`; there are none."""
        return ()

    def read(self, level: int, lv_box: tuple[int, int, int, int], plane: Plane) -> NDArray[np.uint8]:
        """See `Source.read`."""
        page = self._pages[level]
        xmin, ymin, xmax, ymax = lv_box
        tile_width, tile_height = page.tile_size
        out = np.empty((ymax - ymin, xmax - xmin, 3), np.uint8)
        for t_row in range(ymin // tile_height, -(-ymax // tile_height)):
            for t_col in range(xmin // tile_width, -(-xmax // tile_width)):
                left, top = t_col * tile_width, t_row * tile_height
                x0, y0 = max(xmin, left), max(ymin, top)
                x1, y1 = min(xmax, left + tile_width), min(ymax, top + tile_height)
                target = out[y0 - ymin : y1 - ymin, x0 - xmin : x1 - xmin]
                tile = self._decode(level, t_col, t_row)
                target[:] = 255 if tile is None else tile[y0 - top : y1 - top, x0 - left : x1 - left]
        return out

    def encoded_tile(self, level: int, t_col: int, t_row: int) -> bytes | None:
        """Return a stored tile as a complete JPEG file, or None where the file leaves the tile out."""
        page = self._pages[level]
        index = t_row * page.n_columns + t_col
        count = page.byte_counts[index]
        if not count:
            return None
        try:
            data = self._file.read(page.offsets[index], count)
        except (EOFError, OSError) as error:
            raise self._damaged(t_col, t_row) from error
        if not data.startswith(SOI):
            raise self._damaged(t_col, t_row)
        return page.head + (_without_jfif(data) if page.photometric == PHOTOMETRIC_RGB else data[2:])

    def stored_jpeg(self, level: int, t_col: int, t_row: int) -> bytes | None:
        """See `Source.stored_jpeg`; what may be damaged or reaches past the edge is left to `read`."""
        page = self._pages[level]
        (width, height), (tile_width, tile_height) = page.size, page.tile_size
        if not (0 <= t_col < width // tile_width and 0 <= t_row < height // tile_height):
            return None
        data = self.encoded_tile(level, t_col, t_row)
        if data is None or not data.endswith(EOI):
            return None
        try:
            whole = simplejpeg.decode_jpeg_header(data)[:2] == (tile_height, tile_width)
        except ValueError:
            return None
        return data if whole else None

    def associated(self, name: str) -> NDArray[np.uint8]:
        """See `Source.associated`."""
        import tifffile

        try:
            with tifffile.TiffFile(self.path) as tiff:
                image: NDArray[np.uint8] = tiff.pages[self._associated_pages[name]].asarray()
        except Exception as error:
            raise UnreadableSlide(
                f"The {name} picture of {self.path} is damaged: copy the file again."
            ) from error
        return np.ascontiguousarray(image)

    def close(self) -> None:
        """See `Source.close`."""
        self._file.close()

    def _decode(self, level: int, t_col: int, t_row: int) -> NDArray[np.uint8] | None:
        """Return the pixels of a stored tile, which this thread's next decoding may overwrite."""
        data = self.encoded_tile(level, t_col, t_row)
        if data is None:
            return None
        width, height = self._pages[level].tile_size
        try:
            # before decoding: a picture larger than its tile could fill the memory
            if simplejpeg.decode_jpeg_header(data)[:2] != (height, width):
                raise ValueError("it is no picture of a tile's size")
            return _decoded(data, _scratch(width * height * 3))
        except ValueError as error:
            raise self._damaged(t_col, t_row) from error

    def _damaged(self, t_col: int, t_row: int) -> UnreadableSlide:
        return UnreadableSlide(
            f"Tile ({t_col}, {t_row}) of {self.path} is damaged or cut off: copy the file again."
        )


@dataclass(frozen=True)
class _Tags:
    properties: Mapping[str, str]
    mpp_xy: tuple[float, float] | None
    magnification: float | None


def _parse(path: Path) -> tuple[list[_TiledPage], dict[str, int], _Tags]:
    """Read all directories; `NotMine` if this is no plain JPEG pyramid."""
    import tifffile

    if not is_tiff(path):
        raise NotMine("it is no TIFF file")
    try:
        with tifffile.TiffFile(path) as tiff:
            vendor = vendor_of(tiff)
            if vendor not in (None, "svs") or NOT_PLAIN & set(tiff.flags):
                raise NotMine("it is no plain TIFF and no SVS")
            return _plain_pyramid(tiff.pages, vendor == "svs")
    except NotMine:
        raise
    except Exception as error:
        raise NotMine(f"its TIFF directories cannot be parsed ({error})") from error


def _plain_pyramid(pages: Iterable[Any], is_svs: bool) -> tuple[list[_TiledPage], dict[str, int], _Tags]:
    levels: list[_TiledPage] = []
    associated: dict[str, int] = {}
    first = None
    for number, page in enumerate(pages):
        first = first or page
        if not page.is_tiled:
            if not levels:
                raise NotMine("its first page is not tiled")
            name = metadata.associated_name(page.description, number, is_svs)
            if name and page.dtype == np.uint8 and page.shape[2:] == (3,):
                associated.setdefault(name, number)
            continue
        size = (page.imagewidth, page.imagelength)
        if levels:
            if not (size[0] < levels[-1].size[0] and size[1] < levels[-1].size[1]):
                raise NotMine("its tiled pages are no pyramid")
            if not _same_aspect(levels[0].size, size):
                raise NotMine("its tiled pages differ in aspect")
        levels.append(_tiled_page(page))
    if not levels:
        raise NotMine("it has no pages")
    return levels, associated, _tags(first, is_svs)


def _scratch(size: int) -> NDArray[np.uint8]:
    """Return memory of this thread to decode into: fresh pages cost more than the decoding itself."""
    if size > MAX_SCRATCH:
        return np.empty(size, np.uint8)
    kept: NDArray[np.uint8] | None = getattr(_threads, "scratch", None)
    if kept is None or kept.size < size:
        kept = _threads.scratch = np.empty(size, np.uint8)
    return kept


def _decoded(data: bytes, buffer: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Decode a JPEG file into `buffer`; ValueError if it is damaged."""
    try:
        return np.asarray(simplejpeg.decode_jpeg(data, buffer=buffer), np.uint8)
    except ValueError as error:
        # some scanners leave a few bytes after the picture, which harms nothing
        if "extraneous" not in str(error):
            raise
        return np.asarray(simplejpeg.decode_jpeg(data, strict=False, buffer=buffer), np.uint8)


def _tiled_page(page: Any) -> _TiledPage:
    """Describe a directory of 8-bit colour JPEG tiles; `NotMine` if it is anything else."""
    photometric = int(page.photometric)
    if int(page.compression) != JPEG or photometric not in ADOBE:
        raise NotMine(f"its tiles are {page.compression.name} in {page.photometric.name}")
    if page.bitspersample != 8 or page.samplesperpixel != 3 or int(page.planarconfig) != 1:
        raise NotMine("its pixels are not three interleaved bytes")
    orientation = page.tags.get("Orientation")
    if orientation is not None and int(orientation.value) > 1:
        raise NotMine("it is stored rotated or mirrored")
    tile_size, size = (page.tilewidth, page.tilelength), (page.imagewidth, page.imagelength)
    n_tiles = -(-size[0] // tile_size[0]) * -(-size[1] // tile_size[1])
    if not 0 < tile_size[0] * tile_size[1] <= MAX_TILE_PIXELS:
        raise NotMine("its tiles are empty or enormous")
    if min(size) < 1 or len(page.dataoffsets) < n_tiles or len(page.databytecounts) < n_tiles:
        raise NotMine("its list of tiles is too short")
    tables = bytes(page.jpegtables or b"").removeprefix(SOI).removesuffix(EOI)
    head = SOI + ADOBE[photometric] + tables
    return _TiledPage(size, tile_size, page.dataoffsets, page.databytecounts, head, photometric)


def _without_jfif(data: bytes) -> bytes:
    """Drop the start marker and a JFIF segment, which would say YCbCr whatever the Adobe marker says."""
    if data[2:4] == b"\xff\xe0" and data[6:10] == b"JFIF":
        return data[4 + int.from_bytes(data[4:6], "big") :]
    return data[2:]


def _same_aspect(l0_size: tuple[int, int], lv_size: tuple[int, int]) -> bool:
    """Whether a page shows the same picture: its downsamples along x and y agree but for rounding."""
    x, y = (l0 / lv for l0, lv in zip(l0_size, lv_size, strict=True))
    return abs(l0_size[0] / y - lv_size[0]) <= 2 or abs(l0_size[1] / x - lv_size[1]) <= 2


def _tags(page: Any, is_svs: bool) -> _Tags:
    properties = metadata.tiff_properties(page)
    if is_svs:
        properties |= metadata.aperio_properties(page.description)
        mpp_xy = metadata.plausible_mpp(metadata.number(properties.get("aperio.MPP")))
    else:
        mpp_xy = metadata.tiff_mpp(page)
    return _Tags(properties, mpp_xy, metadata.magnification_of(properties, page.description))
