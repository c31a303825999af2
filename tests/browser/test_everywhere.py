"""Viewers that move together, and what a viewer does when its kernel or its page goes."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest

from tests.browser.cells import SHOW, last_output, once, open_notebook, show_viewer

pytestmark = pytest.mark.browser

SQUARE = ((850, 300), (1150, 300), (1150, 480), (850, 480))
TWO = (
    "import wsinb\nfrom wsinb.view import side_by_side\nproject = wsinb.open_project('.')\n"
    "left, right = project.view('liver'), project.view('liver')\n"
    "row = side_by_side(left, right)\nrow"
)
BOTH_LOADED = "document.querySelectorAll('.wsinb-root:not(.wsinb-mod-loading)').length === 2"
MIDDLES = "print(*(round(sum(v.bounds[axis::2]) / 2) for v in (left, right) for axis in (0, 1)))"


def drag(lab, start, end):
    lab.page.mouse.move(*start)
    lab.page.mouse.down()
    lab.page.mouse.move(*end, steps=5)
    # no throw: the pointer rests before it lets go
    lab.page.wait_for_timeout(300)
    lab.page.mouse.up()


def middles(lab, cell):
    lab.run_cell(cell)
    return [int(number) for number in last_output(lab).split()]


def test_viewers_side_by_side_move_together(lab, project):
    together = "all(abs(a - b) < 3 for a, b in zip(left.bounds, right.bounds))"
    there = once(f"abs(sum(right.bounds[::2]) - 1000) < 4 and {together}", MIDDLES)
    dragged = once(f"sum(left.bounds[::2]) < 900 and {together}", MIDDLES)
    open_notebook(lab, project, TWO, "left.go_to(500, 400, zoom=0)", there, dragged)
    lab.run_cell(0)
    lab.page.wait_for_function(BOTH_LOADED)
    for number in range(2):
        lab.page.locator(".wsinb-map").nth(number).locator(".leaflet-tile-loaded").first.wait_for()
    lab.run_cell(1)
    assert middles(lab, 2) == pytest.approx([500, 400, 500, 400], abs=3)
    # the right one is dragged by the mouse: the left one follows
    box = lab.page.locator(".wsinb-map").nth(1).bounding_box()
    x, y = box["x"] + 0.25 * box["width"], box["y"] + 0.8 * box["height"]
    drag(lab, (x, y), (x + 80, y + 30))
    left_x, left_y, right_x, right_y = middles(lab, 3)
    assert (left_x, left_y) == pytest.approx((right_x, right_y), abs=3)
    assert left_x == pytest.approx(420, abs=8)


def test_the_picture_stays_when_the_kernel_is_restarted_and_drawing_goes_on(lab, project):
    report = once("len(viewer.drawn)", "print(len(viewer.drawn))")
    open_notebook(lab, project, SHOW, report)
    show_viewer(lab)
    lab.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    lab.page.wait_for_selector(".wsinb-notice >> text=The kernel was restarted")
    assert lab.page.locator(".wsinb-image-layer img.leaflet-tile-loaded").count() > 0
    lab.page.locator(".wsinb-notice").get_by_role("button", name="Close").click()
    lab.draw("rectangle", SQUARE[0], SQUARE[2])
    lab.unsaved("1 unsaved")
    lab.save("without a kernel")
    assert project.log()[0].message == "without a kernel"
    show_viewer(lab)
    lab.draw("rectangle", SQUARE[0], SQUARE[2])
    lab.unsaved("1 unsaved")
    lab.run_cell(1)
    assert last_output(lab).strip() == "1"


def test_a_page_that_is_loaded_again_shows_the_live_viewer(lab, project):
    report = once("len(viewer.drawn) == 2", "print(len(viewer.drawn))")
    open_notebook(lab, project, SHOW, report)
    show_viewer(lab)
    lab.draw("rectangle", SQUARE[0], SQUARE[2])
    lab.unsaved("1 unsaved")
    lab.page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    lab.page.wait_for_selector(".jp-mod-dirty", state="detached")
    lab.open_folder(project.path.name)
    lab.double_click("cells.ipynb")
    lab.wait_for_viewer()
    lab.unsaved("1 unsaved")
    lab.draw("rectangle", (300, 900), (500, 1100))
    lab.unsaved("2 unsaved")
    lab.run_cell(1)
    assert last_output(lab).strip() == "2"


def test_slides_in_tabs_move_together_as_they_were_laid_on_each_other(lab, project):
    shutil.copy(project.path / "liver.tif", project.path / "kidney.tif")
    lab.open_slide(project.path.name, "liver.tif")
    lab.page.evaluate(
        "folder => jupyterapp.commands.execute('docmanager:open', "
        "{path: `${folder}/kidney.tif`, factory: 'Slide', options: {mode: 'split-right'}})",
        project.path.name,
    )
    places = lab.page.locator(".wsinb-position")
    lab.page.wait_for_function(
        "document.querySelectorAll('.wsinb-root:not(.wsinb-mod-loading)').length === 2"
    )
    for number in range(2):
        lab.page.locator(".wsinb-map").nth(number).locator(".leaflet-tile-loaded").first.wait_for()
    lab.page.evaluate("jupyterapp.commands.execute('wsinb:link-views')")
    lab.page.wait_for_selector("text=2 slides move together")
    boxes = [lab.page.locator(".wsinb-map").nth(number).bounding_box() for number in range(2)]

    def pointed():
        """What lies at one place of both maps, in level-0 pixels."""
        found = []
        for number, box in enumerate(boxes):
            lab.page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.6)
            text = places.nth(number).inner_text()
            found.append([int(n) for n in re.search(r"(-?\d+), (-?\d+) px", text).groups()])
        return np.array(found)

    before = pointed()
    x, y = boxes[1]["x"] + boxes[1]["width"] * 0.5, boxes[1]["y"] + boxes[1]["height"] * 0.75
    drag(lab, (x, y), (x - 60, y - 40))
    moved = pointed() - before
    assert (np.abs(moved) > 60).all()
    assert np.abs(moved[0] - moved[1]).max() <= 9, "within a pixel or two of the screen"
    lab.page.evaluate("jupyterapp.commands.execute('wsinb:link-views')")
    drag(lab, (x, y), (x + 60, y))
    alone = pointed() - before - moved
    assert np.abs(alone[0]).max() <= 9
    assert np.abs(alone[1]).max() > 60
