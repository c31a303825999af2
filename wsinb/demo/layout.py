"""Where the demo slide has tissue, and where it has tumour.

All fields lie on a coarse grid of `CELL` level-0 pixels; the slide is painted from them block by block, and
the known outlines are the zero lines of the same fields, so that what is painted and what is known are one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely import LineString, Polygon, polygonize

from wsinb.demo.noise import Field, signed_distance, smooth_noise, soft_step

__all__ = ["CELL", "Layout", "Nest", "make_layout"]

CELL = 16
LOBULE_PX = 1300
# centre x, y and radii, as parts of the slide's side, and the angle in radians
ISLANDS_WIDE = (
    (0.28, 0.27, 0.25, 0.17, 0.5),
    (0.75, 0.30, 0.17, 0.22, 0.3),
    (0.27, 0.74, 0.19, 0.17, -0.6),
    (0.71, 0.75, 0.24, 0.16, -0.4),
)
ISLANDS_SMALL = ((0.27, 0.50, 0.20, 0.40, 0.1), (0.74, 0.50, 0.19, 0.40, -0.15))
WIDE_FROM_PX = 12_000


@dataclass(frozen=True)
class Nest:
    """One known region of tumour.

    Attributes
    ----------
    polygon : Polygon
        Outline with holes, in level-0 pixels.
    island : int
        Number of the tissue island it lies in.
    """

    polygon: Polygon
    island: int


@dataclass(frozen=True)
class Layout:
    """Coarse fields of the slide, each (n, n) with one value per `CELL` x `CELL` level-0 pixels.

    Attributes
    ----------
    size : int
        Side of the slide, level-0 px.
    tissue : ndarray float32
        How much tissue covers the glass, 0 to 1.
    tumour : ndarray float32
        Signed distance to the border of the tumour nests, level-0 px, positive inside.
    strength : ndarray float32
        Local strength of all stains, around 1.
    lobule : ndarray int32
        Number of the lobule, a piece of tissue with one texture.
    warp : ndarray (n, n, 2) float32
        Displacement of the texture, level-0 px.
    nests : tuple of Nest
    """

    size: int
    tissue: Field
    tumour: Field
    strength: Field
    lobule: NDArray[np.int32]
    warp: Field
    nests: tuple[Nest, ...]


def make_layout(size: int, seed: int = 0) -> Layout:
    """Return the layout of a demo slide.

    Parameters
    ----------
    size : int
        Side of the slide, level-0 px.
    seed : int
        The same seed and size give the same slide.
    """
    rng = np.random.default_rng(seed)
    n = -(-size // CELL)
    islands = _islands(rng, n, ISLANDS_WIDE if size >= WIDE_FROM_PX else ISLANDS_SMALL)
    inside = signed_distance(islands > 0)
    tumour = _nests(rng, n, islands, inside)
    lobule, cleft = _lobules(rng, n)
    tissue = soft_step(inside, -1.0, 5.0) * cleft
    strength = 1 + 0.07 * smooth_noise(rng, n, n / 5) + 0.03 * smooth_noise(rng, n, 700 / CELL)
    return Layout(
        size=size,
        tissue=tissue.astype(np.float32),
        tumour=tumour * CELL,
        strength=np.clip(strength, 0.75, 1.25).astype(np.float32),
        lobule=lobule,
        warp=np.stack([_warp(rng, n), _warp(rng, n)], axis=-1),
        nests=_outlines(tumour, islands),
    )


def _islands(rng: np.random.Generator, n: int, shapes: tuple[tuple[float, ...], ...]) -> NDArray[np.int32]:
    """Return the number of the tissue island at each cell, from 1; 0 is glass."""
    y, x = (np.mgrid[:n, :n] + 0.5) / n
    ragged = 0.16 * smooth_noise(rng, n, n / 6) + 0.06 * smooth_noise(rng, n, n / 18)
    ragged += 0.025 * smooth_noise(rng, n, n / 60)
    islands = np.zeros((n, n), np.int32)
    for number, (cx, cy, rx, ry, angle) in enumerate(shapes, start=1):
        u = (x - cx) * np.cos(angle) + (y - cy) * np.sin(angle)
        v = (y - cy) * np.cos(angle) - (x - cx) * np.sin(angle)
        islands[1 - np.hypot(u / rx, v / ry) + ragged > 0] = number
    return islands


def _nests(rng: np.random.Generator, n: int, islands: NDArray[np.int32], inside: Field) -> Field:
    """Return the signed distance to the borders of the tumour nests, in cells."""
    wide = n * CELL >= WIDE_FROM_PX
    per_island, r_low, r_high = (5, 0.022, 0.045) if wide else (3, 0.045, 0.062)
    ragged = smooth_noise(rng, n, n * r_low * 2), smooth_noise(rng, n, n * r_low * 0.6)
    y, x = np.mgrid[:n, :n].astype(np.float32)
    tumour = np.zeros((n, n), np.bool_)
    placed: list[tuple[float, float, float]] = []
    for island in range(1, int(islands.max()) + 1):
        for _ in range(per_island):
            r = float(rng.uniform(r_low, r_high)) * n
            spot = _free_spot(rng, (islands == island) & (inside > 0.8 * r), placed, r)
            if spot is None:
                continue
            placed.append((*spot, r))
            reach = np.hypot(x - spot[0], (y - spot[1]) * rng.uniform(0.75, 1.3)) / r
            nest = 1 - reach + 0.22 * ragged[0] + 0.07 * ragged[1] > 0
            if rng.random() < 0.4:
                hx, hy = spot[0] + rng.uniform(-0.25, 0.25) * r, spot[1] + rng.uniform(-0.25, 0.25) * r
                nest &= 1 - np.hypot(x - hx, y - hy) / (0.4 * r) + 0.15 * ragged[1] < 0
            tumour |= nest & (reach < 1.6) & (inside > 6)
    return signed_distance(_without_specks(tumour))


def _free_spot(
    rng: np.random.Generator, allowed: NDArray[np.bool_], placed: list[tuple[float, float, float]], r: float
) -> tuple[float, float] | None:
    """Return a random allowed cell that keeps away from what is placed, or None if there is no room."""
    ys, xs = np.nonzero(allowed)
    if not len(xs):
        return None
    for i in rng.integers(len(xs), size=200):
        x, y = float(xs[i]), float(ys[i])
        if all(np.hypot(x - px, y - py) > 1.6 * (r + pr) for px, py, pr in placed):
            return x, y
    return None


def _without_specks(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the mask without pieces and holes of less than 60 cells."""
    from scipy.ndimage import label

    cleaned = mask.copy()
    for value in (True, False):
        pieces, _ = label(cleaned == value)
        small = np.bincount(pieces.ravel()) < 60
        small[0] = False
        cleaned[small[pieces]] = not value
    return cleaned


def _lobules(rng: np.random.Generator, n: int) -> tuple[NDArray[np.int32], Field]:
    """Return the lobule at each cell, and 0 to 1 how far it is from the cleft between two lobules."""
    from scipy.spatial import cKDTree

    pitch = LOBULE_PX / CELL
    knots = np.arange(-1, n / pitch + 2) * pitch
    seeds = np.stack(np.meshgrid(knots, knots), axis=-1).reshape(-1, 2)
    seeds += rng.uniform(-0.42, 0.42, seeds.shape) * pitch
    y, x = np.mgrid[:n, :n].astype(np.float32)
    bend = 0.11 * pitch
    points = np.stack(
        [x + bend * smooth_noise(rng, n, pitch * 0.7), y + bend * smooth_noise(rng, n, pitch * 0.7)], axis=-1
    )
    distance, nearest = cKDTree(seeds).query(points.reshape(-1, 2), k=2, workers=-1)
    gap = (distance[:, 1] - distance[:, 0]).reshape(n, n).astype(np.float32)
    # the textures of two lobules are mixed within a cell of their border: the cleft hides at least that
    width = np.clip(0.6 + 0.9 * smooth_noise(rng, n, pitch * 0.6), 0.5, 4).astype(np.float32)
    return nearest[:, 0].reshape(n, n).astype(np.int32), soft_step((gap - 2.0) / width, 0, 1)


def _warp(rng: np.random.Generator, n: int) -> Field:
    warp: Field = 60 * smooth_noise(rng, n, 1100 / CELL) + 12 * smooth_noise(rng, n, 360 / CELL)
    return warp


def _outlines(tumour: Field, islands: NDArray[np.int32]) -> tuple[Nest, ...]:
    """Return the zero lines of the tumour field as polygons with holes, in level-0 pixels."""
    from skimage.measure import find_contours

    # a value belongs to the middle of its cell; the frame of one cell closes outlines at the edge
    framed = np.pad(tumour, 1, constant_values=-9)
    contours = find_contours(framed, 0)  # type: ignore[no-untyped-call]
    rings = [LineString((line[:, ::-1] - 0.5) * CELL) for line in contours]
    nests = []
    for polygon in polygonize(rings).geoms:
        assert isinstance(polygon, Polygon)
        inner = polygon.representative_point()
        row, col = int(inner.y // CELL), int(inner.x // CELL)
        if tumour[row, col] > 0:
            nests.append(Nest(polygon, int(islands[row, col])))
    return tuple(sorted(nests, key=lambda nest: (nest.island, nest.polygon.bounds)))
