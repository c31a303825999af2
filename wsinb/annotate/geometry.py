"""Validation of geometries and of the shapes that they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from wsinb.annotate.problems import Problems
from wsinb.annotate.shapes import (
    PARAMS,
    SHAPES,
    article,
    params_bounds,
    params_problem,
    rectangle_params,
    shape_geometry,
)

__all__ = ["check_geometries"]

Geometries = npt.NDArray[Any]
Rows = npt.NDArray[np.bool_]

# shapely's type numbers: 0 point, 1 line string, 3 polygon, 4 to 6 the same in several parts
_TYPES_OF_SHAPE: dict[str, tuple[int, ...]] = {
    "point": (0, 4),
    "line": (1, 5),
    "polyline": (1, 5),
    "polygon": (3, 6),
    "rectangle": (3,),
    "circle": (3,),
    "ellipse": (3,),
    "image": (),
}
_SHAPE_OF_TYPE = {0: "point", 1: "polyline", 3: "polygon", 4: "point", 5: "polyline", 6: "polygon"}
_TYPE_NAMES = np.array([
    "point", "line string", "linear ring", "polygon", "multipoint", "multi line string", "multipolygon",
    "geometry collection",
])  # fmt: skip
MAX_COORDINATE = 2**30
"""Furthest coordinate, in level-0 pixels, to either side: nothing beyond can be drawn in vector tiles."""

# how far the drawn numbers may be from the bounds of the polygon: a part of the size, plus pixels
_PARAMS_TOLERANCE, _PARAMS_SLACK = 0.05, 1.0


def check_geometries(
    geometries: Geometries, shape_column: pa.Array, params: list[Any], problems: Problems, *, repair: bool
) -> tuple[Geometries, list[str | None], list[Any]]:
    """Check geometries in level-0 pixels against their shapes; fill in what follows.

    Returns
    -------
    geometries, shapes, params
        Missing polygons are made of `params`, missing shapes found from the geometry,
        missing `params` of rectangles found from the corners, broken polygons mended if asked.
    """
    shapes: list[str | None] = shape_column.to_pylist()
    for row, shape in enumerate(shapes):
        if shape is not None and shape not in SHAPES:
            problems.add_row(row, f"its shape {shape!r} is none of {', '.join(SHAPES)}")
            shapes[row] = None
    _check_params(geometries, shapes, params, problems)
    types = shapely.get_type_id(geometries)
    _check_coordinates(geometries, problems)
    _pair(geometries, types, shapes, problems)
    if repair:
        geometries = _repair(geometries, shapes, params, problems)
    else:
        _refuse_invalid(geometries, problems)
    _compare_params(geometries, shapes, params, problems)
    return geometries, shapes, params


def _check_params(
    geometries: Geometries, shapes: list[str | None], params: list[Any], problems: Problems
) -> None:
    for row, shape in enumerate(shapes):
        if params[row] is None or shape is None:
            if params[row] is not None:
                problems.add_row(row, "it has shape_params but no shape: give the shape that they describe")
                params[row] = None
            continue
        reason = params_problem(shape, params[row])
        if reason:
            problems.add_row(row, reason)
            params[row] = None
        elif geometries[row] is None:
            geometries[row] = shape_geometry(shape, params[row])


def _check_coordinates(geometries: Geometries, problems: Problems) -> None:
    problems.add(shapely.has_z(geometries), "it has a third coordinate: focal planes go into the column z")
    xy, owner = shapely.get_coordinates(geometries, return_index=True)
    bad = np.zeros(len(geometries), dtype=bool)
    bad[owner[~np.isfinite(xy).all(axis=1)]] = True
    problems.add(bad, "it has a coordinate that is not a finite number: leave that point out")
    geometries[bad] = None
    far = np.zeros(len(geometries), dtype=bool)
    far[owner[(np.abs(xy) > MAX_COORDINATE).any(axis=1)]] = True
    far &= ~bad
    problems.add(far, f"it has a coordinate beyond +-{MAX_COORDINATE} px: give level-0 pixels of the slide")
    geometries[far] = None
    empty = shapely.is_empty(geometries)
    problems.add(empty, "its geometry is empty")
    geometries[empty] = None


def _pair(
    geometries: Geometries, types: npt.NDArray[np.int32], shapes: list[str | None], problems: Problems
) -> None:
    """Check that geometry and shape go together; find the shape where it is not given."""
    given = np.array(["" if shape is None else shape for shape in shapes], dtype=object)
    collection = (types == 7) | (types == 2)
    problems.add(collection, "its geometry is not made of points, lines or polygons of one kind: split it")
    for shape, allowed in _TYPES_OF_SHAPE.items():
        rows = given == shape
        if not rows.any():
            continue
        if shape == "image":
            problems.add(rows & (types >= 0), "a label of the whole image has no geometry")
            continue
        problems.add(
            rows & (types < 0),
            f"it has no geometry, and only the shape 'image' may have none: it is {article(shape)}",
        )
        for code in np.unique(types[rows & (types >= 0) & ~np.isin(types, allowed) & ~collection]):
            problems.add(rows & (types == code), f"a {_TYPE_NAMES[code]} cannot be {article(shape)}")
    free = given == ""
    problems.add(free & (types < 0), "it has no geometry: give shape='image' if it labels the whole image")
    two = (shapely.get_num_points(geometries) == 2) & (types == 1)
    for row in np.flatnonzero(free & (types >= 0)):
        shapes[row] = "line" if two[row] else _SHAPE_OF_TYPE.get(int(types[row]))


def _refuse_invalid(geometries: Geometries, problems: Problems) -> None:
    for row in np.flatnonzero(_invalid(geometries)):
        problems.repairable = True
        problems.add_row(int(row), shapely.is_valid_reason(geometries[row]))


def _repair(
    geometries: Geometries, shapes: list[str | None], params: list[Any], problems: Problems
) -> Geometries:
    rows = np.flatnonzero(_invalid(geometries))
    if not len(rows):
        return geometries
    geometries = geometries.copy()
    mended = shapely.make_valid(geometries[rows], method="structure", keep_collapsed=False)
    for row, geometry in zip(rows, mended, strict=True):
        if shapely.is_empty(geometry) or not shapely.is_valid(geometry):
            reason = shapely.is_valid_reason(geometries[row])
            problems.add_row(int(row), f"nothing is left of it after repair ({reason})")
            continue
        geometries[row] = geometry
        if shapes[row] in PARAMS:
            shapes[row], params[row] = "polygon", None
    return geometries


def _invalid(geometries: Geometries) -> Rows:
    return ~shapely.is_valid(geometries) & ~shapely.is_missing(geometries)


def _compare_params(
    geometries: Geometries, shapes: list[str | None], params: list[Any], problems: Problems
) -> None:
    """Check that the drawn numbers describe the polygon: else a later edit would undo an earlier one."""
    bounds = shapely.bounds(geometries).reshape(-1, 4)
    for row, shape in enumerate(shapes):
        if shape not in PARAMS or geometries[row] is None:
            continue
        if params[row] is None:
            params[row] = rectangle_params(geometries[row]) if shape == "rectangle" else None
            if params[row] is None:
                names = ", ".join(PARAMS[shape])
                problems.add_row(
                    row, f"{article(shape)} needs shape_params ({names}), or give shape='polygon'"
                )
            continue
        expected = params_bounds(shape, params[row])
        size = max(expected[2] - expected[0], expected[3] - expected[1])
        if np.abs(expected - bounds[row]).max() > _PARAMS_TOLERANCE * size + _PARAMS_SLACK:
            problems.add_row(
                row, f"its shape_params do not describe its geometry: make the {shape} again from one of them"
            )
