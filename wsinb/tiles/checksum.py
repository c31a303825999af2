"""The checksum that identifies a slide: over its file and the files that belong to it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from wsinb.tiles.members import members_of

__all__ = ["companions", "slide_checksum"]

_DICOM_SUFFIXES = {".dcm", ".dicom", ".dic", ""}
_CHUNK = 1 << 20


def slide_checksum(path: Path) -> str:
    """Return ``sha256:<hex>`` of a slide's bytes, read as a stream.

    A single file has the checksum that ``sha256sum`` prints. With companions, it is the checksum of a list
    of their names and checksums, so that it does not depend on which of several DICOM files was named.
    So it is for the pictures of a folder, whose own name does not count.
    """
    folder = path if path.is_dir() else path.parent
    files = members_of(path) if path.is_dir() else [path, *companions(path)]
    files = sorted(set(files), key=lambda file: file.as_posix())
    if files == [path]:
        return f"sha256:{_sha256(path)}"
    listing = hashlib.sha256()
    for file in files:
        listing.update(f"{_sha256(file)}  {file.relative_to(folder).as_posix()}\n".encode())
    return f"sha256:{listing.hexdigest()}"


def companions(path: Path) -> list[Path]:
    """Other files that belong to a slide.

    The folder beside a ``.mrxs``, the pictures that a ``.vms`` or ``.vmu`` names, and the DICOM files of the
    same series in the same folder.
    """
    suffix = path.suffix.lower()
    if suffix == ".mrxs":
        folder = path.with_suffix("")
        return sorted(file for file in folder.rglob("*") if file.is_file()) if folder.is_dir() else []
    if suffix in (".vms", ".vmu"):
        names = re.findall(r"^[^=\n]+=(.+?)\s*$", path.read_text("utf-8", "replace"), re.MULTILINE)
        files = [path.parent / name for name in names if Path(name).name == name]
        return sorted({file for file in files if file.is_file()})
    if suffix in _DICOM_SUFFIXES:
        series = _dicom_series(path)
        if series is not None:
            near = (
                file for file in path.parent.iterdir() if file.suffix.lower() == suffix and file.is_file()
            )
            return sorted(file for file in near if file != path and _dicom_series(file) == series)
    return []


def _dicom_series(path: Path) -> str | None:
    """Series that a DICOM file belongs to, None for any other file."""
    with path.open("rb") as file:
        if file.read(132)[128:] != b"DICM":
            return None
    import pydicom

    try:
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["SeriesInstanceUID"])
        return str(header.SeriesInstanceUID)
    except Exception:  # noqa: BLE001  (a broken file makes the parser raise anything; it belongs to no series)
        return None


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
