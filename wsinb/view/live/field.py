"""The visible field: what of a slide is in view, its features, and what a model says of it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wsinb.frames import Box
from wsinb.trees.pixels import PixelForest
from wsinb.trees.pixels.training import read_field
from wsinb.trees.threads import run_threads
from wsinb.trees.tiling import Core, Plan

__all__ = ["Field", "FieldFeatures", "Prediction", "field_of"]

SIDE = 256
MAX_READ = 4_000_000
MAX_SHOWN = 1_000_000
MAX_BYTES = 256 * 2**20
# steps of the first and of the last prediction fit into all edges
ALIGNED = 8


@dataclass(frozen=True)
class Field:
    """A box of a slide in pixels of a model; the maxima lie outside.

    Attributes
    ----------
    step : int
        Every so manieth row and column is predicted.
    whole : bool
        Whether it is all that is in view, and not only the middle of it.
    """

    x0: int
    y0: int
    x1: int
    y1: int
    step: int
    whole: bool

    def cores(self) -> list[Core]:
        """Return the parts of the box that lie in the squares of a grid, those in the middle first."""
        rows = range(self.y0 // SIDE, -(-self.y1 // SIDE))
        columns = range(self.x0 // SIDE, -(-self.x1 // SIDE))
        found = [
            Core(
                *(row, column, max(column * SIDE, self.x0), max(row * SIDE, self.y0)),
                *(min((column + 1) * SIDE, self.x1), min((row + 1) * SIDE, self.y1)),
            )
            for row in rows
            for column in columns
        ]
        x, y = (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2
        return sorted(found, key=lambda c: abs((c.x0 + c.x1) / 2 - x) + abs((c.y0 + c.y1) / 2 - y))

    def shape(self, step: int) -> tuple[int, int]:
        """Return how many rows and columns a step gives."""
        return -(-(self.y1 - self.y0) // step), -(-(self.x1 - self.x0) // step)


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a model says of a field.

    Attributes
    ----------
    box : Box
        What the planes cover, in level-0 pixels.
    planes : ndarray (n_planes, h, w), uint8
        Probabilities, 255 is certain.
    step : int
        Pixels of the model that a pixel of the planes stands for, along each side.
    """

    box: Box
    planes: NDArray[np.uint8]
    step: int


def field_of(view: Sequence[float], plan: Plan) -> Field | None:
    """Return the field that shows what is in view; None if nothing of the slide is.

    At most 4 million pixels of the model are looked at, around the middle of the view, and at most one
    million of them predicted.

    Parameters
    ----------
    view : sequence of float
        xmin, ymin, xmax, ymax in level-0 pixels.
    """
    limits = (plan.width, plan.height, plan.width, plan.height)
    x0, y0, x1, y1 = (
        min(max(value / plan.downsample, 0), limit) for value, limit in zip(view, limits, strict=True)
    )
    area = (x1 - x0) * (y1 - y0)
    if not area > 0:
        return None
    whole = area <= MAX_READ
    if not whole:
        part = (MAX_READ / area) ** 0.5
        x, y, half_width, half_height = (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2
        # a long strip is cut at its ends: what is shown is part of the view in both directions
        x0, x1 = x - part * half_width, x + part * half_width
        y0, y1 = y - part * half_height, y + part * half_height
    step = 1 if area <= MAX_SHOWN else 2
    left, top = (int(value // ALIGNED) * ALIGNED for value in (x0, y0))
    right = min(-int(-x1 // ALIGNED) * ALIGNED, plan.width)
    bottom = min(-int(-y1 // ALIGNED) * ALIGNED, plan.height)
    return Field(left, top, right, bottom, step, whole)


class FieldFeatures:
    """Features of what was in view, kept by place: at most 256 MB, of what was seen last.

    Parameters
    ----------
    model : PixelForest
        One of the parameters that features are computed for; is not trained.
    plan : Plan
        The slide at the resolution of the model.
    """

    def __init__(self, model: PixelForest, plan: Plan) -> None:
        self._model, self._plan = model, plan
        self._kept: OrderedDict[tuple[Core, int], NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Memory that they take up."""
        with self._lock:
            return sum(bank.nbytes for bank in self._kept.values())

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._kept.clear()

    def predict(
        self,
        trained: PixelForest,
        field: Field,
        step: int,
        classes: Sequence[int],
        check: Callable[[], None] = lambda: None,
        *,
        coarser: Prediction | None = None,
    ) -> Prediction:
        """Predict every so manieth row and column of a field.

        Parameters
        ----------
        trained : PixelForest
            With the same features.
        step : int
            A multiple of the field's own.
        classes : sequence of int
            Of the model, in the order of the planes that are returned.
        check : callable
            Called before each part, on any thread; may raise to stop.
        coarser : Prediction, optional
            What the same model has said of the same field at twice the step: is not computed again.
        """
        planes = np.empty((len(classes), *field.shape(step)), np.uint8)
        # row and column to begin with, and how many to go on by
        parts = [(0, 0, 1, 1)] if coarser is None else [(0, 1, 2, 2), (1, 0, 2, 1)]
        if coarser is not None:
            planes[:, ::2, ::2] = coarser.planes

        def work(core: Core) -> None:
            check()
            every = step // field.step
            bank = self._bank(core, field.step)[::every, ::every]
            top, left = (core.y0 - field.y0) // step, (core.x0 - field.x0) // step
            own = planes[:, top : top + bank.shape[0], left : left + bank.shape[1]]
            for row, column, down, right in parts:
                rows = np.ascontiguousarray(bank[row::down, column::right])
                if rows.size:
                    own[:, row::down, column::right] = _bytes(trained.bank_planes(rows, 1), classes)

        run_threads(work, field.cores(), None)
        scale = self._plan.downsample
        x0, y0, (height, width) = field.x0, field.y0, planes.shape[1:]
        box = Box(x0 * scale, y0 * scale, (x0 + step * width) * scale, (y0 + step * height) * scale)
        return Prediction(box, planes, step)

    def _bank(self, core: Core, step: int) -> NDArray[np.float32]:
        key = (core, step)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        bank = read_field(self._model, self._plan, core).bank
        bank = bank if step == 1 else np.ascontiguousarray(bank[::step, ::step])
        with self._lock:
            self._kept[key] = bank
            total = sum(kept.nbytes for kept in self._kept.values())
            while total > MAX_BYTES and len(self._kept) > 1:
                total -= self._kept.popitem(last=False)[1].nbytes
        return bank


def _bytes(above: NDArray[np.float32], classes: Sequence[int]) -> NDArray[np.uint8]:
    """Return probabilities of classes as bytes (n, h, w), given those above the background (h, w, n - 1)."""
    found = np.empty((len(classes), *above.shape[:2]), np.uint8)
    for place, number in enumerate(classes):
        # the background is what the others leave
        plane = above[..., number - 1] if number else 1 - above.sum(axis=2)
        np.rint(np.clip(plane, 0, 1) * 255, out=found[place], casting="unsafe")
    return found
