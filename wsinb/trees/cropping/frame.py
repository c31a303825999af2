"""Which part of a slide the picture of an annotation shows, and reading it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from wsinb.errors import InvalidInput, UnknownMpp
from wsinb.numbers import real
from wsinb.trees.outlines.raster import rasterise

if TYPE_CHECKING:
    from wsinb.tiles import Slide

__all__ = ["MAX_PIXELS", "Frame", "View", "batches", "colour_of"]

MAX_PIXELS = 50_000_000
MAX_SIZE = 8192
BATCH = 64
BATCH_PIXELS = 16_000_000
Colour = tuple[int, int, int]


class Frame(NamedTuple):
    """Part of a slide: its corner in level-0 pixels, its size in pixels of `downsample` level-0 pixels."""

    l0_x: float
    l0_y: float
    width: int
    height: int
    downsample: float

    def at_most(self, side: int) -> Frame:
        """Return the same part, coarser if need be, with no side longer than `side`."""
        factor = max(self.width, self.height) / side
        if factor <= 1:
            return self
        width, height = (max(1, round(length / factor)) for length in (self.width, self.height))
        return self._replace(width=width, height=height, downsample=self.downsample * factor)


@dataclass(frozen=True)
class View:
    """How annotations are seen.

    Parameters
    ----------
    um_per_px : float or None
        Resolution; None is level-0 pixels.
    context : float
        Share of the box's sides that is added on each side.
    size : int or None
        Side of square pictures. With `um_per_px`: so many pixels around the centre of each annotation.
        Without: its box, widened to a square, resized.
    background : (int, int, int) or None
        RGB colour of what lies outside the annotation; None leaves the slide's pixels.
    """

    um_per_px: float | None = None
    context: float = 0.0
    size: int | None = None
    background: Colour | None = None

    def __post_init__(self) -> None:
        um_per_px, context = real(self.um_per_px), real(self.context)
        if self.um_per_px is not None and (um_per_px is None or um_per_px <= 0):
            raise InvalidInput(f"um_per_px must be a positive number, not {self.um_per_px!r}")
        if context is None or not 0 <= context <= 100:
            raise InvalidInput(
                f"context must be a share of the box's sides, from 0 to 100, not {self.context!r}"
            )
        whole = isinstance(self.size, int) and not isinstance(self.size, bool)
        if self.size is not None and not (whole and 1 <= self.size <= MAX_SIZE):
            raise InvalidInput(
                f"size must be a whole number of pixels from 1 to {MAX_SIZE}, not {self.size!r}"
            )
        if self.size is not None and self.um_per_px is not None and self.context:
            raise InvalidInput("size and um_per_px say how much is seen: leave out context, or one of them")

    @property
    def takes_points(self) -> bool:
        """Whether annotations without area have pictures: these need a window of a fixed size."""
        return self.size is not None and self.um_per_px is not None and self.background is None

    def frame(self, l0_bounds: NDArray[np.float64], slide_name: str, mpp: float | None) -> list[Frame]:
        """Return what is read for the boxes (n, 4) of annotations of one slide, in level-0 pixels.

        Raises
        ------
        UnknownMpp
            If `um_per_px` is given and the slide does not know its pixel size.
        """
        downsample = _downsample(slide_name, mpp, self.um_per_px)
        xmin, ymin, xmax, ymax = np.asarray(l0_bounds, np.float64).reshape(-1, 4).T
        sides = np.stack([xmax - xmin, ymax - ymin], axis=1)
        steps = np.full(len(sides), downsample)
        if self.size is not None:
            counts = np.full(sides.shape, self.size)
            if self.um_per_px is None:
                steps = sides.max(axis=1) * (1 + 2 * self.context) / self.size
        else:
            counts = np.maximum(1, np.rint(sides * (1 + 2 * self.context) / downsample)).astype(np.int64)
        centres = np.stack([xmin + xmax, ymin + ymax], axis=1) / 2
        corners = centres - counts * steps[:, None] / 2
        if self.um_per_px is None and self.size is None:
            # pixels as they are stored, not between them
            corners = np.rint(corners)
        rows = zip(corners.tolist(), counts.tolist(), steps.tolist(), strict=True)
        return [Frame(x, y, width, height, step) for (x, y), (width, height), step in rows]

    def read(
        self, slide: Slide, frame: Frame, geometry: Any, z: int = 0, t: int = 0, c: int | None = None
    ) -> NDArray[np.uint8]:
        """Read a picture: (height, width, 3) uint8, RGB; outside the slide it has the slide's background."""
        image = slide.read(
            frame.l0_x, frame.l0_y, frame.width, frame.height, downsample=frame.downsample, z=z, t=t, c=c
        )
        if self.background is not None and geometry is not None:
            corner = np.array([frame.l0_x, frame.l0_y])
            moved = shapely.transform(geometry, lambda xy: xy - corner)
            image[~rasterise([moved], image.shape[:2], downsample=frame.downsample)] = self.background
        return image


def batches(frames: Iterable[Frame]) -> Iterator[list[int]]:
    """Yield the numbers of frames in batches of at most 64 pictures and 16 million pixels, or one picture."""
    batch: list[int] = []
    pixels = 0
    for number, frame in enumerate(frames):
        n_pixels = frame.width * frame.height
        if batch and (len(batch) == BATCH or pixels + n_pixels > BATCH_PIXELS):
            yield batch
            batch, pixels = [], 0
        batch.append(number)
        pixels += n_pixels
    if batch:
        yield batch


def _downsample(name: str, mpp: float | None, um_per_px: float | None) -> float:
    if um_per_px is None:
        return 1.0
    if mpp is None:
        raise UnknownMpp(
            f"pictures are asked for at {um_per_px} um per pixel, but slide {name} does not know its "
            "pixel size: set it with project.slides.set_mpp, or give size instead of um_per_px"
        )
    return um_per_px / mpp


def colour_of(background: Any) -> Colour | None:
    """Return a colour given as ``"#rrggbb"`` or three numbers from 0 to 255.

    Raises
    ------
    InvalidInput
        If it is neither, nor None.
    """
    if background is None:
        return None
    if isinstance(background, str) and re.fullmatch("#[0-9a-fA-F]{6}", background):
        return int(background[1:3], 16), int(background[3:5], 16), int(background[5:], 16)
    if isinstance(background, tuple | list | np.ndarray) and len(background) == 3:
        numbers = [real(value) for value in background]
        if all(number is not None and 0 <= number <= 255 for number in numbers):
            red, green, blue = (int(number or 0) for number in numbers)
            return red, green, blue
    raise InvalidInput(
        f"background must be a colour such as '#ffffff' or (255, 255, 255), not {background!r}"
    )
