"""`SegmentationForest`: the classes of all pixels of a window at once.

Multi-output extra-trees on raw pixels (Dumont, Marée, Wehenkel and Geurts, VISAPP 2009): a tree sees a window
and predicts the class of each of its pixels; a pixel's probability is the mean over all windows that cover
it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.progress import Progress
from wsinb.trees.forest.forest import Forest
from wsinb.trees.models import library_versions, new_header, reading_model
from wsinb.trees.segment.grid import step_for, window_hits, window_starts
from wsinb.trees.segment.header import check_windows
from wsinb.trees.segment.sampling import TrainingRegion, draw_windows
from wsinb.trees.windows.colour import IMAGE_COLOURS, check_colour, to_colour
from wsinb.trees.windows.turning import turn_windows

if TYPE_CHECKING:
    from wsinb.trees.tiling import Core, Plan

__all__ = ["SegmentationForest"]

WHITE_LEVEL = 220
WHITE_SHARE = 0.05
HOLDOUT_SHARE = 0.04
PARAMETERS = (
    "window", "n_trees", "max_features", "min_samples_leaf", "n_windows", "colour", "random_state",
    "predictions_per_pixel", "n_projections", "augment",
)  # fmt: skip


class SegmentationForest:
    """Pixel segmentation by multi-output extra-trees.

    Parameters
    ----------
    window : int
        Side of the windows in pixels, 4 to 128.
    n_trees : int
        Number of trees.
    max_features : int, optional
        Features tried at each split; None is the square root of their number.
    min_samples_leaf : int
        Windows that a leaf holds at least; 1 grows trees fully.
    n_windows : int
        Windows drawn for training; each takes about ``20 * window**2`` bytes while training.
    colour : {"hsv", "rgb"}
        Colour space, see `wsinb.trees.to_colour`.
    random_state : int
        Seed of everything random; equal seeds and regions give equal models with any number of threads.
    n_jobs : int, optional
        Threads of training; None is one for each core.
    predictions_per_pixel : int
        Windows that cover a pixel at least when predicting; gives the step of the sliding window.
    n_projections : int, optional
        Splits are chosen on this many random projections of the outputs, leaves then hold the classes of all
        outputs: several times faster and far smaller while training, as good. None chooses splits on all
        outputs.
    augment : bool
        Turn and mirror each window at random.

    Attributes
    ----------
    header : dict
        `labels` (by class; the first is the background), `um_per_px` or `downsample`, `parameters`, `scores`,
        `versions` of libraries, and `version`, the training version. Fits JSON.
    forest : Forest
        The trees.
    """

    def __init__(
        self,
        window: int = 24,
        n_trees: int = 10,
        max_features: int | None = None,
        min_samples_leaf: int = 10,
        n_windows: int = 50_000,
        colour: str = "hsv",
        random_state: int = 42,
        n_jobs: int | None = None,
        *,
        predictions_per_pixel: int = 8,
        n_projections: int | None = 16,
        augment: bool = True,
    ) -> None:
        self.window = _whole("window", window, 4, 128)
        self.n_trees = _whole("n_trees", n_trees, 1, 10_000)
        n_features = 3 * window * window
        self.max_features = (
            None if max_features is None else _whole("max_features", max_features, 1, n_features)
        )
        self.min_samples_leaf = _whole("min_samples_leaf", min_samples_leaf, 1, 10**9)
        self.n_windows = _whole("n_windows", n_windows, 2, 10**9)
        check_colour(colour, IMAGE_COLOURS)
        self.colour = colour
        self.random_state = _whole("random_state", random_state, 0, 2**32 - 1)
        self.n_jobs = n_jobs
        self.predictions_per_pixel = _whole(
            "predictions_per_pixel", predictions_per_pixel, 1, window * window
        )
        self.n_projections = (
            None if n_projections is None else _whole("n_projections", n_projections, 1, 10_000)
        )
        self.augment = bool(augment)
        self.header: dict[str, Any] = new_header("segmentation", random_state=self.random_state)
        self._forest: Forest | None = None

    @property
    def forest(self) -> Forest:
        """The trees; `InvalidInput` before `fit`."""
        if self._forest is None:
            raise InvalidInput("this model has not been trained: call fit or load first")
        return self._forest

    @property
    def n_classes(self) -> int:
        """Number of classes, background included."""
        return self.forest.n_classes

    @property
    def step(self) -> int:
        """Distance between windows when predicting, in pixels."""
        return step_for(self.predictions_per_pixel, self.window)

    def fit(
        self,
        regions: Iterable[TrainingRegion],
        labels: Iterable[str] | None = None,
        *,
        progress: Progress = None,
    ) -> SegmentationForest:
        """Learn from regions in which the class of each pixel is known.

        Parameters
        ----------
        regions : iterable of TrainingRegion
        labels : iterable of str, optional
            Names of the classes, the background first; by default ``background, 1, 2, ...``.
        progress : bool or callable, optional
            See `wsinb.progress`; counts trees.

        Raises
        ------
        InvalidInput
            If a class has no pixels, or no window fits around them.
        """
        from wsinb.trees.segment.fitting import fit_forest, score_windows

        pieces = list(regions)
        names = _names(pieces, labels)
        rng = np.random.default_rng(self.random_state)
        holdout = max(1, int(HOLDOUT_SHARE * self.n_windows))
        drawn = draw_windows(
            pieces, self.n_windows + holdout, self.window, names, self.colour, WHITE_LEVEL, rng
        )
        order = rng.permutation(self.n_windows + holdout)
        train, rest = order[holdout:], order[:holdout]
        colours, classes = drawn.colours[train], drawn.classes[train]
        set_aside = drawn.colours[rest], drawn.classes[rest]
        on_glass = drawn.classes[drawn.white]
        del drawn  # hundreds of megabytes, not to be held while trees grow
        if self.augment:
            colours, classes = turn_windows(colours, classes, rng)
        self._forest = fit_forest(self, colours, classes, len(names), rng, progress)
        self.header.update(
            labels=names,
            parameters={name: getattr(self, name) for name in PARAMETERS},
            # glass that never carried a label need not be looked at when predicting
            white_is_background=bool(np.mean(on_glass > 0) < WHITE_SHARE) if on_glass.size else True,
            scores=score_windows(self._forest, *set_aside, names),
            versions=library_versions(),
        )
        return self

    def predict_proba(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return class probabilities of each pixel.

        Parameters
        ----------
        image : ndarray (h, w, 3), uint8, RGB
            At the resolution of the training regions. Smaller than a window, it is padded with white.

        Returns
        -------
        ndarray (h, w, n_classes), float32
        """
        if not isinstance(image, np.ndarray) or image.ndim != 3:
            raise InvalidInput(
                f"an image must be (h, w, 3) uint8, not {getattr(image, 'shape', type(image))}"
            )
        height, width = image.shape[:2]
        padded = _pad(image, self.window)
        y_starts = window_starts(padded.shape[0], self.window, self.step)
        x_starts = window_starts(padded.shape[1], self.window, self.step)
        planes = self.predict_planes(padded, y_starts, x_starts)[:, :height, :width]
        background = np.maximum(0, 1 - planes.sum(axis=0, keepdims=True))
        return np.ascontiguousarray(np.concatenate([background, planes]).transpose(1, 2, 0))

    def predict(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the most probable class of each pixel, (h, w) uint8; the lower class of equals."""
        classes: NDArray[np.uint8] = self.predict_proba(image).argmax(axis=2).astype(np.uint8)
        return classes

    def predict_planes(
        self,
        image: NDArray[np.uint8],
        y_starts: NDArray[np.int64],
        x_starts: NDArray[np.int64],
        *,
        skip_white: bool = False,
    ) -> NDArray[np.float32]:
        """Average the predictions of the windows of a grid.

        A pixel's value depends only on the windows that cover it, bit by bit, so that an image may be
        predicted in pieces.

        Parameters
        ----------
        image : ndarray (h, w, 3), uint8, RGB
        y_starts, x_starts : ndarray, int
            Rows and columns where windows start, ascending.
        skip_white : bool
            Take windows of empty glass (all channels of all pixels at least 220) as background without
            looking.

        Returns
        -------
        ndarray (n_classes - 1, h, w), float32
            Probabilities of the classes above the background; 0 where no window lies.
        """
        sums = np.zeros((self.n_classes - 1, *image.shape[:2]), np.float32)
        y, x = (part.ravel() for part in np.meshgrid(y_starts, x_starts, indexing="ij"))
        if skip_white and len(y):
            stained = ~_white_windows(image, y_starts, x_starts, self.window).ravel()
            y, x = y[stained], x[stained]
        if len(y):
            self.forest.add_windows(to_colour(image, self.colour), y, x, sums)
            y_hits = window_hits(image.shape[0], y_starts, self.window)
            x_hits = window_hits(image.shape[1], x_starts, self.window)
            sums /= np.maximum(1, y_hits[:, None] * x_hits[None, :]).astype(np.float32)
        return sums

    def core_planes(self, plan: Plan, core: Core, *, skip_white: bool = False) -> NDArray[np.float32]:
        """Return the probabilities of a core of a slide, from all windows that touch it, for `segment_slide`.

        All windows lie on one grid of the whole slide, so that they do not depend on how the slide is cut.

        Returns
        -------
        ndarray (n_classes - 1, h, w), float32
        """
        window = self.window
        y_starts = window_starts(max(plan.height, window), window, self.step)
        x_starts = window_starts(max(plan.width, window), window, self.step)
        y = y_starts[(y_starts > core.y0 - window) & (y_starts < core.y1)]
        x = x_starts[(x_starts > core.x0 - window) & (x_starts < core.x1)]
        left, top = int(x[0]), int(y[0])
        width, height = int(x[-1]) + window - left, int(y[-1]) + window - top
        image = plan.slide.read(
            left * plan.downsample, top * plan.downsample, width, height, downsample=plan.downsample
        )
        planes = self.predict_planes(image, y - top, x - left, skip_white=skip_white)
        return planes[:, core.y0 - top : core.y1 - top, core.x0 - left : core.x1 - left]

    def save(self, target: str | Path | BinaryIO) -> None:
        """Write the model as npz with a JSON header; atomic when `target` is a path."""
        from wsinb.trees.forest.file import write_forest

        write_forest(target, self.forest, self.header)

    @classmethod
    def load(cls, source: str | Path | BinaryIO, name: str | None = None) -> SegmentationForest:
        """Read a model that was saved; nothing in the file is trusted.

        Parameters
        ----------
        source : str, Path or binary file
        name : str, optional
            What messages call it; the path by default.

        Raises
        ------
        InvalidInput
            If the file is not a segmentation model, or is damaged.
        """
        with reading_model(source, "segmentation", name) as (forest, header, _):
            model = cls(**{key: header["parameters"][key] for key in PARAMETERS})
            check_windows(header, forest, model.window)
            model._forest = forest
            model.header = dict(header)
        return model


def _whole(name: str, value: Any, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= high:
        raise InvalidInput(f"{name} must be a whole number from {low} to {high}, not {value!r}")
    return int(value)


def _names(regions: list[TrainingRegion], labels: Iterable[str] | None) -> list[str]:
    if not regions:
        raise InvalidInput("there is nothing to learn from: give at least one training region")
    for region in regions:
        region.check()
    highest = max(int(region.classes.max(initial=-1)) for region in regions)
    names = ["background", *map(str, range(1, highest + 1))] if labels is None else list(labels)
    if not 2 <= len(names) <= 255 or len(set(names)) != len(names):
        raise InvalidInput(f"2 to 255 different classes are needed, background included, not {names}")
    if highest >= len(names):
        raise InvalidInput(f"a region holds class {highest}, but only {len(names)} labels are given")
    return names


def _pad(image: NDArray[np.uint8], window: int) -> NDArray[np.uint8]:
    below, right = max(0, window - image.shape[0]), max(0, window - image.shape[1])
    return np.pad(image, ((0, below), (0, right), (0, 0)), constant_values=255) if below or right else image


def _white_windows(
    image: NDArray[np.uint8], y_starts: NDArray[np.int64], x_starts: NDArray[np.int64], window: int
) -> NDArray[np.bool_]:
    import cv2

    kernel = np.ones((window, window), np.uint8)
    # channel by channel, and the least of them for windows alone: a tenth of the time of all pixels' least
    darkest = np.asarray(cv2.erode(image, kernel, anchor=(0, 0)))[np.ix_(y_starts, x_starts)].min(axis=2)
    white: NDArray[np.bool_] = darkest >= WHITE_LEVEL
    return white
