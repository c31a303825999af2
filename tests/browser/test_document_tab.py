"""A slide in a tab: what a person sees, and what the store then holds."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

import wsinb
from wsinb.testing import synthetic_regions

pytestmark = pytest.mark.browser

SIZE = (2048, 1536)
TUMOR = synthetic_regions(SIZE)["tumor"]
GLASS = (30, 30)
STROMA = (1024, 250)
SQUARE = ((850, 300), (1150, 300), (1150, 480), (850, 480))


def test_double_click_opens_the_slide_and_paints_tissue(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    red, green, _ = lab.pixel(*STROMA)
    assert red > 200
    assert green < 200, "stroma is pink"
    assert min(lab.pixel(*GLASS)) > 225
    assert lab.page.locator(".wsinb-scale").inner_text().endswith(("µm", "mm"))
    assert "µm" in lab.page.locator(".wsinb-position").inner_text()
    assert lab.page.locator(".wsinb-label-name").all_inner_texts() == ["No label", "stroma", "tumor"]


def test_opening_a_slide_copies_nothing(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    # JupyterLab makes a checkpoint, a copy, of what it may save, soon after it is open
    lab.page.wait_for_timeout(1500)
    copies = [path for path in project.path.rglob("*checkpoint*") if path.is_file()]
    assert copies == []


def test_stored_annotations_are_painted_in_the_colour_of_their_label(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    lab.page.wait_for_selector(".wsinb-vector-tile", state="attached")
    centre = TUMOR[0].centroid
    slide = wsinb.open_slide(project.path / "liver.tif")
    bare = slide.read(centre.x - 16, centre.y - 16, 32, 32)[..., 0].mean()
    place = (centre.x, centre.y)
    lab.until_color(place, lambda red, green, blue: red > bare + 10, "red over violet")
    lab.page.locator(".wsinb-label", has_text="tumor").locator(".wsinb-eye").click()
    lab.until_color(place, lambda red, green, blue: abs(red - bare) < 8, "bare tissue where it is hidden")


def test_a_polygon_drawn_with_the_mouse_is_saved_and_read_back(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    lab.page.keyboard.press("s")
    lab.draw("polygon", *SQUARE)
    lab.unsaved("1 unsaved")
    assert len(project.read("liver")) == 4
    lab.save("a stroma square")
    table = project.read("liver")
    (row,) = table[table["label"] == "stroma"].itertuples()
    assert row.shape == "polygon"
    assert row.geometry.symmetric_difference(shapely.Polygon(SQUARE)).area < 0.05 * row.geometry.area
    assert project.log()[0].message == "a stroma square"
    # the picture stays: the saved shape is painted by the stored layer
    lab.until_color((1000, 390), lambda red, green, blue: blue > red - 30, "blue over pink")


def test_every_tool_stores_its_kind_of_shape(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    lab.draw("rectangle", (850, 250), (1000, 350))
    lab.draw("circle", (1200, 300), (1260, 300))
    lab.draw("line", (850, 420), (1000, 480), (1150, 420))
    lab.draw("point", (1100, 200), (1150, 200))
    lab.page.locator(".wsinb-label-button", has_text="tumor").click()
    lab.tool("image")
    lab.unsaved("6 unsaved")
    lab.save()
    table = project.read("liver")
    new = table[table["label"].isna() | (table["shape"] == "image")]
    assert sorted(new["shape"]) == ["circle", "image", "point", "point", "polyline", "rectangle"]
    circle = new[new["shape"] == "circle"].iloc[0]
    assert abs(circle.geometry.area - np.pi * 60**2) < 0.1 * np.pi * 60**2
    rectangle = new[new["shape"] == "rectangle"].iloc[0]
    assert rectangle.geometry.equals(shapely.box(*rectangle.geometry.bounds))
    image = new[new["shape"] == "image"].iloc[0]
    assert image.geometry is None
    assert image["label"] == "tumor"
    lab.page.wait_for_selector(".wsinb-chip:not(.wsinb-mod-unsaved)", timeout=10_000)


def test_a_stored_shape_can_be_moved_relabelled_and_deleted(lab, project):
    before = project.read("liver").set_index("id")
    first, second = (TUMOR[0].centroid, TUMOR[1].centroid)
    id_first = before.index[before.contains(first)][0]
    id_second = before.index[before.contains(second)][0]
    lab.open_slide(project.path.name, "liver.tif")
    lab.select(first.x, first.y)
    lab.drag((first.x, first.y), (first.x + 60, first.y + 40))
    lab.unsaved("1 unsaved")
    lab.page.keyboard.press("s")
    lab.page.keyboard.press("Escape")
    lab.select(second.x, second.y)
    lab.page.keyboard.press("Delete")
    lab.unsaved("2 unsaved")
    lab.save("moved one, deleted one")
    after = project.read("liver").set_index("id")
    assert id_second not in after.index
    assert len(after) == 3
    moved = after.loc[id_first]
    assert moved["label"] == "stroma"
    shift = np.array(moved.geometry.centroid.coords[0]) - np.array(
        before.loc[id_first].geometry.centroid.coords[0]
    )
    assert np.allclose(shift, (60, 40), atol=8)
    assert project.log()[0].changes["liver"] == {"added": 0, "updated": 1, "deleted": 1}


def test_a_vertex_can_be_dragged(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    lab.draw("rectangle", SQUARE[0], SQUARE[2])
    lab.unsaved("1 unsaved")
    lab.drag(SQUARE[2], (1250, 560))
    lab.save()
    (row,) = project.read("liver").query("label.isna()").itertuples()
    assert row.shape == "rectangle"
    assert np.allclose(row.geometry.bounds, (850, 300, 1250, 560), atol=8)


def test_undo_and_discard_take_changes_back(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    lab.draw("polygon", *SQUARE)
    lab.unsaved("1 unsaved")
    lab.page.keyboard.press("Control+z")
    lab.unsaved("All saved")
    lab.page.keyboard.press("Control+Shift+Z")
    lab.unsaved("1 unsaved")
    lab.page.locator(".wsinb-save button", has_text="Discard").click()
    lab.page.locator(".wsinb-question button", has_text="Discard").click()
    lab.unsaved("All saved")
    assert len(project.log()) == len(wsinb.open_project(project.path).log())


def test_a_label_added_in_the_palette_is_stored_and_its_key_works(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    lab.page.get_by_title("Add a label").click()
    lab.page.get_by_placeholder("Name of the label").fill("necrosis")
    lab.page.locator(".wsinb-label-form button").click()
    lab.page.wait_for_selector(".wsinb-label-name:text-is('necrosis')")
    label = project.labels["necrosis"]
    assert label.key == "n"
    lab.page.locator(".wsinb-map").focus()
    lab.page.keyboard.press("t")
    lab.page.keyboard.press("n")
    lab.draw("polygon", *SQUARE)
    lab.save()
    assert (project.read("liver")["label"] == "necrosis").sum() == 1


def test_a_commit_from_elsewhere_appears(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    session = project.session(author="job")
    session["liver"].upsert(wsinb.new_annotations([shapely.Polygon(SQUARE)], label="stroma", layer="job"))
    session.commit("the result of a job")
    lab.page.wait_for_selector(".wsinb-label:has-text('stroma') .wsinb-count:text-is('1')", timeout=10_000)
    lab.until_color((1000, 390), lambda red, green, blue: blue > red - 30, "blue over pink")


def test_a_conflict_saves_nothing_until_a_side_is_taken(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    centre = TUMOR[0].centroid
    lab.select(centre.x, centre.y)
    lab.page.keyboard.press("s")
    lab.unsaved("1 unsaved")
    table = project.read("liver")
    same = table[table.contains(centre)]
    session = project.session(author="colleague")
    session["liver"].delete(list(same["id"]))
    theirs = session.commit("deleted it")
    lab.page.locator(".wsinb-save button", has_text="Save").click()
    panel = lab.page.locator(".wsinb-conflicts")
    panel.get_by_text("One of your edits was changed by colleague meanwhile.").wait_for()
    assert project.head() == theirs.id
    panel.get_by_role("button", name="Take theirs").click()
    panel.get_by_role("button", name="Save").click()
    lab.unsaved("All saved")
    assert len(project.read("liver")) == 3


def test_saving_on_a_slide_without_project_makes_one(lab, server):
    folder = server.root / "loose"
    folder.mkdir()
    (folder / "kidney.tif").write_bytes((server.root / "slide.tif").read_bytes())
    lab.open_slide("loose", "kidney.tif")
    lab.page.get_by_title("Add a label").click()
    lab.page.get_by_placeholder("Name of the label").fill("glomerulus")
    lab.page.locator(".wsinb-label-form button").click()
    lab.draw("polygon", *SQUARE)
    lab.page.locator(".wsinb-save button", has_text="Save").click()
    lab.page.get_by_role("button", name="Create and save").click()
    lab.unsaved("All saved")
    project = wsinb.open_project(folder)
    (name,) = project.slides
    assert list(project.read(name)["label"]) == ["glomerulus"]
    assert "glomerulus" in project.labels


def test_a_broken_slide_shows_a_sentence(lab):
    lab.open_folder("bad")
    lab.double_click("broken.svs")
    assert "broken.svs" in lab.notice()


def test_closing_a_tab_with_unsaved_shapes_asks_first(lab, project):
    lab.open_slide(project.path.name, "liver.tif")
    lab.draw("polygon", *SQUARE)
    lab.unsaved("1 unsaved")
    lab.page.locator(".lm-TabBar-tab.lm-mod-current .lm-TabBar-tabCloseIcon:visible").last.click()
    lab.page.wait_for_selector(".jp-Dialog:has-text('Close without saving?')")
    lab.page.get_by_role("button", name="Cancel").click()
    lab.unsaved("1 unsaved")
    lab.page.locator(".lm-TabBar-tab.lm-mod-current .lm-TabBar-tabCloseIcon:visible").last.click()
    lab.page.get_by_role("button", name="Discard").last.click()
    lab.page.wait_for_selector(".wsinb-map", state="detached")
