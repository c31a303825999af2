"""The viewer under fingers: pan, pinch, tap, draw."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import shapely

from tests.browser.around import TUMOR
from tests.browser.cells import SHOW, open_notebook, show_viewer
from tests.browser.conftest import WAIT_MS, Lab

pytestmark = pytest.mark.browser

SQUARE = ((850, 300), (1150, 300), (1150, 480), (850, 480))
STEPS = 8
LARGE_PX = 40


class Fingers(Lab):
    """A page on a touch screen."""

    def __init__(self, page, server) -> None:
        super().__init__(page, server)
        self._screen = page.context.new_cdp_session(page)

    def _touch(self, kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self._screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    def click(self, l0_x: float, l0_y: float) -> None:
        self.page.touchscreen.tap(*self.screen(l0_x, l0_y))

    def swipe(self, *paths: tuple[tuple[float, float], tuple[float, float]]) -> None:
        """Move fingers over the screen, each from one place to another."""
        self._touch("touchStart", *(start for start, _ in paths))
        for step in range(1, STEPS + 1):
            part = step / STEPS
            self._touch(
                "touchMove", *((x0 + part * (x1 - x0), y0 + part * (y1 - y0)) for (x0, y0), (x1, y1) in paths)
            )
        self._touch("touchEnd")
        for moving in (".leaflet-zoom-anim", ".leaflet-pan-anim"):
            self.page.locator(moving).wait_for(state="detached")

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.swipe((self.screen(*start), self.screen(*end)))

    def place(self, dx: float, dy: float) -> tuple[float, float]:
        box = self.page.locator(".wsinb-map").bounding_box()
        return box["x"] + dx * box["width"], box["y"] + dy * box["height"]

    def under(self, x: float, y: float) -> tuple[float, float]:
        """Micrometres of the slide at a place of the screen, by the read-out."""
        self.page.mouse.move(x - 2, y)
        self.page.mouse.move(x, y)
        text = self.page.locator(".wsinb-position").inner_text()
        l0_x, l0_y = re.match(r"(-?[\d.]+), (-?[\d.]+) µm", text).groups()
        return float(l0_x), float(l0_y)

    def width(self) -> float:
        """Micrometres between two fixed places of the screen."""
        (left, y), (right, _) = self.place(0.3, 0.6), self.place(0.6, 0.6)
        return self.under(right, y)[0] - self.under(left, y)[0]


@pytest.fixture
def fingers(browser, server) -> Iterator[Fingers]:
    context = browser.new_context(viewport={"width": 1400, "height": 900}, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield Fingers(page, server)
    context.close()
    assert not errors, f"The page raised: {errors}"


def test_one_finger_pans(fingers, project):
    fingers.open_slide(project.path.name, "liver.tif")
    (x, y), width = fingers.place(0.45, 0.6), fingers.width()
    before = fingers.under(x, y)
    fingers.swipe(((x, y), (x - 120, y - 60)))
    after = fingers.under(x, y)
    assert after[0] > before[0] + 30
    assert after[1] > before[1] + 15
    assert fingers.width() == pytest.approx(width, rel=0.01)


def test_two_fingers_zoom_to_any_zoom_about_the_place_between_them(fingers, project):
    fingers.open_slide(project.path.name, "liver.tif")
    (x, y), width = fingers.place(0.45, 0.6), fingers.width()
    held = fingers.under(x, y)
    fingers.swipe(((x - 60, y), (x - 90, y)), ((x + 60, y), (x + 90, y)))
    assert width / fingers.width() == pytest.approx(1.5, rel=0.05)
    assert fingers.under(x, y) == pytest.approx(held, abs=5)
    fingers.swipe(((x - 90, y), (x - 60, y)), ((x + 90, y), (x + 60, y)))
    assert fingers.width() == pytest.approx(width, rel=0.05)


def test_a_tap_selects_and_a_finger_moves_what_is_selected(fingers, project):
    before = project.read("liver").set_index("id")
    centre = TUMOR[0].centroid
    fingers.open_slide(project.path.name, "liver.tif")
    fingers.select(centre.x, centre.y)
    fingers.drag((centre.x, centre.y), (centre.x + 60, centre.y + 40))
    fingers.unsaved("1 unsaved")
    fingers.save()
    after = project.read("liver").set_index("id").loc[before.index[before.contains(centre)][0]]
    moved = after.geometry.centroid
    was = before[before.contains(centre)].iloc[0].geometry.centroid
    assert (moved.x - was.x, moved.y - was.y) == pytest.approx((60, 40), abs=10)


def test_a_polygon_is_drawn_by_taps(fingers, project):
    fingers.open_slide(project.path.name, "liver.tif")
    fingers.draw("polygon", *SQUARE)
    fingers.unsaved("1 unsaved")
    fingers.save()
    (row,) = project.read("liver").query("label.isna()").itertuples()
    assert row.geometry.symmetric_difference(shapely.Polygon(SQUARE)).area < 0.1 * row.geometry.area


def test_a_finger_selects_by_a_rectangle(fingers, project):
    fingers.open_slide(project.path.name, "liver.tif")
    fingers.page.wait_for_selector(".wsinb-vector-tile", state="attached")
    fingers.tool("select-rectangle")
    xmin, ymin, xmax, ymax = TUMOR[0].bounds
    fingers.drag((xmin - 20, ymin - 20), (xmax + 20, ymax + 20))
    fingers.page.wait_for_selector(".wsinb-selection-text:text-is('1 selected')")


def test_buttons_are_large_enough_for_fingers(fingers, project):
    fingers.open_slide(project.path.name, "liver.tif")
    toolbar = fingers.page.locator(".wsinb-toolbar")
    for button in toolbar.get_by_role("button").all():
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= LARGE_PX
    assert toolbar.bounding_box()["height"] < 500, "it fits into a cell"


def test_the_notebook_does_not_scroll_while_the_picture_is_touched(fingers, project):
    open_notebook(fingers, project, SHOW, "print('a line\\n' * 200)")
    fingers.run_cell(1)
    show_viewer(fingers)
    scrolled = "document.querySelector('.jp-WindowedPanel-outer').scrollTop"
    top = fingers.page.evaluate(scrolled)
    x, y = fingers.place(0.45, 0.7)
    before = fingers.under(x, y)
    fingers.swipe(((x, y), (x, y - 150)))
    assert fingers.under(x, y)[1] > before[1]
    assert fingers.page.evaluate(scrolled) == top
    touched = "getComputedStyle(document.querySelector('.wsinb-map')).touchAction"
    assert fingers.page.evaluate(touched) == "none"
    fingers.tool("polygon")
    assert fingers.page.evaluate(touched) == "none", "also where the map is not dragged"
