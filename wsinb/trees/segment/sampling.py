"""Regions to learn from, and the windows drawn from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.trees.windows.colour import to_colour
from wsinb.trees.windows.cutting import cut_windows
from wsinb.trees.windows.places import draw_balanced, window_places

__all__ = ["TrainingRegion", "Windows", "draw_windows"]

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class TrainingRegion:
    """A piece of a slide with the class of each pixel.

    Parameters
    ----------
    image : ndarray (h, w, 3), uint8, RGB; or a function that returns it
        A function is called once, and only when windows are drawn from the region.
    classes : ndarray (h, w), int16
        0 is background, -1 unknown: a window never holds unknown pixels.
    roi : ndarray (h, w), bool, optional
        Windows lie wholly inside; None is everywhere.
    """

    image: Image | Callable[[], Image]
    classes: NDArray[np.int16]
    roi: NDArray[np.bool_] | None = None

    def check(self) -> None:
        """Raise `InvalidInput` unless classes are whole numbers from -1 to 254."""
        classes: object = self.classes
        if not isinstance(classes, np.ndarray) or classes.ndim != 2 or classes.dtype.kind not in "iu":
            kind = (
                f"{classes.shape} {classes.dtype}" if isinstance(classes, np.ndarray) else f"{classes!r:.40}"
            )
            raise InvalidInput(
                f"a region's classes must be (h, w) whole numbers, -1 where unknown, not {kind}"
            )
        if classes.size and (int(classes.min()) < -1 or int(classes.max()) > 254):
            low, high = int(classes.min()), int(classes.max())
            raise InvalidInput(f"a region's classes must be from 0 to 254 or -1, not {low} to {high}")

    def pixels(self) -> Image:
        """Return the image, reading it if need be; checked against the shape of `classes`."""
        image = self.image() if callable(self.image) else self.image
        if image.shape != (*self.classes.shape, 3) or image.dtype != np.uint8:
            raise InvalidInput(
                f"a region's image must be {(*self.classes.shape, 3)} uint8 like its classes, "
                f"not {image.shape} {image.dtype}"
            )
        return image

    def allowed(self) -> NDArray[np.bool_]:
        """Return where windows may lie, (h, w) bool."""
        known: NDArray[np.bool_] = self.classes >= 0
        if self.roi is None:
            return known
        if self.roi.shape != self.classes.shape:
            raise InvalidInput(
                f"a region's roi {self.roi.shape} and classes {self.classes.shape} differ in shape"
            )
        known &= self.roi.astype(bool)
        return known


@dataclass(frozen=True)
class Windows:
    """Windows drawn for training.

    Parameters
    ----------
    colours : ndarray (n, window, window, 3), uint8
        In the colour space of the model.
    classes : ndarray (n, window, window), uint8
    white : ndarray (n,), bool
        The window shows empty glass.
    """

    colours: NDArray[np.uint8]
    classes: NDArray[np.uint8]
    white: NDArray[np.bool_]


def draw_windows(
    regions: Sequence[TrainingRegion],
    n: int,
    window: int,
    labels: Sequence[str],
    colour: str,
    white_level: int,
    rng: np.random.Generator,
) -> Windows:
    """Draw windows with replacement, equally many for every class at the window's centre.

    Raises
    ------
    InvalidInput
        If a class has no pixels in the regions, or no window fits around any of them.
    """
    candidates = np.array([_count_places(region, window, len(labels)) for region in regions], np.int64)
    _check_classes(regions, candidates, labels, window)
    drawn = draw_balanced(candidates, n, rng)
    colours = np.empty((n, window, window, 3), np.uint8)
    classes = np.empty((n, window, window), np.uint8)
    white = np.empty(n, bool)
    start = 0
    for region, draws in zip(regions, drawn, strict=True):
        if not len(draws):
            continue
        own = slice(start, start + len(draws))
        y, x = _find_places(region, window, draws)
        image = region.pixels()
        white[own] = cut_windows(image.min(axis=2), y, x, window).min(axis=(1, 2)) >= white_level
        colours[own] = cut_windows(to_colour(image, colour), y, x, window)
        classes[own] = cut_windows(region.classes, y, x, window)
        start = own.stop
    return Windows(colours, classes, white)


def _centres(region: TrainingRegion, window: int) -> NDArray[np.int16]:
    """Return the class at the centre of the window at each place; -1 where no window may lie."""
    places = window_places(region.allowed(), window)
    half = window // 2
    centre = region.classes[half : half + places.shape[0], half : half + places.shape[1]]
    return np.where(places, centre, -1).astype(np.int16)


def _count_places(region: TrainingRegion, window: int, n_classes: int) -> NDArray[np.int64]:
    centres = _centres(region, window)
    return np.bincount(centres[centres >= 0].ravel(), minlength=n_classes)


def _find_places(
    region: TrainingRegion, window: int, draws: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    centres = _centres(region, window)
    y = np.empty(len(draws), np.int64)
    x = np.empty(len(draws), np.int64)
    for label in np.unique(draws[:, 0]):
        own = draws[:, 0] == label
        place = np.flatnonzero(centres == label)[draws[own, 1]]
        y[own], x[own] = np.divmod(place, centres.shape[1])
    return y, x


def _check_classes(
    regions: Sequence[TrainingRegion], candidates: NDArray[np.int64], labels: Sequence[str], window: int
) -> None:
    for number, label in enumerate(labels):
        if candidates[:, number].any():
            continue
        if not any(np.any(region.allowed() & (region.classes == number)) for region in regions):
            raise InvalidInput(
                f"{label!r} has no pixels in the training regions: annotate some, or enlarge the regions"
            )
        raise InvalidInput(
            f"no window of {window} px fits inside the training regions around a pixel of {label!r}: "
            "enlarge the regions or train at fewer um_per_px"
        )
