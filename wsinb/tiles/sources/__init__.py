"""Readers of slide files: our own path for plain JPEG pyramids first, then large-image's."""

from __future__ import annotations

from pathlib import Path

from wsinb.errors import SlideNotFound, UnreadableSlide
from wsinb.tiles.sources.base import NotMine, Source

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
        from wsinb.tiles.sources.jpeg_tiff import JpegTiffSource

        return JpegTiffSource(path)
    except NotMine:
        from wsinb.tiles.sources.large_image import open_large_image

        return open_large_image(path)
    except PermissionError as error:
        raise UnreadableSlide(f"{path} may not be read by this user: change its permissions.") from error
