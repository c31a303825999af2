"""Annotations as a browser sends them."""

from __future__ import annotations

import json
from typing import Any

import shapely

__all__ = ["square_feature"]


def square_feature(
    l0_x: float, l0_y: float, side: float = 40, label: str | None = "tumor", **members: Any
) -> dict[str, Any]:
    """Return a new square in level-0 pixels as a feature; `members` replace those of the feature."""
    square = shapely.box(l0_x, l0_y, l0_x + side, l0_y + side)
    return {
        "id": None,
        "shape": "polygon",
        "shape_params": None,
        "label": label,
        "layer": "manual",
        "score": None,
        "geometry": json.loads(shapely.to_geojson(square)),
        "properties": {"seen": True},
        **members,
    }
