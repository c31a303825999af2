"""Random subwindows of many images: drawn, cut, resized, turned and coloured, on any number of threads.

Follows Marée, Geurts and Wehenkel, Pattern Recognition Letters 2016. (The code published with it threw the
turned windows away; here, as in the paper, they are what is learned from.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.trees.threads import run_threads
from wsinb.trees.windows.boxes import Boxes, check_sizes, squares
from wsinb.trees.windows.colour import channel_count, check_colour, window_colours
from wsinb.trees.windows.cutting import check_interpolation, resized_windows
from wsinb.trees.windows.turning import SYMMETRIES

__all__ = ["MIN_SIDE", "Drawn", "Draws", "check_image", "draw_subwindows", "whole"]

MIN_SIDE = 4
BATCH = 16


class Drawn(NamedTuple):
    """What was drawn from one image: boxes in its pixels, and the symmetry by which each was turned."""

    boxes: Boxes
    symmetry: NDArray[np.int64]


def whole(name: str, value: Any, low: int, high: int) -> int:
    """Return a whole number within bounds; `InvalidInput` names the parameter otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= high:
        raise InvalidInput(f"{name} must be a whole number from {low} to {high}, not {value!r}")
    return int(value)


def check_image(image: Any, number: int) -> NDArray[np.uint8]:
    """Return an image that windows can be drawn from; `InvalidInput` says which one cannot, and why."""
    array = np.asarray(image)
    if array.ndim != 3 or array.shape[2] != 3:
        raise InvalidInput(
            f"image {number} has shape {array.shape}, not (h, w, 3): convert it to RGB, without alpha"
        )
    if array.dtype != np.uint8:
        has_nan = array.dtype.kind == "f" and not np.isfinite(array).all()
        reason = "holds numbers that are not finite" if has_nan else f"is {array.dtype}"
        raise InvalidInput(f"image {number} {reason}, not uint8: scale it to whole numbers from 0 to 255")
    height, width = array.shape[:2]
    if min(height, width) < MIN_SIDE:
        raise InvalidInput(
            f"image {number} is empty: leave it out"
            if not array.size
            else f"image {number} is {width} x {height} px, windows need {MIN_SIDE} px at least: "
            "take it with more context, at fewer um_per_px, or leave it out"
        )
    return array


@dataclass(frozen=True)
class Draws:
    """How subwindows are drawn; the parameters of `draw_subwindows`, checked.

    Raises
    ------
    InvalidInput
        If one of them is out of range.
    """

    n_windows: int
    window: int
    min_size: float
    max_size: float
    colour: str
    interpolation: str
    turn: bool
    random_state: int

    def __post_init__(self) -> None:
        whole("n_windows", self.n_windows, 1, 10**7)
        whole("window", self.window, 1, 128)
        check_sizes(self.min_size, self.max_size)
        check_colour(self.colour)
        check_interpolation(self.interpolation)
        whole("random_state", self.random_state, 0, 2**32 - 1)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of a window: (window, window, channels)."""
        return (self.window, self.window, channel_count(self.colour))

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the windows' numbers."""
        return np.dtype(np.float32 if self.colour == "normalised_rgb" else np.uint8)

    def draw(self, shape: tuple[int, ...], place: int | None) -> Drawn:
        """Draw boxes in an image of a shape, by a generator that depends on nothing but seed and place.

        Parameters
        ----------
        place : int or None
            Of the image among those that are learned from. None draws alike in all images, so that what is
            predicted of one does not depend on the others.
        """
        key = () if place is None else (place,)
        seed = np.random.SeedSequence(self.random_state, spawn_key=key)
        numbers = np.random.Generator(np.random.PCG64(seed)).random((4, self.n_windows))
        boxes = squares((shape[0], shape[1]), numbers[:3], min_size=self.min_size, max_size=self.max_size)
        symmetry = (numbers[3] * (SYMMETRIES if self.turn else 0)).astype(np.int64)
        return Drawn(boxes, symmetry)

    def cut(self, image: NDArray[np.uint8], drawn: Drawn) -> NDArray[Any]:
        """Return the windows that were drawn, (n_windows, window, window, channels)."""
        pixels = resized_windows(
            image, drawn.boxes, self.window, interpolation=self.interpolation, symmetry=drawn.symmetry
        )
        return window_colours(pixels, self.colour)

    def windows(
        self, images: Any, n_jobs: int | None = None, *, first: int = 0, alike: bool = False
    ) -> NDArray[Any]:
        """Draw from images, see `draw_subwindows`.

        Parameters
        ----------
        first : int
            Number of the first image, for messages and for what is drawn.
        alike : bool
            Draw the same relative boxes in every image.
        """
        n = len(images)
        out = np.empty((n * self.n_windows, *self.shape), self.dtype)

        def fill(start: int) -> None:
            for i in range(start, min(start + BATCH, n)):
                image = check_image(images[i], first + i)
                drawn = self.draw(image.shape, None if alike else first + i)
                out[i * self.n_windows : (i + 1) * self.n_windows] = self.cut(image, drawn)

        run_threads(fill, range(0, n, BATCH), n_jobs)
        return out


def draw_subwindows(
    images: Sequence[NDArray[np.uint8]] | NDArray[np.uint8],
    n_windows: int = 10,
    *,
    window: int = 16,
    min_size: float = 0.5,
    max_size: float = 1.0,
    colour: str = "hsv",
    interpolation: str = "linear",
    turn: bool = True,
    random_state: int = 42,
    n_jobs: int | None = None,
) -> NDArray[Any]:
    """Draw subwindows of random size and place from images, resized alike.

    Parameters
    ----------
    images : sequence of ndarray (h, w, 3) uint8, RGB, of any sizes; or one array (n, h, w, 3)
    n_windows : int
        Subwindows of each image.
    window : int
        Side of the results in pixels.
    min_size, max_size : float
        Bounds of a subwindow's side, relative to the shorter side of its image; uniform between them.
    colour : {"rgb", "normalised_rgb", "hsv", "gray"}
        See `wsinb.trees.windows.colour.window_colours`.
    interpolation : {"nearest", "linear", "area"}
        ``area`` is anti-aliased, see `wsinb.trees.resized_windows`.
    turn : bool
        Turn and mirror each subwindow by one of the eight symmetries of the square.
    random_state : int
        Seed. What is drawn from an image depends on this and on the image's place, not on other images.
    n_jobs : int, optional
        Threads; None is one for each core. The result is the same with any number.

    Returns
    -------
    ndarray (n_images * n_windows, window, window, channels)
        uint8; float32 where colours are normalised. Rows ``i * n_windows`` and on are those of image `i`.

    Raises
    ------
    InvalidInput
        If a parameter is out of range, or an image is empty, smaller than 4 px or not RGB in bytes.
    """
    draws = Draws(n_windows, window, min_size, max_size, colour, interpolation, turn, random_state)
    if isinstance(images, np.ndarray) and images.ndim != 4:
        raise InvalidInput(
            f"an array of images must be (n, h, w, 3), not {images.shape}: put a single one into a list"
        )
    if not hasattr(images, "__len__") or not hasattr(images, "__getitem__"):
        raise InvalidInput(f"images must be a list or an array, not {type(images).__name__}")
    return draws.windows(images, n_jobs)
