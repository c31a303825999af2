"""Masks to polygons and back."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from wsinb.trees.outlines.polygons import mask_polygons, simplified
from wsinb.trees.outlines.raster import rasterise

masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=14))


@settings(max_examples=250, deadline=None)
@given(masks)
def test_outlines_give_the_mask_back_exactly(mask):
    polygons, component = mask_polygons(mask)
    assert shapely.is_valid(polygons).all()
    np.testing.assert_array_equal(shapely.area(polygons), np.bincount(component.ravel())[1:])
    np.testing.assert_array_equal(rasterise(polygons, mask.shape), mask)
    for number, polygon in enumerate(polygons, 1):
        np.testing.assert_array_equal(rasterise([polygon], mask.shape), component == number)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_outlines_of_a_large_mask_give_it_back_exactly(share):
    mask = np.random.default_rng(0).random((211, 333)) < share
    polygons, component = mask_polygons(mask)
    assert shapely.is_valid(polygons).all()
    np.testing.assert_array_equal(shapely.area(polygons), np.bincount(component.ravel())[1:])
    np.testing.assert_array_equal(rasterise(polygons, mask.shape), mask)


@settings(max_examples=150, deadline=None)
@given(masks, st.floats(0, 3))
def test_simplified_polygons_stay_valid_polygons(mask, tolerance):
    polygons, _ = mask_polygons(mask)
    simple = simplified(polygons, tolerance)
    assert shapely.is_valid(simple).all()
    assert (shapely.area(simple) > 0).all()
    assert (shapely.get_type_id(simple) == 3).all()


def test_a_ring_of_pixels_has_a_hole():
    mask = np.ones((5, 5), bool)
    mask[2, 2] = False
    (polygon,) = mask_polygons(mask).polygons
    assert polygon.equals(shapely.box(0, 0, 5, 5) - shapely.box(2, 2, 3, 3))


def test_pixels_that_touch_at_a_corner_stay_apart():
    polygons, _ = mask_polygons(np.eye(3, dtype=bool))
    assert len(polygons) == 3


def test_a_ring_closed_only_at_a_corner_is_valid():
    # the outline touches itself where the two diagonal pixels meet
    mask = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 0]], bool)
    (polygon,) = mask_polygons(mask).polygons
    assert polygon.is_valid
    assert polygon.area == 7
    assert len(polygon.interiors) == 1


def test_an_island_in_a_hole_is_a_polygon_of_its_own():
    mask = np.zeros((7, 7), bool)
    mask[:, :] = True
    mask[1:6, 1:6] = False
    mask[3, 3] = True
    areas = sorted(shapely.area(mask_polygons(mask).polygons))
    assert areas == [1, 24]


def test_only_corners_are_kept():
    (polygon,) = mask_polygons(np.ones((100, 200), bool)).polygons
    assert len(polygon.exterior.coords) == 5


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (3, 3)])
def test_an_empty_mask_has_no_polygons(shape):
    assert len(mask_polygons(np.zeros(shape, bool)).polygons) == 0
