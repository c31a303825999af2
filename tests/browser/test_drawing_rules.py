"""What the hand does and does not do: which label, which tool, what is moved, what is kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import shapely
import tifffile
from playwright.sync_api import expect

import wsinb
from wsinb.testing import synthetic_regions

pytestmark = pytest.mark.browser

SIZE = (2048, 1536)
TUMOR = synthetic_regions(SIZE)["tumor"]
SQUARE = ((850, 300), (1150, 300), (1150, 480), (850, 480))
SECOND = ((900, 1150), (1100, 1150), (1100, 1300), (900, 1300))
LARGE = ((300, 250), (1750, 1250))


def label_in_hand(lab, name: str) -> None:
    expect(lab.page.locator(".wsinb-label-button[aria-checked=true] .wsinb-label-name")).to_have_text(name)


def tool_in_hand(lab, name: str) -> None:
    expect(lab.page.locator("[data-group=draw] [aria-pressed=true]")).to_have_attribute("data-tool", name)


def shape_in_hand(lab) -> None:
    lab.page.wait_for_selector(".wsinb-draft.wsinb-mod-selected", state="attached")


def nothing_in_hand(lab) -> None:
    lab.page.wait_for_selector(".wsinb-draft.wsinb-mod-selected", state="detached")


def press(lab, key: str) -> None:
    lab.page.locator(".wsinb-map").focus()
    lab.page.keyboard.press(key)


def drawn(project) -> dict[str | None, int]:
    """How many shapes have which label, beside the four that were there."""
    counts = project.read("liver")["label"].value_counts(dropna=False).to_dict()
    counts = {label if isinstance(label, str) else None: n for label, n in counts.items()}
    counts["tumor"] -= 4
    return {label: n for label, n in counts.items() if n}


# labels and tools


def test_a_label_key_after_drawing_is_for_the_next_shape(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    press(lab, "t")
    lab.draw("polygon", *SQUARE)
    shape_in_hand(lab)
    press(lab, "s")
    nothing_in_hand(lab)
    label_in_hand(lab, "stroma")
    lab.draw("polygon", *SECOND)
    lab.unsaved("2 unsaved")
    lab.save()
    assert drawn(project) == {"tumor": 1, "stroma": 1}


def test_what_was_drawn_without_a_label_takes_the_next_one_and_what_is_clicked_any(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    lab.draw("polygon", *SQUARE)
    shape_in_hand(lab)
    press(lab, "t")
    shape_in_hand(lab)
    lab.save()
    assert drawn(project) == {"tumor": 1}
    lab.select(1000, 390)
    press(lab, "s")
    lab.unsaved("1 unsaved")
    tool_in_hand(lab, "select")
    lab.save()
    assert drawn(project) == {"stroma": 1}


def test_a_drawn_shape_is_relabelled_once_it_was_clicked(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    press(lab, "t")
    lab.draw("polygon", *SQUARE)
    shape_in_hand(lab)
    lab.click(1000, 390)
    press(lab, "s")
    shape_in_hand(lab)
    lab.save()
    assert drawn(project) == {"stroma": 1}


def test_a_label_brings_its_tool_and_leaves_one_that_was_taken_by_hand(lab, project):
    project.labels.add(
        [
            wsinb.Label("mitosis", color="#118833", key="m", shape="point"),
            wsinb.Label("grade", color="#8844aa", key="g", shape="image"),
        ]
    )
    lab.open_slide(project.path.name, "liver.tif")
    press(lab, "t")
    tool_in_hand(lab, "polygon")
    press(lab, "m")
    tool_in_hand(lab, "point")
    press(lab, "g")
    label_in_hand(lab, "grade")
    tool_in_hand(lab, "point")
    press(lab, "Escape")
    tool_in_hand(lab, "select")
    press(lab, "Shift+R")
    tool_in_hand(lab, "rectangle")
    press(lab, "m")
    label_in_hand(lab, "mitosis")
    tool_in_hand(lab, "rectangle")
    press(lab, "Shift+M")
    press(lab, "t")
    label_in_hand(lab, "tumor")
    expect(lab.page.locator("[data-tool=measure]")).to_have_attribute("aria-pressed", "true")


def test_another_label_while_a_shape_is_half_drawn_keeps_its_corners(lab, project):
    project.labels.add(wsinb.Label("mitosis", color="#118833", key="m", shape="point"))
    lab.open_slide(project.path.name, "liver.tif")
    press(lab, "t")
    tool_in_hand(lab, "polygon")
    for corner in SQUARE[:3]:
        lab.click(*corner)
    press(lab, "m")
    label_in_hand(lab, "mitosis")
    lab.click(*SQUARE[3])
    lab.click(*SQUARE[0])
    lab.unsaved("1 unsaved")
    lab.save()
    table = project.read("liver")
    (row,) = table[table["label"] == "mitosis"].itertuples()
    assert row.geometry.symmetric_difference(shapely.Polygon(SQUARE)).area < 0.05 * row.geometry.area


# corners


def test_a_double_click_or_enter_ends_a_shape_and_the_view_stays(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    zoom = lab.page.locator(".wsinb-zoom").inner_text()
    press(lab, "t")
    tool_in_hand(lab, "polygon")
    for corner in SQUARE[:3]:
        lab.click(*corner)
    lab.page.mouse.dblclick(*lab.screen(*SQUARE[3]))
    lab.unsaved("1 unsaved")
    tool_in_hand(lab, "select")
    press(lab, "s")
    tool_in_hand(lab, "polygon")
    for corner in SECOND:
        lab.click(*corner)
    press(lab, "Enter")
    lab.unsaved("2 unsaved")
    assert lab.page.locator(".wsinb-zoom").inner_text() == zoom
    lab.save()
    table = project.read("liver")
    (second,) = table[table["label"] == "stroma"].itertuples()
    assert second.geometry.symmetric_difference(shapely.Polygon(SECOND)).area < 0.05 * second.geometry.area
    first = table[table.contains(shapely.Point(1000, 390))].iloc[0]
    assert first.geometry.symmetric_difference(shapely.Polygon(SQUARE)).area < 0.05 * first.geometry.area


def test_the_last_corner_is_taken_back_before_any_shape(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    lab.draw("polygon", *SECOND)
    lab.unsaved("1 unsaved")
    lab.tool("polygon")
    for corner in (*SQUARE[:3], (400, 900), (500, 700)):
        lab.click(*corner)
    press(lab, "Backspace")
    press(lab, "Control+z")
    lab.unsaved("1 unsaved")
    lab.click(*SQUARE[3])
    press(lab, "Enter")
    lab.unsaved("2 unsaved")
    lab.save()
    table = project.read("liver")
    (row,) = table[table.contains(shapely.Point(1000, 390))].itertuples()
    assert row.geometry.symmetric_difference(shapely.Polygon(SQUARE)).area < 0.05 * row.geometry.area


def test_what_has_no_size_is_refused(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    lab.draw("rectangle", (900, 390), (1100, 390))
    expect(lab.page.locator(".wsinb-notice-text:visible")).to_contain_text("no size")
    lab.unsaved("All saved")


def test_no_label_is_not_given_to_the_whole_image(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    press(lab, "Shift+I")
    expect(lab.page.locator(".wsinb-notice-text:visible")).to_contain_text("Choose a label first")
    lab.unsaved("All saved")


# hidden labels


def test_drawing_with_a_hidden_label_shows_it_again(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    press(lab, "t")
    tumor = lab.page.locator(".wsinb-label", has_text="tumor")
    tumor.locator(".wsinb-eye").click()
    expect(tumor.locator(".wsinb-eye")).to_have_attribute("aria-pressed", "true")
    lab.draw("polygon", *SQUARE)
    lab.unsaved("1 unsaved")
    expect(tumor.locator(".wsinb-eye")).to_have_attribute("aria-pressed", "false")


def test_hiding_a_label_hides_what_is_unsaved_too(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    press(lab, "t")
    lab.draw("polygon", *SQUARE)
    shape_in_hand(lab)
    press(lab, "Escape")
    nothing_in_hand(lab)
    expect(lab.page.locator("path.wsinb-draft")).to_have_count(1)
    eye = lab.page.locator(".wsinb-label", has_text="tumor").locator(".wsinb-eye")
    eye.click()
    expect(lab.page.locator("path.wsinb-draft")).to_have_count(0)
    eye.click()
    expect(lab.page.locator("path.wsinb-draft")).to_have_count(1)
    lab.unsaved("1 unsaved")


def test_the_keyboard_stays_where_it_is_while_labels_are_hidden_and_chosen(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    tumor = lab.page.locator(".wsinb-label", has_text="tumor")
    tumor.locator(".wsinb-eye").focus()
    lab.page.keyboard.press("Enter")
    expect(tumor.locator(".wsinb-eye")).to_have_attribute("aria-pressed", "true")
    expect(tumor.locator(".wsinb-eye")).to_be_focused()
    tumor.locator(".wsinb-label-button").focus()
    lab.page.keyboard.press("Enter")
    expect(tumor.locator(".wsinb-label-button")).to_be_focused()
    label_in_hand(lab, "tumor")


# moving shapes, moving the view


def map_center(lab) -> tuple[float, float]:
    box = lab.page.locator(".wsinb-map").bounding_box()
    lab._find_frame()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    return (x - lab.origin[0]) / lab.scale, (y - lab.origin[1]) / lab.scale


def test_inside_a_large_shape_a_drag_moves_the_view_and_its_outline_moves_it(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    lab.draw("rectangle", *LARGE)
    shape_in_hand(lab)
    before = map_center(lab)
    lab.drag((1000, 760), (1160, 840))
    lab.until(
        lambda: np.allclose(np.subtract(before, map_center(lab)), (160, 80), atol=12), "the view has moved"
    )
    shape_in_hand(lab)
    # between two handles
    edge = (300, 900)
    lab.drag(edge, (edge[0] + 60, edge[1] + 30))
    lab.save()
    table = project.read("liver")
    (row,) = table[table["label"].isna()].itertuples()
    assert np.allclose(row.geometry.bounds, (360, 280, 1810, 1280), atol=10)


def test_inside_a_small_shape_a_drag_moves_it(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    lab.draw("rectangle", SQUARE[0], SQUARE[2])
    shape_in_hand(lab)
    before = map_center(lab)
    lab.drag((1000, 390), (1100, 450))
    lab.save()
    table = project.read("liver")
    (row,) = table[table["label"].isna()].itertuples()
    assert np.allclose(row.geometry.bounds, (950, 360, 1250, 540), atol=10)
    assert np.allclose(map_center(lab), before, atol=4)


# the slide's edge


def zoomed_out(lab, project) -> None:
    """The slide with room around it."""
    lab.open_slide(project.path.name, "liver.tif")
    press(lab, "-")
    lab.page.wait_for_selector(".wsinb-zoom:text-is('5×')")
    lab.page.wait_for_selector(".leaflet-zoom-anim", state="detached")
    lab._find_frame()


def test_a_shape_outside_the_slide_is_refused(lab, project):
    zoomed_out(lab, project)
    lab.draw("rectangle", (600, -300), (900, -100))
    message = lab.page.locator(".wsinb-notice-text")
    expect(message).to_contain_text("outside the slide")
    lab.unsaved("All saved")
    lab.page.locator(".wsinb-notice button", has_text="Close").click()
    lab.draw("point", (1000, -150))
    expect(message).to_contain_text("outside the slide")
    lab.unsaved("All saved")


def test_a_shape_over_the_edge_is_kept_as_it_was_drawn(lab, project):
    zoomed_out(lab, project)
    lab.draw("rectangle", (600, -200), (900, 200))
    lab.unsaved("1 unsaved")
    lab.save()
    table = project.read("liver")
    (row,) = table[table["label"].isna()].itertuples()
    assert np.allclose(row.geometry.bounds, (600, -200, 900, 200), atol=16)


def test_a_shape_that_is_moved_off_the_slide_goes_back(lab, project):
    zoomed_out(lab, project)
    lab.draw("rectangle", (600, 100), (900, 300))
    shape_in_hand(lab)
    lab.drag((750, 200), (750, -300))
    expect(lab.page.locator(".wsinb-notice-text")).to_contain_text("back where it was")
    lab.save()
    table = project.read("liver")
    (row,) = table[table["label"].isna()].itertuples()
    assert np.allclose(row.geometry.bounds, (600, 100, 900, 300), atol=16)


# unsaved edits, damaged slides


def test_discarding_asks_with_the_number_and_can_be_cancelled(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    lab.draw("point", (900, 300), (1000, 300), (1100, 300))
    lab.unsaved("3 unsaved")
    discard = lab.page.locator(".wsinb-save > .wsinb-row button", has_text="Discard")
    question = lab.page.locator(".wsinb-save .wsinb-question")
    discard.click()
    expect(question).to_contain_text("3 unsaved edits")
    question.locator("button", has_text="Cancel").click()
    expect(question).to_be_hidden()
    lab.unsaved("3 unsaved")
    discard.click()
    question.locator("button", has_text="Discard").click()
    lab.unsaved("All saved")


def garble(path: Path) -> None:
    """Leave the header, and nothing of the pixels."""
    with tifffile.TiffFile(path) as tiff:
        pages = [page for series in tiff.series for level in series.levels for page in level.pages]
        places = [
            place for page in pages for place in zip(page.dataoffsets, page.databytecounts, strict=True)
        ]
    with path.open("r+b") as file:
        for offset, n in places:
            file.seek(offset)
            file.write(b"\x55" * n)


def test_a_slide_whose_pixels_are_damaged_says_so_without_tools_and_recovers(lab, project):
    path = project.path / "liver.tif"
    whole = path.with_suffix(".whole")
    shutil.copy2(path, whole)
    garble(path)
    lab.open_folder(project.path.name)
    lab.double_click("liver.tif")
    assert "liver" in lab.notice()
    lab.page.wait_for_selector(".wsinb-mod-failed", state="attached")
    expect(lab.page.locator(".wsinb-toolbar")).to_be_hidden()
    expect(lab.page.locator(".wsinb-main")).to_be_hidden()
    whole.replace(path)
    lab.page.locator(".wsinb-notice button", has_text="Try again").click()
    lab.page.wait_for_selector(".wsinb-mod-failed", state="detached")
    lab.wait_for_viewer()
    expect(lab.page.locator(".wsinb-notice:visible")).to_have_count(0)
    expect(lab.page.locator(".wsinb-toolbar")).to_be_visible()
    lab.draw("polygon", *SQUARE)
    lab.unsaved("1 unsaved")
