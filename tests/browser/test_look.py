"""How stored annotations look, and what is done with many of them: what a person sees, and what is stored."""

from __future__ import annotations

import itertools
import re

import pytest
import shapely
from playwright.sync_api import expect

import wsinb
from tests.browser.colours import (
    LEFT,
    RIGHT,
    STROMA,
    TILE,
    TUMOR,
    add_nuclei,
    color_by,
    opened,
    strength,
    until_painted,
    zoom_out_to_density,
)

pytestmark = pytest.mark.browser

# the first colours of the palette for categories
BLUE, ORANGE = (0, 114, 178), (230, 159, 0)
PURPLE, YELLOW = (68, 1, 84), (220, 220, 40)


@pytest.fixture
def nuclei(project):
    add_nuclei(project)
    return project


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
