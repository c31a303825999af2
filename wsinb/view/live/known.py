"""Marked pixels whose features are kept from one training to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from wsinb.trees.pixels import PixelForest
from wsinb.trees.pixels.field import PixelRows
from wsinb.trees.pixels.glass import is_glass
from wsinb.trees.pixels.marks import PATCH, Marks, Patch
from wsinb.trees.pixels.training import read_field
from wsinb.trees.threads import run_threads
from wsinb.trees.tiling import Plan
from wsinb.view.live.strokes import Drawn

__all__ = ["KnownPixels"]

MAX_SQUARES = 64
MAX_PIXELS = 4096
# the same places wherever and however often they are chosen: what is kept stays of use
RANKS = np.random.default_rng(0).permutation(PATCH * PATCH).reshape(PATCH, PATCH)
Name = tuple[tuple[int, bytes], ...]
Kept = tuple[Name, Patch | None, PixelRows | None]


class KnownPixels:
    """Patches around strokes with the features of their pixels, one square of a grid after the other.

    Memory is bounded: of each class at most 64 squares of 256 x 256 pixels of the model (first those with
    unsaved strokes, others as if drawn by lot), and 4096 pixels in each.

    Parameters
    ----------
    model : PixelForest
        One of the parameters that features are computed for; is not trained.
    plan : Plan
        The slide at the resolution of the model.
    order : sequence of int
        Classes, the one first that holds where strokes overlap.
    stroke_width : float
        In pixels of the model.
    """

    def __init__(self, model: PixelForest, plan: Plan, order: Sequence[int], stroke_width: float) -> None:
        self._model, self._plan = model, plan
        self._order, self._width = list(order), stroke_width
        self._kept: dict[tuple[int, int], Kept] = {}

    def update(
        self, drawn: Drawn, check: Callable[[], None] = lambda: None
    ) -> list[tuple[PixelRows, NDArray[np.int16]]]:
        """Return the features and classes of each patch with marked pixels, in reading order.

        `check` is called before each patch that is read, on any thread, and may raise to stop.
        """
        size = (self._plan.width, self._plan.height)
        marks = Marks(drawn.geometries, self._order, size, self._plan.downsample, self._width)
        fresh = np.concatenate([drawn.fresh[number] for number in self._order])
        squares = marks.squares()
        chosen = self._choose(squares, marks, fresh)
        names = {square: marks.name(squares[square]) for square in chosen}
        missing = [square for square in chosen if self._kept.get(square, ((),))[0] != names[square]]

        def read(square: tuple[int, int]) -> None:
            check()
            patch = marks.patch(square, squares[square])
            if patch is None:
                self._kept[square] = (names[square], None, None)
            else:
                thin = thinned(patch)
                self._kept[square] = (names[square], thin, self._rows(thin))

        run_threads(read, missing, None)
        self._kept = {square: self._kept[square] for square in chosen}
        return [(rows, patch.classes) for _, patch, rows in self._kept.values() if patch and rows]

    def clear(self) -> None:
        """Forget all."""
        self._kept = {}

    @property
    def nbytes(self) -> int:
        """Memory that features take up."""
        return sum(rows.rows.nbytes for _, _, rows in self._kept.values() if rows is not None)

    def _rows(self, patch: Patch) -> PixelRows:
        field = read_field(self._model, self._plan, patch.core)
        return PixelRows.of(field, patch.classes >= 0, is_glass(field.image, self._model.margin))

    def _choose(
        self, squares: dict[tuple[int, int], NDArray[np.int64]], marks: Marks, fresh: NDArray[np.bool_]
    ) -> list[tuple[int, int]]:
        """Return the squares that are learned from, in reading order."""
        chosen: set[tuple[int, int]] = set()
        for number in self._order:
            own = [square for square, found in squares.items() if (marks.classes[found] == number).any()]
            new = [bool(fresh[squares[square]].any()) for square in own]
            # the hash of whole numbers is the same in every process
            lots = sorted(zip((not n for n in new), map(hash, own), own, strict=True))
            chosen.update(square for _, _, square in lots[:MAX_SQUARES])
        return sorted(chosen)


def thinned(patch: Patch) -> Patch:
    """Return a patch with at most 4096 pixels of each class, always the same ones."""
    core, classes = patch.core, patch.classes
    top, left = core.y0 - core.row * PATCH, core.x0 - core.column * PATCH
    ranks = RANKS[top : top + classes.shape[0], left : left + classes.shape[1]]
    thin = classes.copy()
    for number in np.unique(classes[classes >= 0]):
        own = classes == number
        if own.sum() > MAX_PIXELS:
            limit = np.partition(ranks[own], MAX_PIXELS)[MAX_PIXELS]
            thin[own & (ranks >= limit)] = -1
    return Patch(core, thin)
