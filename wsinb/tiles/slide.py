"""`open_slide` and `Slide`: the whole of what a user does with a slide file."""

from __future__ import annotations

import html
import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput, UnknownMpp
from wsinb.frames import Box
from wsinb.numbers import real
from wsinb.tiles.arguments import check_downsample, check_plane, check_size
from wsinb.tiles.associated import AssociatedImages
from wsinb.tiles.channels import Channel, ChannelStyle, hex_color, paints_of
from wsinb.tiles.checksum import slide_checksum
from wsinb.tiles.grid import TileGrid, tile_grid
from wsinb.tiles.model import Frames, Level, Planes, check_mpp, positive
from wsinb.tiles.region import read_region, stored_region
from wsinb.tiles.sources import Source, open_source

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from wsinb.view import SlideViewer

__all__ = ["Slide", "open_slide"]

Mpp = float | tuple[float, float] | None


def open_slide(path: str | os.PathLike[str], mpp: Mpp = None) -> Slide:
    """Open a slide file for reading.

    Parameters
    ----------
    path : str or Path
        The slide file; of a slide of several files the main one, or any one of a DICOM series. A video, an
        animated GIF, or a folder of equally large pictures is a slide whose time points are the frames.
    mpp : float or (float, float), optional
        Micrometres per level-0 pixel, along x and y, instead of what the file says.

    Returns
    -------
    Slide

    Raises
    ------
    InvalidInput
        `path` is no path, or `mpp` is not positive.
    SlideNotFound
        There is no such file.
    UnreadableSlide
        The file is empty, damaged, no image, or of a kind that no reader supports.
    """
    if not isinstance(path, str | os.PathLike) or not str(path):
        raise InvalidInput(f"A slide is opened by the path of its file, not {path!r}.")
    path = Path(path).expanduser()
    slide = Slide(open_source(path))
    if mpp is not None:
        slide.mpp = mpp
    return slide


class Slide:
    """An open slide, made by `open_slide`; a context manager that several threads may use at once.

    All coordinates are level-0 pixels, with the origin at the top left and y down.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._closed = False
        self._mpp_xy = source.mpp_xy
        self._associated = AssociatedImages(source)

    @property
    def path(self) -> Path:
        """Path of the file."""
        return self._source.path

    @property
    def name(self) -> str:
        """Name of the file without its ending, or of the folder."""
        return self.path.name if self.path.is_dir() else self.path.stem

    @property
    def source_name(self) -> str:
        """Name of the reader, such as ``jpeg-tiff`` or ``openslide``."""
        return self._source.name

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in level-0 pixels."""
        return self._source.levels[0].size

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels of the pyramid that the file holds, finest first."""
        return tuple(self._source.levels)

    @property
    def planes(self) -> Planes:
        """Number of focal planes (z), time points (t) and channels (c)."""
        return self._source.planes

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels, with names, colours and ranges of values; empty for one channel of 8-bit pixels.

        Reads an overview of each channel on first access.
        """
        return self._source.channels()

    @property
    def frames(self) -> Frames | None:
        """The names of the focal planes or time points, None if they have none."""
        return self._source.frames

    @property
    def frame_rate(self) -> float | None:
        """Time points per second, None if the file does not say."""
        return self._source.frame_rate

    @property
    def background(self) -> str:
        """Colour of what is outside the slide, ``#ffffff``; ``#000000`` where channels are added up."""
        return hex_color(*3 * (self._source.background,))

    @property
    def mpp(self) -> float | None:
        """Micrometres per level-0 pixel, the mean of x and y; None if unknown.

        Can be set, to a number or to (x, y).
        """
        return None if self._mpp_xy is None else (self._mpp_xy[0] + self._mpp_xy[1]) / 2

    @mpp.setter
    def mpp(self, value: Mpp) -> None:
        self._mpp_xy = check_mpp(value)

    @property
    def mpp_xy(self) -> tuple[float, float] | None:
        """Micrometres per level-0 pixel along x and y, None if unknown."""
        return self._mpp_xy

    @property
    def magnification(self) -> float | None:
        """Magnification of the objective, None if the file does not say."""
        return self._source.magnification

    @property
    def properties(self) -> Mapping[str, str]:
        """The file's own metadata as text."""
        return self._source.properties

    @property
    def associated_images(self) -> Mapping[str, NDArray[np.uint8]]:
        """Pictures such as ``label``, ``macro`` and ``thumbnail``: (h, w, 3) uint8, read on access."""
        return self._associated

    @cached_property
    def checksum(self) -> str:
        """``sha256:<hex>`` of the bytes of the file and its companions, read on first access."""
        return slide_checksum(self.path)

    def downsample(self, um_per_px: float) -> float:
        """Level-0 pixels per pixel of `um_per_px` micrometres.

        Raises
        ------
        UnknownMpp
            The slide does not say how large its pixels are.
        InvalidInput
            `um_per_px` is not a positive number.
        """
        if positive(um_per_px) is None:
            raise InvalidInput(
                f"um_per_px is {um_per_px!r}: give a positive number of micrometres per pixel."
            )
        if self.mpp is None:
            raise UnknownMpp(
                f"{self.path.name} does not say how large its pixels are: "
                "set it, for example slide.mpp = 0.25, or give downsample instead of um_per_px."
            )
        return um_per_px / self.mpp

    def read(
        self,
        l0_x: float,
        l0_y: float,
        width: int,
        height: int,
        *,
        um_per_px: float | None = None,
        downsample: float | None = None,
        z: int = 0,
        t: int = 0,
        c: int | None = None,
        channels: Iterable[ChannelStyle | int | str] | None = None,
    ) -> NDArray[np.uint8]:
        """Read a region at any resolution.

        Parameters
        ----------
        l0_x, l0_y : float
            Top left corner in level-0 pixels; may lie outside the slide.
        width, height : int
            Size of the output in output pixels, together at most 200 million pixels.
        um_per_px : float, optional
            Micrometres per output pixel.
        downsample : float, optional
            Level-0 pixels per output pixel, instead of `um_per_px`. With neither: level-0 pixels.
        z, t : int
            Focal plane and time point.
        c : int, optional
            Channel, as a grey picture; by default the colour picture of all channels.
        channels : iterable of ChannelStyle, int or str, optional
            Channels to be shown, in colours and ranges of your choice. Each is mapped linearly from its
            range to 0..1 on the pixels as stored, times its colour; their sum is cut off at white.

        Returns
        -------
        ndarray (height, width, 3) uint8
            RGB. Every pixel is the mean of the area it covers, on the nearest finer level of the pyramid.
            Of the `background` outside the slide and where the file leaves tiles out.

        Raises
        ------
        InvalidInput
            Sizes, resolution, plane or channels are out of range.
        UnknownMpp
            `um_per_px` was given and the slide has no mpp.
        UnreadableSlide
            The pixels are damaged.
        """
        self._check_open()
        width, height = check_size(width, height)
        if real(l0_x) is None or real(l0_y) is None:
            raise InvalidInput(f"The corner ({l0_x!r}, {l0_y!r}) is not a place: give level-0 pixels.")
        plane = check_plane(self.planes, z, t, c, self.path.name)
        if channels is not None:
            if c is not None:
                raise InvalidInput("Both c and channels are given: give one of them.")
            plane = plane._replace(paints=paints_of(channels, self.channels, self.path.name))
        return read_region(
            self._source,
            float(l0_x),
            float(l0_y),
            width,
            height,
            self._downsample(um_per_px, downsample),
            plane,
        )

    def stored_jpeg(self, l0_x: int, l0_y: int, size: int, downsample: float = 1.0) -> bytes | None:
        """Return the file's own JPEG of a square, which need not be decoded and encoded to be sent on.

        Parameters
        ----------
        l0_x, l0_y : int
            Top left corner in level-0 pixels.
        size : int
            Edge in output pixels.
        downsample : float
            Level-0 pixels per output pixel.

        Returns
        -------
        bytes or None
            A JPEG file of `size` by `size` pixels of the colour picture; None unless exactly this square is a
            stored tile that lies in the slide as a whole.
        """
        self._check_open()
        return stored_region(self._source, l0_x, l0_y, size, downsample)

    def tiles(
        self,
        size: int = 512,
        *,
        um_per_px: float | None = None,
        downsample: float | None = None,
        overlap: int = 0,
        within: Box | BaseGeometry | None = None,
    ) -> TileGrid:
        """Cut the slide into square tiles, in reading order from the top left corner.

        Parameters
        ----------
        size : int
            Edge of a tile, in output pixels.
        um_per_px, downsample : float, optional
            Resolution, as in `read`.
        overlap : int
            Output pixels that neighbours share.
        within : Box or shapely geometry, optional
            In level-0 pixels: only tiles that share area with it. The grid itself stays where it is.

        Returns
        -------
        TileGrid
            A sequence of `Tile`; their pixels are read on access.
        """
        return tile_grid(self, size, self._downsample(um_per_px, downsample), overlap, within)

    def thumbnail(self, max_size: int = 512, **plane: Any) -> NDArray[np.uint8]:
        """Return the whole slide, the longer side at most `max_size` pixels: (h, w, 3) uint8, RGB.

        `plane` are ``z``, ``t``, ``c`` and ``channels`` of `read`.
        """
        if real(max_size) is None or max_size < 1:
            raise InvalidInput(f"max_size is {max_size!r}: give at least 1 pixel.")
        downsample = max(1.0, max(self.size) / max_size)
        width, height = (max(1, int(length / downsample + 1e-9)) for length in self.size)
        return self.read(0, 0, width, height, downsample=downsample, **plane)

    def view(self, **options: Any) -> SlideViewer:
        """Return a viewer of the slide for a notebook cell; see `wsinb.view.SlideViewer`."""
        from wsinb.view import SlideViewer

        return SlideViewer(slide=self, **options)

    def close(self) -> None:
        """Release the file."""
        self._closed = True
        self._source.close()

    def __enter__(self) -> Slide:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        # an open file cannot travel to another process: it is opened there again
        return open_slide, (str(self.path.absolute()), self._mpp_xy)

    def __repr__(self) -> str:
        width, height = self.size
        mpp = "mpp unknown" if self.mpp is None else f"{self.mpp:.4g} µm/px"
        words = ("focal planes", "time points", "channels")
        planes = "".join(f", {n} {word}" for n, word in zip(self.planes, words, strict=True) if n > 1)
        about = f"{width} × {height} px, {mpp}, {len(self.levels)} levels{planes}, {self.source_name}"
        return f"Slide({self.path.name!r}, {about})"

    def _repr_png_(self) -> bytes:
        import cv2

        _ok, encoded = cv2.imencode(".png", self.thumbnail()[..., ::-1])
        data: bytes = encoded.tobytes()
        return data

    def _repr_html_(self) -> str:
        import base64

        picture = base64.b64encode(self._repr_png_()).decode()
        text = html.escape(repr(self))
        image = f'<img alt="{text}" src="data:image/png;base64,{picture}">'
        return f"<figure>{image}<figcaption>{text}</figcaption></figure>"

    def _check_open(self) -> None:
        if self._closed:
            raise InvalidInput(f"{self.path.name} is closed: open it again with open_slide.")

    def _downsample(self, um_per_px: float | None, downsample: float | None) -> float:
        if um_per_px is not None:
            if downsample is not None:
                raise InvalidInput("Both um_per_px and downsample are given: give one of them.")
            return check_downsample(self.downsample(um_per_px))
        if downsample is None:
            return 1.0
        if positive(downsample) is None:
            raise InvalidInput(
                f"downsample is {downsample!r}: give a positive number of level-0 pixels per pixel."
            )
        return check_downsample(float(downsample))
