"""Geometries as they are stored: the fast pass and GEOS give the same bytes."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinb.annotate import encoding, snap
from wsinb.annotate.encoding import encode
from wsinb.testing.annotations import geometries

# corners on a small grid, with halves of a step between: rings that cross, touch, run back or collapse
COORDINATE = st.integers(-12, 12).map(lambda n: n / 128)
CORNERS = st.lists(st.tuples(COORDINATE, COORDINATE), min_size=3, max_size=7)
FAR = st.sampled_from([0.0, 1e5 + 1 / 64, -(2.0**29), 2.0**30 - 1])


@pytest.fixture(autouse=True)
def every_table_is_large(monkeypatch):
    monkeypatch.setattr(encoding, "FEW", 0)
    monkeypatch.setattr(encoding, "MAX_BYTES", 500)


def assert_as_by_geos(shapes):
    array = np.array(shapes, dtype=object)
    encoded, stored = encode(array), snap(array)
    valid = np.array([shape is None or shape.is_valid for shape in stored], bool)
    assert list(encoded.invalid) == list(~valid)
    assert encoded.wkb.to_pylist() == list(shapely.to_wkb(stored, byte_order=1))
    np.testing.assert_array_equal(encoded.bounds, shapely.bounds(stored).reshape(-1, 4))


@given(st.lists(st.one_of(st.none(), geometries()), max_size=8))
@settings(deadline=None)
def test_any_geometries_are_encoded_as_geos_does(shapes):
    assert_as_by_geos(shapes)


@given(st.lists(CORNERS, min_size=1, max_size=8), FAR)
@settings(deadline=None, max_examples=300)
def test_rings_that_touch_themselves_are_judged_as_geos_does(rings, l0_x):
    assert_as_by_geos([shapely.Polygon([(l0_x + x, y) for x, y in ring]) for ring in rings])


@given(st.lists(CORNERS, min_size=1, max_size=8))
@settings(deadline=None)
def test_lines_of_equal_points_are_judged_as_geos_does(lines):
    assert_as_by_geos([shapely.LineString(line) for line in lines])


def test_large_rings_wide_rings_and_holes_are_left_to_geos():
    disc = shapely.Point(500, 500).buffer(100, 64)
    wide = shapely.box(-(2.0**30), 0, 2.0**30, 1)
    bow = shapely.Polygon([(0, 0), (2.0**29, 10), (2.0**29, 0), (0, 10)])
    hole = shapely.Polygon(disc.exterior.coords, [shapely.Point(500, 500).buffer(10).exterior.coords])
    assert_as_by_geos(
        [disc, wide, None, bow, hole, shapely.Point(-0.001, 7), shapely.MultiPoint([(1, 1), (2, 2)])]
    )


def test_the_copy_of_a_slice_of_rows_is_that_of_all():
    shapes = np.array([shapely.box(i, 0, i + 1, 1) for i in range(10)], dtype=object)
    assert encode(shapes[2:7]).wkb.to_pylist() == encode(shapes).wkb.to_pylist()[2:7]
