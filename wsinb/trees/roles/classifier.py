"""`as_classifier`: whatever names pictures."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.trees.roles.onnx import OnnxModel

__all__ = ["Classified", "Classifier", "as_classifier"]

Images = Sequence[NDArray[np.uint8]]


class Classified(NamedTuple):
    """Labels of pictures: (n,) str or None, and the probabilities of these, (n,) float64, NaN if unknown."""

    labels: NDArray[np.object_]
    scores: NDArray[np.float64]


class Classifier:
    """A function from pictures to labels, checked.

    Parameters
    ----------
    function : callable
        From a list of n pictures (h, w, 3) uint8 to (n,) labels or (n, classes) probabilities.
    labels : sequence of str, optional
        Names of the classes, in the order of the probabilities.
    subject : object
        What it was made of.
    """

    def __init__(
        self, function: Callable[[Images], Any], labels: Sequence[Any] | None = None, subject: Any = None
    ) -> None:
        self.function = function
        self.labels = None if labels is None else [str(label) for label in labels]
        self.subject = function if subject is None else subject

    def classify(self, images: Images) -> Classified:
        """Return the labels of pictures, each (h, w, 3) uint8, RGB.

        Raises
        ------
        InvalidInput
            If the function returns anything but what `Classifier` says.
        """
        if not len(images):
            return Classified(np.empty(0, object), np.empty(0))
        result = np.asarray(self.function(images))
        if result.shape == (len(images),):
            names = [self._name(value) for value in result.tolist()]
            return Classified(np.array(names, object), np.full(len(images), np.nan))
        if result.ndim != 2 or len(result) != len(images) or not np.issubdtype(result.dtype, np.floating):
            raise InvalidInput(
                f"the classifier {self.name} returned {result.dtype} of shape {result.shape} for "
                f"{len(images)} pictures: it must return (N,) labels or (N, classes) probabilities"
            )
        if not (result.min() >= -1e-3 and result.max() <= 1 + 1e-3):
            raise InvalidInput(
                f"the classifier {self.name} returned numbers that are no probabilities from 0 to 1: "
                "give activation='softmax' for an ONNX model"
            )
        best = result.argmax(axis=1)
        scores = np.clip(result[np.arange(len(best)), best].astype(np.float64), 0, 1)
        return Classified(np.array([self._name(int(number)) for number in best], object), scores)

    def _name(self, value: Any) -> str | None:
        if value is None or (isinstance(value, float) and np.isnan(value)):
            return None
        if self.labels is None or isinstance(value, str):
            return str(value)
        if not isinstance(value, int) or not 0 <= value < len(self.labels):
            raise InvalidInput(
                f"the classifier {self.name} returned class {value!r}, and labels names {len(self.labels)}"
            )
        return self.labels[value]

    @property
    def name(self) -> str:
        """What to call it in a sentence."""
        name = getattr(self.subject, "__name__", None)
        return name if isinstance(name, str) else repr(self.subject)[:80]

    def __repr__(self) -> str:
        return f"Classifier({self.name}, labels={self.labels})"


class _Estimator:
    """An estimator: of images, or of their pixels in a row if it counts its features."""

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator
        self.n_features = getattr(estimator, "n_features_in_", None)

    def __call__(self, images: Images) -> Any:
        given: Any = list(images)
        if self.n_features is not None:
            given = _stacked(images).reshape(len(images), -1)
            if given.shape[1] != self.n_features:
                raise InvalidInput(
                    f"the estimator {type(self.estimator).__name__} takes {self.n_features} features, and "
                    f"pictures of {images[0].shape} have {given.shape[1]}: give size as in training"
                )
        if hasattr(self.estimator, "predict_proba"):
            return np.asarray(self.estimator.predict_proba(given), np.float64)
        # as its own words, which are no numbers of classes
        return np.array([str(label) for label in self.estimator.predict(given)], object)


class _Stacked:
    """A function of one array of pictures."""

    def __init__(self, function: Callable[[NDArray[np.uint8]], Any]) -> None:
        self.function = function

    def __call__(self, images: Images) -> Any:
        return self.function(_stacked(images))


def _stacked(images: Images) -> NDArray[np.uint8]:
    shapes = {image.shape for image in images}
    if len(shapes) != 1:
        raise InvalidInput("the classifier takes pictures of one size: give size")
    return np.stack(list(images))


def as_classifier(thing: Any, *, labels: Sequence[str] | None = None, **onnx: Any) -> Classifier:
    """Return anything that names pictures as a `Classifier`.

    Parameters
    ----------
    thing : Classifier, estimator, str, Path or callable
        A fitted classifier of this package or of scikit-learn (trained on images, or on the pixels of images
        of one size in a row); the path of an ONNX model; or a function from (n, h, w, 3) uint8 to (n,)
        labels or (n, classes) probabilities.
    labels : sequence of str, optional
        Names of the classes, in the order of the probabilities.
    **onnx
        Parameters of `OnnxModel`, for a path.

    Raises
    ------
    InvalidInput
        If it is nothing of the kind, or not fitted.
    """
    if isinstance(thing, str | os.PathLike):
        thing = OnnxModel(thing, **onnx)
    elif onnx:
        raise InvalidInput(f"{next(iter(onnx))} is for ONNX models, and {type(thing).__name__} is none")
    if isinstance(thing, Classifier):
        return Classifier(thing.function, labels or thing.labels, thing.subject)
    if hasattr(thing, "predict"):
        classes = getattr(thing, "classes_", None)
        if classes is None:
            raise InvalidInput(f"the classifier {type(thing).__name__} is not fitted: call fit first")
        return Classifier(_Estimator(thing), classes if labels is None else labels, thing)
    if callable(thing):
        return Classifier(_Stacked(thing), labels, thing)
    raise InvalidInput(
        f"a classifier is a fitted estimator, a function of pictures or the path of an ONNX file, "
        f"not {type(thing).__name__}"
    )
