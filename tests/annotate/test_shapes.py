"""Circles, ellipses and rectangles from their numbers and back."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings

from wsinb.annotate import new_annotations, rectangle_params, shape_geometry
from wsinb.annotate.shapes import params_bounds
from wsinb.errors import InvalidAnnotation
from wsinb.testing.annotations import shape_params


@given(shape_params())
@settings(deadline=None, max_examples=50)
def test_what_was_drawn_round_trips(drawn):
    shape, params = drawn
    gdf = new_annotations([None], shape=shape, shape_params=params)
    assert json.loads(gdf["shape_params"][0]) == params
    assert gdf.geometry[0].equals(shape_geometry(shape, params))
    again = new_annotations(gdf.geometry, shape=shape, shape_params=gdf["shape_params"])
    assert json.loads(again["shape_params"][0]) == params


@given(shape_params())
@settings(deadline=None, max_examples=50)
def test_bounds_of_the_numbers_hold_the_polygon(drawn):
    shape, params = drawn
    polygon = shape_geometry(shape, params)
    expected = params_bounds(shape, params)
    assert np.abs(np.array(polygon.bounds) - expected).max() < 0.01 * max(expected[2:] - expected[:2]) + 1e-6


def test_a_circle_has_its_area():
    circle = shape_geometry("circle", {"cx": 100, "cy": 50, "r": 10})
    assert circle.area == pytest.approx(math.pi * 100, rel=0.01)
    assert circle.centroid.coords[0] == pytest.approx((100, 50))


def test_angles_turn_clockwise_on_the_slide_where_y_points_down():
    box = shape_geometry("rectangle", {"x": -10, "y": -1, "width": 20, "height": 2, "angle": 45})
    # the right end of the bar goes down, which is larger y
    assert box.contains(shapely.Point(6, 6))
    assert not box.contains(shapely.Point(6, -6))


def test_an_upright_rectangle_is_known_by_its_corners():
    assert rectangle_params(shapely.box(1, 2, 11, 7)) == {
        "x": 1,
        "y": 2,
        "width": 10,
        "height": 5,
        "angle": 0,
    }
    assert rectangle_params(shapely.Polygon([(0, 0), (10, 0), (0, 10)])) is None
    gdf = new_annotations([shapely.box(1, 2, 11, 7)], shape="rectangle")
    assert json.loads(gdf["shape_params"][0])["width"] == 10


@pytest.mark.parametrize(
    ("shape", "params"),
    [
        ("circle", {"cx": 0, "cy": 0, "r": 0}),
        ("circle", {"cx": 0, "cy": math.nan, "r": 1}),
        ("circle", {"cx": 0, "cy": 0, "r": True}),
        ("circle", {"cx": 0, "cy": 0, "r": 1, "radius": 2}),
        ("ellipse", {"cx": 0, "cy": 0, "rx": 1}),
        ("rectangle", [1, 2, 3, 4]),
        ("polygon", {}),
    ],
)
def test_numbers_that_do_not_fit_are_refused(shape, params):
    with pytest.raises(InvalidAnnotation, match=shape):
        shape_geometry(shape, params)
