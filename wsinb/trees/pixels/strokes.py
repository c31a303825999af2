"""Strokes: which pixels are known, and drawing some of each class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.trees.pixels.field import PixelField, PixelRows

__all__ = ["Draw", "Source", "check_strokes", "class_names", "draw_pixels"]

Source = NDArray[np.uint8] | PixelField | PixelRows | Callable[[], NDArray[np.uint8] | PixelField]
Draw = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]
"""Rows, columns and classes of the pixels drawn from one image."""


def check_strokes(images: Any, strokes: Any) -> tuple[list[Source], list[NDArray[np.int16]]]:
    """Return images and their strokes as lists of equal length; one image may stand alone.

    Raises
    ------
    InvalidInput
        If they do not fit each other or strokes are not whole numbers from -1 to 254.
    """
    if isinstance(strokes, np.ndarray) and strokes.ndim == 2:
        images, strokes = [images], [strokes]
    sources, masks = list(images), list(strokes)
    if not sources:
        raise InvalidInput("there is nothing to learn from: give at least one image with strokes")
    if len(sources) != len(masks):
        raise InvalidInput(f"{len(sources)} images need as many masks of strokes, not {len(masks)}")
    checked = []
    for source, mask in zip(sources, masks, strict=True):
        if not isinstance(mask, np.ndarray) or mask.ndim != 2 or mask.dtype.kind not in "iu":
            kind = getattr(mask, "dtype", type(mask).__name__)
            raise InvalidInput(f"strokes must be (h, w) whole numbers, -1 where nothing is known, not {kind}")
        if mask.size and (int(mask.min()) < -1 or int(mask.max()) > 254):
            raise InvalidInput(
                f"strokes must be classes from 0 to 254 or -1, not {int(mask.min())} to {int(mask.max())}"
            )
        if not callable(source) and tuple(source.shape[:2]) != mask.shape:
            raise InvalidInput(f"an image of {tuple(source.shape[:2])} pixels has strokes of {mask.shape}")
        checked.append(mask.astype(np.int16, copy=False))
    return sources, checked


def class_names(strokes: Sequence[NDArray[np.int16]], labels: Sequence[str] | None) -> list[str]:
    """Return the names of the classes, by default ``background, 1, 2, ...``.

    Raises
    ------
    InvalidInput
        If there are no strokes, only one class, a class without strokes or one without a name.
    """
    highest = max(int(mask.max(initial=-1)) for mask in strokes)
    names = ["background", *map(str, range(1, highest + 1))] if labels is None else list(labels)
    if highest < 0:
        raise InvalidInput("there are no strokes: mark some pixels of at least two classes")
    if len(set(names)) != len(names) or not 2 <= len(names) <= 255:
        only = "strokes of one class only" if labels is None and len(names) < 2 else f"{names}"
        raise InvalidInput(f"2 to 255 different classes are needed, background included, not {only}")
    if highest >= len(names):
        raise InvalidInput(f"strokes hold class {highest}, but only {len(names)} labels are given")
    counts = sum(np.bincount(mask[mask >= 0], minlength=len(names)) for mask in strokes)
    for name, count in zip(names, np.asarray(counts), strict=True):
        if not count:
            raise InvalidInput(f"{name!r} has no strokes: mark some of its pixels, or leave the label out")
    return names


def draw_pixels(
    strokes: Sequence[NDArray[np.int16]],
    n_classes: int,
    n: int,
    rng: np.random.Generator,
    *,
    balance: bool = True,
) -> list[Draw]:
    """Draw at most `n` pixels of each class, without replacement.

    Without `balance`, at most as many of all classes together, every pixel alike.

    Returns
    -------
    list of Draw
        For each image.
    """
    drawn: list[list[tuple[NDArray[np.int64], int]]] = [[] for _ in strokes]
    counts = sum(np.bincount(mask[mask >= 0], minlength=n_classes) for mask in strokes)
    share = np.asarray(counts) * (n_classes * n / np.sum(counts))
    wanted = np.full(n_classes, n) if balance else np.maximum(1, np.rint(share)).astype(int)
    for label in range(n_classes):
        places = [np.flatnonzero(mask == label) for mask in strokes]
        ends = np.cumsum([len(place) for place in places])
        ranks = np.arange(ends[-1])
        if len(ranks) > wanted[label]:
            ranks = np.sort(rng.choice(ends[-1], wanted[label], replace=False))
        cuts = np.searchsorted(ranks, ends)
        starts = np.append(0, cuts[:-1])
        for number, (place, start, stop) in enumerate(zip(places, starts, cuts, strict=True)):
            drawn[number].append((place[ranks[start:stop] - (ends[number] - len(place))], label))
    found = []
    for mask, parts in zip(strokes, drawn, strict=True):
        chosen = np.concatenate([place for place, _ in parts])
        labels = np.concatenate([np.full(len(place), label, np.uint8) for place, label in parts])
        y, x = np.divmod(chosen, mask.shape[1])
        found.append((y, x, labels))
    return found
