"""Magnifications, and the sizes that are told."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.around import MPP, Around
from wsinb.testing import synthetic_slide

pytestmark = pytest.mark.browser


def open_other(lab, server, name: str, mpp: float | None, size=(900, 600)) -> Around:
    folder = server.root / name
    if not folder.exists():
        folder.mkdir()
        synthetic_slide(folder / "other.tif", size, mpp=mpp)
    lab.open_folder(name)
    lab.double_click("other.tif")
    lab.page.wait_for_selector(".wsinb-magnification")
    lab.page.locator(".wsinb-map").focus()
    return Around(lab)


@pytest.mark.parametrize(("number", "magnification"), [(1, "1"), (2, "2.5"), (4, "10"), (5, "20"), (6, "40")])
def test_at_m_times_a_screen_pixel_shows_ten_over_m_micrometres(around, number, magnification):
    around.zoom(number, f"{magnification}×")
    x, y = around.place(0.4, 0.5)
    step = (around.under(x + 200, y) - around.under(x, y)) * MPP
    assert step == pytest.approx((200 * 10 / float(magnification), 0), abs=0.3)
    pressed = around.page.locator(".wsinb-magnification[aria-pressed=true]").all_inner_texts()
    assert pressed == [f"{magnification}×"]


def test_magnifications_beyond_twice_the_own_resolution_are_not_offered(lab, server):
    around = open_other(lab, server, "coarse", mpp=2.0)
    buttons = around.page.locator(".wsinb-magnification")
    offered = dict(zip(buttons.all_inner_texts(), [b.is_enabled() for b in buttons.all()], strict=True))
    assert offered == {"1×": True, "2.5×": True, "5×": True, "10×": True, "20×": False, "40×": False}
    assert "own resolution" in buttons.nth(5).get_attribute("title")
    around.zoom(4, "10×")
    around.press("Shift+Digit6")
    around.page.wait_for_selector(".wsinb-notice-text:text('40× would show nothing more')")
    expect(around.page.locator(".wsinb-zoom")).to_have_text("10×")


def test_a_slide_without_micrometres_has_percentages(lab, server):
    around = open_other(lab, server, "unscaled", mpp=None)
    texts = around.page.locator(".wsinb-magnification").all_inner_texts()
    assert texts == ["6.25 %", "12.5 %", "25 %", "50 %", "100 %", "200 %"]
    around.zoom(5, "100 %")
    assert around.page.locator(".wsinb-scale").inner_text().endswith("px")


def test_the_size_of_a_drawn_shape_is_told(around, project):
    around.lab.draw("polygon", (850, 300), (1150, 300), (1150, 480), (850, 480))
    around.lab.unsaved("1 unsaved")
    around.page.wait_for_selector(".wsinb-size:not(:empty)")
    text = around.page.locator(".wsinb-size").inner_text()
    told = re.match(r"area ([\d.]+) µm² · ([\d,]+) px²", text).groups()
    um2, px2 = (float(number.replace(",", "")) for number in told)
    around.lab.save()
    (row,) = project.read("liver").query("label.isna()").itertuples()
    assert px2 == pytest.approx(row.geometry.area, abs=1)
    assert um2 == pytest.approx(row.geometry.area * MPP**2, rel=1e-3)
    around.press("Escape")
    around.page.wait_for_selector(".wsinb-size:empty", state="attached")
