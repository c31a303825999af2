"""How well found polygons agree with known ones."""

from __future__ import annotations

from collections.abc import Iterable

from shapely import Polygon, make_valid, unary_union
from shapely.geometry.base import BaseGeometry

__all__ = ["dice"]


def dice(
    found: Iterable[BaseGeometry], known: Iterable[Polygon], outside: Iterable[BaseGeometry] = ()
) -> float:
    """Return the Dice coefficient of two sets of polygons by area.

    Parameters
    ----------
    found, known : iterable of Polygon
        In the same frame.
    outside : iterable of geometry
        Where nothing counts: what training has seen.

    Returns
    -------
    float
        Twice the common area over the sum of the areas; 1.0 if both are empty.
    """
    unseen = unary_union(list(outside))
    a = unary_union([make_valid(shape) for shape in found]).difference(unseen)
    b = unary_union(list(known)).difference(unseen)
    total = a.area + b.area
    return 2 * a.intersection(b).area / total if total else 1.0
