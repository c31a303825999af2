"""Measuring lengths and areas."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_lengths_and_areas_are_measured_and_never_saved(around, project):
    around.zoom(5, "20×")
    around.press("Shift+M")
    x, y = around.place(0.4, 0.4)
    for dx, dy in ((0, 0), (200, 0), (200, 100)):
        around.page.mouse.move(x + dx - 4, y + dy)
        around.page.mouse.click(x + dx, y + dy)
    texts = around.page.locator(".wsinb-measure-text:visible")
    # 0.5 µm a screen pixel, and no more than the grid of stored positions off
    assert numbers(texts.inner_text()) == pytest.approx((150, 50), rel=2e-3)
    around.page.mouse.click(x, y)
    assert numbers(texts.inner_text()) == pytest.approx((2500, 100 + 50 + np.hypot(100, 50)), rel=2e-3)
    around.page.mouse.click(x, y + 250)
    around.page.mouse.dblclick(x + 100, y + 250)
    assert numbers(texts.nth(1).inner_text()) == pytest.approx((50,), rel=2e-3)
    around.page.mouse.click(x, y + 300)
    around.page.mouse.click(x + 60, y + 300)
    around.press("Enter")
    assert numbers(texts.nth(2).inner_text()) == pytest.approx((30,), rel=2e-3)
    around.lab.unsaved("All saved")
    expect(around.page.locator(".wsinb-mod-selected"), "a click while measuring opens nothing").to_have_count(
        0
    )
    around.press("Escape")
    expect(texts).to_have_count(0)
    expect(around.page.locator("[data-tool=measure]")).to_have_attribute("aria-pressed", "false")
    assert len(project.read("liver")) == 4


def numbers(text: str) -> tuple[float, ...]:
    return tuple(float(n) for n in re.findall(r"[\d.]+", text))


def test_escape_clears_first_the_line_and_another_tool_ends_measuring(around):
    around.press("Shift+M")
    x, y = around.place(0.4, 0.4)
    around.page.mouse.click(x, y)
    around.page.mouse.click(x + 90, y)
    around.press("Escape")
    expect(around.page.locator(".wsinb-measure-text:visible")).to_have_count(0)
    measuring = around.page.locator("[data-tool=measure][aria-pressed=true]")
    expect(measuring).to_have_count(1)
    around.press("Shift+R")
    expect(measuring).to_have_count(0)
