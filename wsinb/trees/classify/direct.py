"""`DirectClassifier` (ET-DIC): the trees decide, window by window."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from wsinb.trees.classify.base import SubwindowClassifier

__all__ = ["DirectClassifier"]


class DirectClassifier(SubwindowClassifier):
    """Classify pictures by extra-trees on random subwindows: direct classification (ET-DIC).

    Follows Marée, Geurts and Wehenkel, Pattern Recognition Letters 2016 (doi 10.1016/j.patrec.2016.01.006).
    Each subwindow has the class of its picture; the probabilities of a picture are the mean over its
    subwindows and the trees.

    Parameters
    ----------
    n_windows : int
        Subwindows of each picture, when training and when predicting.
    window : int
        Side that subwindows are resized to, in pixels.
    min_size, max_size : float
        Bounds of a subwindow's side, relative to the shorter side of its picture.
    colour : {"rgb", "normalised_rgb", "hsv", "gray"}
        Colour space, see `wsinb.trees.draw_subwindows`.
    interpolation : {"nearest", "linear", "area"}
    turn : bool
        Turn and mirror subwindows at random.
    n_trees : int
    max_features : {"sqrt", "log2"}, int, float or None
        Features tried at each split; 1 gives totally random trees.
    min_samples_leaf : int
        Subwindows that a leaf holds at least.
    class_weight : "balanced", dict or None
        "balanced" lets rare classes count as much as frequent ones.
    random_state : int
        Seed of everything random; the same with any number of threads.
    n_jobs : int, optional
        Threads; None is one for each core.

    Attributes
    ----------
    classes_ : ndarray (n_classes,)
    header : dict
    """

    kind: ClassVar[str] = "direct"

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
        min_samples_leaf: int = 1,
        class_weight: Any = None,
        random_state: int = 42,
        n_jobs: int | None = None,
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

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Return class probabilities of each picture, (n, n_classes): means over its subwindows.

        They rank pictures well, but are drawn towards the middle, the more so the smaller the subwindows:
        see `Validation.calibration`.
        """
        n = self.n_windows
        means = [
            self.forest_.predict_proba(windows, self.n_jobs).reshape(len(windows) // n, n, -1).mean(axis=1)
            for windows in self._batches(X)
        ]
        return np.concatenate(means)

    def _grow(self, windows: NDArray[Any], numbers: NDArray[np.intp], names: NDArray[Any]) -> None:
        self._fit_forest(windows, numbers, names)

    def _scores(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        return self.predict_proba(X)

    def _evidence(self, number: int) -> tuple[NDArray[np.float64], float]:
        forest = self.forest_
        shares = forest.leaves / forest.divisor[:, None].astype(np.float64)
        value = 1 - shares.sum(axis=1) if number == 0 else shares[:, number - 1]
        return value, float(forest.n_trees)
