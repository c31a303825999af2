"""How stored annotations look, and what is done with many of them: what a person sees, and what is stored."""

from __future__ import annotations

import io
import itertools
import re

import numpy as np
import pytest
import shapely
from PIL import Image
from playwright.sync_api import expect

import wsinb
from tests.browser.cells import last_output, once, open_notebook, show_viewer

pytestmark = pytest.mark.browser

TUMOR, STROMA = (204, 68, 68), (51, 119, 204)
# the first colours of the palette for categories
BLUE, ORANGE = (0, 114, 178), (230, 159, 0)
PURPLE, YELLOW = (68, 1, 84), (220, 220, 40)
# those of differences
ADDED, CHANGED, UNCHANGED = (0, 158, 115), (230, 159, 0), (140, 140, 140)
LEFT, MIDDLE, RIGHT = (520, 1220), (1000, 1220), (1490, 1220)
BARE = (1024, 420)
HALF = 6
FAINT = 9
PITCH, SIDE = 12, 6
TILE = re.compile(r"/vector/[0-9a-f]{64}[^/]*/-?\d+/-?\d+/-?\d+")


@pytest.fixture
def nuclei(project):
    """3,500 small squares below the regions: tumor left and stroma right, scores rise from left to right."""
    left, top = (
        grid.ravel() for grid in np.meshgrid(np.arange(420, 1620, PITCH), np.arange(880, 1300, PITCH))
    )
    is_left = left < 1020
    session = project.session(author="model")
    session["liver"].upsert(
        wsinb.new_annotations(
            shapely.box(left, top, left + SIDE, top + SIDE),
            label=np.where(is_left, "tumor", "stroma"),
            layer="nuclei",
            score=(left - 420) / 1200,
            created_by=np.where(is_left, "ann", "bob"),
        )
    )
    session.commit("nuclei")
    return project


def opened(lab, project) -> list[str]:
    """Open the slide with the tab of layers; return the list of tiles that are asked for from then on."""
    lab.open_slide(project.path.name, "liver.tif")
    until_painted(lab, {LEFT: TUMOR, RIGHT: STROMA})
    lab.page.keyboard.press("Shift+B")
    lab.page.wait_for_selector(".wsinb-tab[data-tab=layers]:not([hidden])")
    asked: list[str] = []
    lab.page.on("request", lambda request: TILE.search(request.url) and asked.append(request.url))
    return asked


def look(lab, *places) -> np.ndarray:
    """The mean colours around places of the slide, of one look at the screen: (n, 3)."""
    centres = np.array([lab.screen(*place) for place in places]).astype(int)
    left, top = (centres.min(axis=0) - HALF).tolist()
    width, height = (np.ptp(centres, axis=0) + 2 * HALF + 1).tolist()
    clip = {"x": left, "y": top, "width": width, "height": height}
    seen = np.asarray(Image.open(io.BytesIO(lab.page.screenshot(clip=clip))).convert("RGB"))
    corners = (centres - HALF - (left, top)).tolist()
    side = 2 * HALF + 1
    return np.array([seen[y : y + side, x : x + side].mean(axis=(0, 1)) for x, y in corners])


def strength(lab, place) -> float:
    """How much what is painted on stroma differs from bare stroma, 0 to 442."""
    bare, seen = look(lab, BARE, place)
    return float(np.linalg.norm(seen - bare))


def painted(lab, places, colors) -> list[tuple[int, int, int] | None]:
    """Which of some colours each place is painted in; None where it is bare."""
    bare, *seen = look(lab, BARE, *places)
    towards = np.array(colors) - bare
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    shifts = [each - bare for each in seen]
    return [colors[int(np.argmax(towards @ by))] if np.linalg.norm(by) >= FAINT else None for by in shifts]


def until_painted(lab, expected, *others) -> None:
    """Wait until places are painted in their colours (None: bare), all at once, and in none of the others."""
    colors = [color for color in dict.fromkeys([*expected.values(), *others]) if color is not None]
    wanted = list(expected.values())
    lab.until(lambda: painted(lab, list(expected), colors) == wanted, f"painted as {expected}")


def color_by(lab, name: str) -> None:
    lab.page.locator(".wsinb-by select").select_option(name)


def zoom_out_to_density(lab) -> None:
    lab.page.keyboard.press("-")
    lab.page.wait_for_selector(".wsinb-zoom:text-is('5×')")
    lab._find_frame()
    until_painted(lab, {LEFT: TUMOR}, STROMA)


def select_rectangle(lab, start, end) -> None:
    lab.page.keyboard.press("Shift+A")
    lab.page.wait_for_selector("[data-tool=select-rectangle][aria-pressed=true]")
    lab.drag(start, end)


def selected(lab, text: str) -> None:
    lab.page.wait_for_selector(f".wsinb-selection-text:text-is({text!r})")


def test_colours_follow_label_layer_score_and_column_and_no_tile_is_asked_again(lab, nuclei):
    asked = opened(lab, nuclei)
    color_by(lab, "layer")
    until_painted(lab, {LEFT: ORANGE}, BLUE, TUMOR)
    assert lab.page.locator(".wsinb-category").all_inner_texts() == ["manual\n4", "nuclei\n3,500"]
    color_by(lab, "score")
    until_painted(lab, {LEFT: PURPLE, RIGHT: YELLOW})
    assert lab.page.locator(".wsinb-ramp-ends span").all_inner_texts() == ["0", "", "1"]
    color_by(lab, "created_by")
    until_painted(lab, {LEFT: BLUE, RIGHT: ORANGE})
    lab.page.locator(".wsinb-category-button", has_text="ann").click()
    until_painted(lab, {LEFT: None, RIGHT: ORANGE}, BLUE)
    color_by(lab, "label")
    until_painted(lab, {LEFT: TUMOR}, STROMA)
    assert asked == []


def test_a_threshold_hides_low_scores_and_shows_what_lies_below_them(lab, project):
    low, high = shapely.box(440, 1180, 560, 1280), shapely.box(400, 1150, 600, 1310)
    session = project.session(author="model")
    session["liver"].upsert(
        wsinb.new_annotations([high, low], label=["stroma", "tumor"], layer="model", score=[0.9, 0.2])
    )
    session.commit("one above the other")
    lab.open_slide(project.path.name, "liver.tif")
    centre = (500, 1230)
    until_painted(lab, {centre: TUMOR}, STROMA)
    lab.page.keyboard.press("Shift+B")
    number = lab.page.locator(".wsinb-all-layers input[type=number]").first
    number.fill("0.5")
    until_painted(lab, {centre: STROMA}, TUMOR)
    number.fill("0.95")
    until_painted(lab, {centre: None}, TUMOR, STROMA)
    number.fill("0")
    until_painted(lab, {centre: TUMOR}, STROMA)


def test_thresholds_and_layers_need_no_tile_at_density_and_at_shapes(lab, nuclei):
    asked = opened(lab, nuclei)
    number = lab.page.locator(".wsinb-all-layers input[type=number]").first
    eye = lab.page.locator(".wsinb-layer", has_text="nuclei").locator(".wsinb-eye")
    for closer in (True, False):
        if not closer:
            zoom_out_to_density(lab)
            asked.clear()
        number.fill("0.5")
        until_painted(lab, {LEFT: None, RIGHT: STROMA}, TUMOR)
        number.fill("0")
        until_painted(lab, {LEFT: TUMOR}, STROMA)
        eye.click()
        until_painted(lab, {LEFT: None, RIGHT: None}, TUMOR, STROMA)
        eye.click()
        until_painted(lab, {LEFT: TUMOR, RIGHT: STROMA})
        assert asked == []


def test_density_tells_its_counts_and_counts_by_a_column_after_asking_once(lab, nuclei):
    asked = opened(lab, nuclei)
    zoom_out_to_density(lab)
    texts = re.compile(r"^\d+ annotations? here: \d+ tumor$")
    lab.page.mouse.move(*lab.screen(*LEFT))
    until_found(lab, LEFT, lambda text: texts.match(text))
    asked.clear()
    color_by(lab, "created_by")
    until_painted(lab, {LEFT: BLUE, RIGHT: ORANGE})
    assert asked
    assert all("by=created_by" in url for url in asked)
    assert len(asked) == len(set(asked))


def until_found(lab, place, is_meant) -> None:
    """Move the pointer a little around a place until the words of what is there are those meant."""
    nudges = itertools.cycle((0, 3, -3, 5, -5))

    def look_there() -> bool:
        x, y = lab.screen(*place)
        lab.page.mouse.move(x + next(nudges), y)
        return is_meant(lab.page.locator(".wsinb-found").inner_text())

    lab.until(look_there, "something is found under the pointer")


def test_opacity_and_fill_change_what_is_painted(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    session = project.session(author="model")
    session["liver"].upsert(
        wsinb.new_annotations([shapely.box(400, 1150, 600, 1310)], label="stroma", layer="boxes")
    )
    session.commit("a box")
    centre = (500, 1230)
    until_painted(lab, {centre: STROMA}, TUMOR)
    lab.page.keyboard.press("Shift+B")
    layer = lab.page.locator(".wsinb-layer", has_text="boxes")
    layer.locator(".wsinb-layer-button").click()
    full = strength(lab, centre)
    layer.locator("input[type=number]").nth(1).fill("0.5")
    lab.until(lambda: strength(lab, centre) < 0.7 * full, "fainter")
    layer.locator("input[type=number]").nth(1).fill("1")
    lab.until(lambda: strength(lab, centre) > 0.9 * full, "as strong as before")
    layer.locator("input[type=checkbox]").uncheck()
    until_painted(lab, {centre: None}, TUMOR, STROMA)
    every = lab.page.locator(".wsinb-all-layers input[type=checkbox]")
    every.uncheck()
    layer.locator("input[type=checkbox]").check()
    until_painted(lab, {centre: None}, TUMOR, STROMA)
    every.check()
    until_painted(lab, {centre: STROMA}, TUMOR)


def test_a_rectangle_selects_and_all_are_relabelled_at_once(lab, nuclei):
    opened(lab, nuclei)
    select_rectangle(lab, (415, 1190), (655, 1310))
    # squares whose middle is inside: 20 columns of 9
    selected(lab, "180 selected")
    expect(lab.page.locator(".wsinb-chosen")).to_have_text("180 selected")
    darker = lab.patch(*LEFT, half=10).min(axis=(0, 1)).max()
    assert darker < 60, "selected ones have a dark outline"
    lab.page.keyboard.press("s")
    lab.page.locator(".wsinb-selection button", has_text="Label: stroma").click()
    lab.unsaved("180 unsaved")
    lab.page.keyboard.press("Escape")
    lab.page.wait_for_selector(".wsinb-selection", state="hidden")
    until_painted(lab, {LEFT: STROMA}, TUMOR)
    lab.page.keyboard.press("Control+z")
    until_painted(lab, {LEFT: TUMOR}, STROMA)
    lab.page.keyboard.press("Control+y")
    until_painted(lab, {LEFT: STROMA}, TUMOR)
    lab.save("all stroma")
    until_painted(lab, {LEFT: STROMA}, TUMOR)
    table = nuclei.read("liver")
    inside = table[table.geometry.centroid.within(shapely.box(415, 1190, 655, 1310))]
    assert set(inside["label"]) == {"stroma"}
    assert nuclei.log()[0].changes["liver"] == {"added": 0, "updated": 180, "deleted": 0}


def test_a_lasso_selects_and_all_are_deleted_at_once(lab, nuclei):
    opened(lab, nuclei)
    lab.page.keyboard.press("Shift+W")
    corners = [(415, 1310), (655, 1310), (415, 1070)]
    lab.page.mouse.move(*lab.screen(*corners[0]))
    lab.page.mouse.down()
    for corner in (*corners[1:], corners[0]):
        lab.page.mouse.move(*lab.screen(*corner), steps=30)
    lab.page.mouse.up()
    triangle = shapely.Polygon(corners)
    centres = nuclei.read("liver").geometry.centroid
    expected = int(centres.within(triangle).sum())
    lab.page.wait_for_selector(".wsinb-selection:not([hidden])")
    n = int(lab.page.locator(".wsinb-selection-text").inner_text().split()[0])
    # the lasso is drawn in whole screen pixels
    assert abs(n - expected) <= 25
    assert n < 300, "a lasso is not its box"
    lab.page.keyboard.press("Delete")
    lab.unsaved(f"{n} unsaved")
    until_painted(lab, {(450, 1240): None, (640, 1130): TUMOR}, STROMA)
    lab.save("a corner less")
    assert len(nuclei.read("liver")) == 3504 - n


def test_clicks_with_ctrl_add_and_take_away_and_escape_selects_nothing(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    first, second = project.read("liver").geometry.centroid.iloc[:2]
    lab.page.wait_for_selector(".wsinb-vector-tile.leaflet-tile-loaded", state="attached")
    until_found(lab, (first.x, first.y), lambda text: text == "tumor · manual")
    lab.page.keyboard.down("Control")
    lab.click(first.x, first.y)
    selected(lab, "1 selected")
    lab.click(second.x, second.y)
    selected(lab, "2 selected")
    lab.click(first.x, first.y)
    selected(lab, "1 selected")
    lab.page.keyboard.up("Control")
    expect(lab.page.locator(".wsinb-mod-selected"), "nothing is opened for editing").to_have_count(0)
    lab.page.keyboard.press("Escape")
    lab.page.wait_for_selector(".wsinb-selection", state="hidden")


def test_a_corrupt_tile_and_a_lost_server_are_told_once_and_recover_by_themselves(lab, nuclei):
    broken = {"body": b"not a tile", "status": 200}
    lab.page.route(TILE, lambda route: route.fulfill(**broken))
    lab.open_slide(nuclei.path.name, "liver.tif")
    assert "not a vector tile" in lab.notice() or "at least 32 bytes" in lab.notice()
    expect(lab.page.locator(".wsinb-notice-text")).to_have_count(1)
    lab.page.unroute(TILE)
    until_painted(lab, {LEFT: TUMOR}, STROMA)
    lab.page.wait_for_selector(".wsinb-notice.wsinb-mod-error", state="hidden")
    lab.page.route(TILE, lambda route: route.abort())
    lab.page.keyboard.press("+")
    lab.page.wait_for_selector(".wsinb-zoom:text-is('20×')")
    assert "does not answer" in lab.notice()
    lab.page.unroute(TILE)
    lab.page.wait_for_selector(".wsinb-notice.wsinb-mod-error", state="hidden")


def test_a_version_without_the_column_is_shown_by_label_with_a_sentence(lab, nuclei):
    nuclei.columns.add("grade", "text")
    session = nuclei.session(author="reader")
    session["liver"].upsert(wsinb.new_annotations([shapely.box(100, 100, 140, 140)], label="stroma"))
    session.commit("one more")
    opened(lab, nuclei)
    color_by(lab, "grade")
    expect(lab.page.locator(".wsinb-category")).to_have_text(["none"])
    lab.page.keyboard.press("Shift+H")
    lab.page.locator(".wsinb-commit-button", has_text="nuclei").click()
    assert "no column “grade”" in lab.notice()
    until_painted(lab, {LEFT: TUMOR}, STROMA)


def box(place) -> shapely.Polygon:
    l0_x, l0_y = place
    return shapely.box(l0_x - 80, l0_y - 60, l0_x + 80, l0_y + 60)


SESSION = """
import shapely, wsinb
project = wsinb.open_project('.')
session = project.session(author='model')
viewer = project.view('liver', color_by='change', since='start', session=session)
viewer
"""
EDIT = """
row = session['liver'].read(bbox={left}).assign(label='stroma')
session['liver'].upsert(row)
session['liver'].upsert(wsinb.new_annotations([shapely.box{right}], layer='model'))
viewer.since = None
"""
UNDO = """
session['liver'].restore(row['id'].tolist(), session.base)
"""


def test_shapes_change_their_colours_as_a_session_edits_them(lab, project):
    session = project.session(author="pathologist")
    session["liver"].upsert(wsinb.new_annotations([box(LEFT)], label="tumor"))
    project.tag("start", at=session.commit("left").id)
    session["liver"].upsert(wsinb.new_annotations([box(MIDDLE)], label="tumor"))
    session.commit("middle")
    edit = EDIT.format(left=box(LEFT).bounds, right=box(RIGHT).bounds)
    heard = once("viewer.since == 'main'", "print(viewer.since)")
    # so high that nothing is scrolled when cells are run
    lab.page.set_viewport_size({"width": 1400, "height": 1300})
    open_notebook(lab, project, SESSION, edit, UNDO, "session.commit('right')", heard)
    show_viewer(lab)
    until_painted(lab, {LEFT: UNCHANGED, MIDDLE: ADDED, RIGHT: None}, CHANGED)
    lab.run_cell(1)
    # against what the session began with
    until_painted(lab, {LEFT: CHANGED, MIDDLE: UNCHANGED, RIGHT: ADDED})
    lab.run_cell(2)
    until_painted(lab, {LEFT: UNCHANGED, MIDDLE: UNCHANGED, RIGHT: ADDED}, CHANGED)
    lab.run_cell(3)
    lab.page.wait_for_selector(".wsinb-label:has-text('tumor') .wsinb-count:text-is('6')")
    until_painted(lab, {LEFT: UNCHANGED, MIDDLE: UNCHANGED, RIGHT: ADDED}, CHANGED)
    lab.page.locator(".wsinb-map").focus()
    lab.page.keyboard.press("Shift+B")
    choice = lab.page.locator(".wsinb-since select")
    expect(choice).to_have_value("")
    choice.select_option("start")
    until_painted(lab, {LEFT: UNCHANGED, MIDDLE: ADDED, RIGHT: ADDED}, CHANGED)
    choice.select_option("main")
    until_painted(lab, {LEFT: UNCHANGED, MIDDLE: UNCHANGED, RIGHT: UNCHANGED}, ADDED, CHANGED)
    lab.run_cell(4)
    assert last_output(lab).strip() == "main"


def test_changes_are_counted_at_density_since_the_version_that_is_chosen(lab, nuclei):
    head = nuclei.head()
    session = nuclei.session(author="reader")
    right = nuclei.read("liver", bbox=(1020, 880, 1620, 1300)).query("layer == 'nuclei'")
    session["liver"].upsert(right.assign(score=0.5))
    newest = session.commit("right").id
    asked = opened(lab, nuclei)
    expect(lab.page.locator(".wsinb-since")).to_be_hidden()
    color_by(lab, "change")
    until_painted(lab, {LEFT: UNCHANGED, RIGHT: CHANGED}, ADDED)
    legend = lab.page.locator(".wsinb-color-legend .wsinb-category-name")
    expect(legend).to_have_text(["added", "changed", "unchanged"])
    assert asked == []
    color_by(lab, "label")
    zoom_out_to_density(lab)
    color_by(lab, "change")
    until_painted(lab, {LEFT: UNCHANGED, RIGHT: CHANGED}, ADDED)
    assert any("by=change" in url for url in asked)
    assert not any("since=" in url for url in asked)
    choice = lab.page.locator(".wsinb-since select")
    (first,) = (commit.id for commit in nuclei.log() if commit.message == "the known regions")
    choice.select_option(first)
    until_painted(lab, {LEFT: ADDED, RIGHT: ADDED}, CHANGED, UNCHANGED)
    assert any(f"by=change&since={first}" in url for url in asked)
    choice.select_option("main")
    until_painted(lab, {LEFT: UNCHANGED, RIGHT: UNCHANGED}, CHANGED, ADDED)
    assert any(f"by=change&since={newest}" in url for url in asked), "a branch is asked for by its commit"
    lab.page.locator(".wsinb-category-button", has_text="unchanged").click()
    until_painted(lab, {LEFT: None, RIGHT: None}, CHANGED, UNCHANGED)
    choice.select_option(head)
    until_painted(lab, {LEFT: None, RIGHT: CHANGED}, UNCHANGED, ADDED)
