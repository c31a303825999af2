"""Which project and branch the sidebar shows, and what it remembers over a reload."""

from __future__ import annotations

import re
import shutil

import pytest
from playwright.sync_api import expect

import wsinb

pytestmark = pytest.mark.browser

SQUARE = ((850, 300), (1150, 300), (1150, 480), (850, 480))


def test_another_branch_is_shown_and_worked_on(panel, three):
    three.branch("second")
    three.slides.on("second").update_metadata("liver", {"progress": "done"})
    panel.open(three.path.name)
    panel.wait_for_progress("0 of 3 done")
    panel.node.locator(".wsinb-project-branch").select_option("second")
    panel.wait_for_progress("1 of 3 done")
    panel.open_slide("liver")
    panel.lab.draw("polygon", *SQUARE)
    panel.lab.save("on the second branch")
    assert len(three.read("liver", version="second")) == 5
    assert len(three.read("liver")) == 4


def test_a_project_is_made_in_a_folder_and_its_slides_are_added(panel, server, project):
    folder = server.root / f"{project.path.name}-new"
    (folder / "sub").mkdir(parents=True)
    for name in ("one.tif", "two.tif", "sub/one.tif"):
        shutil.copy(project.path / "liver.tif", folder / name)
    (folder / "broken.svs").write_bytes(b"II*\0" + bytes(200))
    panel.open(folder.name)
    panel.node.get_by_text(f"There is no slide project in “{folder.name}” or around it.").wait_for()
    panel.node.get_by_role("button", name="New project in this folder").click()
    form = panel.dialog("New slide project")
    expect(form.locator("input").first).to_have_value(folder.name)
    form.locator("input").nth(1).fill("Made by hand")
    form.get_by_role("button", name="Create").click()
    choice = panel.dialog("Add slides")
    assert choice.locator(".wsinb-files-name").all_inner_texts() == [
        *("broken.svs", "one.tif", "sub/one.tif", "two.tif")
    ]
    choice.locator(".wsinb-files-line", has_text="two.tif").click()
    choice.get_by_role("button", name="Add").click()
    panel.wait_for_names("one", "sub/one")
    made = wsinb.open_project(folder)
    assert made.name == "Made by hand"
    assert {name: entry.path for name, entry in made.slides.items()} == {
        "one": "one.tif",
        "sub/one": "sub/one.tif",
    }
    panel.page.get_by_text(re.compile("Not added: broken.svs: ")).wait_for()
    # what is there already is not offered again
    panel.node.get_by_title("Add slides").click()
    names = panel.dialog("Add slides").locator(".wsinb-files-name").all_inner_texts()
    assert names == ["broken.svs", "two.tif"]
    panel.page.keyboard.press("Escape")


def test_a_project_without_slides_offers_to_add_some(panel, server, project):
    empty = wsinb.create_project(server.root / f"{project.path.name}-empty")
    (empty.path / "notes.txt").write_text("a file, so that the folder is listed")
    panel.open(empty.path.name)
    panel.node.get_by_text("This project has no slides yet.").wait_for()
    panel.node.get_by_role("button", name="Add slides").click()
    panel.dialog("There are no slide files in").get_by_role("button").click()
    shutil.copy(project.path / "liver.tif", empty.path / "kidney.tif")
    panel.node.get_by_role("button", name="Add slides").click()
    panel.dialog("kidney.tif").get_by_role("button", name="Add").click()
    panel.wait_for_names("kidney")


def test_the_project_follows_the_folder_and_the_slide_in_front(panel, server, three):
    other = wsinb.create_project(server.root / f"{three.path.name}-other")
    shutil.copy(three.path / "liver.tif", other.path / "kidney.tif")
    other.slides.add(other.path / "kidney.tif")
    panel.open(three.path.name)
    panel.open_slide("liver")
    panel.execute("filebrowser:go-to-path", path=other.path.name)
    panel.wait_for_names("kidney")
    panel.execute("wsinb:show-panel")
    panel.row("kidney").dblclick()
    panel.wait_for_current("kidney")
    panel.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab", has_text="liver.tif").click()
    panel.wait_for_names("liver", "liver 2", "liver 10")
    panel.wait_for_current("liver")
    # a person may choose another one that is near
    panel.node.locator(".wsinb-project-name").select_option(str(other.path))
    panel.wait_for_names("kidney")


def test_a_project_that_appears_in_the_folder_is_shown(panel, server, project):
    folder = server.root / f"{project.path.name}-later"
    folder.mkdir()
    shutil.copy(project.path / "liver.tif", folder / "liver.tif")
    panel.open(folder.name)
    panel.node.get_by_role("button", name="New project in this folder").wait_for()
    wsinb.create_project(folder).slides.add(folder / "liver.tif")
    panel.wait_for_names("liver")


def test_the_layout_comes_back_after_a_reload(panel, three):
    panel.open(three.path.name)
    panel.open_slide("liver 10")
    panel.open_slide("liver 2")
    # with its folder: what an earlier test left there may have a slide of that name, too
    for name in ("liver 10", "liver 2"):
        panel.wait_until_kept(f"{three.path.name}/{name}.tif")
    panel.wait_until_kept('"current":"wsinb-project"')
    panel.come_back()
    panel.node.wait_for()
    panel.lab.wait_for_viewer()
    panel.wait_for_tabs("liver 10.tif", "liver 2.tif")
    panel.wait_for_names("liver", "liver 2", "liver 10")
    panel.wait_for_current("liver 2")
    # where the address names a file or a folder, JupyterLab brings its file browser to the front
    panel.page.goto(f"{panel.lab.server.url}lab/tree/{three.path.name}")
    panel.lab.wait_for_viewer()
    panel.wait_for_tabs("liver 10.tif", "liver 2.tif")
    panel.execute("wsinb:show-panel")
    panel.wait_for_current("liver 2")


@pytest.fixture
def two(server, project) -> tuple[wsinb.Project, wsinb.Project]:
    """Two projects in one folder, the second of which has three slides and two branches."""
    folder = server.root / f"{project.path.name}-two"
    projects = []
    for name, slides in (("one", ["brain"]), ("other", ["kidney", "lung", "skin"])):
        made = wsinb.create_project(folder / name)
        made.labels.add(list(project.labels.values()))
        for slide in slides:
            shutil.copy(project.path / "liver.tif", made.path / f"{slide}.tif")
            made.slides.add(made.path / f"{slide}.tif")
        projects.append(made)
    other = projects[1]
    session = other.session(author="pathologist")
    session["skin"].upsert(project.read("liver").assign(id=None))
    session.commit("skin first")
    other.branch("second")
    other.slides.on("second").update_metadata("lung", {"progress": "done"})
    return projects[0], other


def test_order_project_and_branch_are_kept_over_a_reload(panel, two):
    one, other = two
    folder = one.path.parent.name
    panel.open(folder)
    panel.wait_for_names("brain")
    panel.node.locator(".wsinb-project-name").select_option(str(other.path))
    panel.wait_for_names("kidney", "lung", "skin")
    panel.node.locator(".wsinb-project-branch").select_option("second")
    panel.wait_for_progress("1 of 3 done")
    panel.node.locator(".wsinb-project-sort").select_option("annotations")
    panel.wait_for_names("skin", "kidney", "lung")
    panel.wait_until_kept('"sort":"annotations"')
    panel.wait_until_kept('"branch":"second"')
    # by a bare address, and by one with the folder
    for address in ("lab", f"lab/tree/{folder}"):
        panel.page.goto(panel.lab.server.url + address)
        panel.page.wait_for_function("window.jupyterapp?.restored")
        panel.execute("wsinb:show-panel")
        panel.wait_for_names("skin", "kidney", "lung")
        panel.wait_for_progress("1 of 3 done")
        expect(panel.node.locator(".wsinb-project-branch")).to_have_value("second")
        expect(panel.node.locator(".wsinb-project-sort")).to_have_value("annotations")
    # whoever comes to another folder sees its project, in the order of choice
    panel.page.goto(f"{panel.lab.server.url}lab/tree/{folder}/one")
    panel.wait_for_names("brain")
    expect(panel.node.locator(".wsinb-project-sort")).to_have_value("annotations")


def test_a_project_that_is_gone_after_a_reload_gives_way_to_that_of_the_folder(panel, two):
    one, other = two
    folder = one.path.parent.name
    panel.open(folder)
    panel.node.locator(".wsinb-project-name").select_option(str(other.path))
    panel.wait_for_names("kidney", "lung", "skin")
    panel.wait_until_kept(f'"project":"{other.path}"')
    shutil.rmtree(other.path)
    panel.page.goto(f"{panel.lab.server.url}lab/tree/{folder}")
    panel.wait_for_names("brain")
    expect(panel.node.locator(".wsinb-project-error")).to_be_hidden()
