"""Hypothesis strategies for annotations.

``hypothesis`` must be installed. All geometries are valid and in level-0 pixels.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import shapely
from hypothesis import strategies as st

from wsinb.annotate import new_annotations, shape_geometry

__all__ = ["annotation_tables", "geometries", "labels", "lines", "points", "polygons", "shape_params"]

EXTENT = 4096.0


def labels() -> st.SearchStrategy[str]:
    """Return a strategy for names of labels, in many scripts."""
    alphabet = st.characters(codec="utf-8", categories=["L", "N", "P"])
    return st.text(alphabet, min_size=1, max_size=12)


def _coordinate(extent: float = EXTENT) -> st.SearchStrategy[float]:
    return st.floats(-16.0, extent, allow_nan=False, width=32)


@st.composite
def points(draw: st.DrawFn, extent: float = EXTENT) -> shapely.Point:
    """Draw a point."""
    return shapely.Point(draw(_coordinate(extent)), draw(_coordinate(extent)))


@st.composite
def lines(draw: st.DrawFn, extent: float = EXTENT) -> shapely.LineString:
    """Draw a line of 2 to 6 different points."""
    xy = draw(
        st.lists(st.tuples(_coordinate(extent), _coordinate(extent)), min_size=2, max_size=6, unique_by=_grid)
    )
    return shapely.LineString(xy)


def _grid(l0_xy: tuple[float, float]) -> tuple[int, int]:
    return round(l0_xy[0]), round(l0_xy[1])


@st.composite
def polygons(draw: st.DrawFn, extent: float = EXTENT) -> shapely.Polygon | shapely.MultiPolygon:
    """Draw a polygon, with or without a hole, or one of two parts."""
    l0_x, l0_y = draw(_coordinate(extent)), draw(_coordinate(extent))
    ring = draw(_ring(l0_x, l0_y))
    kind = draw(st.sampled_from(["plain", "hole", "parts"]))
    if kind == "hole":  # radii of the ring are at least 8, and an edge comes no nearer than half of that
        return shapely.Polygon(ring, [shapely.Point(l0_x, l0_y).buffer(2, 2).exterior.coords])
    if kind == "parts":
        return shapely.MultiPolygon(
            [shapely.Polygon(ring), shapely.box(l0_x + 70, l0_y, l0_x + 80, l0_y + 10)]
        )
    return shapely.Polygon(ring)


@st.composite
def _ring(draw: st.DrawFn, l0_x: float, l0_y: float) -> list[tuple[float, float]]:
    n = draw(st.integers(3, 12))
    radii = draw(st.lists(st.floats(8, 60), min_size=n, max_size=n))
    turns = [2 * math.pi * i / n for i in range(n)]
    return [(l0_x + r * math.cos(a), l0_y + r * math.sin(a)) for r, a in zip(radii, turns, strict=True)]


@st.composite
def shape_params(draw: st.DrawFn, extent: float = EXTENT) -> tuple[str, dict[str, float]]:
    """Draw a circle, an ellipse or a rectangle: its shape and its numbers."""
    shape = draw(st.sampled_from(["circle", "ellipse", "rectangle"]))
    l0_x, l0_y = draw(_coordinate(extent)), draw(_coordinate(extent))
    first, second = draw(st.floats(1, 200)), draw(st.floats(1, 200))
    angle = draw(st.floats(-180, 180))
    if shape == "circle":
        return shape, {"cx": l0_x, "cy": l0_y, "r": first}
    if shape == "ellipse":
        return shape, {"cx": l0_x, "cy": l0_y, "rx": first, "ry": second, "angle": angle}
    return shape, {"x": l0_x, "y": l0_y, "width": first, "height": second, "angle": angle}


def geometries(extent: float = EXTENT) -> st.SearchStrategy[shapely.Geometry]:
    """Return a strategy for points, lines and polygons."""
    return st.one_of(points(extent), lines(extent), polygons(extent))


@st.composite
def annotation_tables(
    draw: st.DrawFn,
    names: Sequence[str] = ("tumor", "stroma"),
    ids: Sequence[str] | None = None,
    min_size: int = 0,
    max_size: int = 6,
    extent: float = EXTENT,
) -> gpd.GeoDataFrame:
    """Draw a validated annotation table.

    Parameters
    ----------
    names
        Labels to choose from; None is chosen too.
    ids
        Ids to choose from; new ones if None.
    min_size, max_size
        Numbers of rows.
    extent
        Coordinates lie below, in level-0 pixels.
    """
    size = draw(st.integers(min_size, max_size if ids is None else min(max_size, len(ids))))
    rows: dict[str, list[Any]] = {"shape": [], "shape_params": [], "label": [], "score": [], "properties": []}
    shapes: list[Any] = []
    for _ in range(size):
        kind = draw(st.sampled_from(["free", "free", "params", "image"]))
        shape, params = draw(shape_params(extent)) if kind == "params" else (None, None)
        geometry = draw(geometries(extent)) if kind == "free" else None
        shapes.append(shape_geometry(shape, params) if shape and params else geometry)
        rows["shape"].append("image" if kind == "image" else shape)
        rows["shape_params"].append(params)
        rows["label"].append(draw(st.sampled_from([*names, None])))
        rows["score"].append(draw(st.one_of(st.none(), st.floats(0, 1))))
        rows["properties"].append(draw(st.sampled_from([None, json.dumps({"note": "ä"})])))
    columns: dict[str, Any] = dict(rows)
    if ids is not None:
        columns["id"] = draw(st.permutations(list(ids)))[:size]
    columns["score"] = [math.nan if value is None else value for value in rows["score"]]
    return new_annotations(shapes, **columns)
