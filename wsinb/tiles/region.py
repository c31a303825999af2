"""Reading a region of a slide at any resolution from its pyramid."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wsinb.tiles.model import Level, Plane
from wsinb.tiles.resample import area_resample, whole
from wsinb.tiles.sources.base import Source

__all__ = ["pick_level", "read_region", "stored_region"]

MAX_BLOCK_PIXELS = 6_000_000
"""Most level pixels that are held at once while a region is resampled."""

SAME_SCALE = 1e-4
"""Relative difference of two downsamples that are the same but for how they were written down."""


def pick_level(levels: Sequence[Level], downsample: float) -> int:
    """Index of the coarsest level that is at least as fine as `downsample`, else of the finest."""
    fine = [
        number for number, level in enumerate(levels) if level.downsample <= downsample * (1 + SAME_SCALE)
    ]
    return max(fine, key=lambda number: levels[number].downsample, default=0)


def read_region(
    source: Source, l0_x: float, l0_y: float, width: int, height: int, downsample: float, plane: Plane
) -> NDArray[np.uint8]:
    """Read `width` by `height` output pixels of `downsample` level-0 pixels each, from (l0_x, l0_y) on.

    Every output pixel is the mean of the area it covers, on the nearest finer level; what lies outside the
    slide is its background. Memory beyond the output is bounded, however much the region is made smaller.
    """
    level = pick_level(source.levels, downsample)
    lv_downsample = source.levels[level].downsample
    lv_step = downsample / lv_downsample
    if abs(lv_step - 1) <= SAME_SCALE:
        lv_step = 1.0
    lv_x, lv_y = whole(l0_x / lv_downsample), whole(l0_y / lv_downsample)
    if lv_step == 1 and lv_x.is_integer() and lv_y.is_integer():
        return _padded(source, level, (int(lv_x), int(lv_y), int(lv_x) + width, int(lv_y) + height), plane)
    block = int(math.sqrt(MAX_BLOCK_PIXELS) / max(lv_step, 1))
    if block < 1:
        return _means(source, level, (lv_x, lv_y), lv_step, (width, height), plane)
    out = np.empty((height, width, 3), np.uint8)
    for y in range(0, height, block):
        for x in range(0, width, block):
            n_x, n_y = min(block, width - x), min(block, height - y)
            corner = whole(lv_x + x * lv_step), whole(lv_y + y * lv_step)
            out[y : y + n_y, x : x + n_x] = _resampled(source, level, corner, lv_step, (n_x, n_y), plane)
    return out


def stored_region(source: Source, l0_x: int, l0_y: int, size: int, downsample: float) -> bytes | None:
    """Return the JPEG file that is stored for exactly this square of output pixels; None if there is none."""
    number = pick_level(source.levels, downsample)
    level = source.levels[number]
    l0_step = size * downsample
    if level.tile_size != (size, size) or level.downsample != downsample:
        return None
    if l0_x % l0_step or l0_y % l0_step:
        return None
    return source.stored_jpeg(number, int(l0_x // l0_step), int(l0_y // l0_step))


def _resampled(
    source: Source,
    level: int,
    lv_corner: tuple[float, float],
    lv_step: float,
    size: tuple[int, int],
    plane: Plane,
) -> NDArray[np.uint8]:
    """Read `size` output pixels of `lv_step` level pixels each, small enough to be held at once."""
    (lv_x, lv_y), (width, height) = lv_corner, size
    left, top = math.floor(lv_x), math.floor(lv_y)
    right = max(left + 1, math.ceil(whole(lv_x + lv_step * width)))
    bottom = max(top + 1, math.ceil(whole(lv_y + lv_step * height)))
    image = _padded(source, level, (left, top, right, bottom), plane)
    return area_resample(image, lv_x - left, lv_y - top, lv_step, width, height)


def _means(
    source: Source,
    level: int,
    lv_corner: tuple[float, float],
    lv_step: float,
    size: tuple[int, int],
    plane: Plane,
) -> NDArray[np.uint8]:
    """Read `size` output pixels that each cover more level pixels than may be held at once.

    The edges of an output pixel are rounded to whole level pixels.
    """
    out = np.full((size[1], size[0], 3), source.background, np.uint8)
    columns, rows = (
        range(max(0, math.floor(-start / lv_step)), min(count, math.ceil((length - start) / lv_step)))
        for start, count, length in zip(lv_corner, size, source.levels[level].size, strict=True)
    )
    for row in rows:
        for column in columns:
            edges = (column, row, column + 1, row + 1)
            lv_box = [round(lv_corner[i % 2] + edge * lv_step) for i, edge in enumerate(edges)]
            out[row, column] = _mean(source, level, lv_box, plane)
    return out


def _mean(source: Source, level: int, lv_box: Sequence[int], plane: Plane) -> NDArray[np.float64]:
    """Return the mean colour of a box, read in blocks; where it leaves the level, the background counts."""
    lv_width, lv_height = source.levels[level].size
    x0, y0, x1, y1 = max(lv_box[0], 0), max(lv_box[1], 0), min(lv_box[2], lv_width), min(lv_box[3], lv_height)
    area = (lv_box[2] - lv_box[0]) * (lv_box[3] - lv_box[1])
    background = float(source.background)
    difference = np.zeros(3)
    edge = int(math.sqrt(MAX_BLOCK_PIXELS))
    for y in range(y0, y1, edge):
        for x in range(x0, x1, edge):
            part = source.read(level, (x, y, min(x + edge, x1), min(y + edge, y1)), plane)
            difference += part.sum(axis=(0, 1), dtype=np.float64) - background * part[..., 0].size
    return np.round(background + difference / area)


def _padded(source: Source, level: int, lv_box: tuple[int, int, int, int], plane: Plane) -> NDArray[np.uint8]:
    """Read whole pixels of a level, and its background where the box leaves it."""
    lv_width, lv_height = source.levels[level].size
    left, top, right, bottom = lv_box
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(right, lv_width), min(bottom, lv_height)
    if (x0, y0, x1, y1) == lv_box:
        found = source.read(level, lv_box, plane)
        # a small picture may come as it is kept; the caller's is his to draw on
        return found if found.flags.writeable else found.copy()
    out = np.full((bottom - top, right - left, 3), source.background, np.uint8)
    if x0 < x1 and y0 < y1:
        out[y0 - top : y1 - top, x0 - left : x1 - left] = source.read(level, (x0, y0, x1, y1), plane)
    return out
