"""The picture: adjustments, channels, planes, zooming, and what happens when it cannot be read."""

from __future__ import annotations

import re

import numpy as np
import pytest
import tifffile
from playwright.sync_api import expect

from wsinb.testing import synthetic_slide
from wsinb.tiles.pyramid import write_pyramid

pytestmark = pytest.mark.browser

SIZE = (2048, 1536)
TISSUE = (1024, 770)  # no edge of anything nearby
IMAGE_PANE = ".leaflet-wsinb-image-pane"
VIOLET = (120, 60, 140)


@pytest.fixture
def folder(server, request):
    """A folder of its own in the file browser's root."""
    path = server.root / re.sub(r"\W", "-", request.node.name)
    path.mkdir()
    return path


def find_frame(lab, size):
    """Learn where slide pixels are at any zoom, from the rectangle of the whole slide."""
    box = lab.page.locator(".wsinb-slide").bounding_box()
    lab.scale = box["width"] / size[0]
    lab.origin = (box["x"], box["y"])


def open_tab(lab):
    lab.page.locator("button[data-tab=picture]").click()


def type_amount(lab, amount, value):
    field = lab.page.locator(f"[data-amount={amount}] input[type=number]")
    field.fill(str(value))
    field.press("Enter")


def adjusted(lab, yes):
    lab.page.wait_for_selector(f"{IMAGE_PANE}[data-adjusted={str(yes).lower()}]", state="attached")


def shows(lab, attribute, value):
    """Wait until the tiles in view are of a plane, or of a choice of channels."""
    lab.page.wait_for_function(
        "([pane, name, value]) => document.querySelector(pane).dataset[name] === value",
        arg=[IMAGE_PANE, attribute, value],
    )


def tiles_are_there(lab):
    """Wait until the view stands still and its tiles are there."""
    lab.page.wait_for_function(
        """() => {
            const tiles = [...document.querySelectorAll('.wsinb-image-layer img')];
            const moves = document.querySelector('.wsinb-mod-zooming, .leaflet-zoom-anim');
            return !moves && tiles.length > 0 && tiles.every(tile => tile.complete && tile.naturalWidth > 1);
        }"""
    )


def zoom(lab, size, act):
    """Do what zooms, and wait until it has."""
    box = "JSON.stringify(document.querySelector('.wsinb-slide').getBoundingClientRect())"
    before = lab.page.evaluate(box)
    act()
    lab.page.wait_for_function(f"before => {box} !== before", arg=before)
    tiles_are_there(lab)
    find_frame(lab, size)


def middle(lab, half=20):
    """The mean colour about the middle of the map."""
    return lab.patch(*TISSUE, half=half).reshape(-1, 3).mean(axis=0)


@pytest.mark.parametrize(
    ("amount", "value", "expected"),
    [
        ("brightness", 0.2, lambda v: v + 0.2),
        ("brightness", -1, lambda v: 0 * v),
        ("contrast", 0.3, lambda v: (v - 0.5) * np.tan(1.3 * np.pi / 4) + 0.5),
        ("contrast", -1, lambda v: 0 * v + 0.5),
        ("gamma", 0.5, lambda v: v**2),
        ("saturation", 0, lambda v: 0 * v + v @ (0.2126, 0.7152, 0.0722)),
    ],
)
def test_an_adjustment_changes_the_pixels_as_it_says_and_its_reset_restores_them(
    lab, folder, amount, value, expected
):
    synthetic_slide(folder / "liver.tif", SIZE)
    lab.open_slide(folder.name, "liver.tif")
    open_tab(lab)
    tiles_are_there(lab)
    before = lab.patch(*TISSUE, half=20)
    type_amount(lab, amount, value)
    adjusted(lab, True)
    wanted = np.clip(expected(before.reshape(-1, 3).mean(axis=0) / 255), 0, 1) * 255
    assert np.allclose(middle(lab), wanted, atol=6)
    lab.page.locator(f"[data-amount={amount}] .wsinb-slider-name").dblclick()
    adjusted(lab, False)
    assert np.array_equal(lab.patch(*TISSUE, half=20), before)
    expect(lab.page.locator(f"{IMAGE_PANE} canvas"), "a picture as it is costs nothing").to_have_count(0)


def test_inverting_leaves_the_annotations_as_they_are(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    lab.draw("rectangle", (900, 700), (1100, 850))
    lab.unsaved("1 unsaved")
    lab.page.keyboard.press("Escape")
    open_tab(lab)
    edge = lab.patch(900, 775, half=0)
    before = middle(lab, half=4)
    lab.page.locator(".wsinb-adjust .wsinb-check").check()
    adjusted(lab, True)
    assert np.abs(middle(lab, half=4) - before).max() > 40
    assert np.array_equal(lab.patch(900, 775, half=0), edge)
    lab.page.locator(".wsinb-adjust button", has_text="Reset").click()
    adjusted(lab, False)
    assert np.array_equal(middle(lab, half=4), before)


def test_a_slider_acts_while_it_moves(lab, folder):
    synthetic_slide(folder / "liver.tif", SIZE)
    lab.open_slide(folder.name, "liver.tif")
    open_tab(lab)
    tiles_are_there(lab)
    before = middle(lab)
    box = lab.page.locator("[data-amount=brightness] input[type=range]").bounding_box()
    y = box["y"] + box["height"] / 2
    lab.page.mouse.move(box["x"] + box["width"] / 2, y)
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + 0.3 * box["width"], y, steps=5)
    adjusted(lab, True)
    darker = middle(lab)
    lab.page.mouse.up()
    assert (darker < before - 30).all()
    number = float(lab.page.locator("[data-amount=brightness] input[type=number]").input_value())
    assert np.allclose(darker, before + 255 * number, atol=8)


def write_channels(path):
    """Two channels of 16 bits, each bright in its half: the left one 1000, the right one 3000."""
    data = np.zeros((2, 900, 1200), np.uint16)
    data[0, :, :600], data[1, :, 600:] = 1000, 3000
    channels = {"Name": ["left", "right"], "Color": [-16776961, 16711935]}  # RGBA: red and green
    tifffile.imwrite(path, data, metadata={"axes": "CYX", "Channel": channels}, photometric="minisblack")


LEFT, RIGHT = (450, 500), (750, 500)


def channel(lab, name):
    return lab.page.locator(".wsinb-channel", has=lab.page.locator(f".wsinb-channel-name:text-is({name!r})"))


def type_range(lab, name, end, value):
    field = channel(lab, name).locator("input[type=number]").nth(("low", "high").index(end))
    field.fill(str(value))
    field.press("Enter")


def test_channels_are_shown_hidden_coloured_and_scaled(lab, folder):
    write_channels(folder / "cells.ome.tiff")
    lab.open_slide(folder.name, "cells.ome.tiff")
    open_tab(lab)
    # the file's own ranges are those of its data
    assert np.allclose(lab.pixel(*LEFT), (255, 0, 0), atol=6)
    assert np.allclose(lab.pixel(*RIGHT), (0, 255, 0), atol=6)
    type_range(lab, "left", "high", 2000)
    shows(lab, "channels", "0:ff0000:0:2000,1:00ff00:0:3000")
    assert np.allclose(lab.pixel(*LEFT), (127, 0, 0), atol=6)
    channel(lab, "right").locator("input[type=color]").fill("#3366ff")
    shows(lab, "channels", "0:ff0000:0:2000,1:3366ff:0:3000")
    assert np.allclose(lab.pixel(*RIGHT), (0x33, 0x66, 0xFF), atol=6)
    channel(lab, "left").locator(".wsinb-eye").click()
    shows(lab, "channels", "1:3366ff:0:3000")
    assert max(lab.pixel(*LEFT)) < 6
    lab.page.locator(".wsinb-channels > .wsinb-section-head button", has_text="Reset").click()
    shows(lab, "channels", "")


def test_auto_fits_the_range_to_the_data_and_reset_goes_back_to_what_the_file_asks_for(lab, folder):
    data = np.zeros((2, 900, 1200), np.uint16)
    data[0, :, :600], data[1, :, 600:] = 1000, 3000
    about = {"axes": "CYX", "Ranges": (0, 50_000, 0, 3000)}
    tifffile.imwrite(folder / "dim.tif", data, imagej=True, metadata=about)
    lab.open_slide(folder.name, "dim.tif")
    open_tab(lab)
    assert np.allclose(lab.pixel(*LEFT), (5, 0, 0), atol=3)
    button = channel(lab, "Channel 1").locator("button", has_text="auto")
    button.click()
    shows(lab, "channels", "0:ff0000:0:1000,1:00ff00:0:3000")
    assert np.allclose(lab.pixel(*LEFT), (255, 0, 0), atol=6)
    expect(button).to_be_disabled()
    lab.page.locator(".wsinb-channels > .wsinb-section-head button", has_text="Reset").click()
    shows(lab, "channels", "")
    assert np.allclose(lab.pixel(*LEFT), (5, 0, 0), atol=3)


def test_a_channel_alone_by_alt_click_and_by_the_slider(lab, folder):
    write_channels(folder / "cells.ome.tiff")
    lab.open_slide(folder.name, "cells.ome.tiff")
    open_tab(lab)
    eye = channel(lab, "right").locator(".wsinb-eye")
    assert max(lab.pixel(*LEFT)) > 100
    eye.click(modifiers=["Alt"])
    shows_only = "([pane]) => /^1:[^,]*$/.test(document.querySelector(pane).dataset.channels)"
    lab.page.wait_for_function(shows_only, arg=[IMAGE_PANE])
    assert max(lab.pixel(*LEFT)) < 6
    assert max(lab.pixel(*RIGHT)) > 100
    slider = lab.page.locator("[data-axis=c] input")
    expect(slider).to_have_value("2")
    eye.click(modifiers=["Alt"])
    shows(lab, "channels", "")
    assert max(lab.pixel(*LEFT)) > 100
    slider.fill("1")
    lab.page.wait_for_function(shows_only.replace("^1", "^0"), arg=[IMAGE_PANE])
    assert max(lab.pixel(*RIGHT)) < 6


GREYS = (40, 80, 120, 160, 200)


def write_planes(path, axis):
    """Planes of one grey each, 900 x 700, of several tiles."""
    planes = np.stack([np.full((700, 900), grey, np.uint8) for grey in GREYS])
    tifffile.imwrite(path, planes, metadata={"axes": f"{axis}YX"}, photometric="minisblack")


def test_a_slider_and_keys_step_through_focal_planes(lab, folder):
    write_planes(folder / "stack.ome.tiff", "Z")
    lab.open_slide(folder.name, "stack.ome.tiff")
    expect(lab.page.locator("[data-axis]"), "there is one time point, one channel").to_have_count(1)
    assert np.allclose(lab.pixel(450, 300), GREYS[0], atol=3)
    lab.page.locator("[data-axis=z] input").fill("3")
    shows(lab, "plane", "3.0")
    assert np.allclose(lab.pixel(450, 300), GREYS[3], atol=3)
    expect(lab.page.locator("[data-axis=z] output")).to_have_text("4 / 5")
    lab.page.locator(".wsinb-map").focus()
    lab.page.keyboard.press("]")
    shows(lab, "plane", "4.0")
    lab.page.keyboard.press("]")
    lab.page.keyboard.press("[")
    shows(lab, "plane", "3.0")
    assert np.allclose(lab.pixel(450, 300), GREYS[3], atol=3)


def test_time_points_play_without_a_flash_and_stand_still_when_paused(lab, folder):
    write_planes(folder / "film.ome.tiff", "T")
    lab.open_slide(folder.name, "film.ome.tiff")
    lab.page.locator(".wsinb-play").click()
    seen = set()
    for _ in range(60):
        whole = lab.patch(450, 300, half=100).reshape(-1, 3)
        nearest = np.argmin(np.abs(whole.mean() - np.array(GREYS)))
        # one frame at a time, all over: nothing white or black, no mixture
        assert np.abs(whole.astype(int) - GREYS[nearest]).max() <= 4
        seen.add(int(nearest))
        if len(seen) == len(GREYS):
            break
    assert len(seen) >= 3
    lab.page.locator(".wsinb-play[aria-pressed=true]").click()
    lab.page.wait_for_selector(".wsinb-play[aria-pressed=false]")
    wanted = lab.page.locator("[data-axis=t] input").input_value()
    shows(lab, "plane", f"0.{wanted}" if wanted != "0" else "0.0")
    assert np.allclose(lab.pixel(450, 300), GREYS[int(wanted)], atol=3)


def flat_slide(path):
    write_pyramid(np.full((SIZE[1], SIZE[0], 3), VIOLET, np.uint8), path, mpp=0.5)


def test_the_wheel_zooms_smoothly_and_tiles_have_no_seams(lab, folder):
    flat_slide(folder / "flat.tif")
    lab.open_slide(folder.name, "flat.tif")
    # a browser tells places of the mouse in whole pixels
    held = np.round(lab.screen(1024, 600))
    start = ((held[0] - lab.origin[0]) / lab.scale, (held[1] - lab.origin[1]) / lab.scale)
    lab.page.mouse.move(*held)
    scales = []
    for delta in (-37, -29, -41, -67, 53):
        zoom(lab, SIZE, lambda delta=delta: lab.page.mouse.wheel(0, delta))
        scales.append(lab.scale)
        assert np.allclose(lab.screen(*start), held, atol=2.5), "what is under the pointer stays there"
        patch = lab.patch(1024, 600, half=170)
        assert np.abs(patch.astype(int) - VIOLET).max() <= 3, f"a seam at scale {lab.scale}"
    assert scales[0] < scales[1] < scales[2] < scales[3] > scales[4]
    by = np.diff(np.log2(scales))
    # any zoom, not only whole ones
    assert np.allclose(by / by[0], np.array([-29, -41, -67, 53]) / -29, atol=0.06)
    lab.page.locator(".wsinb-map").focus()
    zoom(lab, SIZE, lambda: lab.page.keyboard.press("+"))
    assert abs(np.log2(lab.scale) - round(np.log2(lab.scale))) < 0.01, "keys go to whole steps"


def test_pixels_are_squares_beyond_the_finest_level(lab, folder):
    rng = np.random.default_rng(0)
    coarse = rng.integers(60, 200, (96, 128, 3), dtype=np.uint8)
    # blocks of 16 pixels survive JPEG
    tifffile.imwrite(folder / "blocks.tiff", coarse.repeat(16, axis=0).repeat(16, axis=1), tile=(256, 256))
    lab.open_slide(folder.name, "blocks.tiff")
    lab.page.mouse.move(*lab.screen(1024, 760))
    zoom(lab, SIZE, lambda: lab.page.mouse.wheel(0, -120 * 8))
    assert 15.5 < lab.scale < 16.5
    # around the corner of four pixels, each of a colour of its own
    patch = lab.patch(1024.0, 760.5, half=7).astype(int)
    assert (patch[:, 0] == patch[:, 6]).all()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_outside_the_slide_is_the_theme_inside_is_glass(lab, folder, theme):
    synthetic_slide(folder / "wide.tif", SIZE)
    lab.open_folder(folder.name)
    lab.page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
    lab.page.wait_for_selector(f"body[data-jp-theme-name={theme!r}]", state="attached")
    lab.double_click("wide.tif")
    lab.wait_for_viewer()
    tiles_are_there(lab)
    outside = lab.patch(1024, -12, half=1).reshape(-1, 3)
    dark = theme.endswith("Dark")
    assert (outside < 90).all() if dark else ((outside > 200) & (outside < 250)).all()
    assert min(lab.pixel(1024, 40)) > 225
    edge = lab.patch(1024, -0.5, half=1).reshape(-1, 3).min(axis=0)
    assert not np.allclose(edge, lab.pixel(1024, 30), atol=12), "the edge of a white slide is seen"


def test_a_slide_that_goes_away_is_told_of_and_comes_back_by_itself(lab, folder):
    synthetic_slide(folder / "going.tif", SIZE)
    lab.open_slide(folder.name, "going.tif")
    (folder / "going.tif").rename(folder / "gone")
    lab.page.locator(".wsinb-map").focus()
    lab.page.keyboard.press("+")
    lab.page.keyboard.press("+")
    assert "going.tif" in lab.notice()
    (folder / "gone").rename(folder / "going.tif")
    lab.page.wait_for_selector(".wsinb-notice", state="hidden", timeout=60_000)
    tiles_are_there(lab)
    assert lab.page.locator(".wsinb-image-layer img.leaflet-tile-loaded").count() > 0
