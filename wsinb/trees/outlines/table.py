"""What was found on a slide, as an annotation table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.names import unknown
from wsinb.trees.outlines.polygons import simplified
from wsinb.trees.outlines.seams import Found

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Limits", "PolygonTable"]

BATCH = 1000


class Limits(NamedTuple):
    """Least and largest area of each class, in level-0 square pixels."""

    low: list[float]
    high: list[float]

    @classmethod
    def of(
        cls,
        labels: Sequence[str],
        min_area: float | Mapping[str, float] = 0,
        max_area: float | Mapping[str, float] | None = None,
    ) -> Limits:
        """Take limits of all classes, or by label; labels that are not named have no limit.

        Raises
        ------
        InvalidInput
            If a label is unknown, or limits do not satisfy ``0 <= min_area <= max_area``.
        """
        low = _by_label("min_area", labels, min_area, 0.0)
        high = _by_label("max_area", labels, np.inf if max_area is None else max_area, np.inf)
        for name, least, most in zip(labels, low, high, strict=True):
            if not 0 <= least <= most:
                raise InvalidInput(
                    f"areas of {name!r} must satisfy 0 <= min_area <= max_area, not {least:g} and {most:g}"
                )
        return cls(low, high)

    def allow(self, label: int, l0_area: float) -> bool:
        """Say whether a polygon of a class may be so large."""
        return self.low[label] <= l0_area <= self.high[label]


def _by_label(
    name: str, labels: Sequence[str], limit: float | Mapping[str, float], otherwise: float
) -> list[float]:
    given: dict[str, Any] = dict(limit) if isinstance(limit, Mapping) else dict.fromkeys(labels, limit)
    for label, value in given.items():
        if label not in labels:
            raise InvalidInput(f"{name}: {unknown('label', label, labels)}")
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            raise InvalidInput(f"{name} is a number of square pixels, or one a label, not {value!r}")
    return [float(given.get(label, otherwise)) for label in labels]


class PolygonTable:
    """The polygons of the result: filtered, simplified and moved to level-0 pixels as they come."""

    def __init__(self, downsample: float, l0_size: tuple[int, int], limits: Limits, tolerance: float) -> None:
        self.downsample = downsample
        self.l0_size = l0_size
        self.limits = limits
        self.tolerance = tolerance
        self.rows: list[tuple[Any, int, float]] = []

    def add(self, found: list[Found]) -> None:
        """Keep those of a fitting area."""
        batch = [
            item
            for item in found
            if item.n_pixels and self.limits.allow(item.label, item.n_pixels * self.downsample**2)
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
