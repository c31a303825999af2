"""The pictures of a folder that is opened as one slide."""

from __future__ import annotations

import os
import re
from pathlib import Path

from wsinb.errors import UnreadableSlide

__all__ = ["MAX_MEMBERS", "MEMBER_SUFFIXES", "members_of"]

MAX_MEMBERS = 100_000
MEMBER_SUFFIXES = (".bmp", ".jp2", ".jpeg", ".jpg", ".png", ".tif", ".tiff")


def members_of(folder: Path) -> list[Path]:
    """Return the pictures directly inside a folder, in natural order: ``2.png`` before ``10.png``.

    Hidden files, links, folders and files of other kinds are left out. Links are not followed because a
    server that confines paths to a folder would be led out of it.

    Raises
    ------
    UnreadableSlide
        There are no pictures, or too many, or the folder is a project.
    """
    if (folder / ".wsinb").exists():
        raise UnreadableSlide(f"{folder} is a folder with a project: open it with wsinb.open_project.")
    names = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if _is_member(entry):
                names.append(entry.name)
                if len(names) > MAX_MEMBERS:
                    raise UnreadableSlide(
                        f"The folder {folder} holds more than {MAX_MEMBERS:,} pictures: divide it."
                    )
    if not names:
        raise UnreadableSlide(
            f"{folder} is a folder without pictures: give the path of one slide file, or a folder of equally "
            "large PNG, JPEG or TIFF files."
        )
    return [folder / name for name in sorted(names, key=_natural)]


def _is_member(entry: os.DirEntry[str]) -> bool:
    named = entry.name.lower().endswith(MEMBER_SUFFIXES) and not entry.name.startswith(".")
    return named and entry.is_file(follow_symlinks=False)


def _natural(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """Sort key that compares runs of digits as numbers."""
    parts = re.findall(r"([0-9]+)|([^0-9]+)", name.casefold())
    return [(0, int(digits), "") if digits else (1, 0, text) for digits, text in parts], name
