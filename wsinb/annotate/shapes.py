"""Shapes as they were drawn: a few numbers that make the geometry again.

A circle, an ellipse or a rectangle is stored twice: as the polygon that every
reader understands, and as `shape_params`, the numbers it was drawn with. All
lengths are level-0 pixels; angles are degrees, clockwise as seen on the slide
(y points down), about the centre of the shape.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from wsinb.errors import InvalidAnnotation
from wsinb.numbers import real

__all__ = [
    "PARAMS",
    "SHAPES",
    "article",
    "params_bounds",
    "params_problem",
    "rectangle_params",
    "shape_geometry",
]

SHAPES = ("point", "line", "polyline", "polygon", "rectangle", "circle", "ellipse", "image")
"""What can be drawn; "image" is a label of the whole image and has no geometry."""

PARAMS: dict[str, tuple[str, ...]] = {
    "circle": ("cx", "cy", "r"),
    "ellipse": ("cx", "cy", "rx", "ry", "angle"),
    "rectangle": ("x", "y", "width", "height", "angle"),
}
"""The numbers of each shape that is more than its geometry."""

CURVE_VERTICES = 64
_LENGTHS = {"r", "rx", "ry", "width", "height"}
_OPTIONAL = {"angle"}


def article(shape: str) -> str:
    """Return the name of a shape with its article."""
    return f"{'an' if shape[0] in 'aeiou' else 'a'} {shape}"


def params_problem(shape: str, params: Any) -> str | None:
    """Return why `params` cannot be the numbers of a `shape`, or None if they can."""
    if shape not in PARAMS:
        return f"{article(shape)} has no shape_params: leave them out"
    if not isinstance(params, Mapping):
        return f"the shape_params of {article(shape)} are a JSON object with {', '.join(PARAMS[shape])}"
    extra = sorted(str(name) for name in params.keys() - set(PARAMS[shape]))
    if extra:
        return f"the shape_params of {article(shape)} are {', '.join(PARAMS[shape])}, not {extra[0]}"
    for name in PARAMS[shape]:
        if name not in params:
            if name in _OPTIONAL:
                continue
            return f"the shape_params of {article(shape)} lack {name}"
        value = params[name]
        if not isinstance(value, int | float) or real(value) is None:
            return f"{name} of {article(shape)} must be a finite number, not {value!r:.40}"
        if name in _LENGTHS and value <= 0:
            return f"{name} of {article(shape)} must be above 0, not {value!r}"
    return None


def shape_geometry(shape: str, params: Mapping[str, float]) -> shapely.Polygon:
    """Return the polygon in level-0 pixels of a circle, an ellipse or a rectangle.

    Circles and ellipses have 64 vertices on the curve.

    Raises
    ------
    InvalidAnnotation
        If the numbers do not fit the shape.
    """
    problem = params_problem(shape, params)
    if problem:
        raise InvalidAnnotation(problem[0].upper() + problem[1:] + ".")
    l0_cx, l0_cy, half_width, half_height, angle = _frame(shape, params)
    if shape == "rectangle":
        offsets = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float64)
    else:
        turn = np.linspace(0, 2 * np.pi, CURVE_VERTICES, endpoint=False)
        offsets = np.column_stack([np.cos(turn), np.sin(turn)])
    offsets = offsets * (half_width, half_height)
    cos, sin = math.cos(angle), math.sin(angle)
    if angle == 0:  # keeps the corners of an upright box exact
        cos, sin = 1.0, 0.0
    turned = offsets @ np.array([[cos, sin], [-sin, cos]])
    return shapely.Polygon(turned + np.array([l0_cx, l0_cy]))


def rectangle_params(geometry: shapely.Geometry) -> dict[str, float] | None:
    """Return the numbers of an upright rectangle, or None if the geometry is none."""
    l0_xmin, l0_ymin, l0_xmax, l0_ymax = shapely.bounds(geometry)
    box = shapely.box(l0_xmin, l0_ymin, l0_xmax, l0_ymax)
    if not shapely.equals(shapely.normalize(geometry), shapely.normalize(box)):
        return None
    size = {"width": float(l0_xmax - l0_xmin), "height": float(l0_ymax - l0_ymin)}
    return {"x": float(l0_xmin), "y": float(l0_ymin), **size, "angle": 0.0}


def params_bounds(shape: str, params: Mapping[str, float]) -> npt.NDArray[np.float64]:
    """Return the level-0 bounds (xmin, ymin, xmax, ymax) of a shape's numbers, shape (4,)."""
    l0_cx, l0_cy, half_width, half_height, angle = _frame(shape, params)
    cos, sin = abs(math.cos(angle)), abs(math.sin(angle))
    if shape == "rectangle":
        dx, dy = half_width * cos + half_height * sin, half_width * sin + half_height * cos
    else:
        dx = math.hypot(half_width * cos, half_height * sin)
        dy = math.hypot(half_width * sin, half_height * cos)
    return np.array([l0_cx - dx, l0_cy - dy, l0_cx + dx, l0_cy + dy])


def _frame(shape: str, params: Mapping[str, float]) -> tuple[float, float, float, float, float]:
    """Return centre x and y, half width, half height and angle in radians."""
    if shape == "circle":
        return params["cx"], params["cy"], params["r"], params["r"], 0.0
    angle = math.radians(params.get("angle", 0.0))
    if shape == "ellipse":
        return params["cx"], params["cy"], params["rx"], params["ry"], angle
    half_width, half_height = params["width"] / 2, params["height"] / 2
    return params["x"] + half_width, params["y"] + half_height, half_width, half_height, angle
