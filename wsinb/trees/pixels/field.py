"""Features that are kept, so that a forest can be trained and shown on them again at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["PixelField", "PixelRows"]


@dataclass(frozen=True, eq=False)
class PixelField:
    """An image with its features; made by `PixelForest.field` and taken wherever an image is.

    Attributes
    ----------
    shape : (int, int)
        Height and width of the image.
    image : ndarray (h + 2 m, w + 2 m, n_channels), uint8
        The image, continued by a margin `m` on all sides.
    bank : ndarray (h + 2 b, w + 2 b, n_features), float32
        Features of the image and a border `b`, which is 0 for a forest of one stage.
    settings : tuple
        What the features were computed with.
    """

    shape: tuple[int, int]
    image: NDArray[np.uint8]
    bank: NDArray[np.float32]
    settings: tuple[Any, ...]

    @property
    def channels(self) -> int:
        """Number of channels of the image."""
        return int(self.image.shape[2])

    def __repr__(self) -> str:
        return f"<PixelField {self.shape[1]} x {self.shape[0]} px, {self.bank.shape[2]} features>"


@dataclass(frozen=True, eq=False)
class PixelRows:
    """The features of some pixels of an image: all that a forest of one stage learns from them.

    Attributes
    ----------
    shape : (int, int)
        Height and width of the image.
    places : ndarray (n,), int64
        The pixels, by their numbers in reading order, ascending.
    rows : ndarray (n, n_features), float32
    glass : ndarray (n,), bool
        Which of them lie on empty glass.
    channels : int
        Of the image.
    settings : tuple
        What the features were computed with.
    """

    shape: tuple[int, int]
    places: NDArray[np.int64]
    rows: NDArray[np.float32]
    glass: NDArray[np.bool_]
    channels: int
    settings: tuple[Any, ...]

    @classmethod
    def of(cls, field: PixelField, chosen: NDArray[np.bool_], glass: NDArray[np.bool_]) -> PixelRows:
        """Keep the chosen pixels (h, w) of a field, of which some are known to be on `glass` (h, w)."""
        places = np.flatnonzero(chosen)
        rows = field.bank.reshape(-1, field.bank.shape[2])[places]
        return cls(field.shape, places, rows, glass.ravel()[places], field.image.shape[2], field.settings)

    def at(self, y: NDArray[np.int64], x: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return which rows pixels have, which must be among those that are kept."""
        return np.searchsorted(self.places, y * self.shape[1] + x)
