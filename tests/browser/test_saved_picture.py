"""The picture that the viewer saves is what is seen."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.browser.around import TUMOR, Around, assert_same_picture

pytestmark = pytest.mark.browser


def test_a_picture_is_saved_as_it_is_seen(around, project):
    around.press("s")
    around.lab.draw("rectangle", (850, 250), (1000, 350))
    # a drawn shape is taken in hand a moment later
    around.page.wait_for_selector(".wsinb-mod-selected")
    around.page.locator(".wsinb-map").focus()
    around.press("Escape")
    name, saved = around.saved_picture()
    assert re.fullmatch(r"liver_102[345]_7(6[6-9]|70)_[\d.]+x\.png", name)
    box = around.box()
    assert saved.shape[:2] == (round(box["height"]), round(box["width"]))
    assert_same_picture(around, saved)
    tumor = TUMOR[0].centroid
    x, y = (int(n) for n in np.subtract(around.screen(tumor.x, tumor.y), (box["x"], box["y"])))
    near = (slice(y - 5, y + 6), slice(x - 5, x + 6))
    assert saved[near].mean(axis=(0, 1)) == pytest.approx(around.picture()[near].mean(axis=(0, 1)), abs=4)
    inside = tuple(int(n) for n in np.subtract(around.screen(925, 300), (box["x"], box["y"])))
    outside = tuple(int(n) for n in np.subtract(around.screen(1100, 300), (box["x"], box["y"])))
    assert np.abs(saved[inside[1], inside[0]] - saved[outside[1], outside[0]]).max() > 15, "the draft is seen"


def test_a_picture_has_the_adjustments_that_are_seen(around):
    _, plain = around.saved_picture()
    around.press("Shift+V")
    around.page.locator(".wsinb-adjust .wsinb-check").check()
    around.page.locator(".wsinb-map").focus()
    around.page.wait_for_selector(".wsinb-image-layer canvas")
    _, inverted = around.saved_picture()
    height, width = plain.shape[:2]
    middle = (slice(height // 2 - 20, height // 2 + 20), slice(width // 2 - 20, width // 2 + 20))
    assert np.abs(inverted[middle] + plain[middle] - 255).max() <= 8
    assert_same_picture(around, inverted)


def test_a_caption_is_in_the_picture(around):
    _, plain = around.saved_picture()
    _, captioned = around.saved_picture("A caption")
    changed = np.argwhere(np.abs(plain - captioned).max(axis=2) > 60)
    height = plain.shape[0]
    assert len(changed) > 50
    assert changed[:, 0].min() > height - 50, "beside the scale bar at the bottom"


def test_a_picture_has_the_density_of_the_screen(lab, browser, server, project):
    context = browser.new_context(viewport={"width": 1400, "height": 900}, device_scale_factor=2)
    page = context.new_page()
    type(lab)(page, server).open_slide(project.path.name, "liver.tif")
    around = Around(type(lab)(page, server))
    _, saved = around.saved_picture()
    box = around.box()
    assert saved.shape[:2] == (round(box["height"] * 2), round(box["width"] * 2))
    context.close()
