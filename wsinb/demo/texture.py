"""Tissue textures made of one small stained image.

The image is taken apart into its stains (Ruifrok and Johnston 2001, as in scikit-image), the stains are
weighted anew, and the result is mirrored on all sides, so that it can be sampled anywhere without a seam.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["NORMAL_STAINS", "TUMOUR_STAINS", "Stain", "source_image", "texture"]

MIRRORED_PX = 3072
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


def texture(image: NDArray[np.uint8], stain: Stain) -> NDArray[np.uint8]:
    """Return `image` with other stain strengths, mirrored on all sides.

    Parameters
    ----------
    image : ndarray (h, w, 3) uint8, RGB
    stain : Stain

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
    margins = [(MIRRORED_PX - side) // 2 + 1 for side in stained.shape[:2]]
    return np.pad(stained, ((margins[0],) * 2, (margins[1],) * 2, (0, 0)), mode="symmetric")
