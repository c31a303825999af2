"""`Forest`: extra-trees as plain arrays, for one output or many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wsinb.errors import InvalidInput
from wsinb.trees.threads import run_threads

__all__ = ["Forest"]

ROWS = 4096


class Forest:
    """Classification trees as plain arrays: saved without pickle, evaluated by compiled code.

    A leaf keeps how many training samples of each class above the first it holds, divided by their common
    divisor. So one byte a value is exact for most forests: `predict_proba` equals scikit-learn's bit by bit.
    Counts above 255 take two bytes; weighted samples, which have no counts, eight.

    Parameters
    ----------
    feature : ndarray (n_nodes,), int32
        Feature that a node tests; unused in leaves.
    threshold : ndarray (n_nodes,), float64
        A sample goes left when its feature is at most this.
    left, right : ndarray (n_nodes,), int32
        Children, numbered through all trees and always after their parent; -1 in leaves.
    roots : ndarray (n_trees,), int64
        First node of each tree; trees follow each other.
    leaves : ndarray (n_leaves, (n_classes - 1) * n_outputs), uint8, uint16 or float64
        Counts by class above the first, then by output; rows in the order of the leaf nodes.
    divisor : ndarray (n_leaves,), int32
        What to divide the counts of a leaf by.
    n_features, n_outputs : int
        Width of the samples and number of values predicted for each.
    classes : sequence of int or str
        What is predicted; every output has all classes.

    Raises
    ------
    InvalidInput
        If the arrays are not trees: every index is checked here, so that evaluation needs no checks.
    """

    def __init__(
        self,
        *,
        feature: NDArray[np.int32],
        threshold: NDArray[np.float64],
        left: NDArray[np.int32],
        right: NDArray[np.int32],
        roots: NDArray[np.int64],
        leaves: NDArray[Any],
        divisor: NDArray[np.int32],
        n_features: int,
        n_outputs: int,
        classes: Sequence[int | str],
    ) -> None:
        from wsinb.trees.forest.validate import check_forest

        self.feature = feature
        self.threshold = threshold
        self.left = left
        self.right = right
        self.roots = roots
        self.leaves = leaves
        self.divisor = divisor
        self.n_features = n_features
        self.n_outputs = n_outputs
        self.classes = tuple(classes)
        self._placed: tuple[int, NDArray[np.uint64]] | None = None
        check_forest(self)

    @classmethod
    def from_sklearn(cls, estimator: Any) -> Forest:
        """Take over a fitted classifier of scikit-learn: extra-trees, a random forest or a single tree.

        Outputs that have not seen all classes get probability 0 for the missing ones.

        Raises
        ------
        InvalidInput
            If the estimator is not a fitted classifier made of trees.
        """
        from wsinb.trees.forest.from_sklearn import convert

        return cls(**convert(estimator))

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return len(self.roots)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.classes)

    def apply(self, samples: ArrayLike) -> NDArray[np.int64]:
        """Return the leaf of each sample in each tree, numbered within the tree as scikit-learn does.

        Parameters
        ----------
        samples : array-like (n, n_features)
            Compared as float32, like scikit-learn does.

        Returns
        -------
        ndarray (n, n_trees), int64
        """
        nodes: NDArray[np.int64] = self._leaf_node[self.leaf_rows(samples)] - self.roots
        return nodes

    def predict_proba(self, samples: ArrayLike, n_jobs: int | None = 1) -> NDArray[np.float64]:
        """Return class probabilities, equal to scikit-learn's.

        Parameters
        ----------
        samples : array-like (n, n_features)
            Fastest as uint8, else compared as float32.
        n_jobs : int, optional
            Threads; None is one for each core.

        Returns
        -------
        ndarray (n, n_classes), or (n, n_outputs, n_classes) if there are several outputs; float64
        """
        from wsinb.trees.forest.evaluate import sum_rows

        rows = self.leaf_rows(samples, n_jobs)
        out = np.zeros((len(rows), self.n_outputs, self.n_classes))

        def average(start: int) -> None:
            part = slice(start, start + ROWS)
            sum_rows(rows[part], self.leaves, self.divisor, self.n_outputs, out[part])

        run_threads(average, range(0, len(rows), ROWS), n_jobs)
        return out[:, 0] if self.n_outputs == 1 else out

    def leaf_rows(self, samples: ArrayLike, n_jobs: int | None = 1) -> NDArray[np.int32]:
        """Return the leaf of each sample in each tree, as a row of `leaves`.

        Returns
        -------
        ndarray (n, n_trees), int32
        """
        from wsinb.trees.forest.rows import find_leaves

        matrix = self._matrix(samples)
        words, leaf_row, cuts = self.packed_rows(matrix.dtype)
        out = np.empty((len(matrix), self.n_trees), np.int32)
        flat = matrix.reshape(-1)

        def find(start: int) -> None:
            stop = min(start + ROWS, len(matrix))
            find_leaves(flat, self.n_features, words, cuts, leaf_row, start, stop, out)

        run_threads(find, range(0, len(matrix), ROWS), n_jobs)
        return out

    def leaf_frequencies(self, samples: ArrayLike, n_rows: int, n_jobs: int | None = 1) -> Any:
        """Return the share of each group's samples that reaches each leaf (Marée et al., 2016: ET-FL).

        Parameters
        ----------
        samples : array-like (n_groups * n_rows, n_features)
            The samples of a group, such as the subwindows of an image, follow each other. Fastest as uint8.
        n_rows : int
            Samples of a group.
        n_jobs : int, optional
            Threads; None is one for each core. The result is the same with any number.

        Returns
        -------
        scipy.sparse.csr_matrix (n_groups, n_leaves), float64
            Columns are rows of `leaves`; a row sums to the number of trees.

        Raises
        ------
        InvalidInput
            If the samples do not fit the forest or the groups.
        """
        from wsinb.trees.forest.frequencies import leaf_frequencies

        return leaf_frequencies(self, self._matrix(samples), n_rows, n_jobs)

    def window_proba(self, image: NDArray[np.uint8], y: ArrayLike, x: ArrayLike) -> NDArray[np.float32]:
        """Return the probabilities of square windows of an image, read in place.

        Parameters
        ----------
        image : ndarray (h, w, 3), uint8
            In the colour space of the training windows.
        y, x : array-like (n,), int
            Top left pixels of the windows, whose size follows from `n_features`.

        Returns
        -------
        ndarray (n, n_classes - 1, n_outputs), float32
            Probabilities of the classes above the first; that of the first is the rest to 1.

        Raises
        ------
        InvalidInput
            If a window leaves the image, or the forest was not trained on square windows of three channels.
        """
        from wsinb.trees.forest.evaluate import window_probabilities

        image, l_y, l_x, _ = self._check_windows(image, y, x)
        out = np.empty((len(l_y), self.leaves.shape[1]), np.float32)
        _, leaf_row, scale = self._packed
        window_probabilities(
            image.reshape(-1), l_y, l_x, image.shape[1], self._words_in(image.shape[1]), leaf_row,
            self.leaves, scale, *self._room(), out,
        )  # fmt: skip
        return out.reshape(len(l_y), self.n_classes - 1, self.n_outputs)

    def add_windows(
        self, image: NDArray[np.uint8], y: ArrayLike, x: ArrayLike, out: NDArray[np.float32]
    ) -> None:
        """Add the predictions of windows (see `window_proba`) to the pixels that they cover.

        Parameters
        ----------
        out : ndarray (n_classes - 1, h, w), float32
            Changed in place. A pixel receives its windows in the order given.

        Raises
        ------
        InvalidInput
            As `window_proba`, or if the forest does not predict every pixel of a window, or `out` does not
            fit.
        """
        from wsinb.trees.forest.evaluate import add_window_probabilities

        image, l_y, l_x, window = self._check_windows(image, y, x)
        if self.n_outputs != window * window:
            raise InvalidInput(
                f"this forest has {self.n_outputs} outputs, not one for each pixel of its windows"
            )
        shape = (self.n_classes - 1, *image.shape[:2])
        if out.shape != shape or out.dtype != np.float32 or not out.flags.c_contiguous:
            raise InvalidInput(f"the sums must be a C-contiguous float32 array of shape {shape}")
        _, leaf_row, scale = self._packed
        add_window_probabilities(
            image.reshape(-1), l_y, l_x, image.shape[1], self._words_in(image.shape[1]), leaf_row,
            self.leaves, scale, *self._room(), window, out,
        )  # fmt: skip

    def save(self, target: str | Path | BinaryIO) -> None:
        """Write the arrays and a JSON header as npz; atomic when `target` is a path."""
        from wsinb.trees.forest.file import write_forest

        write_forest(target, self, {})

    @classmethod
    def load(cls, source: str | Path | BinaryIO) -> Forest:
        """Read a forest that was saved; nothing in the file is trusted.

        Raises
        ------
        InvalidInput
            If the file is not a forest, or is damaged.
        """
        from wsinb.trees.forest.file import read_forest

        return read_forest(source)[0]

    def packed_rows(
        self, dtype: np.dtype[Any]
    ) -> tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.float32] | None]:
        """Return words, rows of leaves, and cuts for numbers that are no bytes (see `forest.walk`)."""
        words, leaf_row, _ = self._packed
        return words, leaf_row, None if dtype == np.uint8 else self._cuts

    def _matrix(self, samples: ArrayLike) -> NDArray[Any]:
        given = np.asarray(samples)
        matrix = np.ascontiguousarray(given, np.uint8 if given.dtype == np.uint8 else np.float32)
        if matrix.ndim != 2 or matrix.shape[1] != self.n_features:
            raise InvalidInput(f"samples must have shape (n, {self.n_features}), not {matrix.shape}")
        return matrix

    @cached_property
    def _leaf_node(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.left < 0)

    @cached_property
    def _leaf_number(self) -> NDArray[np.int64]:
        return np.cumsum(self.left < 0) - 1

    @cached_property
    def _packed(self) -> tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.float32] | None]:
        from wsinb.trees.forest.walk import pack_nodes

        words, leaf_row = pack_nodes(self.feature, self.threshold, self.left, self.right, self.roots)
        return words, leaf_row, None if self._is_pure else (1.0 / self.divisor).astype(np.float32)

    @cached_property
    def _cuts(self) -> NDArray[np.float32]:
        from wsinb.trees.forest.walk import pack_cuts

        return pack_cuts(self.threshold, self.left, self.right, self.roots)

    @cached_property
    def _is_pure(self) -> bool:
        """Whether leaves hold nothing but 0 and 1, whose sum over the trees fits a byte."""
        is_bytes = self.leaves.dtype == np.uint8
        return is_bytes and self.n_trees <= np.iinfo(np.uint8).max and bool((self.divisor == 1).all())

    def _room(self) -> tuple[NDArray[np.int32], NDArray[Any]]:
        total: NDArray[Any] = np.empty(self.leaves.shape[1], np.uint8 if self._is_pure else np.float32)
        return np.empty((8, self.n_trees), np.int32), total

    def _words_in(self, width: int) -> NDArray[np.uint64]:
        """Return words that hold how far each feature lies from the first byte of its window.

        The image is `width` pixels wide. Tiles of a slide are nearly all of one width: the last is kept.
        """
        from wsinb.trees.forest.walk import at_offsets

        kept = self._placed
        if kept is None or kept[0] != width:
            side = np.arange(self._window, dtype=np.int64)
            offsets = (side[:, None, None] * width + side[None, :, None]) * 3 + np.arange(3)
            kept = self._placed = width, at_offsets(self._packed[0], offsets.reshape(-1))
        return kept[1]

    @property
    def _window(self) -> int:
        return math.isqrt(self.n_features // 3)

    def _check_windows(
        self, image: NDArray[np.uint8], y: ArrayLike, x: ArrayLike
    ) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64], int]:
        from wsinb.trees.forest.walk import MAX_OFFSET

        window = self._window
        if window * window * 3 != self.n_features:
            raise InvalidInput(
                f"{self.n_features} features are not those of a square window of three channels"
            )
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise InvalidInput(f"an image must be (h, w, 3) uint8, not {image.shape} {image.dtype}")
        l_y, l_x = np.ascontiguousarray(y, np.int64), np.ascontiguousarray(x, np.int64)
        if l_y.ndim != 1 or l_y.shape != l_x.shape:
            raise InvalidInput("windows need as many rows as columns")
        height, width = image.shape[:2]
        widest = (MAX_OFFSET // 3 - window) // window
        if width > widest:
            raise InvalidInput(
                f"an image of {width} px is too wide: cut it into pieces of {widest} px at most"
            )
        if len(l_y) and (
            min(l_y.min(), l_x.min()) < 0 or l_y.max() > height - window or l_x.max() > width - window
        ):
            raise InvalidInput(f"a window of {window} px leaves the image of {width} x {height} px")
        return np.ascontiguousarray(image), l_y, l_x, window
