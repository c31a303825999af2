"""A server that goes away, and a slide file that becomes another one, while a person looks at the slide."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.around import TUMOR
from tests.browser.cells import SHOW, open_notebook, show_viewer
from tests.browser.conftest import SIZE
from wsinb.testing import synthetic_slide
from wsinb.testing.lab import RunningLab, running_lab
from wsinb.tiles import write_pyramid

pytestmark = pytest.mark.browser

AWAY = "The server does not answer: check that Jupyter is still running."
SQUARE = ((850, 300), (1150, 480))
SECOND = ((860, 900), (1000, 1000))
STROMA = (1024, 250)
ALL_LOADED = """() => {
    const images = [...document.querySelectorAll('.wsinb-image-layer img')];
    return images.length > 0 && images.every(image => image.complete && image.naturalWidth > 0);
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[RunningLab]:
    """One for this file alone: it is killed."""
    root = tmp_path_factory.mktemp("lost-root")
    synthetic_slide(root / "slide.tif", SIZE)
    with running_lab(root, tmp_path_factory.mktemp("lost-state"), base_url="/user/ada/") as lab:
        yield lab


def lose(lab):
    """Kill the server, and answer what JupyterLab itself says about that."""
    lab.server.kill()
    dialog = lab.page.locator(".jp-Dialog", has_text="Server Connection Error")
    dialog.wait_for()
    dialog.get_by_text("Do not show this message again").click()
    dialog.get_by_role("button", name="Close").click()
    dialog.wait_for(state="detached")
    message(lab).wait_for()


def message(lab):
    return lab.page.locator(".wsinb-notice-text", has_text=AWAY)


def position(lab):
    """What the read-out tells of one place of the screen."""
    box = lab.page.locator(".wsinb-map").bounding_box()
    for dx in (0, 2):
        lab.page.mouse.move(box["x"] + box["width"] * 0.5 + dx, box["y"] + box["height"] * 0.6)
    return lab.page.locator(".wsinb-position").inner_text()


def zoom_and_pan(lab):
    """Go where nothing was loaded yet."""
    lab.page.locator(".wsinb-map").focus()
    before = position(lab)
    lab.page.keyboard.press("+")
    lab.until(lambda: position(lab) != before, "the view is larger")
    lab.page.locator(".leaflet-zoom-anim").wait_for(state="detached")
    zoomed = position(lab)
    lab.page.keyboard.press("ArrowUp")
    lab.until(lambda: position(lab) != zoomed, "the view has moved")
    lab.page.locator(".leaflet-pan-anim").wait_for(state="detached")
    lab.wait_for_viewer()


def test_a_tab_goes_on_without_the_server_and_recovers_by_itself(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    lab.draw("rectangle", *SQUARE)
    lab.unsaved("1 unsaved")
    lose(lab)
    zoom_and_pan(lab)
    assert min(lab.pixel(*STROMA)) > 60, "tissue, not nothing"
    assert lab.pixel(*STROMA)[0] > 200, "the overview is there"
    lab.draw("rectangle", *SECOND)
    lab.unsaved("2 unsaved")
    assert lab.page.locator("path.wsinb-draft").count() == 2
    lab.page.locator(".wsinb-save button", has_text="Save").click()
    expect(message(lab)).to_be_visible()
    lab.unsaved("2 unsaved")
    lab.server.start()
    expect(message(lab)).to_be_hidden()
    lab.page.wait_for_function(ALL_LOADED)
    centre = TUMOR[0].centroid
    bare = lab.page.locator(".wsinb-label", has_text="tumor").locator(".wsinb-eye")
    with_annotations = lab.until(lambda: lab.pixel(centre.x, centre.y), "a colour")
    bare.click()
    lab.until_color(
        (centre.x, centre.y),
        lambda red, *_: red < with_annotations[0] - 8,
        "less red once the label is hidden",
    )
    lab.save("what was drawn meanwhile")
    assert len(project.read("liver")) == 6
    assert project.log()[0].message == "what was drawn meanwhile"


def test_a_cell_goes_on_without_the_server_and_what_is_drawn_can_be_saved(lab, project):
    open_notebook(lab, project, SHOW)
    show_viewer(lab)
    lab.draw("rectangle", *SQUARE)
    lab.unsaved("1 unsaved")
    lose(lab)
    zoom_and_pan(lab)
    lab.server.start()
    expect(message(lab)).to_be_hidden()
    lab.page.wait_for_function(ALL_LOADED)
    lab.save("from a cell without a kernel")
    assert len(project.read("liver")) == 5


def replace(file, width, height, value):
    """Put another slide in the place of one, at once, as a copy that was finished elsewhere."""
    other = file.with_name("other.tif")
    write_pyramid(np.full((height, width, 3), value, np.uint8), other)
    other.replace(file)


@pytest.mark.parametrize("size", [SIZE, (1024, 768)], ids=["same size", "smaller"])
def test_another_file_of_the_same_name_is_told_and_shown_on_demand(lab, project, size):
    lab.open_slide(project.path.name, "liver.tif")
    lab.draw("rectangle", *SQUARE)
    lab.unsaved("1 unsaved")
    replace(project.path / "liver.tif", *size, (20, 120, 20))
    notice = lab.page.locator(".wsinb-notice", has_text="The file of liver was replaced")
    notice.wait_for()
    zoom_and_pan(lab)
    assert lab.pixel(*STROMA)[0] > 200, "nothing of the new picture is mixed in"
    notice.get_by_role("button", name="Reload").click()
    notice.wait_for(state="hidden")
    lab.wait_for_viewer()
    lab.page.wait_for_function(ALL_LOADED)
    place = (size[0] * 0.45, size[1] * 0.6)
    lab.until_color(place, lambda red, green, blue: green > red + 50 and green > blue + 50, "the new picture")
    lab.unsaved("1 unsaved")
    assert lab.page.locator("path.wsinb-draft").count() == 1
    assert lab.page.locator(".wsinb-toolbar [data-tool=select-lasso]").count() == 1, "no tool is there twice"
    for name in ("labels", "layers", "picture", "about"):
        assert lab.page.locator(f".wsinb-tabs [data-tab={name}]").count() == 1


def test_the_message_about_another_file_goes_when_the_old_one_is_back(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    file = project.path / "liver.tif"
    kept = file.with_name("kept.tif")
    os.link(file, kept)
    replace(file, *SIZE, (20, 120, 20))
    notice = lab.page.locator(".wsinb-notice", has_text="The file of liver was replaced")
    notice.wait_for()
    kept.replace(file)
    notice.wait_for(state="hidden")
    lab.page.wait_for_function(ALL_LOADED)
    assert lab.pixel(*STROMA)[0] > 200
