"""Endings of the files that `open_slide` may be able to read."""

from __future__ import annotations

__all__ = ["SLIDE_SUFFIXES"]

SLIDE_SUFFIXES: tuple[str, ...] = (
    ".avi",
    ".bif",
    ".btf",
    ".czi",
    ".dcm",
    ".dicom",
    ".gif",
    ".jp2",
    ".jpeg",
    ".jpg",
    ".m4v",
    ".mkv",
    ".mov",
    ".mp4",
    ".mpeg",
    ".mpg",
    ".mrxs",
    ".ndpi",
    ".ome.tif",
    ".ome.tiff",
    ".png",
    ".ptif",
    ".ptiff",
    ".qptiff",
    ".scn",
    ".svs",
    ".svslide",
    ".tif",
    ".tiff",
    ".vms",
    ".vmu",
    ".webm",
    ".wmv",
)
