"""Tile grids."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinb.errors import InvalidInput
from wsinb.frames import Box
from wsinb.tiles import Slide

BOW_TIE = shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])


def test_tiles_cover_the_slide_once(slide: Slide, whole: np.ndarray) -> None:
    grid = slide.tiles(400)
    assert len(grid) == 9
    canvas = np.full((1200, 1200, 3), 7, np.uint8)
    for tile in grid:
        x, y = int(tile.l0_x), int(tile.l0_y)
        assert (x, y) == (tile.t_col * 400, tile.t_row * 400)
        canvas[y : y + 400, x : x + 400] = tile.image
    assert np.array_equal(canvas[:900, :1100], whole)
    assert (canvas[900:] == 255).all()


def test_a_grid_is_a_sequence(slide: Slide) -> None:
    grid = slide.tiles(256, um_per_px=1.0)
    assert len(grid) == len(list(grid)) == 6
    assert grid[1].box == Box(512, 0, 1024, 512)
    assert grid[-1] == list(grid)[-1]
    assert [tile.t_col for tile in grid[1:3]] == [1, 2]
    assert grid[0].image.shape == (256, 256, 3)
    with pytest.raises(IndexError):
        grid[6]


@given(st.integers(20, 600), st.integers(0, 19), st.floats(0.5, 5))
@settings(max_examples=60, deadline=None)
def test_neighbours_overlap_and_reach_the_far_edge(
    slide: Slide, size: int, overlap: int, downsample: float
) -> None:
    grid = slide.tiles(size, overlap=overlap, downsample=downsample)
    columns = sorted({tile.l0_x for tile in grid})
    for left, right in pairwise(columns):
        assert left + size * downsample - right == pytest.approx(overlap * downsample)
    assert columns[0] == 0
    assert columns[-1] + size * downsample >= slide.size[0] - 1e-6
    # no tile lies wholly in what the last but one shows already
    assert len(columns) == 1 or columns[-2] + size * downsample < slide.size[0]


def test_a_rounding_error_adds_no_column_of_tiles(slide: Slide) -> None:
    slide.mpp = 0.1
    try:
        # 0.3 / 0.1 is a little below 3, and the slide a multiple of 3 * 50 level-0 pixels high
        grid = slide.tiles(50, um_per_px=0.3)
        assert len(grid) == len(slide.tiles(50, downsample=3))
        assert len(slide.tiles(50, um_per_px=0.3, within=Box(0, 0, *slide.size))) == len(grid)
    finally:
        slide.mpp = 0.5


@given(st.floats(-200, 1300), st.floats(-200, 1100), st.floats(1, 600), st.floats(1, 600), st.integers(0, 40))
@settings(max_examples=80, deadline=None)
def test_within_keeps_exactly_the_tiles_that_share_area(
    slide: Slide, x: float, y: float, width: float, height: float, overlap: int
) -> None:
    triangle = shapely.Polygon([(x, y), (x + width, y), (x, y + height)])
    got = slide.tiles(100, overlap=overlap, within=triangle)
    on_slide = triangle & shapely.box(0, 0, *slide.size)
    expected = [t for t in slide.tiles(100, overlap=overlap) if (shapely.box(*t.box) & on_slide).area > 1e-6]
    certain = [t for t in got if (shapely.box(*t.box) & on_slide).area > 1e-6]
    assert certain == expected
    # what else is kept shares less than can be told from nothing
    assert len(got) - len(certain) <= 3


def test_within_a_box_leaves_out_tiles_that_only_touch(slide: Slide) -> None:
    grid = slide.tiles(100, within=Box(100, 100, 300, 200))
    assert [(t.t_col, t.t_row) for t in grid] == [(1, 1), (2, 1)]
    assert len(slide.tiles(100, within=Box(5000, 5000, 6000, 6000))) == 0
    assert len(slide.tiles(100, within=shapely.Point(150, 150))) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        {"size": 0},
        {"overlap": 512},
        {"overlap": -1},
        {"within": (0, 0, 5, 5)},
        {"within": BOW_TIE},
        {"downsample": -1},
        {"downsample": 1e-300},
        {"downsample": 1e300},
        {"um_per_px": 1e-300},
        {"size": 1, "downsample": 1e-6},
        {"size": 1, "downsample": 1e-6, "within": Box(0, 0, 500, 500)},
    ],
)
def test_a_grid_that_cannot_be_is_refused(slide: Slide, arguments: dict) -> None:
    with pytest.raises(InvalidInput):
        slide.tiles(**arguments)
