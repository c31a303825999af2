from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import maximum_filter

from wsinb.demo import dice
from wsinb.demo.annotations import split_regions
from wsinb.demo.layout import CELL, Layout, make_layout
from wsinb.demo.slide import MPP, Painter, write_slide
from wsinb.tiles import open_slide

SIZE = 4096


@pytest.fixture(scope="module")
def layout() -> Layout:
    return make_layout(SIZE)


@pytest.fixture(scope="module")
def painter(layout: Layout) -> Painter:
    return Painter(layout)


def test_the_same_seed_gives_the_same_layout(layout: Layout):
    again, other = make_layout(SIZE), make_layout(SIZE, seed=1)
    assert np.array_equal(again.tissue, layout.tissue)
    assert [nest.polygon for nest in again.nests] == [nest.polygon for nest in layout.nests]
    assert not np.array_equal(other.tissue, layout.tissue)


def test_nests_are_valid_apart_from_each_other_and_on_tissue(layout: Layout):
    polygons = [nest.polygon for nest in layout.nests]
    assert len(polygons) >= 4
    assert all(polygon.is_valid and polygon.area > 100 * 100 for polygon in polygons)
    assert shapely.union_all(polygons).area == pytest.approx(sum(polygon.area for polygon in polygons))
    for polygon in polygons:
        point = polygon.representative_point()
        assert layout.tumour[int(point.y // CELL), int(point.x // CELL)] > 0


def test_outlines_are_irregular_and_some_have_holes():
    polygons = [nest.polygon for nest in make_layout(20_480).nests]
    assert any(polygon.interiors for polygon in polygons)
    solidity = [polygon.area / polygon.convex_hull.area for polygon in polygons]
    assert np.median(solidity) < 0.9


@pytest.mark.parametrize("size", [2048, 4096, 20_480])
def test_held_out_regions_share_nothing_with_training(size: int):
    split = split_regions(make_layout(size))
    assert split.rois
    assert split.training
    assert split.held_out
    seen = shapely.union_all([*split.rois, *split.training])
    assert not any(polygon.intersects(seen) for polygon in split.held_out)
    slide = shapely.box(0, 0, size, size)
    assert all(roi.within(slide) for roi in split.rois)


def test_training_sees_tumour_tissue_and_glass(layout: Layout):
    cells = [
        layout.tissue[int(y0 // CELL) : int(y1 // CELL), int(x0 // CELL) : int(x1 // CELL)]
        for x0, y0, x1, y1 in (roi.bounds for roi in split_regions(layout).rois)
    ]
    seen = np.concatenate([part.ravel() for part in cells])
    assert (seen > 0.9).mean() > 0.2
    assert (seen < 0.05).mean() > 0.05


@settings(max_examples=15, deadline=None)
@given(st.integers(0, SIZE // CELL - 8), st.integers(0, SIZE // CELL - 8))
def test_blocks_fit_together_wherever_they_are_cut(painter: Painter, col: int, row: int):
    whole = painter.block(col * CELL, row * CELL, 128, 128)
    parts = [painter.block(col * CELL + dx, row * CELL, 64, 128) for dx in (0, 64)]
    difference = np.abs(np.concatenate(parts, axis=1).astype(int) - whole)
    # resizing rounds by the size of the part
    assert difference.max() <= 12
    assert difference.mean() < 0.2


def test_tumour_looks_different_from_mucosa_and_glass_is_bright(layout: Layout, painter: Painter):
    image = np.concatenate(list(painter.strips()))
    assert image.shape == (SIZE, SIZE, 3)
    coarse = image.reshape(SIZE // CELL, CELL, SIZE // CELL, CELL, 3).mean(axis=(1, 3))
    tumour, mucosa = layout.tumour > 40, (layout.tumour < -40) & (layout.tissue > 0.95)
    glass = maximum_filter(layout.tissue, 5) == 0
    assert coarse[glass].min() > 235
    blueness = coarse[..., 2] - coarse[..., 0]
    assert blueness[tumour].mean() > blueness[mucosa].mean() + 10
    assert coarse[tumour].std(axis=0).mean() < coarse[mucosa].std(axis=0).mean()


def test_no_two_places_look_alike(painter: Painter):
    corners = [(x, y) for x in range(512, 3072, 512) for y in range(512, 3072, 512)]
    blocks = [painter.block(x, y, 256, 256).astype(float) for x, y in corners]
    textured = [block - block.mean() for block in blocks if block.std() > 15]
    for a, b in pairwise(textured):
        assert (a * b).mean() / (a.std() * b.std()) < 0.7


def test_the_written_slide_knows_its_resolution_and_has_levels(tmp_path: Path):
    write_slide(make_layout(2048), tmp_path / "s.tiff")
    slide = open_slide(tmp_path / "s.tiff")
    assert slide.size == (2048, 2048)
    assert (slide.mpp, slide.magnification) == (pytest.approx(MPP), 40)
    assert len(slide.levels) >= 3
    assert [path.name for path in tmp_path.iterdir()] == ["s.tiff"]


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 20), st.floats(1, 20))
def test_dice_of_two_boxes_is_twice_the_overlap_over_the_sum(shift: float, side: float):
    a, b = shapely.box(0, 0, side, side), shapely.box(shift, 0, shift + side, side)
    expected = max(side - shift, 0) / side
    assert dice([a], [b]) == pytest.approx(expected)
    assert dice([b], [a]) == pytest.approx(expected)


def test_dice_leaves_out_what_training_has_seen():
    known = [shapely.box(0, 0, 10, 10), shapely.box(100, 0, 110, 10)]
    found = [shapely.box(0, 0, 10, 10), shapely.box(200, 0, 210, 10)]
    assert dice(found, known) == pytest.approx(0.5)
    assert dice(found, known, outside=[shapely.box(-1, -1, 50, 50)]) == 0
    assert dice(found, known, outside=[shapely.box(90, -1, 300, 50)]) == 1
    assert dice([], []) == 1
