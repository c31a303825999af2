"""The slide another way up: looking, dragging, drawing, saving a picture, in a tab and in a cell."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.around import SIZE, TUMOR, Around, assert_framed, assert_same_picture
from tests.browser.cells import SHOW, open_notebook, show_viewer
from wsinb.testing import synthetic_image

pytestmark = pytest.mark.browser

TURNS = [(90, False), (180, False), (270, False), (0, True), (90, True), (30, False), (335, True)]


@pytest.mark.parametrize(("degrees", "flipped"), TURNS)
def test_a_turned_view_is_turned_about_its_middle(around, degrees, flipped):
    around.zoom(4, "10×")
    middle = around.middle()
    around.turn(degrees, flipped)
    assert around.middle() == pytest.approx(middle, abs=2)
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    expected = 0.5 * turn @ np.diag([-1 if flipped else 1, 1])
    assert around.frame()[:, :2] == pytest.approx(expected, abs=0.01)
    image = synthetic_image(SIZE)
    # pixels are where the read-out says: glass, stroma, and the edge between them
    shown = around.picture()
    box = around.box()
    for l0_x, l0_y in ((1024, 250), (1024, 768), (1500, 700), (500, 900)):
        x, y = np.subtract(around.screen(l0_x, l0_y), (box["x"], box["y"])).round().astype(int)
        if 60 < x < box["width"] - 260 and 10 < y < box["height"] - 60:
            real = image[l0_y - 3 : l0_y + 4, l0_x - 3 : l0_x + 4].reshape(-1, 3).mean(axis=0)
            seen = shown[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3).mean(axis=0)
            assert np.abs(real - seen).max() < 25, (l0_x, l0_y)


@pytest.mark.parametrize(("degrees", "flipped"), [(90, False), (180, True), (30, False)])
def test_a_turned_view_is_dragged_and_zoomed_at_the_pointer(around, degrees, flipped):
    around.zoom(4, "10×")
    around.turn(degrees, flipped)
    (x0, y0), (x1, y1) = around.place(0.4, 0.4), around.place(0.55, 0.6)
    held = around.under(x0, y0)
    around.page.mouse.down()
    around.page.mouse.move(x1, y1, steps=10)
    # no throw: the pointer rests before it lets go
    around.page.wait_for_timeout(300)
    around.page.mouse.up()
    assert around.under(x1, y1) == pytest.approx(held, abs=4)
    around.page.mouse.move(x1, y1)
    around.page.mouse.wheel(0, -120)
    around.page.wait_for_selector(".wsinb-zoom:text-is('20×')")
    assert around.under(x1, y1) == pytest.approx(held, abs=4)
    around.press("ArrowRight")
    around.page.wait_for_selector(".leaflet-pan-anim", state="detached")
    assert around.screen(*held) == pytest.approx((x1 - 80, y1), abs=4)


@pytest.mark.parametrize(("degrees", "flipped"), [(90, False), (270, True), (30, False)])
def test_shapes_are_selected_drawn_and_edited_on_a_turned_view(around, project, degrees, flipped):
    lab = around.lab
    around.turn(degrees, flipped)
    lab.click = around.click  # drawing and selecting look up where things are
    around.press("s")
    lab.draw("rectangle", (900, 250), (1100, 400))
    lab.unsaved("1 unsaved")
    corner, target = around.screen(1100, 400), around.screen(1160, 460)
    around.page.mouse.move(*corner)
    around.page.mouse.down()
    around.page.mouse.move(*target, steps=8)
    around.page.mouse.up()
    lab.save()
    (row,) = project.read("liver").query("label == 'stroma'").itertuples()
    assert row.shape == "rectangle"
    assert row.geometry.bounds == pytest.approx((900, 250, 1160, 460), abs=8)
    around.press("Escape")
    centre = TUMOR[3].centroid
    lab.select(centre.x, centre.y)
    start, end = around.screen(centre.x, centre.y), around.screen(centre.x - 50, centre.y + 30)
    around.page.mouse.move(*start)
    around.page.mouse.down()
    around.page.mouse.move(*end, steps=8)
    around.page.mouse.up()
    lab.unsaved("1 unsaved")
    lab.save()
    centres = [g.centroid for g in project.read("liver").query("label == 'tumor'").geometry]
    assert min(np.hypot(c.x - centre.x + 50, c.y - centre.y - 30) for c in centres) < 8


@pytest.mark.parametrize(("degrees", "flipped"), [(90, False), (30, True)])
def test_minimap_and_picture_follow_the_turn(around, degrees, flipped):
    around.zoom(5, "20×")
    around.turn(degrees, flipped)
    assert_framed(around)
    around.page.wait_for_function(
        "[...document.querySelectorAll('.wsinb-image-layer img')].every(i => i.complete)"
    )
    _, saved = around.saved_picture()
    assert_same_picture(around, saved)


def test_the_compass_turns_and_resets(around):
    around.press("Shift+T")
    dial = around.page.locator(".wsinb-compass-dial").bounding_box()
    x, y, r = dial["x"] + dial["width"] / 2, dial["y"] + dial["height"] / 2, dial["width"] / 2 - 3
    around.page.mouse.move(x + r, y)
    around.page.mouse.down()
    around.page.mouse.move(x + r * 0.7, y + r * 0.7, steps=4)
    around.page.mouse.move(x, y + r, steps=4)
    around.page.mouse.up()
    around.page.wait_for_selector(".wsinb-compass-angle:text-is('180°')")
    around.page.locator(".wsinb-compass-dial").focus()
    around.press("ArrowRight")
    around.page.wait_for_selector(".wsinb-compass-angle:text-is('185°')")
    around.page.get_by_text("Reset", exact=True).locator("visible=true").first.click()
    around.page.wait_for_selector(".wsinb-compass", state="hidden")
    expect(around.page.locator(".wsinb-stage")).to_have_count(0)
    around.lab._find_frame()
    assert around.screen(1024, 768) == pytest.approx(around.lab.screen(1024, 768), abs=3)


def test_fitting_a_turned_slide_shows_all_of_it(around):
    around.turn(30, False)
    around.press("Home")
    around.page.wait_for_function("!document.querySelector('.leaflet-zoom-anim')")
    box = around.box()
    for corner in ((0, 0), (SIZE[0], 0), SIZE, (0, SIZE[1])):
        x, y = around.screen(*corner)
        assert box["x"] - 2 <= x <= box["x"] + box["width"] + 2
        assert box["y"] - 2 <= y <= box["y"] + box["height"] + 2


def test_in_a_cell_the_view_is_turned_drawn_on_and_fills_the_screen(lab, project):
    open_notebook(lab, project, SHOW)
    show_viewer(lab)
    around = Around(lab)
    small = around.box()
    around.turn(90, False)
    lab.click = around.click
    lab.draw("polygon", (900, 300), (1100, 300), (1100, 420))
    lab.unsaved("1 unsaved")
    around.press("Shift+F")
    around.page.wait_for_function("document.fullscreenElement?.classList.contains('wsinb-map')")
    around.page.wait_for_selector("[data-tool=fullscreen][aria-pressed=true]")
    assert around.box()["height"] == 900
    turn = around.frame()[:, :2]
    assert turn / np.linalg.norm(turn[:, 0]) == pytest.approx(np.array([[0, -1], [1, 0]]), abs=0.02)
    around.press("Shift+F")
    around.page.wait_for_selector("[data-tool=fullscreen][aria-pressed=false]")
    assert around.box()["height"] == small["height"]
    lab.save()
    (row,) = project.read("liver").query("label.isna()").itertuples()
    assert row.geometry.area == pytest.approx(200 * 120 / 2, rel=0.1)
