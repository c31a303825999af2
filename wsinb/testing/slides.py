"""Synthetic slides with known regions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wsinb.tiles.pyramid import write_pyramid

if TYPE_CHECKING:
    from shapely import Polygon

__all__ = ["synthetic_image", "synthetic_regions", "synthetic_slide"]

GLASS = (243, 240, 244)
STROMA = (226, 170, 196)
TUMOUR = (110, 60, 140)
_N_VERTICES = 72


def synthetic_slide(
    path: str | Path, size: tuple[int, int] = (2048, 1536), mpp: float | None = 0.5, seed: int = 0
) -> Path:
    """Write a small slide (a tiled JPEG pyramid) that holds known regions, and return its path.

    Pink tissue on glass with violet, grainy blobs: the polygons of ``synthetic_regions(size, seed)``.

    Parameters
    ----------
    path : str or Path
        File to write, ending in ``.tif`` or ``.tiff``.
    size : (int, int)
        Width and height in pixels.
    mpp : float, optional
        Micrometres per pixel; None leaves it unknown.
    seed : int
        Equal seeds give equal slides.
    """
    return write_pyramid(synthetic_image(size, seed), path, mpp=mpp, quality=85)


def synthetic_regions(size: tuple[int, int] = (2048, 1536), seed: int = 0) -> dict[str, list[Polygon]]:
    """Return the regions of `synthetic_slide` as polygons in level-0 pixels, by label.

    ``tissue`` holds one polygon, ``tumor`` four that lie inside it and do not touch each other.
    """
    from shapely import Polygon

    width, height = size
    rng = np.random.default_rng(seed)
    tissue = _blob(rng, width / 2, height / 2, 0.44 * width, 0.44 * height, 0.04)
    centres = [(x, y) for y in (0.36, 0.64) for x in (0.34, 0.66)]
    tumour = [_blob(rng, x * width, y * height, 0.09 * width, 0.09 * height, 0.2) for x, y in centres]
    return {"tissue": [Polygon(tissue)], "tumor": [Polygon(ring) for ring in tumour]}


def synthetic_image(size: tuple[int, int] = (2048, 1536), seed: int = 0) -> NDArray[np.uint8]:
    """Return the pixels of `synthetic_slide` before compression: (height, width, 3) uint8, RGB."""
    import cv2

    width, height = size
    regions = synthetic_regions(size, seed)
    rng = np.random.default_rng(seed + 1)
    image = np.empty((height, width, 3), np.uint8)
    image[:] = GLASS
    for label, colour in (("tissue", STROMA), ("tumor", TUMOUR)):
        rings = [np.rint(np.asarray(region.exterior.coords)).astype(np.int32) for region in regions[label]]
        cv2.fillPoly(image, rings, colour)
    # fine grain in the tumour, coarse in the rest: known by texture as well as by colour
    fine = rng.normal(0, 18, (height, width)).astype(np.float32)
    coarse = cv2.resize(
        rng.normal(0, 7, (height // 16 + 1, width // 16 + 1)).astype(np.float32), (width, height)
    )
    is_tumour = np.all(image == TUMOUR, axis=2)
    grain = np.where(is_tumour, fine, coarse)[..., None]
    return np.clip(image + grain, 0, 255).astype(np.uint8)


def _blob(
    rng: np.random.Generator, x: float, y: float, radius_x: float, radius_y: float, wobble: float
) -> NDArray[np.float64]:
    """Return a wavy ring around (x, y) that stays within (1 + wobble) times the radii."""
    angle = np.linspace(0, 2 * np.pi, _N_VERTICES, endpoint=False)
    waves = sum(np.sin(k * angle + rng.uniform(0, 2 * np.pi)) for k in (2, 3, 5)) / 3
    radius = 1 + wobble * waves
    return np.stack([x + radius_x * radius * np.cos(angle), y + radius_y * radius * np.sin(angle)], axis=1)
