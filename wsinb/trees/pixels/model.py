"""`PixelForest`: trees on filter-bank features, trained from strokes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.names import is_among, unknown
from wsinb.progress import Progress
from wsinb.trees.forest.forest import Forest
from wsinb.trees.models import library_versions, new_header, reading_model
from wsinb.trees.pixels.field import PixelField
from wsinb.trees.pixels.filters import check_filters, feature_names, margin_of, padded, valid_bank
from wsinb.trees.pixels.glass import is_glass
from wsinb.trees.pixels.parameters import (
    COLOURS,
    KINDS,
    PARAMETERS,
    channels_of,
    check_parameters,
    json_fit,
    to_channels,
)
from wsinb.trees.pixels.stages import CONTEXT, cropped, join_forests, split_forest, with_context
from wsinb.trees.pixels.strokes import Source, check_strokes, class_names, draw_pixels
from wsinb.trees.pixels.walk import PackedForest, pack, row_planes
from wsinb.trees.threads import run_threads

if TYPE_CHECKING:
    from wsinb.trees.tiling import Core, Plan

__all__ = ["PixelForest"]

STRIP = 128


class PixelForest:
    """Pixel classification by trees on filter-bank features, as in MicroDraw, Weka or ilastik.

    Trained from strokes or regions in any number of images, in a second or so: what is shown while one
    annotates, and is then applied to whole slides by `segment_slide`.

    Parameters
    ----------
    n_trees : int
        Number of trees of a stage.
    max_depth : int, optional
        Deepest level; None grows until leaves are small or pure.
    min_samples_leaf : int
        Pixels that a leaf holds at least.
    max_features : float or int, optional
        Features tried at each split: a share, or a number; None is the square root of their number.
    n_pixels : int
        Pixels of each class that are learned from, at most.
    balance : bool
        True learns from equally many pixels of each class, as far as there are so many: right for strokes,
        whose lengths mean nothing. False draws every known pixel alike: right for regions in which everything
        is marked, where rare classes shall be found rarely.
    kind : {"extra", "random"}
        Extra-trees, or a random forest.
    scales, filters : sequences
        Of the features, see `filter_bank`.
    colour : {"rgb", "hsv", "gray"}
        What the channels of a colour image become first; gray is the mean of the three. Images of other than
        three channels are taken as they are and need ``"rgb"``.
    stages : int
        1 to 4. Each further stage also sees filters of the probabilities that the one before has found
        (auto-context); needs strokes in at least two images.
    random_state : int
        Seed of everything random; equal seeds and strokes give equal models with any number of threads.
    n_jobs : int, optional
        Threads; None is one for each core.

    Attributes
    ----------
    header : dict
        `kind`, `labels` (by class; the first is the background), `channels`, `um_per_px` or `downsample`,
        `parameters`, `scores`, `versions` of libraries, and `version`, the training version. Fits JSON.
    """

    def __init__(
        self,
        n_trees: int = 50,
        max_depth: int | None = 12,
        min_samples_leaf: int = 2,
        max_features: float | None = None,
        n_pixels: int = 5000,
        balance: bool = True,
        kind: str = "extra",
        scales: Sequence[float] = (1.0, 2.0, 4.0, 8.0),
        filters: Sequence[str] = ("intensity", "gradient", "hessian", "difference"),
        colour: str = "rgb",
        *,
        stages: int = 1,
        random_state: int = 42,
        n_jobs: int | None = None,
    ) -> None:
        if not is_among(kind, KINDS):
            raise InvalidInput(unknown("kind of trees", kind, KINDS))
        if not is_among(colour, COLOURS):
            raise InvalidInput(unknown("colour space", colour, COLOURS))
        self.kind, self.colour = kind, colour
        self.scales, self.filters = check_filters(scales, filters)
        numbers = check_parameters(
            n_trees, max_depth, min_samples_leaf, max_features, n_pixels, stages, random_state
        )
        self.n_trees, self.max_depth, self.min_samples_leaf = numbers[:3]
        self.max_features, self.n_pixels, self.stages, self.random_state = numbers[3:]
        self.balance = bool(balance)
        self.n_jobs = n_jobs
        self.header: dict[str, Any] = new_header("pixels", random_state=self.random_state)
        self._forests: list[Forest] = []
        self._packed: list[PackedForest] = []

    @property
    def forests(self) -> list[Forest]:
        """The trees of each stage; `InvalidInput` before `fit`."""
        if not self._forests:
            raise InvalidInput("this model has not been trained: call fit or load first")
        return self._forests

    @property
    def n_classes(self) -> int:
        """Number of classes, background included."""
        return self.forests[0].n_classes

    @property
    def settings(self) -> tuple[Any, ...]:
        """What features are computed with: models that agree in it share them."""
        return self.scales, self.filters, self.colour, self.border

    @property
    def border(self) -> int:
        """How far around an image its features must be known, in pixels; 0 with one stage."""
        return (self.stages - 1) * margin_of(self.scales, CONTEXT)

    @property
    def margin(self) -> int:
        """How far away the pixels are that a prediction depends on."""
        return self.border + margin_of(self.scales, self.filters)

    def field(self, image: NDArray[np.uint8] | PixelField, *, surrounded: bool = False) -> PixelField:
        """Compute the features of an image once, for `fit` and `predict_proba` again and again.

        Parameters
        ----------
        image : ndarray (h, w, n_channels) or (h, w), uint8
        surrounded : bool
            Whether `margin` pixels around what is meant come with the image, on all sides; otherwise it is
            continued by its outermost pixels.

        Returns
        -------
        PixelField
            Takes ``4 * n_features`` bytes a pixel.
        """
        if isinstance(image, PixelField):
            if image.settings != self.settings:
                raise InvalidInput("this field is of a model of other scales, filters, colours or stages")
            return image
        around = channels_of(image) if surrounded else padded(channels_of(image), self.margin)
        height, width = (length - 2 * self.margin for length in around.shape[:2])
        if height < 1 or width < 1:
            raise InvalidInput(f"an image of {image.shape[:2]} px holds no margin of {self.margin} px")
        bank = valid_bank(to_channels(around, self.colour), self.scales, self.filters, n_jobs=self.n_jobs)
        return PixelField((height, width), around, bank, self.settings)

    def fit(
        self,
        images: Sequence[Source] | Source,
        strokes: Sequence[NDArray[np.int16]] | NDArray[np.int16],
        labels: Sequence[str] | None = None,
        *,
        progress: Progress = None,
    ) -> PixelForest:
        """Learn from the pixels whose class is known; what was learned before is forgotten.

        Parameters
        ----------
        images : sequence of images, or one
            Each (h, w, n_channels) or (h, w) uint8, a function that returns one, or a `field`.
        strokes : sequence of ndarray (h, w), int16, or one
            Classes of the pixels of each image; 0 is background, -1 unknown.
        labels : sequence of str, optional
            Names of the classes, the background first; by default ``background, 1, 2, ...``.
        progress : bool or callable, optional
            See `wsinb.progress`; counts trees.

        Raises
        ------
        InvalidInput
            If there are no strokes, only those of one class, or none of a class that has a label; if images
            and strokes do not fit each other, or differ in their channels.
        """
        from wsinb.trees.pixels.growing import grow_stages
        from wsinb.trees.pixels.samples import Samples

        sources, masks = check_strokes(images, strokes)
        names = class_names(masks, labels)
        rng = np.random.default_rng(self.random_state)
        draws = draw_pixels(masks, len(names), self.n_pixels, rng, balance=self.balance)
        samples = Samples(self, sources, draws)
        forests, scores = grow_stages(self, samples, names, rng, progress)
        self._set_forests(forests)
        self.header.update(
            labels=names,
            channels=samples.channels,
            parameters=json_fit({name: getattr(self, name) for name in PARAMETERS}),
            white_is_background=samples.white_is_background(),
            scores=scores,
            versions=library_versions(),
        )
        return self

    def predict_proba(self, image: NDArray[np.uint8] | PixelField) -> NDArray[np.float32]:
        """Return class probabilities of each pixel.

        Parameters
        ----------
        image : ndarray (h, w, n_channels) or (h, w), uint8; or a `field`
            At the resolution of the training images. Beyond its borders it is continued by its outermost
            pixels.

        Returns
        -------
        ndarray (h, w, n_classes), float32

        Raises
        ------
        InvalidInput
            If the model expects other channels, or has not been trained.
        """
        planes = self.planes(image)
        background = np.maximum(0, 1 - planes.sum(axis=2, keepdims=True))
        return np.concatenate([background, planes], axis=2)

    def predict(self, image: NDArray[np.uint8] | PixelField) -> NDArray[np.uint8]:
        """Return the most probable class of each pixel, (h, w) uint8; the lower class of equals."""
        classes: NDArray[np.uint8] = self.predict_proba(image).argmax(axis=2).astype(np.uint8)
        return classes

    def planes(self, image: NDArray[np.uint8] | PixelField) -> NDArray[np.float32]:
        """Return the probabilities of the classes above the background, (h, w, n_classes - 1) float32."""
        if isinstance(image, PixelField):
            self._check_channels(image.channels)
            bank, _ = self.stage_bank(self.field(image).bank, self._packed[:-1], self.n_jobs)
            return self.bank_planes(bank, self.n_jobs)
        return self._valid_planes(padded(channels_of(image), self.margin), self.n_jobs)

    def bank_planes(self, bank: NDArray[np.float32], n_jobs: int | None = None) -> NDArray[np.float32]:
        """Return what `planes` does, of the features (h, w, n_features) that the last stage sees.

        They may be those of any pixels, such as every second one of a field of a model of one stage.
        """
        return _forest_planes(self._packed[-1], bank, n_jobs)

    def stage_bank(
        self, bank: NDArray[np.float32], before: Sequence[PackedForest], n_jobs: int | None = None
    ) -> tuple[NDArray[np.float32], int]:
        """Return what the stage after those `before` sees, and by how much it is larger than the image.

        Parameters
        ----------
        bank : ndarray (h + 2 border, w + 2 border, n_features), float32
            Features of the first stage.
        """
        seen, border = bank, self.border
        for forest in before:
            planes = _forest_planes(forest, seen, n_jobs)
            # the filters of the image stay, those of the probabilities are of the stage just before
            own = cropped(bank, (bank.shape[0] - seen.shape[0]) // 2)
            seen = with_context(own, planes, self.scales, n_jobs)
            border -= margin_of(self.scales, CONTEXT)
        return seen, border

    def core_planes(self, plan: Plan, core: Core, *, skip_white: bool = False) -> NDArray[np.float32]:
        """Return the probabilities of a core of a slide, (n_classes - 1, h, w) float32, for `segment_slide`.

        They do not depend on how the slide is cut. `skip_white` takes pixels of empty glass (all within
        8 pixels at least 220) as background without looking.
        """
        image = plan.read(core, self.margin)
        self._check_channels(image.shape[2])
        glass = is_glass(image, self.margin) if skip_white else None
        if glass is not None and glass.all():
            return np.zeros((self.n_classes - 1, *core.shape), np.float32)
        planes = np.ascontiguousarray(np.moveaxis(self._valid_planes(image, 1), 2, 0))
        if glass is not None:
            planes[:, glass] = 0
        return planes

    def save(self, target: str | Path | BinaryIO) -> None:
        """Write the model as npz with a JSON header; atomic when `target` is a path."""
        from wsinb.trees.forest.file import write_forest

        write_forest(target, join_forests(self.forests), self.header)

    @classmethod
    def load(cls, source: str | Path | BinaryIO, name: str | None = None) -> PixelForest:
        """Read a model that was saved; nothing in the file is trusted.

        Parameters
        ----------
        source : str, Path or binary file
        name : str, optional
            What messages call it; the path by default.

        Raises
        ------
        InvalidInput
            If the file is not a pixel model, or is damaged.
        """
        from wsinb.trees.pixels.parameters import check_channels

        with reading_model(source, "pixels", name) as (forest, header, _):
            model = cls(**{key: header["parameters"][key] for key in PARAMETERS})
            check_channels(header, forest)
            widths = model._widths(header["channels"], forest.n_classes)
            model._set_forests(split_forest(forest, model.n_trees, widths))
            model.header = dict(header)
        return model

    def _widths(self, n_channels: int, n_classes: int) -> list[int]:
        """Return the number of features of each stage."""
        n_seen = 1 if self.colour == "gray" else n_channels
        first = len(feature_names(n_seen, self.scales, self.filters))
        later = first + len(feature_names(n_classes - 1, self.scales, CONTEXT))
        return [first] + [later] * (self.stages - 1)

    def _set_forests(self, forests: list[Forest]) -> None:
        self._forests = forests
        self._packed = [pack(forest) for forest in forests]

    def _check_channels(self, n_channels: int) -> None:
        expected = self.header["channels"]
        if self.forests and n_channels != expected:
            raise InvalidInput(f"the model expects images of {expected} channels, not {n_channels}")

    def _valid_planes(self, image: NDArray[np.uint8], n_jobs: int | None) -> NDArray[np.float32]:
        """Return the probabilities of the pixels that have the margin around them, strip by strip."""
        self._check_channels(image.shape[2])
        margin = self.margin
        height, width = image.shape[0] - 2 * margin, image.shape[1] - 2 * margin
        out = np.empty((height, width, self.n_classes - 1), np.float32)
        strip = max(STRIP, 2 * margin)

        def run(top: int) -> None:
            bottom = min(top + strip, height)
            seen = to_channels(image[top : bottom + 2 * margin], self.colour)
            bank = valid_bank(seen, self.scales, self.filters, n_jobs=1)
            bank, _ = self.stage_bank(bank, self._packed[:-1], 1)
            out[top:bottom] = _forest_planes(self._packed[-1], bank, 1)

        run_threads(run, range(0, height, strip), n_jobs)
        return out


def _forest_planes(
    forest: PackedForest, bank: NDArray[np.float32], n_jobs: int | None = None
) -> NDArray[np.float32]:
    planes = row_planes(forest, bank.reshape(-1, bank.shape[2]), n_jobs)
    return planes.reshape(*bank.shape[:2], -1)
