"""Checks that arrays are a forest, so that compiled code may trust them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput

if TYPE_CHECKING:
    from wsinb.trees.forest.forest import Forest

__all__ = ["check_forest"]

NODE_ARRAYS = {"feature": np.int32, "threshold": np.float64, "left": np.int32, "right": np.int32}
LEAF_TYPES = ("uint8", "uint16", "float64")
BATCH = 4096
MAX_FEATURES = 2**24
"""What a word of a node has room for, see `wsinb.trees.forest.walk`."""


def check_forest(forest: Forest) -> None:
    """Raise `InvalidInput` unless every index stays inside its array and every walk ends in a leaf."""
    _check_sizes(forest)
    _check_types(forest)
    _check_trees(forest)
    _check_leaves(forest)


def _refuse(reason: str) -> InvalidInput:
    return InvalidInput(f"this is not a usable forest: {reason}; train it again or fetch an intact copy")


def _check_sizes(forest: Forest) -> None:
    for name in ("n_features", "n_outputs"):
        value = getattr(forest, name)
        if type(value) is not int or not 1 <= value < 2**31:
            raise _refuse(f"{name} is {value!r}")
    if forest.n_features > MAX_FEATURES:
        raise _refuse(f"it has {forest.n_features} features, of {MAX_FEATURES} at most")
    if not forest.classes or len(set(forest.classes)) != len(forest.classes):
        raise _refuse("its classes are missing or repeated")
    if any(type(value) not in (int, str) for value in forest.classes):
        raise _refuse("its classes are neither numbers nor names")


def _check_types(forest: Forest) -> None:
    for name, dtype in NODE_ARRAYS.items():
        _check_array(name, getattr(forest, name), np.dtype(dtype), 1)
        if len(getattr(forest, name)) != len(forest.left):
            raise _refuse(f"{name} and left differ in length")
    _check_array("roots", forest.roots, np.dtype(np.int64), 1)
    _check_array("divisor", forest.divisor, np.dtype(np.int32), 1)
    if forest.leaves.dtype.name not in LEAF_TYPES:
        raise _refuse(f"leaves are {forest.leaves.dtype}")
    _check_array("leaves", forest.leaves, forest.leaves.dtype, 2)


def _check_array(name: str, array: NDArray[np.generic], dtype: np.dtype[np.generic], ndim: int) -> None:
    if array.dtype != dtype or array.ndim != ndim or not array.flags.c_contiguous or not array.dtype.isnative:
        raise _refuse(f"{name} is {array.dtype} with {array.ndim} dimensions, not {dtype} with {ndim}")


def _check_trees(forest: Forest) -> None:
    n_nodes, roots = len(forest.left), forest.roots
    if not len(roots) or roots[0] != 0 or roots[-1] >= n_nodes or np.any(np.diff(roots) < 1):
        raise _refuse("its trees do not follow each other")
    number = np.arange(n_nodes)
    end = np.append(roots[1:], n_nodes)[np.searchsorted(roots, number, side="right") - 1]
    is_leaf = forest.left < 0
    if np.any((forest.right < 0) != is_leaf):
        raise _refuse("a node has one child")
    inner = ~is_leaf
    for child in (forest.left[inner], forest.right[inner]):
        # children come after their parent, so no walk can go round in a circle
        if np.any(child <= number[inner]) or np.any(child >= end[inner]):
            raise _refuse("a child lies outside its tree or before its parent")
    parents = np.bincount(np.concatenate([forest.left[inner], forest.right[inner]]), minlength=n_nodes)
    expected = np.ones(n_nodes, np.int64)
    expected[roots] = 0
    if not np.array_equal(parents, expected):
        raise _refuse("a node has no parent or several")
    feature = forest.feature[inner]
    if np.any(feature < 0) or np.any(feature >= forest.n_features):
        raise _refuse("a node tests a feature that does not exist")
    if not np.all(np.isfinite(forest.threshold[inner])):
        raise _refuse("a threshold is not a number")


def _check_leaves(forest: Forest) -> None:
    n_leaves = int(np.count_nonzero(forest.left < 0))
    n_values = (len(forest.classes) - 1) * forest.n_outputs
    if forest.leaves.shape != (n_leaves, n_values) or forest.divisor.shape != (n_leaves,):
        raise _refuse("its leaf store does not match its trees")
    if np.any(forest.divisor < 1):
        raise _refuse("a leaf is divided by nothing")
    if forest.leaves.dtype == np.float64 and not np.all(forest.leaves >= 0):
        raise _refuse("a leaf holds a negative count")
    for start in range(0, n_leaves, BATCH):
        part = forest.leaves[start : start + BATCH]
        totals = part.reshape(len(part), len(forest.classes) - 1, forest.n_outputs).sum(axis=1)
        if not np.all(totals <= forest.divisor[start : start + BATCH, None] + 1e-9):
            raise _refuse("the classes of a leaf make more than the whole")
