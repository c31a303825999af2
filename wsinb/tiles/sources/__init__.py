"""Readers of slide files, and the choice among them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from wsinb.errors import SlideNotFound, UnreadableSlide
from wsinb.tiles.sources.base import NotMine, Source, is_tiff

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
    if path.is_dir():
        raise UnreadableSlide(f"{path} is a folder: give the path of one slide file inside it.")
    if not path.exists():
        raise SlideNotFound(f"There is no slide file at {path}: check the path.")
    try:
        if path.stat().st_size == 0:
            raise UnreadableSlide(f"{path} is empty: copy the file again from its origin.")
        source = next(_readings(path), None)
    except PermissionError as error:
        raise UnreadableSlide(f"{path} may not be read by this user: change its permissions.") from error
    if source is None:
        raise UnreadableSlide(f"{path} cannot be read as a slide: {_remedy(path)}.")
    return source


def _readings(path: Path) -> Iterator[Source]:
    """Yield the file as opened by each reader that accepts it, the best one first.

    Plain JPEG pyramids by our own path; TIFF files with planes or more than 8 bits by theirs, because
    OpenSlide would show the first plane only; everything else by large-image's sources, and what OpenSlide
    does not know but is a TIFF again by ours.
    """
    from wsinb.tiles.sources.jpeg_tiff import JpegTiffSource
    from wsinb.tiles.sources.tiff_planes import TiffPlanesSource

    try:
        yield JpegTiffSource(path)
    except NotMine:
        pass
    with_planes = TiffPlanesSource.knows_best(path)
    if not with_planes:
        yield from _large_image(path, "openslide")
    try:
        yield TiffPlanesSource(path)
    except NotMine:
        pass
    from wsinb.tiles.sources.large_image import READERS

    for name in READERS:
        if with_planes or name != "openslide":
            yield from _large_image(path, name)


def _large_image(path: Path, name: str) -> Iterator[Source]:
    from wsinb.tiles.sources.large_image import LargeImageSource

    try:
        yield LargeImageSource(path, name)
    except NotMine:
        pass


def _remedy(path: Path) -> str:
    """What can be done about a file that no reader accepts, by what its first bytes say it is."""
    with path.open("rb") as file:
        start = file.read(132)
    if start.startswith(b"ZISRAWFILE"):
        return (
            "Zeiss CZI needs the package large-image-source-bioformats (and Java), or an export as OME-TIFF"
        )
    if start[128:] == b"DICM":
        return "it is a DICOM object without slide pixels, or damaged; give an image of the slide's series"
    if is_tiff(path):
        return "its TIFF structure is damaged or of an unsupported kind; copy it again, or save it as a tiled TIFF"
    return "it is no picture of a known kind, or damaged; copy it again, or save it as a tiled TIFF"
