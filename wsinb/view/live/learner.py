"""Learning anew what is drawn, from features that are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from wsinb.errors import InvalidInput
from wsinb.trees.outlines.raster import rasterise
from wsinb.trees.pixels import PixelForest
from wsinb.trees.pixels.field import PixelRows
from wsinb.trees.pixels.glass import is_glass
from wsinb.trees.pixels.training import note_training
from wsinb.trees.tiling import Plan
from wsinb.view.live.known import KnownPixels
from wsinb.view.live.strokes import Drawn, Strokes

__all__ = ["Learned", "Learner"]


@dataclass(frozen=True)
class Learned:
    """What has come of learning.

    Attributes
    ----------
    model : PixelForest or None
        None where there is too little to learn from.
    is_new : bool
        Whether the strokes differ from those that were learned before.
    n_strokes : int
        How many there are.
    missing : list of str
        Labels without strokes.
    """

    model: PixelForest | None
    is_new: bool
    n_strokes: int
    missing: list[str]

    def sentence(self, seconds: float | None) -> str:
        """Say what was learned, or what to draw."""
        names = " and ".join(
            filter(None, [", ".join(map(repr, self.missing[:-1])), *map(repr, self.missing[-1:])])
        )
        if self.model is None:
            return f"draw strokes of {names}" + (" as well" if self.n_strokes else " to begin")
        took = "" if seconds is None else f", {seconds:.1f} s"
        none = f" (none of {names} yet)" if self.missing else ""
        return f"learned from {self.n_strokes} stroke{'s' * (self.n_strokes != 1)}{took}{none}"


class Learner:
    """Makes a model of what is drawn; the same strokes are not learned twice.

    Parameters
    ----------
    strokes : Strokes
    template : PixelForest
        For features, is not trained.
    parameters : mapping
        Of the forests.
    plan : Plan
        The slide at the resolution of the model.
    classes : sequence of str
        Names, the background first.
    order : sequence of int
        Classes, the one first that holds where strokes overlap.
    stroke_width : float
        In pixels of the model.
    resolution : (float or None, float or None)
        `um_per_px` and `downsample`, of which one may be given.
    """

    def __init__(
        self,
        strokes: Strokes,
        template: PixelForest,
        parameters: Mapping[str, Any],
        plan: Plan,
        classes: Sequence[str],
        order: Sequence[int],
        stroke_width: float,
        *,
        resolution: tuple[float | None, float | None],
    ) -> None:
        self.classes = list(classes)
        self._strokes, self._parameters, self._plan = strokes, dict(parameters), plan
        self._resolution = resolution
        self._template = template
        self._known = KnownPixels(template, plan, order, stroke_width)
        self._learned: Learned | None = None
        self._from: tuple[tuple[bytes, ...], ...] = ()

    @property
    def scale(self) -> str:
        """The resolution, to be read."""
        um_per_px, _ = self._resolution
        return f"1:{self._plan.downsample:g}" if um_per_px is None else f"{um_per_px:g} um per px"

    def clear(self) -> None:
        """Forget the kept features."""
        self._known.clear()

    def warm(self) -> None:
        """Load and compile what learning and predicting need, which takes seconds the first time."""
        rng = np.random.default_rng(0)
        field = self._template.field(rng.integers(0, 256, (64, 64, 3), np.uint8))
        classes = rasterise([shapely.Point(32, 32).buffer(20)], field.shape).astype(np.int16)
        rows = PixelRows.of(field, classes >= 0, is_glass(field.image, self._template.margin))
        model = PixelForest(**{**self._parameters, "n_trees": 1}).fit([rows], [classes])
        model.bank_planes(field.bank, 1)

    def learn(self, check: Callable[[], None]) -> Learned:
        """Learn what is drawn now; `check` is called now and then and may raise to stop."""
        drawn = self._strokes.read()
        names = tuple(tuple(shapely.to_wkb(part)) for part in drawn.geometries)
        before = self._learned
        if before is not None and names == self._from:
            if before.model is not None:
                before.model.header["version"] = drawn.version
            return Learned(before.model, False, before.n_strokes, before.missing)
        missing = [name for name, part in zip(self.classes, drawn.geometries, strict=True) if not len(part)]
        model = None
        if len(self.classes) - len(missing) >= 2:
            model = self._fit(drawn, check)
        self._from = names
        self._learned = Learned(model, True, drawn.n_strokes, missing)
        return self._learned

    def _fit(self, drawn: Drawn, check: Callable[[], None]) -> PixelForest:
        patches = self._known.update(drawn, check)
        present = np.unique(np.concatenate([np.unique(classes) for _, classes in patches]))
        present = present[present >= 0]
        if len(present) < 2:
            raise InvalidInput(
                "the strokes of one class cover all others, or are too small: draw more of them"
            )
        # classes without a stroke have no number in the model
        number = np.full(len(self.classes) + 1, -1, np.int16)
        number[present] = np.arange(len(present))
        model = PixelForest(**self._parameters)
        model.fit(
            [rows for rows, _ in patches],
            [number[classes] for _, classes in patches],
            [self.classes[place] for place in present],
            progress=lambda _step: check(),
        )
        note_training(model, *self._resolution, drawn.version, [self._plan.slide.name])
        return model
