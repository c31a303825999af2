"""The features of the pixels that a forest learns from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.trees.pixels.field import PixelRows
from wsinb.trees.pixels.glass import is_glass
from wsinb.trees.pixels.stages import cropped
from wsinb.trees.pixels.strokes import Draw, Source

if TYPE_CHECKING:
    from wsinb.trees.pixels.model import PixelForest
    from wsinb.trees.pixels.walk import PackedForest

__all__ = ["Samples"]

WHITE_SHARE = 0.05


class Samples:
    """The drawn pixels of images, one image in memory at a time.

    Attributes
    ----------
    targets : ndarray (n,), uint8
        Class of each pixel.
    image : ndarray (n,), int64
        Number of the image that it lies in, among those with pixels drawn.
    channels : int or None
        Of the images; known after the first stage.
    """

    def __init__(self, model: PixelForest, sources: Sequence[Source], draws: Sequence[Draw]) -> None:
        self._model = model
        kept = [(source, draw) for source, draw in zip(sources, draws, strict=True) if len(draw[2])]
        self._sources = [source for source, _ in kept]
        self._draws = draws = [draw for _, draw in kept]
        self._glass: list[NDArray[np.bool_]] = []
        self.targets = np.concatenate([labels for _, _, labels in draws])
        self.image = np.repeat(np.arange(len(draws)), [len(labels) for _, _, labels in draws])
        self.channels: int | None = None

    def features(self, before: Sequence[Sequence[PackedForest]]) -> NDArray[np.float32]:
        """Return what a stage sees, (n, n_features).

        Parameters
        ----------
        before : sequence of forests, for each image
            The stages before this one.

        Raises
        ------
        InvalidInput
            If the images differ in their channels, or an image does not fit its strokes.
        """
        first, parts = not before[0], []
        for source, (y, x, _), forests in zip(self._sources, self._draws, before, strict=True):
            image = source() if callable(source) else source
            kept = image if isinstance(image, PixelRows) else self._model.field(image)
            if y.max() >= kept.shape[0] or x.max() >= kept.shape[1]:
                raise InvalidInput(f"an image of {kept.shape} pixels has strokes outside of it")
            glass: NDArray[np.bool_] | None = None
            if isinstance(kept, PixelRows):
                rows, glass = self._kept(kept, y, x)
            else:
                glass = is_glass(kept.image, self._model.margin)[y, x] if first else None
                bank, border = self._model.stage_bank(kept.bank, forests, self._model.n_jobs)
                rows = cropped(bank, border)[y, x]
            self._check_channels(kept.channels)
            if first and glass is not None:
                self._glass.append(glass)
            parts.append(rows)
        return np.concatenate(parts)

    def _kept(
        self, kept: PixelRows, y: NDArray[np.int64], x: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        if kept.settings != self._model.settings or self._model.stages > 1:
            raise InvalidInput("these pixels are of a model of other scales, filters, colours or stages")
        places = kept.at(y, x)
        return kept.rows[places], kept.glass[places]

    def _check_channels(self, channels: int) -> None:
        if self.channels not in (None, channels):
            raise InvalidInput(f"images of {self.channels} and {channels} channels do not go together")
        self.channels = channels

    def white_is_background(self) -> bool:
        """Say whether pixels of empty glass are background, as far as is known."""
        on_glass = self.targets[np.concatenate(self._glass)]
        return bool(np.mean(on_glass > 0) < WHITE_SHARE) if on_glass.size else True
