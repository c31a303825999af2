"""Readers of slide files, and the choice among them."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from wsinb.errors import SlideNotFound, UnreadableSlide
from wsinb.tiles.sources.base import NotMine, Source, is_tiff, vendor_of

__all__ = ["Source", "open_source"]


def open_source(path: Path) -> Source:
    """Open a file by the first reader that can really read it.

    Raises
    ------
    SlideNotFound
        There is no such file.
    UnreadableSlide
        No reader can read it.
    """
    from wsinb.tiles.sources.sequence import SequenceSource

    if not _exists(path):
        raise SlideNotFound(f"There is no slide file at {path}: check the path.")
    if not path.is_file() and not path.is_dir():
        raise UnreadableSlide(f"{path} is a device: give the path of one slide file.")
    try:
        if path.is_dir():
            return SequenceSource(path)
        if path.stat().st_size == 0:
            raise UnreadableSlide(f"{path} is empty: copy the file again from its origin.")
        source = next(_readings(path), None)
    except OSError as error:
        raise UnreadableSlide(
            f"{path} cannot be read ({error.strerror}): check its permissions and the disk."
        ) from error
    if source is None:
        raise UnreadableSlide(f"{path} cannot be read as a slide: {_remedy(path)}.")
    return source


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise UnreadableSlide(
            f"{path} cannot be read ({error.strerror}): check its permissions and the disk."
        ) from error


def _readings(path: Path) -> Iterator[Source]:
    """Yield the file as opened by each reader that accepts it, the best one first.

    Plain JPEG pyramids go by our own path, other TIFF files by tifffile's decoders, films and CZI by their
    own, everything else by large-image's sources. The TIFF kinds of scanners go to OpenSlide before tifffile.
    """
    from wsinb.tiles.sources.animation import AnimationSource
    from wsinb.tiles.sources.czi import CziSource
    from wsinb.tiles.sources.jpeg_tiff import JpegTiffSource
    from wsinb.tiles.sources.large_image import READERS
    from wsinb.tiles.sources.tiff_planes import TiffPlanesSource
    from wsinb.tiles.sources.video import VideoSource

    with suppress(NotMine):
        yield JpegTiffSource(path)
    readers: tuple[Callable[[Path], Source], ...] = (VideoSource, AnimationSource, CziSource)
    for reader in readers:
        with suppress(NotMine):
            yield reader(path)
    if _is_scanners(path):
        yield from _large_image(path, "openslide")
    with suppress(NotMine):
        yield TiffPlanesSource(path)
    for name in READERS:
        yield from _large_image(path, name)


def _is_scanners(path: Path) -> bool:
    if not is_tiff(path):
        return False
    import tifffile

    try:
        with tifffile.TiffFile(path) as tiff:
            return vendor_of(tiff) is not None
    except Exception:  # noqa: BLE001  (a broken file makes the parser raise anything)
        return False


def _large_image(path: Path, name: str) -> Iterator[Source]:
    from wsinb.tiles.sources.large_image import LargeImageSource

    with suppress(NotMine):
        yield LargeImageSource(path, name)


def _remedy(path: Path) -> str:
    """Say what to do about a file that no reader accepts, by what its first bytes say it is."""
    from wsinb.tiles.sources.video_index import is_video

    with path.open("rb") as file:
        start = file.read(132)
    if start.startswith(b"ZISRAWFILE"):
        if find_spec("pylibCZIrw") is None:
            return "Zeiss CZI needs pip install 'wsinb[czi]', or an export as OME-TIFF"
        return "its CZI structure is damaged or unsupported; copy it again, or export as OME-TIFF"
    if is_video(path):
        return "it is a video that FFmpeg cannot decode, or cut off; copy it again, or save it as MP4"
    if start[128:] == b"DICM":
        return "it is a DICOM object without slide pixels, or damaged; give an image of the slide's series"
    if is_tiff(path):
        return "its TIFF structure is damaged or unsupported; copy it again, or save it as a tiled TIFF"
    return "it is no picture of a known kind, or damaged; copy it again, or save it as a tiled TIFF"
