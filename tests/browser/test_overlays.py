"""A map of probabilities over the slide: where it lies, how it is coloured, in a tab and in a cell."""

from __future__ import annotations

import numpy as np
import pytest

from tests.browser.around import SIZE, Around, assert_same_picture
from tests.browser.cells import SHOW, last_output, once, open_notebook, show_viewer
from wsinb.tiles import write_pyramid

pytestmark = pytest.mark.browser

# no power of two, so that pixels of the map and of the screen never fall together
DOWNSAMPLE = 3.3
MPP = 0.5
# level-0 pixels: where the probability is 1 and one half
HIGH, MIDDLE = (600, 660, 900, 860), (1150, 660, 1450, 860)
# what no annotation covers
IN_HIGH, IN_MIDDLE, BESIDE = (860, 830), (1190, 830), (1024, 830)
BLUE = (0, 0, 255)


def write_map(path, high=HIGH):
    width, height = (int(np.ceil(length / DOWNSAMPLE)) for length in SIZE)
    l0_x, l0_y = ((np.arange(n) + 0.5) * DOWNSAMPLE for n in (width, height))
    values = np.zeros((height, width), np.uint8)
    for (xmin, ymin, xmax, ymax), value in ((high, 255), (MIDDLE, 128)):
        inside = ((l0_y > ymin) & (l0_y < ymax))[:, None] & ((l0_x > xmin) & (l0_x < xmax))
        values[inside] = value
    return write_pyramid(np.repeat(values[..., None], 3, axis=2), path, mpp=MPP * DOWNSAMPLE, quality=89)


@pytest.fixture
def mapped(project):
    write_map(project.path / "p-tumor.tif")
    return project


@pytest.fixture
def asked(lab):
    """The addresses of tiles of overlays that were asked for."""
    found: list[str] = []
    lab.page.on("request", lambda request: found.append(request.url) if "gray=1" in request.url else None)
    return found


def open_layers(lab, project) -> Around:
    lab.open_slide(project.path.name, "liver.tif")
    lab.page.wait_for_selector(".wsinb-vector-tile", state="attached")
    lab.page.add_style_tag(content=".Toastify { display: none }")
    lab.page.keyboard.press("Shift+B")
    return Around(lab)


def add(lab, file) -> None:
    lab.page.get_by_role("button", name="Add overlay…").click()
    form = lab.page.locator(".wsinb-overlay-section form")
    form.locator("select").select_option(file)
    form.get_by_role("button", name="Add", exact=True).click()


def paint(lab, *, opacity="0.6", threshold="0") -> None:
    lab.page.get_by_label("Opacity, number").last.fill(opacity)
    lab.page.get_by_label("Threshold, number").fill(threshold)


def one_colour(lab, colour="#0000ff") -> None:
    lab.page.get_by_label("Colours of p-tumor").select_option("one colour")
    lab.page.get_by_label("Colour of p-tumor", exact=True).fill(colour)


def mixed(ground, alpha):
    return np.array(ground) * (1 - alpha) + np.array(BLUE) * alpha


def until_mixed(lab, grounds, **alphas) -> None:
    """Wait until places are as blue as they should be."""
    places = {"high": IN_HIGH, "middle": IN_MIDDLE, "beside": BESIDE}

    def is_so():
        return all(
            np.abs(np.subtract(lab.pixel(*places[name]), mixed(grounds[name], alpha))).max() <= 7
            for name, alpha in alphas.items()
        )

    lab.until(is_so, f"the overlay is seen as {alphas}")


def run_and_look(lab, cell) -> None:
    """Run a cell, which scrolls the notebook, and find the slide again."""
    lab.run_cell(cell)
    lab.page.locator(".wsinb-map").scroll_into_view_if_needed()
    lab._find_frame()


def grounds_of(lab):
    return {"high": lab.pixel(*IN_HIGH), "middle": lab.pixel(*IN_MIDDLE), "beside": lab.pixel(*BESIDE)}


def test_a_map_is_chosen_and_follows_the_hand_without_a_request(lab, mapped, asked):
    open_layers(lab, mapped)
    grounds = grounds_of(lab)
    add(lab, "p-tumor.tif")
    # the last colour of viridis
    yellow = np.array(grounds["high"]) * 0.4 + np.array((253, 231, 37)) * 0.6
    lab.until(lambda: np.abs(lab.pixel(*IN_HIGH) - yellow).max() <= 7, "the map is seen")
    one_colour(lab)
    until_mixed(lab, grounds, high=0.6, middle=0.3, beside=0)
    lab.until(lambda: asked, "tiles were asked for")
    before = len(asked)
    paint(lab, opacity="1", threshold="0.75")
    until_mixed(lab, grounds, high=1, middle=0, beside=0)
    paint(lab, opacity="0.5", threshold="0.25")
    until_mixed(lab, grounds, high=0.5, middle=0.25, beside=0)
    lab.page.get_by_role("button", name="Hide p-tumor").click()
    until_mixed(lab, grounds, high=0, middle=0)
    lab.page.get_by_role("button", name="Show p-tumor").click()
    until_mixed(lab, grounds, high=0.5, middle=0.25)
    assert len(asked) == before
    lab.page.mouse.move(*lab.screen(*IN_MIDDLE))
    lab.page.wait_for_selector(".wsinb-values:text-matches('p-tumor 0\\\\.(49|50|51)')")
    lab.page.get_by_role("button", name="Take p-tumor away").click()
    until_mixed(lab, grounds, high=0, middle=0)
    assert lab.page.locator(".wsinb-overlay-row").count() == 0


@pytest.mark.parametrize(("degrees", "flipped"), [(0, False), (90, False), (30, True)])
def test_a_map_lies_on_its_place_at_any_zoom_and_whatever_way_up(lab, mapped, degrees, flipped):
    around = open_layers(lab, mapped)
    add(lab, "p-tumor.tif")
    one_colour(lab)
    paint(lab, opacity="1")
    until_mixed(lab, grounds_of(lab), high=1)
    lab.page.locator(".wsinb-map").focus()
    around.turn(degrees, flipped)
    around.go_to("900, 840")
    around.page.wait_for_selector(".wsinb-place-mark")
    around.page.wait_for_selector(".wsinb-place-mark", state="detached")
    around.page.locator(".wsinb-map").focus()
    for number, text in ((5, "20×"), (2, "2.5×"), (4, "10×")):
        around.zoom(number, text)
        # as near to the edge as a pixel of the map, and the screen's own
        gap = DOWNSAMPLE + 3 * 2.0 ** (5 - number)
        right, bottom = HIGH[2:]
        inside = [(right - gap, 840), (880, bottom - gap), (right - gap, bottom - gap)]
        outside = [(right + gap, 840), (880, bottom + gap), (right + gap, bottom + gap)]

        def is_in_place(inside=inside, outside=outside):
            # all from one screenshot: the pointer teaches where the slide is
            frame, box, shown = around.frame(), around.box(), around.picture()
            seen = [
                shown[tuple(np.floor(frame @ (*place, 1) - (box["x"], box["y"])).astype(int)[::-1])]
                for place in inside + outside
            ]
            blue = [bool(np.abs(colour - BLUE).max() <= 40) for colour in seen]
            return blue == [True] * len(inside) + [False] * len(outside)

        lab.until(is_in_place, f"the map is in place at {text}, turned by {degrees}")
    _, saved = around.saved_picture()
    assert_same_picture(around, saved)
    assert (np.abs(saved - BLUE).max(axis=2) <= 8).sum() > 1000


def test_a_map_that_is_written_again_is_shown_anew(lab, mapped):
    open_layers(lab, mapped)
    grounds = grounds_of(lab)
    add(lab, "p-tumor.tif")
    one_colour(lab)
    until_mixed(lab, grounds, high=0.6, beside=0)
    xmin, ymin, xmax, ymax = HIGH
    write_map(mapped.path / "p-tumor.tif", high=(xmin + 300, ymin, xmax + 180, ymax))
    until_mixed(lab, grounds, high=0, beside=0.6)


def test_what_cannot_lie_there_says_so_in_its_row_and_the_rest_is_whole(lab, mapped):
    values = np.zeros((300, 100, 3), np.uint8)
    write_pyramid(values, mapped.path / "tall.tif")
    (mapped.path / "broken.tif").write_bytes(b"II*\0" + bytes(100))
    open_layers(lab, mapped)
    grounds = grounds_of(lab)
    for file in ("p-tumor.tif", "tall.tif", "broken.tif"):
        add(lab, file)
    rows = lab.page.locator(".wsinb-overlay-row")
    lab.page.wait_for_selector(".wsinb-overlay-trouble:text-matches('tall .* has another shape than liver')")
    rows.nth(0).locator(".wsinb-overlay-trouble:visible").wait_for()
    assert "broken" in rows.nth(0).locator(".wsinb-overlay-trouble").inner_text()
    assert rows.nth(2).locator(".wsinb-overlay-trouble:visible").count() == 0
    one_colour(lab)
    until_mixed(lab, grounds, high=0.6, beside=0)
    assert lab.page.locator(".wsinb-notice.wsinb-mod-error:visible").count() == 0


def test_python_and_the_person_change_the_same_overlay(lab, mapped):
    open_notebook(
        lab,
        mapped,
        SHOW,
        "viewer.add_overlay('p-tumor.tif', 'p', colours='#0000ff', opacity=1)",
        once("viewer.overlays[0]['threshold'] == 0.75", "print(viewer.overlays[0]['threshold'])"),
        "viewer.overlays = [{**viewer.overlays[0], 'threshold': 0}]",
        "viewer.remove_overlay('p')",
    )
    show_viewer(lab)
    grounds = grounds_of(lab)
    run_and_look(lab, 1)
    until_mixed(lab, grounds, high=1, middle=0.5, beside=0)
    lab.page.locator(".wsinb-map").focus()
    lab.page.keyboard.press("Shift+B")
    lab.page.get_by_label("Threshold, number").fill("0.75")
    until_mixed(lab, grounds, high=1, middle=0)
    lab.run_cell(2)
    assert last_output(lab).strip() == "0.75"
    run_and_look(lab, 3)
    until_mixed(lab, grounds, high=1, middle=0.5)
    run_and_look(lab, 4)
    until_mixed(lab, grounds, high=0, middle=0)
