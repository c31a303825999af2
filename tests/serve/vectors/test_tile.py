"""Vector tiles: what is in them, at every zoom."""

from __future__ import annotations

import uuid

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinb.annotate import empty_annotations, new_annotations
from wsinb.serve.vectors import density, zooms
from wsinb.serve.vectors import index as indexes
from wsinb.serve.vectors import tile as tiles
from wsinb.testing.vector_tiles import decode_vector_tile as decode
from wsinb.testing.vector_tiles import frame_pieces
from wsinb.versions.tables.ids import id_texts


def table(geometries, label="tumor", layer="manual", score=None):
    n = len(geometries)
    columns = {
        "id": [str(uuid.UUID(int=i)) for i in range(n)],
        "label": np.broadcast_to(np.asarray(label, dtype=object), n),
        "layer": np.broadcast_to(np.asarray(layer, dtype=object), n),
        "score": np.broadcast_to(np.asarray(np.nan if score is None else score, dtype=float), n),
    }
    return gpd.GeoDataFrame(columns, geometry=gpd.array.from_shapely(np.asarray(geometries, dtype=object)))


def build_index(frame):
    return indexes.build_index(frame_pieces(frame), at_once=True)


def encode_tile(index, z, x, y):
    tile = tiles.encode_tile(index, z, x, y)
    assert not tile.preliminary
    return tile.data


def inside(rings, points):
    """Tell which points (k, 2) are inside an outline, by the even-odd rule."""
    result = np.zeros(len(points), bool)
    for ring in rings:
        if len(ring) == 2:
            (x0, y0), (x1, y1) = ring
            ring = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
        for (ax, ay), (bx, by) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            crosses = (ay > points[:, 1]) != (by > points[:, 1])
            with np.errstate(divide="ignore", invalid="ignore"):
                at = ax + (points[:, 1] - ay) * (bx - ax) / (by - ay)
            result ^= crosses & (points[:, 0] < at)
    return result


def tile(geometries, z=0, x=0, y=0, **columns):
    return decode(encode_tile(build_index(table(geometries, **columns)), z, x, y))


def cell(x, y, radius=10.0, n=20):
    return shapely.Point(x, y).buffer(radius, quad_segs=n // 4)


coordinate = st.floats(-3000, 9000, allow_nan=False)
size = st.floats(0, 4000, allow_nan=False)


@st.composite
def geometries(draw):
    x, y, a, b = draw(coordinate), draw(coordinate), draw(size), draw(size)
    kind = draw(st.sampled_from(["point", "box", "disc", "line", "ring", "multi", "multipoint", "multiline"]))
    shapes = {
        "point": lambda: shapely.Point(x, y),
        "box": lambda: shapely.box(x, y, x + a + 0.01, y + b + 0.01),
        "disc": lambda: shapely.Point(x, y).buffer(a + 0.01),
        "line": lambda: shapely.LineString([(x, y), (x + a + 0.01, y + b), (x + b, y - a)]),
        "ring": lambda: shapely.Point(x, y).buffer(a + 1).difference(shapely.Point(x, y).buffer(a / 2 + 0.1)),
        "multi": lambda: shapely.MultiPolygon(
            [shapely.box(x, y, x + 5, y + 5), shapely.box(x + a + 6, y, x + a + 9, y + 3)]
        ),
        "multipoint": lambda: shapely.MultiPoint([(x, y), (x + a, y + b)]),
        "multiline": lambda: shapely.MultiLineString(
            [[(x, y), (x + a + 1, y)], [(x, y + 9), (x, y + b + 10)]]
        ),
    }
    return shapes[kind]()


def tiles_of_zoom(index, z):
    step = 512 * 2.0**-z
    boxes = np.asarray(index.sheets[0].boxes, np.float64)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    low = np.floor(centres.min(axis=0) / step).astype(int)
    high = np.floor(centres.max(axis=0) / step).astype(int)
    return [(x, y) for y in range(low[1], high[1] + 1) for x in range(low[0], high[0] + 1)]


@settings(max_examples=40, deadline=None)
@given(shapes=st.lists(geometries(), min_size=1, max_size=40), z=st.integers(-6, -1))
def test_every_annotation_counts_once_in_the_density_of_a_zoom(shapes, z):
    index = build_index(table(shapes, score=np.linspace(0, 1, len(shapes))))
    object.__setattr__(index, "density_max_zoom", -1)
    total = 0
    for x, y in tiles_of_zoom(index, z):
        decoded = decode(encode_tile(index, z, x, y))
        assert decoded.kind == 2
        total += decoded.cell_count.sum()
    assert total == len(shapes)


@settings(max_examples=60, deadline=None)
@given(shapes=st.lists(geometries(), min_size=1, max_size=12), z=st.integers(-5, 0))
def test_every_annotation_is_drawn_in_the_tile_of_its_place(shapes, z):
    index = build_index(table(shapes))
    step = 512 * 2.0**-z
    for row, shape in enumerate(shapes):
        place = np.array(shapely.get_coordinates(shape)[0])
        x, y = np.floor(place / step).astype(int)
        drawn = decode(encode_tile(index, z, x, y))
        assert row in drawn.id


@settings(max_examples=60, deadline=None)
@given(shape=geometries(), z=st.integers(-4, 0), seed=st.integers(0, 99))
def test_what_is_filled_is_what_the_polygon_covers(shape, z, seed):
    """Away from the outline, a pixel is filled exactly where the polygon is."""
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        return
    scale = 2.0**z
    x, y = np.floor(
        np.array(shapely.get_coordinates(shape)[seed % len(shapely.get_coordinates(shape))]) / (512 / scale)
    ).astype(int)
    decoded = tile([shape], z, x, y)
    pixels = np.random.default_rng(seed).uniform(0, 512, (300, 2))
    places = shapely.points((pixels + np.array([x, y]) * 512) / scale)
    far = shapely.distance(shape.boundary, places) * scale > 4
    expected = shapely.contains(shape, places)
    actual = inside(decoded.rings[0], pixels) if len(decoded.id) else np.zeros(len(pixels), bool)
    assert (actual[far] == expected[far]).all()


def test_at_level_zero_an_outline_is_exact():
    polygon = shapely.Polygon([(10.125, 10), (200.5, 12.25), (220, 180.875), (30, 170)])
    decoded = tile([polygon])
    (ring,) = decoded.rings[0]
    assert np.array_equal(ring, shapely.get_coordinates(polygon)[:-1])
    assert (decoded.kind, decoded.feature_kind[0]) == (1, 1)


def test_a_hole_is_a_further_ring():
    polygon = cell(250, 250, 200).difference(cell(250, 250, 100))
    (rings,) = tile([polygon]).rings
    assert len(rings) == 2
    assert list(inside(rings, np.array([[250.0, 250], [100, 250], [20, 20]]))) == [False, True, False]


def test_the_parts_of_a_multipolygon_are_one_feature():
    decoded = tile([shapely.MultiPolygon([cell(100, 100, 40), cell(300, 300, 40)])])
    assert len(decoded.id) == 1
    assert len(decoded.rings[0]) == 2


def test_a_line_keeps_its_points_and_is_not_closed():
    line = shapely.LineString([(10, 10), (200, 30), (300, 300), (10, 10)])
    decoded = tile([line])
    assert decoded.feature_kind[0] == 2
    assert np.array_equal(decoded.rings[0][0], shapely.get_coordinates(line))


def test_a_line_that_leaves_the_tile_comes_back_as_another_piece():
    line = shapely.LineString([(100, 100), (100, 2000), (400, 2000), (400, 100)])
    (pieces,) = tile([line]).rings
    assert [len(piece) for piece in pieces] == [2, 2]
    assert all(np.abs(piece).max() < 600 for piece in pieces)


def test_points_are_dots():
    decoded = tile([shapely.Point(5, 7), shapely.MultiPoint([(20, 30), (40, 50)])])
    by_row = dict(zip(decoded.id.tolist(), decoded.rings, strict=True))
    assert [ring.tolist() for ring in by_row[0]] == [[[5, 7]]]
    assert [ring.tolist() for ring in by_row[1]] == [[[20, 30]], [[40, 50]]]
    assert (decoded.feature_kind == 0).all()


@pytest.mark.parametrize(("z", "vertices"), [(-4, 1), (-3, 2), (-2, 3)])
def test_small_outlines_become_boxes_and_dots(z, vertices):
    decoded = tile([cell(1000, 1000, 12)], z, 0, 0)
    (ring,) = decoded.rings[0]
    assert len(ring) == vertices or (vertices == 3 and len(ring) >= 3)
    assert np.allclose(ring.mean(axis=0), 1000 * 2.0**z, atol=1)


def test_a_huge_outline_is_clipped_to_the_tile():
    huge = cell(50_000, 50_000, 49_000, n=4000)
    decoded = tile([huge], 0, 97, 97)
    (ring,) = decoded.rings[0]
    assert len(ring) == 4
    assert ring.min() >= -16
    assert ring.max() <= 528


def test_a_huge_outline_that_goes_around_the_tile_is_left_out():
    ring_around = cell(5000, 5000, 4000).difference(cell(5000, 5000, 3000))
    decoded = tile([ring_around], 0, 9, 9)
    assert not len(decoded.id) or not inside(decoded.rings[0], np.array([[256.0, 256]])).any()


def test_large_features_come_first():
    decoded = tile([cell(200, 200, 5), cell(200, 200, 150), cell(200, 200, 50)])
    assert decoded.id.tolist() == [1, 2, 0]


def test_simplification_leaves_out_what_no_pixel_shows():
    detailed = cell(2000, 2000, 1500, n=4000)
    full = sum(map(len, tile([detailed], 0, 1, 3).rings[0]))
    coarse = tile([detailed], -4, 0, 0).rings[0][0]
    assert len(coarse) < 100 < full
    assert abs(shapely.Polygon(coarse * 16).area / detailed.area - 1) < 0.01


def test_labels_layers_and_scores_are_numbered():
    index = build_index(
        table(
            [cell(100 * i, 100) for i in range(1, 5)],
            label=["b", "a", None, "b"],
            layer=["job", "manual", "manual", "job"],
            score=[0, 0.5, 1, np.nan],
        )
    )
    assert (index.labels, index.layer_names) == (["a", "b"], ["job", "manual"])
    decoded = decode(encode_tile(index, 0, 0, 0))
    order = np.argsort(decoded.id)
    assert decoded.label[order].tolist() == [1, 0, 65535, 1]
    assert decoded.layer[order].tolist() == [0, 1, 1, 0]
    assert decoded.score[order].tolist() == [0, 127, 254, 255]


def test_row_numbers_do_not_depend_on_the_order_of_the_rows():
    frame = table([cell(60 * i, 60) for i in range(1, 8)])
    shuffled = frame.sample(frac=1, random_state=1)
    assert encode_tile(build_index(frame), 0, 0, 0) == encode_tile(build_index(shuffled), 0, 0, 0)


def test_labels_of_the_whole_image_are_listed_and_not_drawn():
    frame = new_annotations([None, cell(9, 9)], label=["necrotic", "tumor"], shape=["image", None])
    index = build_index(frame)
    (row,) = index.whole_rows
    assert id_texts(index.ids_of(np.array([row]))) == [frame["id"].iloc[0]]
    assert index.counts == {"necrotic": 1, "tumor": 1}
    assert index.n == 1
    assert decode(encode_tile(index, 0, 0, 0)).id.tolist() == [1 - row]


@pytest.mark.parametrize("frame", [empty_annotations(), new_annotations([None], label="a", shape="image")])
def test_a_slide_without_outlines_has_empty_tiles(frame):
    index = build_index(frame)
    assert index.n == 0
    assert index.bounds is None
    for z in (0, -5):
        decoded = decode(encode_tile(index, z, 0, 0))
        assert (len(decoded.id), len(decoded.cell_count)) == (0, 0)


def scattered(n, extent, seed=0, radius=10.0):
    rng = np.random.default_rng(seed)
    centres = rng.uniform(0, extent, (n, 2))
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    circle = radius * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return shapely.polygons(centres[:, None] + circle)


def test_many_small_annotations_are_counted_where_they_cannot_be_seen():
    index = build_index(table(scattered(30_000, 20_000), label=np.resize(["a", "b"], 30_000)))
    assert index.density_max_zoom == -4
    decoded = decode(encode_tile(index, -6, 0, 0))
    assert (decoded.kind, decoded.cell) == (2, 2)
    assert decoded.cell_count.sum() == 30_000
    assert set(decoded.cell_label) == {0, 1}
    assert (decoded.cell_bin == 255).all()
    assert decode(encode_tile(index, -3, 0, 0)).kind == 1


def test_few_annotations_are_never_counted():
    assert build_index(table(scattered(500, 20_000))).density_max_zoom is None


def test_large_outlines_are_drawn_over_the_density():
    shapes = [*scattered(30_000, 20_000), cell(8000, 8000, 4000)]
    decoded = decode(encode_tile(build_index(table(shapes)), -5, 0, 0))
    assert decoded.kind == 2
    assert decoded.id.tolist() == [30_000]


def test_scores_are_binned_coarser_where_entries_are_too_many(monkeypatch):
    scores = np.random.default_rng(3).uniform(0, 1, 30_000)
    index = build_index(table(scattered(30_000, 20_000), score=scores))
    fine = decode(encode_tile(index, -6, 0, 0))
    assert fine.score_bins == 16
    monkeypatch.setattr(density, "MAX_DENSITY_ENTRIES", len(fine.cell_count) // 2)
    coarse = decode(encode_tile(index, -6, 0, 0))
    assert coarse.score_bins < 16
    assert coarse.cell_count.sum() == 30_000
    assert coarse.cell_bin.max() < coarse.score_bins


def test_a_crowded_tile_is_counted_even_where_outlines_could_be_seen(monkeypatch):
    monkeypatch.setattr(zooms, "DENSITY_FROM_PER_TILE", 3_000)
    index = build_index(table(scattered(4_000, 900, radius=40)))
    assert index.density_max_zoom == -1


def test_what_is_absurdly_far_away_is_left_out():
    index = build_index(table([cell(5, 5), shapely.Point(1e300, 5), shapely.box(1e18, 0, 1e19, 1e19)]))
    assert (index.n, len(index.whole_rows)) == (1, 0)
    assert decode(encode_tile(index, -31, 0, 0)).id.tolist() == [0]


def test_far_outliers_do_not_blow_up_the_grid():
    index = build_index(table([cell(0, 0), cell(1e7, 1e7), cell(5e6, 10)]))
    assert len(index.sheets[0].grid.starts) < 5_000_000
    x = int(1e7 // 512)
    assert decode(encode_tile(index, 0, x, x)).id.tolist() == [1]
