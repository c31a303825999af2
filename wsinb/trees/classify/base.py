"""What both classifiers share: parameters, subwindows, trees, and which pixels speak for a class."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError

from wsinb.errors import InvalidInput, WsinbError
from wsinb.numbers import real
from wsinb.trees.classify.pictures import as_classes, as_pictures, take
from wsinb.trees.classify.spread import pixel_importance
from wsinb.trees.classify.stored import read_classifier, write_classifier
from wsinb.trees.cropping.frame import View
from wsinb.trees.forest.forest import Forest
from wsinb.trees.models import new_header
from wsinb.trees.windows.draws import Draws, check_image, whole

__all__ = ["NotFitted", "SubwindowClassifier"]

# subwindows that are predicted at a time, so that memory does not grow with the number of pictures
BATCH_WINDOWS = 50_000
FEATURES = ("sqrt", "log2")


class NotFitted(NotFittedError, WsinbError):  # type: ignore[misc]
    """A classifier was asked before it was trained."""


class SubwindowClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Extra-trees on random subwindows; see `DirectClassifier` and `LeafClassifier`."""

    kind: ClassVar[str]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = False
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "forest_")

    @property
    def header(self) -> dict[str, Any]:
        """What the model is, fits JSON: kind, labels, um_per_px, version, parameters, scores and more."""
        return self._fitted().header_

    @property
    def view(self) -> dict[str, Any]:
        """How annotations were seen in training: `um_per_px`, `context`, `size` and `background` of crops.

        Hand it on, so that others are seen alike: ``sort_objects(slide, objects, model, **model.view)``,
        ``Rule(classifier=model, **model.view)``, ``crops(project, **model.view)``.
        """
        seen = {"um_per_px": self.header.get("um_per_px"), "context": 0.0, "size": None, "background": None}
        stored = self.header.get("view")
        # from a file, perhaps: whoever takes it checks the values
        known = stored if isinstance(stored, Mapping) else {}
        return {key: known.get(key, value) for key, value in seen.items()}

    @property
    def forest(self) -> Forest:
        """The trees."""
        return self._fitted().forest_

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803
        """Learn from pictures.

        Each takes ``5 * n_windows * window**2 * channels`` bytes while training.

        Parameters
        ----------
        X : sequence of ndarray (h, w, 3) uint8, RGB, of any sizes; one array (n, h, w, 3); or `Crops`
        y : array-like (n,) of str or int, optional
            Classes; by default the labels of crops.

        Raises
        ------
        InvalidInput
            If there is one class only, a picture cannot be used, or a parameter is out of range.
        """
        draws = self._draws()
        self._check_parameters()
        pictures = as_pictures(X)
        classes = as_classes(pictures, y)
        names, numbers = np.unique(classes, return_inverse=True)
        if len(names) < 2:
            raise InvalidInput(f"all pictures are of class {names[0].item()!r}: add some of another class")
        self._check_weights(names)
        windows = draws.windows(pictures, self.n_jobs)
        self._grow(windows.reshape(len(windows), -1), numbers, names)
        self.classes_ = names
        self.header_ = new_header(
            self.kind,
            [name.item() for name in names],
            parameters=self._plain_parameters(),
            random_state=int(self.random_state),
            um_per_px=getattr(X, "um_per_px", None),
            version=getattr(X, "version", None),
        )
        view = getattr(X, "view", None)
        if isinstance(view, View):
            colour = None if view.background is None else list(view.background)
            self.header_["view"] = {"context": view.context, "size": view.size, "background": colour}
        return self

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """Return the most likely class of each picture, (n,); the first of equals."""
        scores = self._scores(X)
        if scores.ndim == 1:
            return np.asarray(self.classes_[(scores > 0).astype(np.intp)])
        return np.asarray(self.classes_[scores.argmax(axis=1)])

    def importance(self, image: Any) -> NDArray[np.float32]:
        """Return which pixels speak for the class that is predicted, and which against.

        In the subwindows that `predict` looks at, each test on a path down a tree changes what the tree
        expects by some amount (Palczewska et al., 2014: the value of a node is the mean of its leaves,
        weighted by their training windows). That amount is given to the pixel of the subwindow that was
        tested, and from there, in equal shares, to the part of the picture that it was made from; turned
        windows are turned back. All is divided by the number of windows and, for probabilities, of trees.

        Parameters
        ----------
        image : ndarray (h, w, 3), uint8, RGB

        Returns
        -------
        ndarray (h, w), float32
            Above 0 speaks for, below 0 against. Its sum is what was predicted for the class (probability, or
            decision value) less what is predicted knowing nothing: the mean of all training windows.
        """
        self._fitted()
        picture = check_image(image, 0)
        number = int(np.flatnonzero(self.classes_ == self.predict([picture])[0])[0])
        return pixel_importance(self.forest_, self._draws(), picture, self.weight_, *self._evidence(number))

    def save(self, target: str | Path | BinaryIO) -> None:
        """Write the model as npz with a JSON header, never pickle; atomic when `target` is a path."""
        write_classifier(target, self._fitted())

    @classmethod
    def load(cls, source: str | Path | BinaryIO, name: str | None = None) -> Self:
        """Read a model that was saved; nothing in the file is trusted.

        Parameters
        ----------
        source : str, Path or binary file
        name : str, optional
            What messages call it; the path by default.

        Raises
        ------
        InvalidInput
            If the file is no such classifier, or is damaged.
        """
        return read_classifier(cls, source, name)

    def _grow(self, windows: NDArray[Any], numbers: NDArray[np.intp], names: NDArray[Any]) -> None:
        """Train on windows (n * n_windows, n_features) of pictures whose classes have these numbers."""
        raise NotImplementedError

    def _scores(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Return what decides on the class: (n, n_classes), or (n,), above 0 for the second of two."""
        raise NotImplementedError

    def _evidence(self, number: int) -> tuple[NDArray[np.float64], float]:
        """Return what each leaf says for a class, and by what to divide a window's sum over the trees."""
        raise NotImplementedError

    def _arrays(self) -> dict[str, NDArray[Any]]:
        """Return what is stored besides the trees."""
        return {"weight": self.weight_}

    def _restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take what was stored, or raise `InvalidInput`."""
        weight = arrays["weight"]
        if weight.dtype != np.float64 or weight.shape != (len(self.forest_.leaves),):
            raise InvalidInput("its weights do not match its leaves")
        if not (np.isfinite(weight).all() and (weight > 0).all()):
            raise InvalidInput("a leaf weighs nothing")
        self.weight_ = weight

    def _fit_forest(self, windows: NDArray[Any], numbers: NDArray[np.intp], names: NDArray[Any]) -> None:
        from sklearn.ensemble import ExtraTreesClassifier

        weights = self.class_weight
        if isinstance(weights, Mapping):
            weights = {number: weights[name.item()] for number, name in enumerate(names)}
        grown = ExtraTreesClassifier(
            self.n_trees,
            max_features=self.max_features,
            min_samples_leaf=self.min_samples_leaf,
            class_weight=weights,
            random_state=self.random_state,
            n_jobs=-1 if self.n_jobs is None else self.n_jobs,
        ).fit(windows.astype(np.float32, copy=False), np.repeat(numbers, self.n_windows))
        self.forest_ = Forest.from_sklearn(grown)
        trees = [tree.tree_ for tree in grown.estimators_]
        leaf = [tree.weighted_n_node_samples[tree.children_left < 0] for tree in trees]
        self.weight_ = np.concatenate(leaf).astype(np.float64)

    def _batches(self, X: Any) -> Any:  # noqa: N803
        """Yield the windows of some pictures at a time, (n * n_windows, n_features)."""
        self._fitted()
        pictures = as_pictures(X)
        draws = self._draws()
        step = max(1, BATCH_WINDOWS // self.n_windows)
        for start in range(0, len(pictures), step):
            some = take(pictures, np.arange(start, min(start + step, len(pictures))))
            windows = draws.windows(some, self.n_jobs, first=start, alike=True)
            yield windows.reshape(len(windows), -1)

    def _draws(self) -> Draws:
        return Draws(
            self.n_windows, self.window, self.min_size, self.max_size, self.colour, self.interpolation,
            bool(self.turn), self.random_state,
        )  # fmt: skip

    def _check_parameters(self) -> None:
        n_features = int(np.prod(self._draws().shape))
        whole("n_trees", self.n_trees, 1, 100_000)
        whole("min_samples_leaf", self.min_samples_leaf, 1, 10**9)
        share = real(self.max_features)
        if self.max_features is None or self.max_features in FEATURES:
            return
        if isinstance(self.max_features, int | np.integer) and not isinstance(self.max_features, bool):
            whole("max_features", self.max_features, 1, n_features)
        elif share is None or not 0 < share <= 1:
            raise InvalidInput(
                f"max_features is 'sqrt', 'log2', None, a number from 1 to {n_features} "
                f"or a share up to 1.0, not {self.max_features!r}"
            )

    def _check_weights(self, names: NDArray[Any]) -> None:
        weights = self.class_weight
        if weights is None or (isinstance(weights, str) and weights == "balanced"):
            return
        if not isinstance(weights, Mapping):
            raise InvalidInput(f"class_weight is None, 'balanced' or a dict by class, not {weights!r}")
        for name in names:
            if not (real(weights.get(name.item())) or 0) > 0:
                raise InvalidInput(f"class_weight has no positive number for class {name.item()!r}: add one")

    def _plain_parameters(self) -> dict[str, Any]:
        """Return the parameters as JSON has them."""
        plain = {key: getattr(value, "item", lambda v=value: v)() for key, value in self.get_params().items()}
        if isinstance(plain["class_weight"], Mapping):
            pairs = plain["class_weight"].items()
            plain["class_weight"] = [[getattr(k, "item", lambda k=k: k)(), float(v)] for k, v in pairs]
        return {**plain, "turn": bool(self.turn)}

    def _fitted(self) -> Self:
        if not hasattr(self, "forest_"):
            raise NotFitted(f"this {type(self).__name__} has not been trained: call fit or load first")
        return self
