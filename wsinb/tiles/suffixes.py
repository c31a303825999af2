"""Endings of the files that `open_slide` may be able to read."""

from __future__ import annotations

__all__ = ["SLIDE_SUFFIXES"]

SLIDE_SUFFIXES: tuple[str, ...] = (
    ".bif",
    ".btf",
    ".czi",
    ".dcm",
    ".dicom",
    ".jp2",
    ".jpeg",
    ".jpg",
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
)
