"""A field of view whose features are kept, so that a forest can be trained and shown on it again at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["PixelField"]


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

    def __repr__(self) -> str:
        return f"<PixelField {self.shape[1]} x {self.shape[0]} px, {self.bank.shape[2]} features>"
