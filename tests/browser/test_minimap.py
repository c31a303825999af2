"""The minimap."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.around import SIZE, assert_framed

pytestmark = pytest.mark.browser


def test_the_minimap_moves_the_view_and_frames_it(around):
    minimap = around.page.locator(".wsinb-minimap")
    expect(minimap, "the whole slide is in view").to_be_hidden()
    around.zoom(5, "20×")
    body = around.page.locator(".wsinb-minimap-body").bounding_box()
    around.page.mouse.click(body["x"] + 0.25 * body["width"], body["y"] + 0.75 * body["height"])
    assert around.middle() == pytest.approx((0.25 * SIZE[0], 0.75 * SIZE[1]), abs=10)
    around.page.mouse.move(body["x"] + 0.25 * body["width"], body["y"] + 0.75 * body["height"])
    around.page.mouse.down()
    around.page.mouse.move(body["x"] + 0.6 * body["width"], body["y"] + 0.3 * body["height"], steps=5)
    around.page.mouse.up()
    assert around.middle() == pytest.approx((0.6 * SIZE[0], 0.3 * SIZE[1]), abs=10)
    assert_framed(around)


def test_a_closed_minimap_stays_closed(around, project):
    around.zoom(5, "20×")
    around.page.wait_for_selector(".wsinb-minimap")
    around.press("Shift+N")
    around.page.wait_for_selector(".wsinb-minimap", state="hidden")
    around.lab.open_slide(project.path.name, "liver.tif")
    around.zoom(5, "20×")
    around.page.wait_for_selector(".wsinb-minimap-open")
    expect(around.page.locator(".wsinb-minimap")).to_be_hidden()
    around.page.locator(".wsinb-minimap-open").click()
    around.page.wait_for_selector(".wsinb-minimap")
