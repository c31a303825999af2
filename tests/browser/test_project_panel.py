"""The slides of a project in the sidebar: what a person sees and does, and what the project then holds."""

from __future__ import annotations

import shutil

import pytest
from PIL import Image
from playwright.sync_api import expect

from wsinb.testing.entries import add_slides
from wsinb.versions import SlideEntry

pytestmark = pytest.mark.browser

SQUARE = ((850, 300), (1150, 300), (1150, 480), (850, 480))


def test_the_slides_of_the_folder_are_listed_with_pictures(panel, three):
    three.rename("A <b>bold</b> study")
    panel.open(three.path.name)
    panel.wait_for_names("liver", "liver 2", "liver 10")
    expect(panel.node.locator(".wsinb-project-name option:checked")).to_have_text("A <b>bold</b> study")
    text = panel.row("liver").inner_text()
    assert "2048 × 1536 · 0.5 µm" in text
    assert "4 annotations" in text
    panel.wait_for_progress("0 of 3 done")
    panel.node.locator(".wsinb-strip-picture.wsinb-mod-loaded").nth(2).wait_for()
    widths = panel.page.evaluate(
        "[...document.querySelectorAll('.wsinb-strip-picture')].map(image => image.naturalWidth)"
    )
    assert widths == [160, 160, 160]


def test_names_and_metadata_are_shown_as_text(panel, project):
    evil = "<img src=x onerror=alert(1)>"
    add_slides(project, SlideEntry(evil, "gone.svs", "sha256:00", (10, 10), None, {evil: evil}))
    panel.open(project.path.name)
    panel.wait_for_names(evil, "liver")
    assert f"{evil}: {evil}" in panel.node.locator(".wsinb-strip-item").first.get_attribute("title")
    expect(panel.node.locator("img:not(.wsinb-strip-picture)")).to_have_count(0)
    # its file is not there: a slide's icon stands for the picture, and opening it tells why
    panel.node.locator(".wsinb-strip-picture.wsinb-mod-missing").wait_for(state="attached")


def test_the_picture_of_a_slide_whose_file_is_found_again_appears(panel, project):
    file = project.path / "lost.tif"
    shutil.copy(project.path / "liver.tif", file)
    project.slides.add(file)
    file.rename(project.path / "found.tif")
    panel.open(project.path.name)
    panel.row("lost").locator(".wsinb-mod-missing").wait_for(state="attached")
    project.slides.relocate("lost", project.path / "found.tif")
    panel.row("lost").locator(".wsinb-mod-loaded").wait_for()


def test_a_slide_is_opened_by_mouse_and_by_keys(panel, three):
    panel.open(three.path.name)
    panel.open_slide("liver 2")
    panel.wait_for_tabs("liver 2.tif")
    panel.node.locator(".wsinb-strip").focus()
    panel.page.keyboard.press("ArrowDown")
    panel.page.keyboard.press("Enter")
    panel.wait_for_current("liver 10")
    panel.wait_for_tabs("liver 2.tif", "liver 10.tif")
    panel.node.locator(".wsinb-strip").focus()
    panel.page.keyboard.press("Home")
    panel.page.keyboard.press("Enter")
    panel.wait_for_current("liver")


def test_the_mark_is_a_commit(panel, three):
    panel.open(three.path.name)
    mark = panel.row("liver 2").locator(".wsinb-strip-mark")
    mark.click()
    panel.wait_for_progress("0 of 3 done, 1 in work")
    mark.click()
    panel.wait_for_progress("1 of 3 done")
    panel.row("liver 2").locator(".wsinb-strip-mark[data-progress=done]").wait_for()
    panel.row("liver 10").click(button="right")
    panel.page.locator(".lm-Menu-item", has_text="Mark as done").click()
    panel.wait_for_progress("2 of 3 done")
    last = "Set progress of slide liver 10"
    panel.lab.until(lambda: three.log(limit=1)[0].message == last, "the mark is a commit")
    assert three.slides["liver 2"].metadata == {"patient": "Grace", "progress": "done"}
    panel.node.locator(".wsinb-strip").focus()
    panel.page.keyboard.press("Space")
    panel.wait_for_progress("1 of 3 done")


def test_commits_from_elsewhere_appear(panel, three):
    panel.open(three.path.name)
    panel.wait_for_progress("0 of 3 done")
    picture = panel.row("liver").locator(".wsinb-mod-loaded")
    picture.wait_for()
    panel.page.evaluate("document.querySelector('.wsinb-strip-item').dataset.kept = 'yes'")
    session = three.session(author="job")
    session["liver 2"].upsert(three.read("liver").assign(id=None))
    session.commit("the result of a job")
    three.slides.update_metadata("liver", {"progress": "done"})
    panel.row("liver 2").get_by_text("4 annotations").wait_for()
    panel.wait_for_progress("1 of 3 done")
    three.slides.remove("liver 10")
    panel.wait_for_names("liver", "liver 2")
    expect(panel.page.locator("[data-kept=yes] .wsinb-mod-loaded"), "rows that stay are kept").to_have_count(
        1
    )


def test_search_and_sorting(panel, three):
    three.slides.update_metadata("liver", {"progress": "done"})
    panel.open(three.path.name)
    panel.wait_for_names("liver", "liver 2", "liver 10")
    panel.node.locator(".wsinb-project-sort").select_option("progress")
    panel.wait_for_names("liver 2", "liver 10", "liver")
    panel.node.locator(".wsinb-project-sort").select_option("annotations")
    panel.wait_for_names("liver", "liver 2", "liver 10")
    search = panel.node.get_by_placeholder("Search names and metadata")
    search.fill("ADA")
    panel.wait_for_names("liver 10")
    search.fill("nobody <b>")
    panel.node.get_by_text("No slide fits to “nobody <b>”.").wait_for()
    search.fill("")
    panel.wait_for_names("liver", "liver 2", "liver 10")


def test_next_and_previous_take_the_place_of_the_slide_in_front(panel, three):
    panel.open(three.path.name)
    panel.open_slide("liver 2")
    panel.page.locator(".wsinb-map").focus()
    panel.page.keyboard.press(">")
    panel.wait_for_tabs("liver 10.tif")
    panel.wait_for_current("liver 10")
    panel.lab.wait_for_viewer()
    panel.page.keyboard.press(">")
    panel.page.get_by_text("This is the last slide.").wait_for()
    panel.execute("wsinb:previous-slide")
    panel.wait_for_tabs("liver 2.tif")
    panel.lab.wait_for_viewer()
    panel.page.keyboard.press("Alt+Shift+,")
    panel.wait_for_tabs("liver.tif")


def test_next_asks_before_unsaved_shapes_are_lost(panel, three):
    panel.open(three.path.name)
    panel.open_slide("liver 2")
    panel.lab.draw("polygon", *SQUARE)
    panel.lab.unsaved("1 unsaved")
    panel.page.locator(".wsinb-map").focus()
    panel.page.keyboard.press(">")
    panel.dialog("Close without saving?").get_by_role("button", name="Cancel").click()
    panel.lab.unsaved("1 unsaved")
    assert panel.tabs() == ["liver 2.tif"]
    panel.page.locator(".wsinb-map").focus()
    panel.page.keyboard.press(">")
    panel.dialog("Close without saving?").get_by_role("button", name="Discard").click()
    panel.wait_for_tabs("liver 10.tif")


def test_open_beside_splits_the_area(panel, three):
    panel.open(three.path.name)
    panel.open_slide("liver")
    panel.row("liver 2").click(button="right")
    panel.page.locator(".lm-Menu-item", has_text="Open beside").click()
    panel.wait_for_current("liver 2")
    panel.page.wait_for_function("document.querySelectorAll('.wsinb-map').length === 2")
    first, second = (panel.page.locator(".wsinb-map").nth(i).bounding_box() for i in (0, 1))
    assert abs(first["x"] - second["x"]) > 200, "side by side"


def test_a_slide_that_no_document_can_show_opens_all_the_same_and_comes_back(panel, three):
    hidden = three.path / ".scans"
    hidden.mkdir()
    shutil.copy(three.path / "liver.tif", hidden / "scan.tif")
    three.slides.add(hidden / "scan.tif", name="scan <1>")
    panel.open(three.path.name)
    panel.open_slide("scan <1>")
    panel.wait_for_tabs("scan <1>")
    panel.lab.draw("polygon", *SQUARE)
    panel.lab.save("on a hidden file")
    assert len(three.read("scan <1>")) == 1
    panel.wait_until_kept("wsinb-view")
    panel.page.reload()
    panel.page.wait_for_function("window.jupyterapp?.restored")
    panel.lab.wait_for_viewer()
    panel.wait_for_tabs("scan <1>")
    panel.node.wait_for()
    panel.wait_for_current("scan <1>")
    # it is closed with a question as well
    panel.lab.draw("polygon", *SQUARE)
    panel.lab.unsaved("1 unsaved")
    panel.page.locator(".lm-TabBar-tab.lm-mod-current .lm-TabBar-tabCloseIcon:visible").last.click()
    panel.dialog("Close without saving?").get_by_role("button", name="Discard").click()
    panel.wait_for_tabs()


def test_a_server_that_is_away_is_told_and_found_again(panel, three):
    panel.open(three.path.name)
    panel.wait_for_names("liver", "liver 2", "liver 10")
    panel.page.route("**/wsinb/api/slide/metadata*", lambda route: route.abort())
    panel.row("liver").locator(".wsinb-strip-mark").click()
    panel.node.get_by_text("The server does not answer: check that Jupyter is still running.").wait_for()
    panel.wait_for_progress("0 of 3 done")
    panel.page.unroute("**/wsinb/api/slide/metadata*")
    panel.row("liver").locator(".wsinb-strip-mark").click()
    panel.wait_for_progress("0 of 3 done, 1 in work")
    panel.page.wait_for_selector(".wsinb-project-error", state="hidden")
    marked = {"progress": "in work"}
    panel.lab.until(lambda: three.slides["liver"].metadata == marked, "the mark is a commit")


def pictures(addresses: list[str]) -> set[str]:
    return {address for address in addresses if "/thumbnail?" in address}


def test_five_hundred_slides_fetch_only_the_pictures_in_view(panel, project):
    entry = project.slides["liver"]
    names = [f"slide {i:03}" for i in range(500)]
    add_slides(project, *(SlideEntry(name, entry.path, entry.checksum, entry.size) for name in names))
    asked: list[str] = []
    panel.page.on("request", lambda request: asked.append(request.url))
    panel.open(project.path.name)
    panel.wait_for_progress("0 of 501 done")
    panel.row("slide 003").locator(".wsinb-mod-loaded").wait_for()
    assert len(pictures(asked)) < 40
    panel.node.locator(".wsinb-strip").focus()
    panel.page.keyboard.press("End")
    panel.row("slide 499").locator(".wsinb-mod-loaded").wait_for()
    assert len(pictures(asked)) < 80
    panel.node.get_by_placeholder("Search names and metadata").fill("25 slide")
    panel.wait_for_names(*(name for name in names if "25" in name))


def test_commands_are_in_the_palette_and_a_tile_in_the_launcher(panel, three):
    panel.open(three.path.name)
    panel.wait_for_names("liver", "liver 2", "liver 10")
    panel.execute("launcher:create")
    panel.page.locator(".jp-LauncherCard:visible", has_text="New slide project").click()
    panel.dialog("New slide project").get_by_role("button", name="Cancel").click()
    panel.open_slide("liver")
    # JupyterLab hears of the keys that the viewer has no use for
    panel.page.locator(".wsinb-map").focus()
    panel.page.keyboard.press("Control+Shift+C")
    panel.page.locator(".jp-ModalCommandPalette input").fill("slide")
    listed = panel.page.locator(".lm-CommandPalette-itemLabel")
    listed.get_by_text("Next slide").wait_for()
    panel.page.locator(".jp-ModalCommandPalette input").fill("toggle history")
    panel.page.keyboard.press("Enter")
    panel.page.wait_for_selector(".wsinb-toolbar [data-tool=history][aria-pressed=true]")
    panel.page.locator(".wsinb-map").focus()
    panel.page.keyboard.press("Control+Shift+F")
    panel.page.wait_for_selector(".wsinb-project", state="hidden")
    panel.page.locator(".wsinb-map").focus()
    panel.page.keyboard.press("Control+Shift+Y")
    panel.node.wait_for()


def test_a_slide_is_chosen_in_a_dialog(panel, three):
    panel.open(three.path.name)
    panel.wait_for_names("liver", "liver 2", "liver 10")
    panel.execute("wsinb:open-slide")
    form = panel.dialog("Open a slide of")
    form.locator("select").select_option("liver 10")
    form.get_by_role("button", name="Open").click()
    panel.wait_for_current("liver 10")


def write_film(path) -> None:
    frames = [Image.new("L", (320, 240), grey) for grey in (40, 120, 200)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)


def test_a_film_that_is_a_slide_opens_as_one_and_any_other_in_its_player(panel, server, project):
    lab, folder = panel.lab, project.path
    name = "a (1) [x].gif"
    write_film(folder / name)
    project.slides.add(folder / name, name="film")
    shutil.copy(folder / name, folder / "loose.gif")
    (folder / "sub").mkdir()
    shutil.copy(folder / name, folder / "sub" / name)
    lab.open_folder(folder.name)
    panel.wait_for_names("film", "liver")
    lab.double_click(name)
    panel.wait_for_tabs(name)
    panel.page.wait_for_selector(".wsinb-image-layer img.leaflet-tile-loaded")
    panel.page.locator("[data-axis=t]").wait_for(state="attached")
    players = panel.page.locator(".jp-ImageViewer img")
    lab.double_click("loose.gif")
    expect(players).to_have_count(1)
    # a namesake in another folder is no slide
    panel.execute("filebrowser:go-to-path", path=f"{folder.name}/sub", dontShowBrowser=True)
    panel.page.locator(".jp-DirListing-item", has_text="loose.gif").wait_for(state="detached")
    lab.double_click(name)
    expect(players).to_have_count(2)
    assert panel.tabs() == [name]


def test_what_a_person_prefers_is_asked_of_the_settings(panel, three):
    save = "text => jupyterapp.serviceManager.settings.save('wsinb:project', text)"
    panel.open(three.path.name)
    panel.page.evaluate(save, '{"minimap": false}')
    try:
        panel.page.reload()
        panel.page.wait_for_function("window.jupyterapp?.restored")
        panel.execute("wsinb:show-panel")
        panel.open_slide("liver")
        # it is there once not all of the slide is in view
        panel.page.locator(".wsinb-map").focus()
        panel.page.keyboard.press("Shift+Digit5")
        panel.page.wait_for_selector(".wsinb-minimap-open", state="visible")
        assert panel.page.locator(".wsinb-minimap").is_hidden()
        panel.execute("wsinb:toggle-minimap")
        panel.page.wait_for_selector(".wsinb-minimap", state="visible")
    finally:
        panel.page.evaluate(save, "{}")
