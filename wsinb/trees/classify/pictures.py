"""What classifiers learn from: pictures, a class for each, and groups; checked."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput

__all__ = ["as_classes", "as_groups", "as_pictures", "take"]


def as_pictures(X: Any) -> Any:  # noqa: N803
    """Return pictures as something with a length whose items are arrays (h, w, 3); items are checked later.

    Raises
    ------
    InvalidInput
        If it is a single picture, a table of numbers, empty, or no sequence at all.
    """
    if isinstance(X, np.ndarray) and X.ndim != 4 and X.dtype != object:
        raise InvalidInput(
            f"pictures are a list of arrays (h, w, 3) or one array (n, h, w, 3), not an array {X.shape}: "
            "put a single picture into a list"
        )
    if isinstance(X, str | bytes) or not hasattr(X, "__len__") or not hasattr(X, "__getitem__"):
        raise InvalidInput(f"pictures are a list of arrays (h, w, 3) or Crops, not {type(X).__name__}")
    if not len(X):
        raise InvalidInput("there are no pictures: choose annotations that have some")
    return X


def as_classes(X: Any, y: Any) -> NDArray[Any]:  # noqa: N803
    """Return the class of each picture, by default the labels of crops: (n,) str or int.

    Raises
    ------
    InvalidInput
        If there is not one class for each picture, one is missing, or they are neither names nor whole
        numbers.
    """
    given = getattr(X, "labels", None) if y is None else y
    if given is None:
        raise InvalidInput("the class of each picture is needed: give y, or crops that have labels")
    values = np.asarray(given)
    if values.ndim != 1 or len(values) != len(X):
        raise InvalidInput(f"{len(X)} pictures need as many classes in y, not an array {values.shape}")
    if values.dtype == object:
        if any(not isinstance(value, str) for value in values):
            raise InvalidInput("a class in y is missing or no text: give every picture a label")
        return values.astype(str)
    if values.dtype.kind == "f" and np.isfinite(values).all() and np.array_equal(values, np.rint(values)):
        return values.astype(np.int64)
    if values.dtype.kind == "b":
        return values.astype(np.int64)
    if values.dtype.kind not in "iuU":
        raise InvalidInput(f"classes in y are names or whole numbers, not {values.dtype} such as NaN")
    return values


def as_groups(X: Any, groups: Any) -> NDArray[Any] | None:  # noqa: N803
    """Return the group of each picture, by default those of crops: (n,); None where there are none, or False.

    Raises
    ------
    InvalidInput
        If there is not one group for each picture.
    """
    given = getattr(X, "groups", None) if groups is None else groups
    if given is None or given is False:
        return None
    values = np.asarray(given)
    if values.ndim != 1 or len(values) != len(X):
        raise InvalidInput(f"{len(X)} pictures need as many groups, not an array {values.shape}")
    return values.astype(str)


def take(X: Any, chosen: NDArray[np.intp]) -> Any:  # noqa: N803
    """Return some of the pictures: an array as an array, crops as crops, which are not read yet."""
    if isinstance(X, np.ndarray) or hasattr(X, "table"):
        return X[chosen]
    return [X[number] for number in chosen.tolist()]
