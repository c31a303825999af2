from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from wsinb import Label, new_annotations, open_slide
from wsinb.errors import InvalidInput, UnknownMpp
from wsinb.frames import Box
from wsinb.jobs import draw_outlines, l0_area, show_labelled, show_outlines
from wsinb.testing import synthetic_slide


@pytest.fixture
def slide(tmp_path: Path):
    return open_slide(synthetic_slide(tmp_path / "s.tiff", size=(1024, 512)))


def reddish(picture: np.ndarray) -> np.ndarray:
    return (picture[..., 0] > 200) & (picture[..., 1] < 60) & (picture[..., 2] < 60)


def test_outlines_and_holes_are_drawn_where_they_lie(slide):
    ring = shapely.box(100, 100, 500, 400).difference(shapely.box(200, 200, 300, 300))
    picture = draw_outlines(slide, {"#ff0000": [ring]}, max_size=1024)
    assert picture.shape == (512, 1024, 3)
    red = reddish(picture)
    assert red[250, 98:103].any()
    assert red[250, 198:203].any()
    assert not red[150:180, 120:480].any()


def test_a_part_is_shown_at_its_own_scale(slide):
    picture = draw_outlines(slide, {"#ff0000": [shapely.box(600, 100, 700, 200)]}, Box(500, 0, 900, 400), 200)
    assert picture.shape == (200, 200, 3)
    assert reddish(picture)[75, 49:52].any()


def test_points_empty_and_missing_geometries_do_no_harm(slide):
    picture = draw_outlines(slide, {"#ff0000": [shapely.Point(5, 5), shapely.Polygon(), None]})
    assert picture.dtype == np.uint8


def test_a_picture_is_a_png(slide):
    assert show_outlines(slide, {}).data.startswith(b"\x89PNG")


@pytest.mark.parametrize("colour", ["red", "#ff00", "#gg0000", "ff00000"])
def test_a_colour_that_is_none_is_refused(slide, colour: str):
    with pytest.raises(InvalidInput, match="no colour"):
        draw_outlines(slide, {colour: []})


def test_areas_become_level_0_pixels_only_where_the_pixel_size_is_known(slide, tmp_path: Path):
    assert l0_area(slide, 10.0) == pytest.approx(40.0)
    unknown = open_slide(synthetic_slide(tmp_path / "u.tiff", size=(256, 256), mpp=None))
    assert l0_area(unknown, 0) == 0
    with pytest.raises(UnknownMpp, match=r"set slide\.mpp"):
        l0_area(unknown, 10.0)


def test_labels_have_their_colours_and_a_legend(slide):
    labels = {"<b>": Label("<b>", color="#00ff00")}
    table = new_annotations([shapely.box(100, 100, 300, 300)] * 3, label=["<b>", None, "<b>"])
    html = show_labelled(slide, table, labels).data
    assert "&lt;b&gt; (2)" in html
    assert "<b>" not in html
    assert "color:#00ff00" in html
    assert "no label (1)" in html
    assert "nothing" in show_labelled(slide, table.iloc[:0], labels).data
