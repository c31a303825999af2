"""Everything that is no plain JPEG pyramid, through the sources of the large-image library."""

from __future__ import annotations

import contextlib
import importlib
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cachetools
import numpy as np
from numpy.typing import NDArray

from wsinb.errors import UnreadableSlide
from wsinb.tiles import metadata
from wsinb.tiles.model import Level, Plane, Planes, positive
from wsinb.tiles.sources.base import NotMine
from wsinb.tiles.sources.pixels import to_rgb
from wsinb.tiles.sources.planes import PlaneReader

__all__ = ["READERS", "LargeImageSource"]

READERS = {
    "openslide": "OpenslideFileTileSource",
    "tifffile": "TifffileFileTileSource",
    "dicom": "DICOMFileTileSource",
    "pil": "PILFileTileSource",
    "tiff": "TiffFileTileSource",
    "ometiff": "OMETiffFileTileSource",
    "bioformats": "BioformatsFileTileSource",
}
"""Readers by the name of their package, in the order in which they are asked if installed."""

CACHED_TILES = 16
MAX_PICTURE_EDGE = 32_768
"""Longest side of a PNG, JPEG or the like, which is held in memory as a whole."""


class LargeImageSource(PlaneReader):
    """A file read by one of large-image's sources. See `Source`."""

    def __init__(self, path: Path, name: str) -> None:
        super().__init__()
        self.path = path
        self.name = name
        self._lock = threading.RLock()
        self._tiles, self._pid = _open(path, name), os.getpid()
        try:
            self._describe()
            pixel = self.raw(len(self.levels) - 1, (0, 0, 1, 1), 0, 0, 0)
            self.dtype, self.bands = pixel.dtype, pixel.shape[2]
            self.read(len(self.levels) - 1, (0, 0, 1, 1), Plane())
        except Exception as error:
            raise NotMine(f"{name} cannot read its pixels ({error})") from error

    def _describe(self) -> None:
        tiles = self._tiles
        about = tiles.getMetadata()
        self._size = (int(about["sizeX"]), int(about["sizeY"]))
        self._tile_size = (int(about["tileWidth"]), int(about["tileHeight"]))
        self._strides = about.get("IndexStride", {})
        count = about.get("IndexRange", {})
        self.planes = Planes(count.get("IndexZ", 1), count.get("IndexT", 1), count.get("IndexC", 1))
        self._lv_z = _stored_levels(tiles)
        self.levels = tuple(self._level(2 ** (tiles.levels - 1 - lv_z)) for lv_z in self._lv_z)
        self.properties: Mapping[str, str] = dict(_flat(tiles.getInternalMetadata() or {}))
        self.mpp_xy = metadata.plausible_mpp(_micrometres(about.get("mm_x")), _micrometres(about.get("mm_y")))
        self.magnification = _magnification(about, self.properties)
        self.associated_names = tuple(sorted(tiles.getAssociatedImagesList()))

    def _level(self, downsample: int) -> Level:
        size = tuple(max(1, length // downsample) for length in self._size)
        return Level((size[0], size[1]), float(downsample), self._tile_size)

    def associated(self, name: str) -> NDArray[np.uint8]:
        """See `Source.associated`."""
        try:
            pixels, _format = self._source().getAssociatedImage(name, format="numpy")
            picture = np.asarray(pixels)
            return to_rgb(picture if picture.ndim == 3 else picture[..., None], None)
        except Exception as error:
            raise UnreadableSlide(
                f"The {name} picture of {self.path} is damaged: copy the file again."
            ) from error

    def close(self) -> None:
        """See `Source.close`."""
        self._tiles = None

    def _source(self) -> Any:
        """Return the open source, opened anew in a forked child: its locks would never be released."""
        if self._tiles is None:
            raise ValueError(f"{self.path} is closed: open it again with open_slide.")
        if self._pid != os.getpid():
            self._lock = threading.RLock()
            self._tiles, self._pid = _open(self.path, self.name), os.getpid()
        return self._tiles

    def raw(self, level: int, lv_box: tuple[int, int, int, int], z: int, t: int, c: int) -> NDArray[Any]:
        """See `PlaneReader.raw`."""
        frame = sum(
            self._strides.get(f"Index{axis}", 0) * i for axis, i in zip("ZTC", (z, t, c), strict=True)
        )
        xmin, ymin, xmax, ymax = lv_box
        width, height = self._tile_size
        rows = []
        for t_row in range(ymin // height, -(-ymax // height)):
            top = t_row * height
            row = []
            for t_col in range(xmin // width, -(-xmax // width)):
                left = t_col * width
                tile = self._tile(t_col, t_row, self._lv_z[level], frame)
                row.append(tile[max(ymin - top, 0) : ymax - top, max(xmin - left, 0) : xmax - left])
            rows.append(np.concatenate(row, axis=1) if len(row) > 1 else row[0])
        return np.concatenate(rows, axis=0) if len(rows) > 1 else rows[0]

    def _tile(self, t_col: int, t_row: int, lv_z: int, frame: int) -> NDArray[Any]:
        source = self._source()
        try:
            # OpenSlide is made for threads; of the other libraries not all are
            with contextlib.nullcontext() if self.name == "openslide" else self._lock:
                tile = source.getTile(
                    t_col, t_row, lv_z, numpyAllowed="always", frame=frame, applyStyle=False
                )
        except Exception as error:
            raise UnreadableSlide(
                f"Tile ({t_col}, {t_row}) of {self.path} is damaged or cut off: copy the file again."
            ) from error
        pixels: NDArray[Any] = np.asarray(tile)
        return pixels if pixels.ndim == 3 else pixels[..., None]


def _open(path: Path, name: str) -> Any:
    """Open by the reader called `name`; `NotMine` if it is not installed or refuses the file."""
    try:
        module = importlib.import_module(f"large_image_source_{name}")
        # uncached: large-image would give back the old content of a file that was replaced
        options = {"maxSize": MAX_PICTURE_EDGE} if name == "pil" else {}
        tiles = getattr(module, READERS[name])(str(path), noCache=True, **options)
    except ImportError as error:
        raise NotMine(f"the reader {name} is not installed") from error
    except Exception as error:
        raise NotMine(f"{name} refuses it ({error})") from error
    # a small cache of its own: the shared one grows with memory, and its lock may be held while forking
    tiles.cache, tiles.cache_lock = cachetools.LRUCache(CACHED_TILES), threading.Lock()
    return tiles


def _stored_levels(tiles: Any) -> list[int]:
    """large-image's numbers of the levels that the file holds, finest first; the others it would compute."""
    stored = {tiles.getPreferredLevel(lv_z) for lv_z in range(tiles.levels)}
    present = tiles._nonemptyLevelsList(0)
    return [tiles.levels - 1] + [
        lv_z for lv_z in range(tiles.levels - 2, -1, -1) if lv_z in stored and present[lv_z]
    ]


def _micrometres(mm: float | None) -> float | None:
    return None if mm is None else mm * 1000


def _magnification(about: Mapping[str, Any], properties: Mapping[str, str]) -> float | None:
    """Return the stored magnification; large-image guesses a missing one from the resolution."""
    stored = metadata.magnification_of(
        {key.rpartition("/")[2]: value for key, value in properties.items()}, ""
    )
    if stored is not None:
        return stored
    value, mm = positive(about.get("magnification")), positive(about.get("mm_x"))
    estimated = value is not None and mm is not None and abs(value * mm - 0.01) < 1e-9
    return None if estimated else value


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Flatten nested metadata to ``a/b`` keys and text."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{prefix}/{key}" if prefix else str(key))
    elif value is not None:
        yield prefix, str(value)
