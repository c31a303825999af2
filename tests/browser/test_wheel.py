"""Whose the wheel is, where a notebook around the viewer wants to be scrolled."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.cells import SHOW, open_notebook, show_viewer

pytestmark = pytest.mark.browser

LINES = "print('a line\\n' * 200)"
SCROLLED = "document.querySelector('.jp-WindowedPanel-outer').scrollTop"


@pytest.fixture
def notebook(lab, project):
    """A viewer with much below it, and nothing in it has the focus."""
    open_notebook(lab, project, SHOW, LINES)
    lab.run_cell(1)
    show_viewer(lab)
    lab.page.locator(".jp-Cell .jp-InputArea-editor").first.click()
    expect(lab.page.locator(".wsinb-map")).not_to_be_focused()
    return lab


def turn(lab, notches):
    box = lab.page.locator(".wsinb-map").bounding_box()
    lab.page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    lab.page.mouse.wheel(0, 120 * notches)


def scale(lab):
    return lab.page.locator(".wsinb-scale").inner_text()


def test_a_notebook_scrolls_until_its_viewer_is_clicked(notebook):
    before = scale(notebook)
    hint = notebook.page.locator(".wsinb-wheel-hint")
    assert notebook.page.evaluate(SCROLLED) == 0
    turn(notebook, 1)
    expect(hint).to_be_visible()
    notebook.page.wait_for_function(f"{SCROLLED} > 0")
    assert scale(notebook) == before
    expect(hint).to_be_hidden()
    box = notebook.page.locator(".wsinb-map").bounding_box()
    notebook.page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.8)
    scrolled = notebook.page.evaluate(SCROLLED)
    turn(notebook, -1)
    notebook.until(lambda: scale(notebook) != before, "the wheel zooms")
    assert notebook.page.evaluate(SCROLLED) == scrolled
    expect(hint).to_be_hidden()


def test_with_ctrl_the_wheel_zooms_at_once(notebook):
    before = scale(notebook)
    notebook.page.keyboard.down("Control")
    turn(notebook, -1)
    notebook.page.keyboard.up("Control")
    notebook.until(lambda: scale(notebook) != before, "the wheel zooms")
    assert notebook.page.evaluate(SCROLLED) == 0


def test_a_page_that_is_being_scrolled_goes_on_over_a_viewer_that_has_the_focus(notebook):
    notebook.page.locator(".wsinb-map").focus()
    before = scale(notebook)
    box = notebook.page.locator(".wsinb-map").bounding_box()
    # the pointer is above the viewer, which comes below it as the page moves
    notebook.page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] - 20)
    notebook.page.mouse.wheel(0, 100)
    notebook.page.wait_for_function(f"{SCROLLED} >= 100")
    notebook.page.mouse.wheel(0, 50)
    notebook.page.wait_for_function(f"{SCROLLED} >= 150")
    assert scale(notebook) == before
    turn(notebook, -1)
    notebook.until(lambda: scale(notebook) != before, "the pointer has moved: the wheel zooms")


def test_in_a_tab_the_wheel_always_zooms(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    lab.page.locator(".jp-DirListing-item").first.click()
    expect(lab.page.locator(".wsinb-map")).not_to_be_focused()
    before = scale(lab)
    turn(lab, -1)
    lab.until(lambda: scale(lab) != before, "the wheel zooms")
