"""Polygons to masks."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinb.trees.outlines.raster import rasterise

coordinate = st.integers(-40, 240).map(lambda value: value / 8)


@st.composite
def polygons(draw):
    points = draw(st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=9, unique=True))
    return shapely.make_valid(shapely.Polygon(points)).buffer(0)


@settings(max_examples=200, deadline=None)
@given(polygons(), polygons())
def test_a_pixel_belongs_to_a_polygon_when_its_centre_does(one, other):
    mask = rasterise([one, other], (25, 20))
    x, y = np.meshgrid(np.arange(20) + 0.5, np.arange(25) + 0.5)
    both = shapely.union_all([one, other])
    centres = shapely.points(x, y)
    clear = shapely.distance(shapely.union(one.boundary, other.boundary), centres) > 1e-9
    np.testing.assert_array_equal(mask[clear], shapely.contains(both, centres)[clear])


@settings(max_examples=50, deadline=None)
@given(polygons(), st.sampled_from([1.0, 0.7, 3.9]), st.integers(1, 9))
def test_pieces_equal_the_whole(polygon, downsample, size):
    whole = rasterise([polygon], (30, 30), downsample=downsample)
    for y in range(0, 30, size):
        for x in range(0, 30, size):
            part = whole[y : y + size, x : x + size]
            np.testing.assert_array_equal(
                rasterise([polygon], part.shape, x=x, y=y, downsample=downsample), part
            )


def test_neighbours_share_no_pixel_and_leave_no_gap():
    rng = np.random.default_rng(0)
    triangles = shapely.get_parts(
        shapely.delaunay_triangles(shapely.multipoints(rng.uniform(-5, 55, (40, 2))))
    )
    masks = [rasterise([triangle], (50, 50)) for triangle in triangles]
    hull = rasterise([shapely.union_all(triangles)], (50, 50))
    np.testing.assert_array_equal(np.sum(masks, axis=0), hull.astype(int))


def test_holes_stay_empty_and_parts_are_all_drawn():
    ring = shapely.box(0, 0, 10, 10) - shapely.box(3, 3, 6, 6)
    mask = rasterise([shapely.union(ring, shapely.box(15, 15, 18, 18))], (20, 20))
    assert mask.sum() == 100 - 9 + 9
    assert not mask[3:6, 3:6].any()


def test_overlapping_polygons_are_joined_not_cancelled():
    assert rasterise([shapely.box(0, 0, 4, 4), shapely.box(2, 2, 6, 6)], (8, 8)).sum() == 28


def test_points_lines_and_nothing_have_no_pixels():
    shapes = [shapely.Point(2, 2), shapely.LineString([(0, 0), (9, 9)]), shapely.Polygon(), None]
    shapes.append(shapely.GeometryCollection([shapely.Point(1, 1)]))
    assert not rasterise(shapes, (5, 5)).any()


def test_polygons_in_collections_are_drawn():
    collection = shapely.GeometryCollection(
        [shapely.MultiPolygon([shapely.box(0, 0, 2, 2)]), shapely.Point(4, 4)]
    )
    assert rasterise([collection], (5, 5)).sum() == 4
