"""Tissue textures made of one small stained image.

The image is taken apart into its stains (Ruifrok and Johnston 2001, as in scikit-image), the stains are
weighted anew, and the result is mirrored on all sides, so that it can be sampled anywhere without a seam.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from wsinb.demo.noise import Field, soft_step

__all__ = ["NORMAL_STAINS", "TUMOUR_STAINS", "Stain", "source_image", "texture"]

MIRRORED_PX = 3072
MOSAIC_PX, MOSAIC_CELL, PIECE_PX = 1536, 4, 110
SOLID = (slice(75, 220), slice(95, 235))  # the part of the source that is one solid gland


@dataclass(frozen=True)
class Stain:
    """How strong each stain is, relative to the source image.

    Attributes
    ----------
    haematoxylin, dab : float
        Factors of the blue and the brown stain.
    solid : bool
        True takes only the solid part of the source: crowded cells without stroma between.
    """

    haematoxylin: float
    dab: float
    solid: bool = False


# mucosa: brown glands in pale stroma, as the lobules of one slide differ
NORMAL_STAINS = (Stain(0.95, 0.85), Stain(0.85, 0.7), Stain(1.1, 0.92))
# tumour: crowded dark nuclei that have lost most of the brown membrane stain
TUMOUR_STAINS = (Stain(1.45, 0.38, solid=True), Stain(1.3, 0.48, solid=True))


def source_image() -> NDArray[np.uint8]:
    """Return the stained image of colon mucosa that comes with scikit-image, (512, 512, 3) RGB."""
    from skimage.data import immunohistochemistry

    image: NDArray[np.uint8] = immunohistochemistry()  # type: ignore[no-untyped-call]
    return image


def texture(image: NDArray[np.uint8], stain: Stain, seed: int = 0) -> NDArray[np.uint8]:
    """Return `image` with other stain strengths, mirrored on all sides.

    Parameters
    ----------
    image : ndarray (h, w, 3) uint8, RGB
    stain : Stain
    seed : int
        Seed of the mosaic that a solid texture is put together from.

    Returns
    -------
    ndarray (side, side, 3) uint8, RGB
        Of at least `MIRRORED_PX` pixels a side.
    """
    from skimage.color import hed2rgb, rgb2hed

    hed = rgb2hed(image[SOLID] if stain.solid else image)
    hed[..., 0] *= stain.haematoxylin
    hed[..., 2] *= stain.dab
    stained = np.round(hed2rgb(hed) * 255).astype(np.uint8)
    if stain.solid:
        stained = _mosaic(stained, np.random.default_rng(seed))
    margins = [(MIRRORED_PX - side) // 2 + 1 for side in stained.shape[:2]]
    return np.pad(stained, ((margins[0],) * 2, (margins[1],) * 2, (0, 0)), mode="symmetric")


def _mosaic(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return a large texture of randomly turned pieces of a small one.

    Two mosaics are laid over each other: near the seams of the first the second shows, so that none is seen.
    """
    first, inside = _pieces(image, rng)
    second, _ = _pieces(image, rng)
    blended = cv2.blendLinear(first, second, inside, 1 - inside)
    return cast("NDArray[np.uint8]", blended)


def _pieces(image: NDArray[np.uint8], rng: np.random.Generator) -> tuple[NDArray[np.uint8], Field]:
    """Return a mosaic of turned pieces, and 0 to 1 how far each pixel is from a seam."""
    from scipy.spatial import cKDTree

    n = MOSAIC_PX // MOSAIC_CELL
    knots = np.arange(-1, MOSAIC_PX / PIECE_PX + 2) * PIECE_PX
    seeds = np.stack(np.meshgrid(knots, knots), axis=-1).reshape(-1, 2)
    seeds += rng.uniform(-0.4, 0.4, seeds.shape) * PIECE_PX
    y, x = (np.mgrid[:n, :n] + 0.5) * MOSAIC_CELL
    distance, nearest = cKDTree(seeds).query(np.stack([x.ravel(), y.ravel()], axis=1), k=2)
    gap = (distance[:, 1] - distance[:, 0]).reshape(n, n).astype(np.float32)
    full = (MOSAIC_PX, MOSAIC_PX)
    piece = cv2.resize(nearest[:, 0].reshape(n, n).astype(np.int32), full, interpolation=cv2.INTER_NEAREST)
    angle = rng.uniform(0, 2 * np.pi, len(seeds)).astype(np.float32)
    centre = (rng.uniform(0.35, 0.65, (len(seeds), 2)) * image.shape[1::-1]).astype(np.float32)
    v, u = np.mgrid[:MOSAIC_PX, :MOSAIC_PX].astype(np.float32)
    u, v = u - seeds[piece, 0].astype(np.float32), v - seeds[piece, 1].astype(np.float32)
    cos, sin = np.cos(angle)[piece], np.sin(angle)[piece]
    where_x, where_y = u * cos - v * sin + centre[piece, 0], u * sin + v * cos + centre[piece, 1]
    mosaic = cv2.remap(image, where_x, where_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    inside = cv2.resize(soft_step(gap, 2.5 * MOSAIC_CELL, 7.0 * MOSAIC_CELL), full)
    return cast("NDArray[np.uint8]", mosaic), cast("Field", inside)
