"""Validation of geometries and of the shapes that they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from wsinb.annotate.encoding import Encoded, encode
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
Numbers = npt.NDArray[np.int8]

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
NONE = -1
"""Stands for no shape where shapes are numbers: places in `SHAPES`."""

_DRAWN = [SHAPES.index(shape) for shape in PARAMS]
# the shape of a geometry by shapely's type; the last one stands for no geometry
_SHAPE_OF_TYPE = np.full(9, NONE, np.int8)
for _shape, _types in {"point": (0, 4), "polyline": (1, 5), "polygon": (3, 6)}.items():
    _SHAPE_OF_TYPE[list(_types)] = SHAPES.index(_shape)
_TYPE_NAMES = np.array([
    "point", "line string", "linear ring", "polygon", "multipoint", "multi line string", "multipolygon",
    "geometry collection",
])  # fmt: skip
BATCH = 1 << 17  # rows whose coordinates are looked at together
MAX_COORDINATE = 2**30
"""Furthest coordinate, in level-0 pixels, to either side: nothing beyond can be drawn in vector tiles."""

# how far the drawn numbers may be from the bounds of the polygon: a part of the size, plus pixels
_PARAMS_TOLERANCE, _PARAMS_SLACK = 0.05, 1.0


def check_geometries(
    geometries: Geometries,
    shape_column: pa.Array,
    params: npt.NDArray[np.object_],
    problems: Problems,
    *,
    repair: bool,
    store: bool,
) -> tuple[Geometries, pa.Array, Encoded | None]:
    """Check geometries in level-0 pixels against their shapes; fill in what follows.

    Missing `params` of rectangles are found from the corners and set in place, those of mended shapes
    removed.

    Returns
    -------
    geometries, shapes
        Missing polygons are made of `params`, missing shapes found from the geometry, broken polygons
        mended if asked.
    encoded
        The geometries as they are stored, if `store`: then it is these that must be valid.
    """
    shapes = _shape_numbers(shape_column, problems)
    _check_params(geometries, shapes, params, problems)
    types = shapely.get_type_id(geometries)
    _check_coordinates(geometries, problems)
    _pair(geometries, types, shapes, problems)
    if repair:
        geometries = _repair(geometries, shapes, params, problems)
    encoded = encode(geometries) if store else None
    if not repair:
        invalid = _invalid(geometries) if encoded is None else encoded.invalid
        _refuse_invalid(geometries, invalid, problems)
    _compare_params(geometries, shapes, params, problems)
    texts = pa.array(SHAPES, pa.string()).take(pa.array(shapes, mask=shapes == NONE))
    return geometries, texts, encoded


def _shape_numbers(column: pa.Array, problems: Problems) -> Numbers:
    """Return the place of each row's shape in `SHAPES`; `NONE` where there is none."""
    if column.null_count == len(column):
        return np.full(len(column), NONE, np.int8)
    encoded = column.dictionary_encode()
    codes = np.asarray(pc.fill_null(encoded.indices, -1))
    numbers = np.full(len(encoded.dictionary) + 1, NONE, np.int8)  # the last one stands for null
    for code, shape in enumerate(encoded.dictionary.to_pylist()):
        if shape in SHAPES:
            numbers[code] = SHAPES.index(shape)
        else:
            problems.add(codes == code, f"its shape {shape!r} is none of {', '.join(SHAPES)}")
    return np.asarray(numbers[codes])


def _check_params(
    geometries: Geometries, shapes: Numbers, params: npt.NDArray[np.object_], problems: Problems
) -> None:
    for row in np.flatnonzero(pd.notna(params)):
        if shapes[row] == NONE:
            problems.add_row(int(row), "it has shape_params but no shape: give the shape that they describe")
            params[row] = None
            continue
        shape = SHAPES[shapes[row]]
        reason = params_problem(shape, params[row])
        if reason:
            problems.add_row(int(row), reason)
            params[row] = None
        elif geometries[row] is None:
            geometries[row] = shape_geometry(shape, params[row])


def _check_coordinates(geometries: Geometries, problems: Problems) -> None:
    problems.add(shapely.has_z(geometries), "it has a third coordinate: focal planes go into the column z")
    empty = shapely.is_empty(geometries)
    problems.add(empty, "its geometry is empty")
    geometries[empty] = None
    batches = (geometries[start : start + BATCH] for start in range(0, len(geometries), BATCH))
    if all(_within_limits(shapely.get_coordinates(batch)) for batch in batches):
        return
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


def _within_limits(l0_xy: npt.NDArray[np.float64]) -> bool:
    # one that is not a number makes the extremes not a number, and then nothing holds
    return not len(l0_xy) or bool(l0_xy.min() >= -MAX_COORDINATE and l0_xy.max() <= MAX_COORDINATE)


def _pair(geometries: Geometries, types: npt.NDArray[np.int32], shapes: Numbers, problems: Problems) -> None:
    """Check that geometry and shape go together; find the shape where it is not given."""
    collection = (types == 7) | (types == 2)
    problems.add(collection, "its geometry is not made of points, lines or polygons of one kind: split it")
    for shape, allowed in _TYPES_OF_SHAPE.items():
        rows = shapes == SHAPES.index(shape)
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
    free = shapes == NONE
    problems.add(free & (types < 0), "it has no geometry: give shape='image' if it labels the whole image")
    shapes[free] = _SHAPE_OF_TYPE[types[free]]
    two = (shapely.get_num_points(geometries) == 2) & (types == 1)
    shapes[free & two] = SHAPES.index("line")


def _refuse_invalid(geometries: Geometries, invalid: Rows, problems: Problems) -> None:
    for row in np.flatnonzero(invalid):
        problems.repairable = True
        problems.add_row(int(row), shapely.is_valid_reason(geometries[row]))


def _repair(
    geometries: Geometries, shapes: Numbers, params: npt.NDArray[np.object_], problems: Problems
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
        if shapes[row] in _DRAWN:
            shapes[row], params[row] = SHAPES.index("polygon"), None
    return geometries


def _invalid(geometries: Geometries) -> Rows:
    return ~shapely.is_valid(geometries) & ~shapely.is_missing(geometries)


def _compare_params(
    geometries: Geometries, shapes: Numbers, params: npt.NDArray[np.object_], problems: Problems
) -> None:
    """Check that the drawn numbers describe the polygon: else a later edit would undo an earlier one."""
    rows = np.flatnonzero(np.isin(shapes, _DRAWN) & ~shapely.is_missing(geometries))
    for row, bounds in zip(rows.tolist(), shapely.bounds(geometries[rows]).reshape(-1, 4), strict=True):
        shape = SHAPES[shapes[row]]
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
        if np.abs(expected - bounds).max() > _PARAMS_TOLERANCE * size + _PARAMS_SLACK:
            problems.add_row(
                row, f"its shape_params do not describe its geometry: make the {shape} again from one of them"
            )
