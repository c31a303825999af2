"""What every reader of slide files provides."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from wsinb.tiles.channels import Channel
from wsinb.tiles.model import Frames, Level, Plane, Planes

__all__ = ["VENDORS", "NotMine", "Source", "is_tiff", "vendor_of"]

# tifffile complains of odd tags, which are no concern of the user: without a handler they would go to stderr
logging.getLogger("tifffile").addHandler(logging.NullHandler())

VENDORS = {"svs", "ndpi", "scn", "bif", "philips"}
"""tifffile's names of the kinds of TIFF that scanners write by rules of their own; OpenSlide knows them."""


class NotMine(Exception):
    """A reader cannot read a file; the text says why."""


class Source(Protocol):
    """An open slide file. All methods may be called from several threads at once.

    Attributes
    ----------
    name : str
        Short name of the reader.
    path : Path
        The file.
    levels : tuple of Level
        Finest first; never empty.
    planes : Planes
        Number of focal planes, time points and channels.
    mpp_xy : (float, float) or None
        Micrometres per level-0 pixel along x and y, None if the file does not say.
    magnification : float or None
        Of the objective, None if the file does not say.
    properties : mapping of str to str
        The file's own metadata, as text.
    associated_names : tuple of str
        Names of further pictures, such as ``label``, ``macro`` and ``thumbnail``.
    frames : Frames or None
        Names of the planes, None if they have none.
    frame_rate : float or None
        Time points per second, None if the file does not say.
    """

    name: str
    path: Path
    levels: tuple[Level, ...]
    planes: Planes
    mpp_xy: tuple[float, float] | None
    magnification: float | None
    properties: Mapping[str, str]
    associated_names: tuple[str, ...]
    frames: Frames | None
    frame_rate: float | None

    @property
    def background(self) -> int:
        """Grey value of what lies outside the picture: 255, or 0 where channels are added up on black."""
        ...

    def channels(self) -> tuple[Channel, ...]:
        """Describe the channels, which may read an overview; empty for one channel of 8-bit pixels."""
        ...

    def read(self, level: int, lv_box: tuple[int, int, int, int], plane: Plane) -> NDArray[np.uint8]:
        """Read whole pixels of one level.

        Parameters
        ----------
        level : int
            Index into `levels`.
        lv_box : (int, int, int, int)
            xmin, ymin, xmax, ymax in pixels of the level, inside the level and not empty.
        plane : Plane
            Focal plane, time point and channels, all in range.

        Returns
        -------
        ndarray (height, width, 3) uint8, RGB. Tiles that the file leaves out are `background`.

        Raises
        ------
        UnreadableSlide
            The pixels are damaged.
        """
        ...

    def stored_jpeg(self, level: int, t_col: int, t_row: int) -> bytes | None:
        """Return a whole stored tile of the colour picture as a JPEG file; None if it is stored otherwise."""
        ...

    def associated(self, name: str) -> NDArray[np.uint8]:
        """Return the further picture called `name`: (height, width, 3) uint8, RGB."""
        ...

    def close(self) -> None:
        """Release the file."""
        ...


def is_tiff(path: Path) -> bool:
    """Whether a file starts like a TIFF."""
    with path.open("rb") as file:
        return file.read(4) in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def vendor_of(tiff: Any) -> str | None:
    """Name the scanner's kind of an open ``tifffile.TiffFile``, None if it follows no rules but TIFF's."""
    kinds = VENDORS & set(tiff.flags)
    if not kinds and tiff.pages[0].software.startswith("MedScan"):
        return "trestle"
    return next(iter(kinds), None)
