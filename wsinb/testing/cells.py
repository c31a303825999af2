"""Synthetic slides with cells of several kinds, each known by outline and label."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsinb.testing.slides import GLASS, synthetic_regions
from wsinb.tiles.pyramid import write_pyramid

if TYPE_CHECKING:
    from shapely import Polygon

__all__ = ["CELL_KINDS", "synthetic_cell_image", "synthetic_cell_slide", "synthetic_cells"]

CELL_KINDS = ("fibroblast", "lymphocyte", "tumor")
STROMA = (236, 198, 214)
EDGE = 26  # level-0 px between the edge of the tissue and the middle of a cell
GAP = 3
CANDIDATES = 1 / 1200  # places that are tried, by level-0 px²; most of the later ones are taken
_N_VERTICES = 40


class _Kind(NamedTuple):
    """How cells of a kind look: radii in px, how far the outline waves, colour, dark spots inside."""

    radii: tuple[float, float]
    stretch: tuple[float, float]
    wave: float
    colour: tuple[int, int, int]
    spots: int


_LOOKS = {
    "fibroblast": _Kind((5.0, 6.5), (2.4, 3.0), 0.06, (166, 98, 142), 0),
    "lymphocyte": _Kind((7.0, 9.5), (1.0, 1.15), 0.05, (82, 58, 128), 5),
    "tumor": _Kind((10.0, 15.0), (1.0, 1.4), 0.13, (142, 92, 160), 2),
}


def synthetic_cell_slide(
    path: str | Path, size: tuple[int, int] = (1536, 1152), mpp: float | None = 0.5, seed: int = 0
) -> Path:
    """Write a small slide (a tiled JPEG pyramid) that holds known cells, and return its path.

    A piece of pink tissue on glass, in it cells of `CELL_KINDS`: the polygons of
    ``synthetic_cells(size, seed)``. The stain differs a little from seed to seed, as between laboratories.

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
    return write_pyramid(synthetic_cell_image(size, seed), path, mpp=mpp, quality=85)


def synthetic_cells(size: tuple[int, int] = (1536, 1152), seed: int = 0) -> dict[str, list[Polygon]]:
    """Return the cells of `synthetic_cell_slide` as polygons in level-0 pixels, by kind.

    They lie inside the slide's tissue and do not touch each other. Tumor cells are frequent at the right.
    """
    import shapely

    rng = np.random.default_rng(seed + 100)
    (tissue,) = synthetic_regions(size, seed)["tissue"]
    inner = shapely.buffer(tissue, -EDGE)
    candidates = rng.uniform((0, 0), size, (round(size[0] * size[1] * CANDIDATES), 2))
    cells: dict[str, list[Polygon]] = {kind: [] for kind in CELL_KINDS}
    taken = np.empty((0, 3))
    for x, y in candidates[shapely.contains_xy(inner, *candidates.T)]:
        tumor = 0.15 + 0.5 * x / size[0]
        kind = str(rng.choice(CELL_KINDS, p=[(1 - tumor) * 0.35, (1 - tumor) * 0.65, tumor]))
        ring = _outline(rng, x, y, _LOOKS[kind])
        reach = np.hypot(*(ring - np.array([x, y])).T).max()
        if (np.hypot(taken[:, 0] - x, taken[:, 1] - y) > taken[:, 2] + reach + GAP).all():
            taken = np.append(taken, [(x, y, reach)], axis=0)
            cells[kind].append(shapely.Polygon(ring))
    return cells


def synthetic_cell_image(size: tuple[int, int] = (1536, 1152), seed: int = 0) -> NDArray[np.uint8]:
    """Return the pixels of `synthetic_cell_slide` before compression: (height, width, 3) uint8, RGB."""
    import cv2

    width, height = size
    rng = np.random.default_rng(seed + 200)
    stain = rng.uniform(0.97, 1.03, 3)
    image = np.empty((height, width, 3), np.uint8)
    image[:] = GLASS
    (tissue,) = synthetic_regions(size, seed)["tissue"]
    _fill(image, np.asarray(tissue.exterior.coords), STROMA)
    for kind, cells in synthetic_cells(size, seed).items():
        look = _LOOKS[kind]
        for cell in cells:
            shade = np.clip(np.multiply(look.colour, stain) * rng.uniform(0.85, 1.15), 0, 255)
            _fill(image, np.asarray(cell.exterior.coords), shade)
            for _ in range(look.spots):
                spot = rng.normal((cell.centroid.x, cell.centroid.y), 0.35 * look.radii[0])
                cv2.circle(image, np.rint(spot).astype(int).tolist(), 2, (0.6 * shade).tolist(), -1)
    blurred = cv2.GaussianBlur(image, (0, 0), 0.9)
    grain = rng.normal(0, 5, (height, width, 1)).astype(np.float32)
    coarse = cv2.resize(
        rng.normal(0, 6, (height // 24 + 1, width // 24 + 1)).astype(np.float32), (width, height)
    )
    on_tissue = np.any(image != GLASS, axis=2)
    painted = blurred + grain + (coarse * on_tissue)[..., None]
    return np.asarray(np.clip(painted, 0, 255), np.uint8)


def _outline(rng: np.random.Generator, x: float, y: float, look: _Kind) -> NDArray[np.float64]:
    """Return a wavy, stretched and turned ring around (x, y), (n, 2) in level-0 px."""
    angle = np.linspace(0, 2 * np.pi, _N_VERTICES, endpoint=False)
    waves = np.mean([np.sin(k * angle + rng.uniform(0, 2 * np.pi)) for k in (2, 3, 5)], axis=0)
    radius, stretch = rng.uniform(*look.radii), rng.uniform(*look.stretch)
    ring = radius * (1 + look.wave * waves)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    turn = rng.uniform(0, np.pi)
    turned = (ring * (stretch, 1)) @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return np.asarray(turned + np.array([x, y]))


def _fill(image: NDArray[np.uint8], ring: NDArray[np.float64], colour: Iterable[float]) -> None:
    import cv2

    eighths = np.rint((ring - 0.5) * 8).astype(np.int32)
    cv2.fillPoly(image, [eighths], [float(value) for value in colour], cv2.LINE_AA, shift=3)
