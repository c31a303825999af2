"""What annotations say about the pixels of a slide: which are known, and their classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from wsinb.trees.outlines.raster import rasterise

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Known", "Layer", "areas_of", "neighbourhoods"]


def areas_of(table: gpd.GeoDataFrame, label: str) -> NDArray[np.object_]:
    """Return the geometries of a label that have an area."""
    geometries = np.asarray(table.geometry[table["label"] == label].array, object)
    return geometries[np.nan_to_num(shapely.area(geometries)) > 0]


def neighbourhoods(geometries: NDArray[np.object_], margin: float, l0_least: float) -> NDArray[np.object_]:
    """Return the box of each geometry with a margin around it: a share of its longer side, or more."""
    if not len(geometries):
        return geometries
    bounds = shapely.bounds(geometries)
    longer = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])
    around = np.maximum(longer * margin, l0_least)[:, None]
    return np.asarray(shapely.box(*(bounds + around * (-1, -1, 1, 1)).T), object)


class Layer:
    """Polygons that can be asked for their mask anywhere."""

    def __init__(self, geometries: NDArray[np.object_]) -> None:
        self.geometries = geometries
        self._tree = shapely.STRtree(geometries)

    def mask(self, shape: tuple[int, int], x: int, y: int, downsample: float) -> NDArray[np.bool_]:
        """Return the mask of a box of pixels, (h, w) bool."""
        l0_bounds = np.array([x, y, x + shape[1], y + shape[0]]) * downsample
        chosen = self._tree.query(shapely.box(*l0_bounds))
        return rasterise(self.geometries[np.sort(chosen)], shape, x=x, y=y, downsample=downsample)


class Known:
    """Classes of the pixels of a slide.

    Parameters
    ----------
    drawn : sequence of (int, ndarray of shapely polygons)
        Classes and what is drawn of them, in level-0 pixels; where they overlap, the first holds.
    rest : int
        Class of what is not drawn; -1 is unknown.
    downsample : float
        Level-0 pixels per pixel.
    """

    def __init__(
        self, drawn: Sequence[tuple[int, NDArray[np.object_]]], rest: int, downsample: float
    ) -> None:
        self.layers = [(number, Layer(geometries)) for number, geometries in drawn]
        self.rest = rest
        self.downsample = downsample

    def classes(self, shape: tuple[int, int], x: int, y: int) -> NDArray[np.int16]:
        """Return the classes of a box of pixels, (h, w) int16."""
        classes = np.full(shape, self.rest, np.int16)
        for number, layer in reversed(self.layers):
            classes[layer.mask(shape, x, y, self.downsample)] = number
        return classes
