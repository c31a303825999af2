"""What keys do: their page, moving the view, full screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_the_page_of_keys_lists_them_and_closes(around):
    around.press("?")
    page = around.page.locator(".wsinb-keys-page")
    text = page.inner_text()
    titles = ("Measure lengths", "Go to a position", "Draw a polygon", "Undo", "Full screen", "History")
    for title in titles:
        assert title in text
    around.press("r")
    expect(page, "no key does anything else meanwhile").to_be_visible()
    around.press("Escape")
    expect(page).to_be_hidden()
    around.press("?")
    expect(page).to_be_visible()
    around.press("?")
    expect(page).to_be_hidden()


def test_arrows_plus_minus_and_home_move_the_view(around):
    around.zoom(4, "10×")
    start = around.middle()
    around.press("ArrowRight")
    around.page.wait_for_selector(".leaflet-pan-anim", state="detached")
    assert around.middle() - start == pytest.approx((160, 0), abs=4)
    around.press("Shift+ArrowUp")
    around.page.wait_for_selector(".leaflet-pan-anim", state="detached")
    assert around.middle() - start == pytest.approx((160, -640), abs=4)
    around.press("+")
    around.page.wait_for_selector(".wsinb-zoom:text-is('20×')")
    around.press("-")
    around.page.wait_for_selector(".wsinb-zoom:text-is('10×')")
    around.press("Home")
    around.page.wait_for_selector(".wsinb-minimap", state="hidden")
    assert around.middle() == pytest.approx((1024, 768), abs=6)


def test_full_screen_has_all_controls_and_the_whole_window(around):
    before = around.box()
    around.press("Shift+F")
    around.page.wait_for_function("document.fullscreenElement?.classList.contains('wsinb-map')")
    around.page.wait_for_selector("[data-tool=fullscreen][aria-pressed=true]")
    box = around.box()
    assert (box["width"], box["height"]) == (1400, 900)
    expect(around.page.locator(".wsinb-toolbar")).to_be_visible()
    # the map knows its size: a place near the right edge is the slide's that is there
    x, y = around.place(0.5, 0.5)
    wide = (around.under(1300, y) - around.under(200, y))[0] / 1100
    assert wide == pytest.approx((around.under(x + 100, y) - around.under(x, y))[0] / 100, rel=0.01)
    around.press("Shift+F")
    around.page.wait_for_function("!document.fullscreenElement")
    around.page.wait_for_selector("[data-tool=fullscreen][aria-pressed=false]")
    assert around.box() == before
