"""Random subwindows: where they may lie, drawing them, cutting them out, turning them.

Follows Marée, Geurts and Wehenkel, Pattern Recognition Letters 2016 (random size and place, resized) and
Dumont et al., VISAPP 2009 (fixed size, the classes of all pixels). Everything random comes from the generator
that is passed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput

__all__ = [
    "COLOURS",
    "Boxes",
    "cut_windows",
    "draw_balanced",
    "random_boxes",
    "resized_windows",
    "to_colour",
    "turn_windows",
    "window_places",
]

COLOURS = ("hsv", "rgb")
MAX_ROUNDS = 200
MAX_MAP_ROWS = 16_384  # cv2.remap refuses more than 32766


class Boxes(NamedTuple):
    """Boxes in pixels of an image; arrays (n,), int64."""

    y: NDArray[np.int64]
    x: NDArray[np.int64]
    height: NDArray[np.int64]
    width: NDArray[np.int64]


def to_colour(image: NDArray[np.uint8], colour: str) -> NDArray[np.uint8]:
    """Convert an RGB image to the colour space that a forest sees.

    Parameters
    ----------
    image : ndarray (h, w, 3), uint8, RGB
    colour : {"hsv", "rgb"}
        ``rgb``: as it is, 0 to 255. ``hsv``: hue 0 to 255 for 0 to 360 degrees, saturation and value 0 to
        255. Trees do not depend on the scale, so whole numbers lose nothing but the finest steps of hue.

    Returns
    -------
    ndarray (h, w, 3), uint8

    Raises
    ------
    InvalidInput
        If the colour space is unknown or the image is of another kind.
    """
    if colour not in COLOURS:
        raise InvalidInput(f"unknown colour space {colour!r}: use one of {', '.join(COLOURS)}")
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise InvalidInput(f"an image must be (h, w, 3) uint8, not {image.shape} {image.dtype}")
    if colour == "rgb" or not image.size:
        return np.ascontiguousarray(image)
    import cv2

    converted = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2HSV_FULL)
    return np.asarray(converted, np.uint8)


def window_places(allowed: NDArray[np.bool_], window: int) -> NDArray[np.bool_]:
    """Tell where the top left pixel of a window may lie so that the whole window is allowed.

    Parameters
    ----------
    allowed : ndarray (h, w), bool
    window : int
        Side of the window in pixels.

    Returns
    -------
    ndarray (h - window + 1, w - window + 1), bool
        The mask eroded by the footprint; empty when the image is smaller than a window.
    """
    height, width = allowed.shape
    if height < window or width < window:
        return np.zeros((max(0, height - window + 1), max(0, width - window + 1)), bool)
    places: NDArray[np.bool_] = _box_sum(_integral(allowed), window, window) == window * window
    return places


def draw_balanced(
    candidates: NDArray[np.int64], n: int, rng: np.random.Generator, *, balance: bool = True
) -> list[NDArray[np.int64]]:
    """Share out `n` draws over regions and classes.

    Parameters
    ----------
    candidates : ndarray (n_regions, n_classes), int
        Places for a window, by region and by the class at the window's centre.
    n : int
        Number of draws.
    balance : bool
        True gives every class that has places the same number of draws, False draws every place alike.

    Returns
    -------
    list of ndarray (n_classes, draws), int64
        For each region, its draws as pairs ``(class, rank of the place among those of the class)``, with
        replacement.
    """
    per_class = candidates.sum(axis=0)
    present = np.flatnonzero(per_class)
    if not len(present):
        return [np.zeros((0, 2), np.int64) for _ in candidates]
    share = np.full(len(present), 1 / len(present)) if balance else per_class[present] / per_class.sum()
    quota = np.floor(share * n).astype(np.int64)
    quota[: n - quota.sum()] += 1
    drawn: list[list[NDArray[np.int64]]] = [[] for _ in candidates]
    for label, count in zip(present, quota, strict=True):
        ends = np.cumsum(candidates[:, label])
        ranks = np.sort(rng.integers(per_class[label], size=count))
        region = np.searchsorted(ends, ranks, side="right")
        for number in np.unique(region):
            own = ranks[region == number] - (ends[number] - candidates[number, label])
            drawn[number].append(np.column_stack([np.full(len(own), label), own]))
    return [np.concatenate(parts) if parts else np.zeros((0, 2), np.int64) for parts in drawn]


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
    if not 0 < min_size <= max_size <= 1:
        raise InvalidInput(f"sizes must satisfy 0 < min_size <= max_size <= 1, not {min_size} and {max_size}")
    height, width = shape
    shorter = min(height, width)
    smallest = max(1, round(min_size * shorter))
    if allowed is None:
        return _draw_squares(shape, n, rng, min_size, max_size)
    if not window_places(allowed, smallest).any():
        raise InvalidInput(
            f"no square of {smallest} px fits inside the region: lower min_size or enlarge the region"
        )
    sums, kept = _integral(allowed), []
    found = 0
    for _ in range(MAX_ROUNDS):
        boxes = _draw_squares(shape, 2 * n, rng, min_size, max_size)
        inside = _inside(sums, boxes)
        kept.append(Boxes(*(part[inside] for part in boxes)))
        found += int(inside.sum())
        if found >= n:
            return Boxes(*(np.concatenate(parts)[:n] for parts in zip(*kept, strict=True)))
    raise InvalidInput(f"{n} squares hardly fit inside the region: lower max_size or enlarge the region")


def _draw_squares(
    shape: tuple[int, int], n: int, rng: np.random.Generator, min_size: float, max_size: float
) -> Boxes:
    height, width = shape
    shorter = min(height, width)
    side = np.clip(np.rint(rng.uniform(min_size, max_size, n) * shorter), 1, shorter).astype(np.int64)
    y = rng.integers(0, height - side + 1)
    x = rng.integers(0, width - side + 1)
    return Boxes(y, x, side, side.copy())


def _inside(sums: NDArray[np.int64], boxes: Boxes) -> NDArray[np.bool_]:
    y1, x1 = boxes.y + boxes.height, boxes.x + boxes.width
    covered = sums[y1, x1] - sums[boxes.y, x1] - sums[y1, boxes.x] + sums[boxes.y, boxes.x]
    inside: NDArray[np.bool_] = covered == boxes.height * boxes.width
    return inside


def _integral(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    sums = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1), np.int64)
    np.cumsum(mask, axis=0, out=sums[1:, 1:])
    np.cumsum(sums[1:, 1:], axis=1, out=sums[1:, 1:])
    return sums


def _box_sum(sums: NDArray[np.int64], height: int, width: int) -> NDArray[np.int64]:
    return sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]


def cut_windows(
    image: NDArray[np.generic], y: NDArray[np.int64], x: NDArray[np.int64], window: int
) -> NDArray[np.generic]:
    """Copy windows of a fixed size out of an image or mask.

    Parameters
    ----------
    image : ndarray (h, w) or (h, w, channels)
    y, x : ndarray (n,), int
        Top left pixels; the windows lie inside.

    Returns
    -------
    ndarray (n, window, window) or (n, window, window, channels)
    """
    views = np.lib.stride_tricks.sliding_window_view(image, (window, window), axis=(0, 1))[y, x]
    return np.moveaxis(views, 1, -1) if image.ndim == 3 else views


def resized_windows(image: NDArray[np.uint8], boxes: Boxes, size: int = 16) -> NDArray[np.uint8]:
    """Cut boxes out of an image and resize them, bilinearly.

    Parameters
    ----------
    image : ndarray (h, w, 3), uint8
    boxes : Boxes
    size : int
        Side of the results in pixels.

    Returns
    -------
    ndarray (n, size, size, 3), uint8
    """
    import cv2

    n = len(boxes.y)
    steps = (np.arange(size, dtype=np.float32) + 0.5) / size
    rows = boxes.y[:, None] + steps * boxes.height[:, None] - 0.5
    columns = boxes.x[:, None] + steps * boxes.width[:, None] - 0.5
    out = np.empty((n, size, size, 3), np.uint8)
    batch = max(1, MAX_MAP_ROWS // size)
    for start in range(0, n, batch):
        stop = min(start + batch, n)
        shape = ((stop - start) * size, size)
        map_y = np.repeat(rows[start:stop].reshape(-1, 1), size, axis=1).astype(np.float32)
        map_x = np.repeat(columns[start:stop, None], size, axis=1).reshape(shape).astype(np.float32)
        patch = cv2.remap(image, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        out[start:stop] = patch.reshape(-1, size, size, 3)
    return out


def turn_windows(
    windows: NDArray[np.uint8], masks: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Turn and mirror each window, and its mask alike, by one of the eight symmetries of the square.

    Parameters
    ----------
    windows : ndarray (n, size, size, channels), uint8
    masks : ndarray (n, size, size), uint8

    Returns
    -------
    windows, masks : new arrays of the same shapes
    """
    chosen = rng.integers(8, size=len(windows))
    turned, turned_masks = windows.copy(), masks.copy()
    for symmetry in range(1, 8):
        own = np.flatnonzero(chosen == symmetry)
        turned[own] = _turn(windows[own], symmetry)
        turned_masks[own] = _turn(masks[own], symmetry)
    return turned, turned_masks


def _turn(stack: NDArray[np.uint8], symmetry: int) -> NDArray[np.uint8]:
    turned = np.rot90(stack, symmetry % 4, axes=(1, 2))
    return turned[:, :, ::-1] if symmetry >= 4 else turned
