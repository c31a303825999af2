"""Geometries in well-known binary as rings: what shapely finds in them, and nothing beyond their end."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinb.errors import StorageError
from wsinb.serve.vectors.rings import rings_of, shapes_of
from wsinb.testing.annotations import lines, points, polygons

SINGLE = st.one_of(points(), lines(), polygons())
KINDS = {"Point": 0, "MultiPoint": 0, "LineString": 2, "MultiLineString": 2, "Polygon": 1, "MultiPolygon": 1}


@st.composite
def geometries(draw):
    """A geometry of any kind that is drawn, in several parts, empty, or with a third coordinate."""
    kind = draw(st.sampled_from(["single", "points", "lines", "polygons", "empty", "none"]))
    if kind == "none":
        return None
    if kind == "empty":
        return shapely.from_wkt(f"{draw(st.sampled_from([name.upper() for name in KINDS]))} EMPTY")
    made = {
        "points": lambda: shapely.multipoints(draw(st.lists(points(), min_size=1, max_size=4))),
        "lines": lambda: shapely.multilinestrings(draw(st.lists(lines(), min_size=1, max_size=3))),
        "polygons": lambda: shapely.multipolygons(
            [
                part
                for each in draw(st.lists(polygons(), min_size=1, max_size=3))
                for part in shapely.get_parts(each)
            ]
        ),
        "single": lambda: draw(SINGLE),
    }[kind]()
    return shapely.force_3d(made, draw(st.floats(-9, 9))) if draw(st.booleans()) else made


def expected(geometry):
    """The rings of a geometry as shapely has them: vertices without the closing one, and whether a hole."""
    rings = []
    for part in () if geometry is None else shapely.get_parts(geometry):
        if part.is_empty:
            continue
        if part.geom_type == "Polygon":
            rings += [(np.array(part.exterior.coords)[:-1, :2], False)]
            rings += [(np.array(hole.coords)[:-1, :2], True) for hole in part.interiors]
        else:
            rings += [(np.array(part.coords)[:, :2], False)]
    return rings


def read(wkb, type_=None):
    return rings_of(pa.chunked_array([pa.array(wkb, type_ or pa.binary())]))


@settings(max_examples=150, deadline=None)
@given(
    shapes=st.lists(geometries(), max_size=8),
    byte_order=st.integers(0, 1),
    flavor=st.sampled_from(["extended", "iso"]),
    srid=st.booleans(),
    cut=st.integers(0, 8),
)
def test_rings_are_those_that_shapely_finds(shapes, byte_order, flavor, srid, cut):
    array = np.array([*shapes, None], dtype=object)[:-1]
    options = {"byte_order": byte_order, "flavor": flavor}
    if srid and flavor == "extended":
        array, options["include_srid"] = shapely.set_srid(array, 3857), True
    wkb = list(shapely.to_wkb(array, **options))
    chunks = [pa.array(some, pa.binary()) for some in (wkb[:cut], wkb[cut:])]
    found = rings_of(pa.chunked_array(chunks, pa.binary()))
    pieces = np.split(found.l0_xy, np.cumsum(found.ring_vertices)[:-1]) if len(found.ring_vertices) else []
    ring = 0
    for shape, count, kind in zip(shapes, found.ring_counts, found.kinds, strict=True):
        rings = expected(shape)
        assert count == len(rings)
        assert shape is None or kind == KINDS[shape.geom_type]
        for xy, hole in rings:
            np.testing.assert_array_equal(pieces[ring], xy.astype(np.float32))
            assert found.holes[ring] == hole
            ring += 1
    assert ring == len(found.ring_vertices)


@settings(max_examples=50, deadline=None)
@given(shapes=st.lists(geometries(), max_size=8))
def test_only_shapes_of_several_rings_list_their_boxes(shapes):
    wkb = pa.array(list(shapely.to_wkb(np.array([*shapes, None], dtype=object)[:-1])), pa.binary())
    found = shapes_of(np.zeros((len(shapes), 4), np.float32), [read(wkb)])
    assert found.several.tolist() == [i for i, shape in enumerate(shapes) if len(expected(shape)) != 1]
    boxes = [box for i in found.several for box in expected(shapes[i])]
    assert len(found.ring_boxes) == len(boxes)
    for box, (xy, hole), is_hole in zip(found.ring_boxes, boxes, found.holes, strict=True):
        extremes = np.array([*xy.min(axis=0), *xy.max(axis=0)])
        np.testing.assert_array_equal(box, extremes.astype(np.float32))
        assert is_hole == hole


POLYGON = shapely.to_wkb(
    shapely.Point(9, 9).buffer(3).difference(shapely.Point(9, 9).buffer(1)), byte_order=1
)
SEVERAL = shapely.to_wkb(shapely.MultiPoint([(1, 2), (3, 4)]), byte_order=1)


@pytest.mark.parametrize(
    "broken",
    [
        shapely.to_wkb(shapely.GeometryCollection([shapely.Point(1, 1)])),
        shapely.to_wkb(shapely.GeometryCollection([shapely.MultiPoint([(1, 1)])])),
        b"\x01",
        b"\x07" + POLYGON[1:],
        b"\x01\x63\x00\x00\x00",
        b"\x01\x03\x00\x00\x00\xff\xff\xff\xff",
        b"\x01\x02\x00\x00\x00\xff\xff\xff\xff" + bytes(64),
        b"\x01\x06\x00\x00\x00\xff\xff\xff\xff",
        b"\x01\x06\x00\x00\x00\x01\x00\x00\x00" + SEVERAL,
        POLYGON + b"\0",
    ],
)
def test_what_is_no_such_geometry_is_refused(broken):
    with pytest.raises(StorageError, match="row 1 "):
        read([POLYGON, broken, SEVERAL])


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_damage_is_refused_or_read_and_never_beyond_the_end(data):
    whole = bytearray(data.draw(st.sampled_from([POLYGON, SEVERAL])))
    for place in data.draw(st.lists(st.integers(0, 40), max_size=3)):
        whole[min(place, len(whole) - 1)] = data.draw(st.integers(0, 255))
    some = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        found = read([some])
    except StorageError:
        return
    assert len(found.l0_xy) == found.ring_vertices.sum() <= len(some) // 16
    assert found.ring_counts.sum() == len(found.ring_vertices)
