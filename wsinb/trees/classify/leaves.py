"""`LeafClassifier` (ET-FL): the leaves are features, a linear support vector machine decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.numbers import real
from wsinb.trees.classify.base import SubwindowClassifier

__all__ = ["LeafClassifier"]


class LeafClassifier(SubwindowClassifier):
    """Classify pictures by the leaves that their subwindows reach in extra-trees: feature learning (ET-FL).

    Follows Marée, Geurts and Wehenkel, Pattern Recognition Letters 2016 (doi 10.1016/j.patrec.2016.01.006).
    The trees, trained like those of `DirectClassifier`, serve as a visual vocabulary: a picture is the share
    of its subwindows in each leaf, each column divided by its largest value in training, and a linear support
    vector machine, one class against the rest, decides. Trees and machine learn from the same subwindows, as
    published. (Columns of inner nodes, always 0 there, are left out here.)

    Parameters
    ----------
    min_samples_leaf : int
        Subwindows that a leaf holds at least: larger leaves are fewer, more general words.
    C : float
        Cost of training errors of the support vector machine.
    class_weight : "balanced", dict or None
        Of trees and machine.
    **others
        As of `DirectClassifier`.

    Attributes
    ----------
    classes_ : ndarray (n_classes,)
    coef_ : ndarray (n_classes or 1, n_leaves), float64
    intercept_ : ndarray (n_classes or 1,), float64
    scale_ : ndarray (n_leaves,), float64
        Largest share of each leaf in training.
    header : dict
    """

    kind: ClassVar[str] = "leaves"

    def __init__(
        self,
        n_windows: int = 100,
        window: int = 16,
        min_size: float = 0.1,
        max_size: float = 1.0,
        colour: str = "hsv",
        interpolation: str = "linear",
        turn: bool = True,
        n_trees: int = 100,
        max_features: str | float | None = "sqrt",
        min_samples_leaf: int = 50,
        class_weight: Any = None,
        random_state: int = 42,
        n_jobs: int | None = None,
        C: float = 1.0,  # noqa: N803
    ) -> None:
        self.n_windows = n_windows
        self.window = window
        self.min_size = min_size
        self.max_size = max_size
        self.colour = colour
        self.interpolation = interpolation
        self.turn = turn
        self.n_trees = n_trees
        self.max_features = max_features
        self.min_samples_leaf = min_samples_leaf
        self.class_weight = class_weight
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.C = C

    def transform(self, X: Any) -> Any:  # noqa: N803
        """Return the features of each picture, scaled: scipy.sparse.csr_matrix (n, n_leaves)."""
        from scipy.sparse import vstack

        parts = [
            self.forest_.leaf_frequencies(windows, self.n_windows, self.n_jobs)
            for windows in self._batches(X)
        ]
        return self._scaled(vstack(parts, format="csr"))

    def decision_function(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Return what the machines say: (n, n_classes); of two classes (n,), above 0 for the second."""
        return self._scores(X)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Return decision values squeezed between 0 and 1, (n, n_classes): **not calibrated**.

        Of two classes the logistic function of the decision value, of more their softmax. The largest is the
        class that is predicted; how sure that is, tells `Validation.calibration`.
        """
        scores = self._scores(X)
        if scores.ndim == 1:
            scores = np.column_stack([np.zeros(len(scores)), scores])
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float64)

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if not (real(self.C) or 0) > 0:
            raise InvalidInput(f"C must be a positive number, not {self.C!r}")

    def _grow(self, windows: NDArray[Any], numbers: NDArray[np.intp], names: NDArray[Any]) -> None:
        from sklearn.svm import LinearSVC

        self._fit_forest(windows, numbers, names)
        shares = self.forest_.leaf_frequencies(windows, self.n_windows, self.n_jobs)
        largest = np.asarray(shares.max(axis=0).todense(), np.float64).ravel()
        self.scale_ = np.where(largest > 0, largest, 1.0)
        weights = self.class_weight
        if isinstance(weights, Mapping):
            weights = {number: weights[name.item()] for number, name in enumerate(names)}
        machine = LinearSVC(
            C=float(self.C), class_weight=weights, dual=True, random_state=self.random_state, max_iter=10_000
        ).fit(self._scaled(shares), numbers)
        self.coef_ = np.ascontiguousarray(machine.coef_, np.float64)
        self.intercept_ = np.ascontiguousarray(machine.intercept_, np.float64)

    def _scaled(self, shares: Any) -> Any:
        shares.data /= self.scale_[shares.indices]
        return shares

    def _scores(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        scores = np.asarray(self.transform(X) @ self.coef_.T + self.intercept_, np.float64)
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def _evidence(self, number: int) -> tuple[NDArray[np.float64], float]:
        if len(self.coef_) == 1:
            return (self.coef_[0] if number == 1 else -self.coef_[0]) / self.scale_, 1.0
        return self.coef_[number] / self.scale_, 1.0

    def _arrays(self) -> dict[str, NDArray[Any]]:
        others = {"coef": self.coef_, "intercept": self.intercept_, "scale": self.scale_}
        return {**super()._arrays(), **others}

    def _restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        super()._restore(arrays)
        n_classes, n_leaves = len(self.classes_), len(self.forest_.leaves)
        machines = 1 if n_classes == 2 else n_classes
        shapes = {"coef": (machines, n_leaves), "intercept": (machines,), "scale": (n_leaves,)}
        for key, shape in shapes.items():
            array = arrays[key]
            if array.dtype != np.float64 or array.shape != shape or not np.isfinite(array).all():
                raise InvalidInput(f"its {key} is not {shape} finite numbers")
        if not (arrays["scale"] > 0).all():
            raise InvalidInput("a scale is not above 0")
        self.coef_, self.intercept_ = arrays["coef"], arrays["intercept"]
        self.scale_ = arrays["scale"]
