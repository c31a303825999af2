"""What was found on a slide, as an annotation table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from wsinb.trees.outlines.polygons import simplified
from wsinb.trees.outlines.seams import Found

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["PolygonTable"]

BATCH = 1000


class PolygonTable:
    """The polygons of the result: filtered, simplified and moved to level-0 pixels as they come."""

    def __init__(
        self,
        downsample: float,
        l0_size: tuple[int, int],
        min_area: float,
        max_area: float | None,
        tolerance: float,
    ) -> None:
        self.downsample = downsample
        self.l0_size = l0_size
        self.min_area = min_area
        self.max_area = np.inf if max_area is None else max_area
        self.tolerance = tolerance
        self.rows: list[tuple[Any, int, float]] = []

    def add(self, found: list[Found]) -> None:
        """Keep those of a fitting area."""
        batch = [
            item
            for item in found
            if self.min_area <= item.n_pixels * self.downsample**2 <= self.max_area and item.n_pixels
        ]
        for start in range(0, len(batch), BATCH):
            part = batch[start : start + BATCH]
            outlines = np.array([item.polygon for item in part], object)
            l0 = self._to_l0(simplified(outlines, self.tolerance))
            bad = ~shapely.is_valid(l0)
            l0[bad] = self._to_l0(outlines[bad])
            scores = [min(1.0, item.probability_sum / item.n_pixels) for item in part]
            self.rows += zip(l0, [item.label for item in part], scores, strict=True)

    def _to_l0(self, polygons: NDArray[np.object_]) -> NDArray[np.object_]:
        """Scale to level-0 pixels; the last pixel may reach over the edge of the slide and is cut there."""
        l0 = shapely.transform(polygons, lambda xy: np.minimum(xy * self.downsample, self.l0_size))
        return np.asarray(l0, object)

    def table(self, labels: list[str], layer: str, created_by: str | None) -> gpd.GeoDataFrame:
        """Return the annotation table, by label and place."""
        from wsinb.annotate import empty_annotations, new_annotations

        if not self.rows:
            return empty_annotations()
        bounds = shapely.bounds([row[0] for row in self.rows])
        order = np.lexsort((*bounds.T[::-1], [row[1] for row in self.rows]))
        rows = [self.rows[index] for index in order]
        return new_annotations(
            [row[0] for row in rows],
            label=[labels[row[1]] for row in rows],
            layer=layer,
            score=[row[2] for row in rows],
            created_by=created_by,
        )
