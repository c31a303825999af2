"""Around the picture: magnifications, minimap, go to, measuring, full screen, turning, keys, about."""

from __future__ import annotations

import io
import re

import nbformat
import numpy as np
import pytest
import shapely
from PIL import Image
from playwright.sync_api import expect

import wsinb
from wsinb.testing import synthetic_image, synthetic_regions, synthetic_slide

pytestmark = pytest.mark.browser

SIZE = (2048, 1536)
TUMOR = synthetic_regions(SIZE)["tumor"]
MPP = 0.5
TURNS = [(90, False), (180, False), (270, False), (0, True), (90, True), (30, False), (335, True)]


class Around:
    """What a person does and reads around the picture."""

    def __init__(self, lab) -> None:
        self.lab = lab
        self.page = lab.page

    def box(self) -> dict[str, float]:
        return self.page.locator(".wsinb-map").bounding_box()

    def place(self, dx: float, dy: float) -> tuple[float, float]:
        """A place of the screen, as a part of the picture's width and height."""
        box = self.box()
        return box["x"] + round(dx * box["width"]), box["y"] + round(dy * box["height"])

    def under(self, x: float, y: float) -> np.ndarray:
        """Slide pixels under a place of the screen, as the read-out tells."""
        self.page.mouse.move(float(x - 3), float(y))
        self.page.mouse.move(float(x), float(y))
        text = self.page.locator(".wsinb-position").inner_text()
        l0_x, l0_y = re.match(r"(-?[\d.]+), (-?[\d.]+) µm", text).groups()
        return np.array([float(l0_x), float(l0_y)]) / MPP

    def middle(self) -> np.ndarray:
        return self.under(*self.place(0.5, 0.5))

    def frame(self) -> np.ndarray:
        """The affine map from slide pixels to the screen, (2, 3), learned from three places."""
        places = np.array([self.place(0.3, 0.4), self.place(0.6, 0.4), self.place(0.3, 0.7)])
        slide = np.array([[*self.under(*place), 1] for place in places])
        return np.linalg.solve(slide, places).T

    def screen(self, l0_x: float, l0_y: float) -> tuple[float, float]:
        """Where a place of the slide is on the screen now."""
        x, y = self.frame() @ (l0_x, l0_y, 1)
        return float(x), float(y)

    def click(self, l0_x: float, l0_y: float) -> None:
        x, y = self.screen(l0_x, l0_y)
        self.page.mouse.move(x - 2, y - 2)
        self.page.mouse.click(x, y)

    def press(self, keys: str) -> None:
        self.page.keyboard.press(keys)

    def zoom(self, number: int, text: str) -> None:
        """Take one of the magnifications, and wait until the view is there."""
        self.press(f"Shift+Digit{number}")
        self.page.wait_for_selector(f".wsinb-zoom:text-is({text!r})")
        self.page.wait_for_selector(".leaflet-zoom-anim", state="detached")

    def turn(self, degrees: int, flipped: bool) -> None:
        """Turn by keys and the wheel."""
        if flipped:
            self.press("Shift+Y")
        for _ in range(degrees // 90):
            self.press("Shift+T")
        self.page.mouse.move(*self.place(0.5, 0.5))
        self.page.keyboard.down("Alt")
        for _ in range(degrees % 90 // 5):
            self.page.mouse.wheel(0, 100)
        self.page.keyboard.up("Alt")
        told = f"{degrees}°{' flipped' if flipped else ''}"
        self.page.wait_for_selector(f".wsinb-compass-angle:text-is({told!r})", state="attached")

    def go_to(self, text: str) -> None:
        self.press("Shift+G")
        self.page.get_by_label("Position or id of an annotation").fill(text)
        self.press("Enter")

    def picture(self) -> np.ndarray:
        """What is on the screen in place of the map, (height, width, 3)."""
        shot = self.page.locator(".wsinb-map").screenshot()
        return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)

    def saved_picture(self, caption: str = "") -> tuple[str, np.ndarray]:
        """Name and pixels of the picture that the viewer saves."""
        # a shape that was in hand may just be giving up the focus
        self.page.wait_for_selector(".wsinb-mod-selected", state="detached")
        self.page.locator(".wsinb-map").focus()
        self.press("Shift+X")
        self.page.get_by_label("Caption of the picture").fill(caption)
        with self.page.expect_download() as download:
            self.press("Enter")
        with Image.open(download.value.path()) as image:
            return download.value.suggested_filename, np.asarray(image.convert("RGB")).astype(int)


@pytest.fixture
def around(lab, project) -> Around:
    lab.open_slide(project.path.name, "liver.tif")
    lab.page.wait_for_selector(".wsinb-vector-tile", state="attached")
    # JupyterLab's own question at the lower right would take the clicks
    lab.page.add_style_tag(content=".Toastify { display: none }")
    return Around(lab)


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


# magnification and read-out


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


# minimap


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


def assert_framed(around: Around) -> None:
    """The frame in the minimap is what is seen."""
    points = around.page.locator(".wsinb-minimap polygon").get_attribute("points")
    framed = shapely.Polygon([[float(n) for n in pair.split(",")] for pair in points.split()])
    body = around.page.locator(".wsinb-minimap-body").bounding_box()
    framed = shapely.transform(framed, lambda xy: xy * SIZE[0] / body["width"])
    box = around.box()
    back = np.linalg.inv(np.vstack([around.frame(), [0, 0, 1]]))
    right, bottom = box["x"] + box["width"], box["y"] + box["height"]
    view = shapely.box(box["x"], box["y"], right, bottom)
    seen = shapely.Polygon([(back @ (x, y, 1))[:2] for x, y in view.exterior.coords])
    assert framed.symmetric_difference(seen).area < 0.03 * seen.area


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


# go to


@pytest.mark.parametrize("text", ["1500, 700", "750, 350 µm", "(0.75; 0.35) mm"])
def test_a_position_is_gone_to_and_marked(around, text):
    around.go_to(text)
    around.page.wait_for_selector(".wsinb-place-mark")
    mark = around.page.locator(".wsinb-place-mark").bounding_box()
    seen = around.under(mark["x"] + mark["width"] / 2, mark["y"] + mark["height"] / 2)
    assert seen == pytest.approx((1500, 700), abs=4)
    assert around.middle() == pytest.approx((1500, 700), abs=4)
    around.page.wait_for_selector(".wsinb-place-mark", state="detached")


def test_an_annotation_is_gone_to_by_its_id(around, project):
    row = project.read("liver").iloc[2]
    around.zoom(6, "40×")
    around.go_to(row["id"])
    around.page.wait_for_selector(".wsinb-place-outline", state="attached")
    xmin, ymin, xmax, ymax = row.geometry.bounds
    assert around.middle() == pytest.approx(((xmin + xmax) / 2, (ymin + ymax) / 2), abs=4)
    around.page.wait_for_selector(".wsinb-place-outline", state="detached")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("9000, 2", "outside of the slide"),
        ("somewhere", "Type a position"),
        ("0f8fad5b", "beginning of an id"),
        ("0f8fad5b-d9cb-469f-a165-70867728950e", "has no annotation"),
    ],
)
def test_what_cannot_be_gone_to_is_said_under_the_field(around, text, said):
    before = around.middle()
    around.go_to(text)
    around.page.wait_for_selector(f".wsinb-problem:text({said!r})")
    assert around.middle() == pytest.approx(before)
    around.go_to("100, 100")
    expect(around.page.locator(".wsinb-problem").first).to_have_text("")


# measuring


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


# a picture of what is seen


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


def assert_same_picture(around: Around, saved: np.ndarray) -> None:
    """A saved picture is what is on the screen, away from the panels."""
    around.page.mouse.move(*around.place(0.5, 0.02))
    seen = around.picture()
    height, width = saved.shape[:2]
    rows, columns = slice(height // 10, height * 8 // 10), slice(width // 10, width * 7 // 10)
    difference = np.abs(seen[rows, columns] - saved[rows, columns]).max(axis=2)
    assert np.median(difference) <= 2
    assert (difference > 24).mean() < 0.02


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


# full screen


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


# turning


@pytest.mark.parametrize(("degrees", "flipped"), TURNS)
def test_a_turned_view_is_turned_about_its_middle(around, degrees, flipped):
    around.zoom(4, "10×")
    middle = around.middle()
    around.turn(degrees, flipped)
    assert around.middle() == pytest.approx(middle, abs=2)
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    expected = 0.5 * turn @ np.diag([-1 if flipped else 1, 1])
    assert around.frame()[:, :2] == pytest.approx(expected, abs=0.01)
    image = synthetic_image(SIZE)
    # pixels are where the read-out says: glass, stroma, and the edge between them
    shown = around.picture()
    box = around.box()
    for l0_x, l0_y in ((1024, 250), (1024, 768), (1500, 700), (500, 900)):
        x, y = np.subtract(around.screen(l0_x, l0_y), (box["x"], box["y"])).round().astype(int)
        if 60 < x < box["width"] - 260 and 10 < y < box["height"] - 60:
            real = image[l0_y - 3 : l0_y + 4, l0_x - 3 : l0_x + 4].reshape(-1, 3).mean(axis=0)
            seen = shown[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3).mean(axis=0)
            assert np.abs(real - seen).max() < 25, (l0_x, l0_y)


@pytest.mark.parametrize(("degrees", "flipped"), [(90, False), (180, True), (30, False)])
def test_a_turned_view_is_dragged_and_zoomed_at_the_pointer(around, degrees, flipped):
    around.zoom(4, "10×")
    around.turn(degrees, flipped)
    (x0, y0), (x1, y1) = around.place(0.4, 0.4), around.place(0.55, 0.6)
    held = around.under(x0, y0)
    around.page.mouse.down()
    around.page.mouse.move(x1, y1, steps=10)
    # no throw: the pointer rests before it lets go
    around.page.wait_for_timeout(300)
    around.page.mouse.up()
    assert around.under(x1, y1) == pytest.approx(held, abs=4)
    around.page.mouse.move(x1, y1)
    around.page.mouse.wheel(0, -120)
    around.page.wait_for_selector(".wsinb-zoom:text-is('20×')")
    assert around.under(x1, y1) == pytest.approx(held, abs=4)
    around.press("ArrowRight")
    around.page.wait_for_selector(".leaflet-pan-anim", state="detached")
    assert around.screen(*held) == pytest.approx((x1 - 80, y1), abs=4)


@pytest.mark.parametrize(("degrees", "flipped"), [(90, False), (270, True), (30, False)])
def test_shapes_are_selected_drawn_and_edited_on_a_turned_view(around, project, degrees, flipped):
    lab = around.lab
    around.turn(degrees, flipped)
    lab.click = around.click  # drawing and selecting look up where things are
    around.press("s")
    lab.draw("rectangle", (900, 250), (1100, 400))
    lab.unsaved("1 unsaved")
    corner, target = around.screen(1100, 400), around.screen(1160, 460)
    around.page.mouse.move(*corner)
    around.page.mouse.down()
    around.page.mouse.move(*target, steps=8)
    around.page.mouse.up()
    lab.save()
    (row,) = project.read("liver").query("label == 'stroma'").itertuples()
    assert row.shape == "rectangle"
    assert row.geometry.bounds == pytest.approx((900, 250, 1160, 460), abs=8)
    around.press("Escape")
    centre = TUMOR[3].centroid
    lab.select(centre.x, centre.y)
    start, end = around.screen(centre.x, centre.y), around.screen(centre.x - 50, centre.y + 30)
    around.page.mouse.move(*start)
    around.page.mouse.down()
    around.page.mouse.move(*end, steps=8)
    around.page.mouse.up()
    lab.unsaved("1 unsaved")
    lab.save()
    centres = [g.centroid for g in project.read("liver").query("label == 'tumor'").geometry]
    assert min(np.hypot(c.x - centre.x + 50, c.y - centre.y - 30) for c in centres) < 8


@pytest.mark.parametrize(("degrees", "flipped"), [(90, False), (30, True)])
def test_minimap_and_picture_follow_the_turn(around, degrees, flipped):
    around.zoom(5, "20×")
    around.turn(degrees, flipped)
    assert_framed(around)
    around.page.wait_for_function(
        "[...document.querySelectorAll('.wsinb-image-layer img')].every(i => i.complete)"
    )
    _, saved = around.saved_picture()
    assert_same_picture(around, saved)


def test_the_compass_turns_and_resets(around):
    around.press("Shift+T")
    dial = around.page.locator(".wsinb-compass-dial").bounding_box()
    x, y, r = dial["x"] + dial["width"] / 2, dial["y"] + dial["height"] / 2, dial["width"] / 2 - 3
    around.page.mouse.move(x + r, y)
    around.page.mouse.down()
    around.page.mouse.move(x + r * 0.7, y + r * 0.7, steps=4)
    around.page.mouse.move(x, y + r, steps=4)
    around.page.mouse.up()
    around.page.wait_for_selector(".wsinb-compass-angle:text-is('180°')")
    around.page.locator(".wsinb-compass-dial").focus()
    around.press("ArrowRight")
    around.page.wait_for_selector(".wsinb-compass-angle:text-is('185°')")
    around.page.get_by_text("Reset", exact=True).locator("visible=true").first.click()
    around.page.wait_for_selector(".wsinb-compass", state="hidden")
    expect(around.page.locator(".wsinb-stage")).to_have_count(0)
    around.lab._find_frame()
    assert around.screen(1024, 768) == pytest.approx(around.lab.screen(1024, 768), abs=3)


def test_fitting_a_turned_slide_shows_all_of_it(around):
    around.turn(30, False)
    around.press("Home")
    around.page.wait_for_function("!document.querySelector('.leaflet-zoom-anim')")
    box = around.box()
    for corner in ((0, 0), (SIZE[0], 0), SIZE, (0, SIZE[1])):
        x, y = around.screen(*corner)
        assert box["x"] - 2 <= x <= box["x"] + box["width"] + 2
        assert box["y"] - 2 <= y <= box["y"] + box["height"] + 2


def test_in_a_cell_the_view_is_turned_drawn_on_and_fills_the_screen(lab, project):
    source = "import wsinb\nviewer = wsinb.open_project('.').view('liver')\nviewer"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, project.path / "cell.ipynb")
    lab.open_folder(project.path.name)
    lab.double_click("cell.ipynb")
    lab.page.wait_for_selector(".jp-Notebook .jp-Cell")
    lab.run_cell(0)
    lab.wait_for_viewer()
    around = Around(lab)
    small = around.box()
    around.turn(90, False)
    lab.click = around.click
    lab.draw("polygon", (900, 300), (1100, 300), (1100, 420))
    lab.unsaved("1 unsaved")
    around.press("Shift+F")
    around.page.wait_for_function("document.fullscreenElement?.classList.contains('wsinb-map')")
    around.page.wait_for_selector("[data-tool=fullscreen][aria-pressed=true]")
    assert around.box()["height"] == 900
    turn = around.frame()[:, :2]
    assert turn / np.linalg.norm(turn[:, 0]) == pytest.approx(np.array([[0, -1], [1, 0]]), abs=0.02)
    around.press("Shift+F")
    around.page.wait_for_selector("[data-tool=fullscreen][aria-pressed=false]")
    assert around.box()["height"] == small["height"]
    lab.save()
    (row,) = project.read("liver").query("label.isna()").itertuples()
    assert row.geometry.area == pytest.approx(200 * 120 / 2, rel=0.1)


# keys and about


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


def test_what_the_slide_is_and_its_properties_are_told(around, project):
    around.press("Shift+E")
    about = around.page.locator(".wsinb-about")
    text = about.inner_text()
    entry = project.slides["liver"]
    for said in ("2,048 × 1,536 px", "1.024 × 0.768 mm", "0.5", "20×", entry.checksum, project.name):
        assert said in text
    rows = about.locator(".wsinb-property:visible")
    every = rows.count()
    about.get_by_label("Filter the properties").fill("compression")
    assert 0 < rows.count() < every
    assert "Compression" in rows.first.inner_text()


def test_label_images_are_not_even_asked_for_before_they_are_wanted(lab, server):
    import tifffile

    path = server.root / "aperio" / "scan.svs"
    path.parent.mkdir(exist_ok=True)
    head, image = "Aperio Image Library v12.0.15 \n", synthetic_image((640, 512))
    with tifffile.TiffWriter(path) as tiff:
        jpeg = {"compression": "jpeg", "photometric": "rgb", "metadata": None}
        sized = head + "640x512 (64x64) JPEG/RGB Q=70|AppMag = 40|MPP = 0.25|User = <b>u1</b>"
        tiff.write(image, tile=(64, 64), description=sized, **jpeg)
        tiff.write(image[::4, ::4].copy(), description=head + "640x512 -> 160x128", **jpeg)
        tiff.write(image[:30, :40], description=f"{head}label 40x30", compression="lzw", metadata=None)
    asked: list[str] = []
    lab.page.on("request", lambda request: asked.append(request.url))
    lab.open_folder("aperio")
    lab.double_click("scan.svs")
    lab.page.wait_for_selector(".wsinb-magnification")
    lab.page.locator(".wsinb-map").focus()
    lab.page.keyboard.press("Shift+E")
    button = lab.page.get_by_text("Show label image: it can show a patient's name")
    button.wait_for()
    assert not [url for url in asked if "associated" in url]
    assert "<b>u1</b>" in lab.page.locator(".wsinb-about").inner_text(), "what a file says is text"
    button.click()
    lab.page.wait_for_function("document.querySelector('.wsinb-associated-image')?.naturalWidth === 40")
    assert len([url for url in asked if "associated/label" in url]) == 1
    lab.page.get_by_text("Hide label image").click()
    expect(lab.page.locator(".wsinb-associated-image")).to_have_count(0)
    assert wsinb.open_slide(path).associated_images["label"].shape == (30, 40, 3)
