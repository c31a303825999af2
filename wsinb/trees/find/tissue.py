"""`find_tissue`: the large dark parts of a slide, on its thumbnail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.numbers import real
from wsinb.trees.find.threshold import check_offset, darker_than_gaussian, gray, odd_block
from wsinb.trees.outlines.polygons import mask_polygons
from wsinb.trees.outlines.raster import rasterise
from wsinb.trees.tiling.cores import area_of

if TYPE_CHECKING:
    import geopandas as gpd

    from wsinb.tiles import Slide

__all__ = ["find_tissue"]

MORPHOLOGY = 3
BORDER = 10


def find_tissue(
    slide: Slide,
    *,
    block: int = 951,
    offset: float = 5,
    min_share: float = 0.05,
    max_size: int = 2048,
    mask: Any = None,
    label: str | None = None,
    layer: str = "tissue",
    created_by: str | None = None,
) -> gpd.GeoDataFrame:
    """Outline the tissue of a slide on a thumbnail.

    After the sample detection of Cytomine-DataMining and its successor: grey values no brighter than the
    Gaussian mean around them, less `offset`; tissue grown and shrunk three times by 5 x 5 pixels; a white
    border; what is larger than `min_share` of the picture. Tissue that fills more of its neighbourhood than
    glass does is only found by its rim: use a larger `block`.

    Parameters
    ----------
    slide : Slide
    block : int
        Side of the Gaussian neighbourhood in pixels of the thumbnail; made odd.
    offset : float
        How much darker than the mean around it tissue is, in grey values.
    min_share : float
        Least area of a piece of tissue, holes taken off, as a share of the slide's.
    max_size : int
        Longer side of the thumbnail; a slide that is smaller is not enlarged.
    mask : Box, shapely polygon or ndarray of bool, optional
        Where to look: in level-0 pixels, or a mask of the whole slide at any resolution. The rest has no part
        in the mean either.
    label, layer, created_by : str
        Columns of the result.

    Returns
    -------
    GeoDataFrame
        An annotation table: polygons with holes, in level-0 pixels, the largest first.

    Raises
    ------
    InvalidInput
        If a parameter is out of range.
    """
    from wsinb.annotate import empty_annotations, new_annotations

    side, offset = odd_block(block), check_offset(offset)
    share = real(min_share)
    if share is None or not 0 <= share <= 1:
        raise InvalidInput(f"min_share must be a share of the slide's area from 0 to 1, not {min_share!r}")
    if isinstance(max_size, bool) or not isinstance(max_size, int) or not 16 <= max_size <= 16384:
        raise InvalidInput(f"max_size must be a whole number of pixels from 16 to 16384, not {max_size!r}")
    picture = gray(slide.thumbnail(max_size))
    scale = np.array(slide.size) / picture.shape[::-1]
    seen = _seen(mask, picture.shape, scale)
    tissue = _closed(darker_than_gaussian(picture, seen, side, offset)) & seen
    polygons = mask_polygons(tissue).polygons
    areas = shapely.area(polygons)
    kept = polygons[areas > share * picture.size]
    if not len(kept):
        return empty_annotations()
    kept = kept[np.argsort(-shapely.area(kept), kind="stable")]
    l0_polygons = shapely.transform(kept, lambda xy: np.minimum(xy * scale, slide.size))
    return new_annotations(l0_polygons, label=label, layer=layer, created_by=created_by)


def _closed(dark: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Grow and shrink what is dark, with a white border around the picture."""
    import cv2

    kernel = np.ones((5, 5), np.uint8)
    padded = np.pad(dark.astype(np.uint8), BORDER)
    grown = cv2.dilate(padded, kernel, iterations=MORPHOLOGY)
    closed = cv2.erode(grown, kernel, iterations=MORPHOLOGY)
    return np.asarray(closed, bool)[BORDER:-BORDER, BORDER:-BORDER]


def _seen(mask: Any, shape: tuple[int, ...], scale: NDArray[np.float64]) -> NDArray[np.bool_]:
    height, width = shape
    if mask is None:
        return np.ones((height, width), bool)
    if isinstance(mask, np.ndarray):
        if (
            mask.ndim != 2
            or not mask.size
            or not (mask.dtype == bool or np.issubdtype(mask.dtype, np.integer))
        ):
            raise InvalidInput(
                f"mask must be a picture of bool (h, w), a box or a polygon, not {mask.dtype} of {mask.shape}"
            )
        y = ((np.arange(height) + 0.5) * mask.shape[0] / height).astype(int)
        x = ((np.arange(width) + 0.5) * mask.shape[1] / width).astype(int)
        seen = mask[np.ix_(y, x)] > 0
    else:
        area = area_of(mask)
        seen = rasterise([shapely.transform(area, lambda xy: xy / scale)], (height, width))
    if not seen.any():
        raise InvalidInput("mask holds no pixel of the slide: give a mask of where to look, or None")
    return seen
