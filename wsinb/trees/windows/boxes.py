"""Boxes: squares of random size and place, wholly inside an image or a region of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.numbers import real
from wsinb.trees.windows.places import integral, window_places

__all__ = ["Boxes", "check_sizes", "random_boxes", "squares"]

MAX_ROUNDS = 200


class Boxes(NamedTuple):
    """Boxes in pixels of an image; arrays (n,), int64."""

    y: NDArray[np.int64]
    x: NDArray[np.int64]
    height: NDArray[np.int64]
    width: NDArray[np.int64]


def check_sizes(min_size: Any, max_size: Any) -> None:
    """Raise `InvalidInput` unless 0 < `min_size` <= `max_size` <= 1."""
    low, high = real(min_size), real(max_size)
    if low is None or high is None or not 0 < low <= high <= 1:
        raise InvalidInput(
            f"sizes must satisfy 0 < min_size <= max_size <= 1, not {min_size!r} and {max_size!r}"
        )


def squares(shape: tuple[int, int], draws: NDArray[np.float64], *, min_size: float, max_size: float) -> Boxes:
    """Place squares by numbers from 0 to 1.

    Follows Marée, Geurts and Wehenkel, Pattern Recognition Letters 2016: a side is relative to the shorter
    side of the image, every place that keeps the square inside is as likely.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the image.
    draws : ndarray (3, n), float64, at least 0 and below 1
        Where the size, the row and the column lie between their bounds.
    min_size, max_size : float
        Bounds of the side, relative to the shorter side.
    """
    height, width = shape
    shorter = min(height, width)
    relative = min_size + draws[0] * (max_size - min_size)
    side = np.clip(np.rint(relative * shorter), 1, shorter).astype(np.int64)
    y = np.minimum(draws[1] * (height - side + 1), height - side).astype(np.int64)
    x = np.minimum(draws[2] * (width - side + 1), width - side).astype(np.int64)
    return Boxes(y, x, side, side.copy())


def random_boxes(
    shape: tuple[int, int],
    n: int,
    rng: np.random.Generator,
    *,
    min_size: float = 0.1,
    max_size: float = 1.0,
    allowed: NDArray[np.bool_] | None = None,
) -> Boxes:
    """Draw squares of random size and place, wholly inside an image.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the image.
    n : int
        Number of squares.
    min_size, max_size : float
        Bounds of the side, relative to the shorter side of the image; uniform between them.
    allowed : ndarray (h, w), bool, optional
        Squares lie wholly inside this mask.

    Raises
    ------
    InvalidInput
        If the sizes are not 0 < min <= max <= 1, or no square of the smallest size fits inside the mask.
    """
    check_sizes(min_size, max_size)
    if allowed is None:
        return squares(shape, rng.random((3, n)), min_size=min_size, max_size=max_size)
    smallest = max(1, round(min_size * min(shape)))
    if not window_places(allowed, smallest).any():
        raise InvalidInput(
            f"no square of {smallest} px fits inside the region: lower min_size or enlarge the region"
        )
    sums, kept = integral(allowed), []
    found = 0
    for _ in range(MAX_ROUNDS):
        boxes = squares(shape, rng.random((3, 2 * n)), min_size=min_size, max_size=max_size)
        inside = _inside(sums, boxes)
        kept.append(Boxes(*(part[inside] for part in boxes)))
        found += int(inside.sum())
        if found >= n:
            return Boxes(*(np.concatenate(parts)[:n] for parts in zip(*kept, strict=True)))
    raise InvalidInput(f"{n} squares hardly fit inside the region: lower max_size or enlarge the region")


def _inside(sums: NDArray[np.int64], boxes: Boxes) -> NDArray[np.bool_]:
    y1, x1 = boxes.y + boxes.height, boxes.x + boxes.width
    covered = sums[y1, x1] - sums[boxes.y, x1] - sums[y1, boxes.x] + sums[boxes.y, boxes.x]
    inside: NDArray[np.bool_] = covered == boxes.height * boxes.width
    return inside
