"""`as_segmenter`: whatever labels pixels."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.trees.roles.onnx import OnnxModel

__all__ = ["Segmented", "Segmenter", "as_segmenter"]

BACKGROUND = "background"
Images = NDArray[np.uint8]


class Segmented(NamedTuple):
    """Classes of pixels.

    Parameters
    ----------
    classes : ndarray (n, h, w), int32
        0 is background.
    probability : ndarray (n, h, w), float32, or None
        Of the class of each pixel; None if the segmenter gives none.
    """

    classes: NDArray[np.int32]
    probability: NDArray[np.float32] | None


class Segmenter:
    """A function from pictures to classes of their pixels, checked.

    Parameters
    ----------
    function : callable
        From (n, h, w, 3) uint8 to (n, h, w) whole numbers or bool (0 or False is background, negative too),
        (n, h, w) probabilities of the one class there is, or (n, h, w, classes) probabilities, the
        background first.
    labels : sequence of str, optional
        Names of the classes, the background first. None: the classes are called "1", "2", ...
    um_per_px : float, optional
        The resolution it was made for.
    subject : object
        What it was made of; two segmenters of equal subjects do the same.
    downsample : float, optional
        Level-0 pixels per pixel, of one that was made for no `um_per_px`.
    """

    def __init__(
        self,
        function: Callable[[Images], Any],
        labels: Sequence[str] | None = None,
        um_per_px: float | None = None,
        subject: Any = None,
        downsample: float | None = None,
    ) -> None:
        self.function = function
        self.labels = None if labels is None else tuple(labels)
        self.um_per_px = um_per_px
        self.subject = function if subject is None else subject
        self.downsample = downsample

    def segment(self, images: Images) -> Segmented:
        """Return the classes of pictures (n, h, w, 3) uint8, RGB.

        Raises
        ------
        InvalidInput
            If the function returns anything but what `Segmenter` says.
        """
        result = np.asarray(self.function(images))
        if result.shape == (*images.shape[:3], 1):
            result = result[..., 0]
        if result.shape == images.shape[:3]:
            return self._of_one(result)
        if (
            result.ndim == 4
            and result.shape[:3] == images.shape[:3]
            and np.issubdtype(result.dtype, np.floating)
        ):
            return self._of_many(result)
        raise InvalidInput(
            f"the segmenter {self.name} returned {result.dtype} of shape {result.shape} for pictures of "
            f"shape {images.shape}: it must return (N, H, W) labels or (N, H, W, classes) probabilities"
        )

    def label(self, number: int) -> str:
        """Return the name of a class."""
        if self.labels is None:
            return str(number)
        if number >= len(self.labels):
            raise InvalidInput(
                f"the segmenter {self.name} returned class {number}, and labels names {len(self.labels)} "
                "classes, the background first"
            )
        return self.labels[number]

    @property
    def name(self) -> str:
        """What to call it in a sentence."""
        name = getattr(self.subject, "__name__", None)
        return name if isinstance(name, str) else repr(self.subject)[:80]

    def _of_one(self, result: NDArray[Any]) -> Segmented:
        if np.issubdtype(result.dtype, np.floating):
            self._check_share(result)
            inside = result > 0.5
            return Segmented(inside.astype(np.int32), result.astype(np.float32))
        if result.dtype != bool and not np.issubdtype(result.dtype, np.integer):
            raise InvalidInput(
                f"the segmenter {self.name} returned {result.dtype}: "
                "return whole numbers, bool or probabilities"
            )
        classes = np.maximum(result.astype(np.int32), 0)
        if result.dtype == np.uint8 and (self.labels is None or len(self.labels) == 2):
            # a mask as OpenCV makes it
            classes[classes == 255] = 1
        return Segmented(classes, None)

    def _of_many(self, result: NDArray[Any]) -> Segmented:
        self._check_share(result)
        classes = result.argmax(axis=-1)
        probability = np.take_along_axis(result, classes[..., None], axis=-1)[..., 0]
        return Segmented(classes.astype(np.int32), probability.astype(np.float32))

    def _check_share(self, result: NDArray[Any]) -> None:
        # NaN is not between
        if result.size and not (result.min() >= -1e-3 and result.max() <= 1 + 1e-3):
            raise InvalidInput(
                f"the segmenter {self.name} returned numbers that are no probabilities from 0 to 1: return "
                "whole numbers as labels, or give activation= for an ONNX model"
            )

    def __repr__(self) -> str:
        return f"Segmenter({self.name}, labels={self.labels})"


class _Images:
    """A model that looks at one image at a time, such as `SegmentationForest`."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __call__(self, images: Images) -> NDArray[Any]:
        return np.stack([np.asarray(self.model.predict_proba(image)) for image in images])


class _Pixels:
    """An estimator of scikit-learn that knows pixels by their three colours."""

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator
        names = [str(name) for name in estimator.classes_]
        self.labels = [BACKGROUND, *(name for name in names if name not in (BACKGROUND, "0"))]
        # the background first, wherever the estimator has it
        known = {"0": BACKGROUND}
        self.places = np.array([self.labels.index(known.get(name, name)) for name in names])

    def __call__(self, images: Images) -> NDArray[Any]:
        colours = images.reshape(-1, 3)
        if not hasattr(self.estimator, "predict_proba"):
            found = np.searchsorted(self.estimator.classes_, self.estimator.predict(colours))
            return np.asarray(self.places[found]).reshape(images.shape[:3])
        shares = np.zeros((len(colours), len(self.labels)), np.float32)
        shares[:, self.places] = self.estimator.predict_proba(colours)
        return shares.reshape(*images.shape[:3], -1)


def as_segmenter(thing: Any, *, labels: str | Sequence[str] | None = None, **onnx: Any) -> Segmenter:
    """Return anything that labels pixels as a `Segmenter`.

    Parameters
    ----------
    thing : Segmenter, SegmentationForest, estimator, str, Path or callable
        A model of this package; an estimator of scikit-learn trained on the three colours of pixels; the path
        of an ONNX model; or a function from (n, h, w, 3) uint8 to what `Segmenter` says.
    labels : str or sequence of str, optional
        Names of the classes, the background first; one name if there is one class beside it.
    **onnx
        Parameters of `OnnxModel`, for a path.

    Raises
    ------
    InvalidInput
        If it is nothing of the kind.
    """
    names = [BACKGROUND, labels] if isinstance(labels, str) else labels
    if names is not None and (len(names) < 2 or not all(isinstance(name, str) and name for name in names)):
        raise InvalidInput(f"labels must name the background and at least one class, not {labels!r}")
    if isinstance(thing, str | os.PathLike):
        thing = OnnxModel(thing, **onnx)
    elif onnx:
        raise InvalidInput(f"{next(iter(onnx))} is for ONNX models, and {type(thing).__name__} is none")
    if isinstance(thing, Segmenter):
        return Segmenter(
            thing.function, names or thing.labels, thing.um_per_px, thing.subject, thing.downsample
        )
    header = getattr(thing, "header", None)
    if isinstance(header, dict) and hasattr(thing, "predict_proba"):
        resolution = header.get("um_per_px"), header.get("downsample")
        return Segmenter(_Images(thing), names or header.get("labels"), resolution[0], thing, resolution[1])
    if hasattr(thing, "predict") and hasattr(thing, "classes_"):
        if getattr(thing, "n_features_in_", None) != 3:
            raise InvalidInput(
                f"the estimator {type(thing).__name__} takes {getattr(thing, 'n_features_in_', 'other')} "
                "features: train it on the 3 colours of pixels, or give a function of pictures"
            )
        pixels = _Pixels(thing)
        return Segmenter(pixels, names or pixels.labels, subject=thing)
    if callable(thing):
        return Segmenter(thing, names)
    raise InvalidInput(
        f"a segmenter is a function of pictures, a fitted estimator, a model or the path of an ONNX file, "
        f"not {type(thing).__name__}"
    )
