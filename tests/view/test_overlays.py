"""What lies over the picture: which overlays there are, where they lie, how they are coloured."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from traitlets import TraitError

import wsinb
from wsinb.errors import InvalidInput, SlideNotFound, UnreadableSlide
from wsinb.frames import Box
from wsinb.tiles import write_pyramid
from wsinb.view import SlideLayer, draw_picture
from wsinb.view.heat import COLOUR_MAPS, colour_table
from wsinb.view.laying import box_of
from wsinb.view.overlays import PLAIN_OVERLAY, check_overlays
from wsinb.view.picture import FILL

WIDTH, HEIGHT = 1024, 768
COLOURS_TS = Path(__file__).parents[2] / "widgets" / "src" / "overlays" / "colours.ts"
SPOT = (slice(48, 96), slice(64, 128))


class Sized(NamedTuple):
    """A slide of which only the size is looked at."""

    size: tuple[float, float]
    mpp_xy: tuple[float, float] | None
    name: str = "a"


def written(path, size, mpp=None, spot=SPOT):
    """A map of probabilities: 1 in a spot, 0 elsewhere."""
    values = np.zeros((size[1], size[0], 3), np.uint8)
    values[spot] = 255
    return write_pyramid(values, path, mpp=mpp, quality=89)


@pytest.fixture
def heat_path(slide_path):
    """A fourth of the slide's resolution; the spot is at 256 to 512 and 192 to 384."""
    return written(slide_path.parent / "p_tumor.tif", (WIDTH // 4, HEIGHT // 4), mpp=2.0)


@pytest.fixture
def viewer(slide_path):
    return wsinb.open_slide(slide_path).view()


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_an_added_overlay_goes_to_the_browser_with_everything_said(viewer, heat_path):
    assert viewer.add_overlay(heat_path, threshold=0.5) == "p_tumor"
    overlay = {**PLAIN_OVERLAY, "name": "p_tumor", "source": {"path": str(heat_path)}, "threshold": 0.5}
    assert viewer.overlays == viewer.layer.overlays == [overlay]


def test_what_the_browser_changes_can_be_observed(viewer, heat_path):
    viewer.add_overlay(heat_path)
    heard = []
    viewer.observe(lambda change: heard.append(change["new"]), "overlays")
    viewer.layer.overlays = [{**viewer.overlays[0], "opacity": 0.25, "visible": False}]
    assert [(each["opacity"], each["visible"]) for (each,) in heard] == [(0.25, False)]
    assert viewer.overlays == viewer.layer.overlays


def test_an_overlay_of_the_same_name_is_replaced_and_another_file_gets_a_number(viewer, heat_path, tmp_path):
    viewer.add_overlay(heat_path)
    viewer.add_overlay(heat_path, colours="magma")
    assert [overlay["colours"] for overlay in viewer.overlays] == ["magma"]
    other = written(tmp_path / "p_tumor.tif", (WIDTH // 4, HEIGHT // 4))
    assert viewer.add_overlay(wsinb.open_slide(other)) == "p_tumor (2)"
    viewer.remove_overlay("p_tumor")
    assert [overlay["name"] for overlay in viewer.overlays] == ["p_tumor (2)"]
    with pytest.raises(InvalidInput, match="'p_tumor \\(2\\)'"):
        viewer.remove_overlay("p_tumor")


def test_a_file_that_cannot_lie_there_is_refused_at_once(viewer, slide_path, tmp_path):
    with pytest.raises(SlideNotFound):
        viewer.add_overlay(tmp_path / "missing.tif")
    (tmp_path / "broken.tif").write_bytes(b"II*\0")
    with pytest.raises(UnreadableSlide):
        viewer.add_overlay(tmp_path / "broken.tif")
    tall = written(tmp_path / "tall.tif", (HEIGHT // 4, WIDTH // 4))
    with pytest.raises(InvalidInput, match=r"tall \(192 x 256 px\) has another shape than liver"):
        viewer.add_overlay(tall)
    with pytest.raises(InvalidInput, match="the box"):
        viewer.add_overlay(slide_path, box=(0, 0, 500, 500))
    assert viewer.add_overlay(tall, box=(0, 0, 300, 400)) == "tall"
    assert viewer.layer.overlays[0]["source"]["box"] == [0, 0, 300, 400]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": 3},
        {"opacity": 1.5},
        {"threshold": float("nan")},
        {"opacity": True},
        {"visible": 1},
        {"colours": "virids"},
        {"colours": "#12345"},
        {"colours": ["viridis"]},
        {"colour": "viridis"},
        {"source": {"path": ""}},
        {"source": {"path": "/a\0b"}},
        {"source": {"path": "/a", "live": "b"}},
        {"source": {"live": 3}},
        {"source": {"url": "https://example.org"}},
        {"source": {"path": "/a", "box": [0, 0, 0, 5]}},
        {"source": {"path": "/a", "box": [0, 0, float("inf"), 5]}},
    ],
)
def test_values_that_make_no_sense_are_refused_and_change_nothing(viewer, wrong):
    good = {"name": "live", "source": {"live": "a"}}
    viewer.overlays = [good]
    before = viewer.overlays
    for carrier in (viewer, viewer.layer):
        with pytest.raises(TraitError):
            carrier.overlays = [{**good, **wrong}]
        with pytest.raises(TraitError, match="Two overlays"):
            carrier.overlays = [good, good]
        assert carrier.overlays == before


@given(
    st.lists(
        st.fixed_dictionaries(
            {"name": st.sampled_from("abcd"), "source": st.just({"live": "x"})},
            optional={
                "opacity": st.floats(0, 1),
                "threshold": st.floats(0, 1),
                "colours": st.sampled_from([*COLOUR_MAPS, "#12abEF"]),
                "visible": st.booleans(),
            },
        ),
        unique_by=lambda overlay: overlay["name"],
    )
)
def test_what_is_checked_stays_as_it_is(overlays):
    checked = check_overlays(overlays)
    assert check_overlays(checked) == checked
    layer = SlideLayer(source={"path": "/a.tif"})
    layer.overlays = overlays
    assert layer.overlays == checked


@given(st.integers(200, 60_000), st.integers(200, 60_000), st.floats(1, 64))
def test_a_picture_made_smaller_and_rounded_fits(width, height, downsample):
    slide = Sized((width, height), (0.5, 0.5))
    for rounded in (np.ceil, np.floor, np.rint):
        size = tuple(max(1, int(rounded(length / downsample))) for length in (width, height))
        box = box_of(Sized(size, None), slide)
        assert box == (0, 0, width, height), "without its own mpp it is stretched"
    # as maps of probabilities are cut: their mpp tells where the last row and column end
    size = tuple(max(1, int(np.ceil(length / downsample - 1e-6))) for length in (width, height))
    box = box_of(Sized(size, (0.5 * downsample, 0.5 * downsample)), slide)
    scales = (box.width / size[0], box.height / size[1])
    assert scales == pytest.approx((downsample, downsample)) or box == (0, 0, width, height)
    if all(0.01 < length / downsample % 1 < 0.99 for length in (width, height)):
        assert scales == pytest.approx((downsample, downsample))


def test_a_wrong_mpp_does_not_move_an_overlay():
    slide = Sized((10_000, 8_000), (0.25, 0.25))
    assert box_of(Sized((1_000, 800), (3.0, 3.0)), slide) == (0, 0, 10_000, 8_000)


@pytest.mark.parametrize("colours", [*COLOUR_MAPS, "#336699"])
def test_colours_run_from_the_first_to_the_last_and_alpha_follows_the_value(colours):
    table = colour_table(colours, 0.5, 0.25).astype(int)
    ends = [COLOUR_MAPS.get(colours, (colours,))[at] for at in (0, -1)]
    assert ["#{:02x}{:02x}{:02x}".format(*table[at, :3]) for at in (0, -1)] == ends
    assert not table[:64, 3].any()
    assert table[255, 3] == 128
    assert (np.diff(table[64:, 3]) >= 0).all()


def test_both_sides_have_the_same_colour_maps():
    text = COLOURS_TS.read_text()
    maps = dict(re.findall(r"^  (\w+): \[(.*?)\]", text, re.DOTALL | re.MULTILINE))
    in_browser = {name: tuple(re.findall("#[0-9a-f]{6}", stops)) for name, stops in maps.items()}
    colors = (COLOURS_TS.parents[1] / "vector" / "colors.ts").read_text()
    viridis = re.search(r"VIRIDIS[^=]*= \[(.*?)\]", colors, re.DOTALL).group(1)
    in_browser["viridis"] = tuple(re.findall("#[0-9a-f]{6}", viridis))
    assert in_browser == COLOUR_MAPS


def test_both_sides_begin_with_the_same_settings():
    text = (COLOURS_TS.parent / "spec.ts").read_text()
    plain = re.search(r"PLAIN_OVERLAY: OverlayLook = \{(.*?)\}", text).group(1)
    told = dict(part.split(": ") for part in plain.strip().split(", "))
    expected = {name: str(value).strip("'").lower() for name, value in PLAIN_OVERLAY.items()}
    assert {name: value.strip("'") for name, value in told.items()} == {
        **expected,
        "threshold": f"{PLAIN_OVERLAY['threshold']:g}",
    }


def test_the_picture_has_the_overlay_in_its_place_and_the_annotations_over_it(project, heat_path):
    viewer = project.view("liver")
    bare = pixels(viewer.picture(512))
    viewer.add_overlay(heat_path, colours="#ff0000", opacity=0.5)
    seen = pixels(viewer.picture(512))
    inside, outside = (slice(175, 190), slice(235, 252)), (slice(30, 80), slice(300, 400))
    table = project.read("liver")
    assert not len(table.cx[460:512, 340:384]), "no annotation is there"
    assert np.abs(seen[inside] - (bare[inside] + (255, 0, 0)) / 2).max() <= 3
    assert np.abs(seen[outside] - bare[outside]).max() <= 2
    centre = table.geometry.iloc[0].centroid
    at = (int(centre.y / 2), int(centre.x / 2))
    plain = pixels(draw_picture(viewer.slide, max_size=512))[at]
    over = np.add(plain, (255, 0, 0)) / 2 * (1 - FILL) + np.array((0, 255, 0)) * FILL
    assert np.abs(seen[at] - over).max() <= 4
    viewer.overlays = [{**viewer.overlays[0], "visible": False}]
    assert np.array_equal(pixels(viewer.picture(512)), bare)


def test_a_part_of_the_picture_has_its_part_of_an_overlay_in_a_box(viewer, tmp_path):
    path = written(tmp_path / "part.tif", (100, 100), spot=(slice(0, 50), slice(0, 50)))
    viewer.add_overlay(path, colours="#00ff00", opacity=1, box=(200, 100, 400, 300))
    bare = viewer.slide.read(150, 50, 300, 300).astype(int)
    viewer.layer.view = [150.0, 50.0, 450.0, 350.0]
    assert viewer.shown_box() == Box(150, 50, 450, 350)
    seen = pixels(viewer.picture(300))
    green = (seen == (0, 255, 0)).all(axis=2)
    assert green[55:145, 55:145].all(), "a hundred level-0 pixels from the corner of the box"
    rest = np.ones((300, 300), bool)
    rest[40:160, 40:160] = False
    rest[240:] = False  # the scale bar
    assert np.abs(seen - bare)[rest].max() <= 12


def test_an_overlay_that_is_gone_is_left_out_of_the_picture_with_a_warning(viewer, heat_path):
    bare = viewer.picture()
    viewer.add_overlay(heat_path)
    heat_path.unlink()
    with pytest.warns(UserWarning, match="'p_tumor' is left out"):
        assert viewer.picture() == bare


def test_a_map_of_a_model_lies_where_it_was_predicted(project):
    from wsinb.trees import train_pixels, write_probabilities

    slide = project.slides.open("liver")
    tumor = project.read("liver").geometry
    strokes = wsinb.new_annotations(
        [*tumor.iloc[:2], shapely.box(430, 300, 500, 400)], label=["tumor", "tumor", "stroma"]
    )
    model = train_pixels([(slide, strokes)], ["tumor"], 1.75, background_label="stroma", n_trees=5)
    path = write_probabilities(slide, model, "tumor", project.path / "p.tif")
    with wsinb.open_slide(path) as opened:
        assert opened.size[0] * 3.5 > WIDTH, "its last column reaches over the edge"
        assert box_of(opened, slide).width / opened.size[0] == pytest.approx(3.5, rel=1e-4)
    viewer = project.view("liver")
    viewer.add_overlay(path, colours="gray", opacity=1)
    seen = pixels(viewer.picture(1024))[..., 0]
    certain = shapely.contains_xy(
        tumor.iloc[0].buffer(-12), *np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    )
    assert (seen[certain] > 120).mean() > 0.9
