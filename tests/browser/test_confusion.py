"""The confusion matrix in a cell: cells, patches, relabelling by the keyboard, the slide in a tab."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

import wsinb
from tests.browser.cells import last_output, once, open_notebook, write_notebook
from tests.browser.conftest import WAIT_MS, new_project
from wsinb.testing import synthetic_slide
from wsinb.testing.lab import running_lab

pytestmark = pytest.mark.browser

# two of the four regions are predicted as stroma, of which the second is surer
CONFUSE = """
import pandas as pd, wsinb
from wsinb.trees.classify import Validation
project = wsinb.open_project('.')
rows = project.read('liver')
rows = rows.iloc[rows.geometry.centroid.x.argsort()]
stroma = [0.1, 0.7, 0.9, 0.2]
table = pd.DataFrame({'id': rows.id.to_list(), 'slide': 'liver', 'label': 'tumor', 'fold': 0})
table['predicted'] = ['stroma' if p > 0.5 else 'tumor' for p in stroma]
table['p(stroma)'], table['p(tumor)'] = stroma, [1 - p for p in stroma]
matrix = project.confusion(Validation(table, ('stroma', 'tumor'), True))
matrix"""
WRONG = ".wsinb-cm-cell[data-row='1'][data-column='0']"
RIGHT = ".wsinb-cm-cell[data-row='1'][data-column='1']"
PATCHES = ".wsinb-cm-patch"


@pytest.fixture
def matrix(lab, project):
    """A cell that shows the matrix of the four regions; the next one tells what was saved."""
    report = once("matrix.saved", "print(matrix.saved == project.head(), len(matrix.changes))")
    open_notebook(lab, project, CONFUSE, report)
    lab.run_cell(0)
    lab.page.wait_for_selector(WRONG)
    lab.page.add_style_tag(content=".Toastify { display: none }")
    return lab.page.locator(".wsinb-cm")


def by_place(project):
    rows = project.read("liver")
    return rows.iloc[rows.geometry.centroid.x.argsort()]


def test_a_click_on_a_cell_shows_its_patches_the_most_surely_wrong_first(lab, matrix):
    expect(matrix.locator(WRONG)).to_have_text("2")
    expect(matrix.locator(RIGHT)).to_have_text("2")
    matrix.locator(WRONG).click()
    expect(matrix.locator(PATCHES)).to_have_count(2)
    expect(matrix.locator(".wsinb-cm-sure")).to_have_text(["90 %", "70 %"])
    picture = matrix.locator(".wsinb-cm-picture").first
    picture.wait_for()
    width = "image => image.complete && image.naturalWidth"
    assert lab.until(lambda: picture.evaluate(width), "the patch is a picture") == 96
    matrix.get_by_role("button", name="Row %").click()
    expect(matrix.locator(WRONG)).to_have_text("50")


def test_labels_are_put_right_by_the_keyboard_and_saved(lab, project, matrix):
    matrix.locator(RIGHT).focus()
    lab.page.keyboard.press("ArrowLeft")
    lab.page.keyboard.press("Enter")
    first, second = matrix.locator(PATCHES).first, matrix.locator(PATCHES).nth(1)
    expect(first).to_be_focused()
    lab.page.keyboard.press("s")
    # on to the next one, and the count has moved
    expect(second).to_be_focused()
    expect(first).to_contain_text("stroma")
    expect(matrix.locator(WRONG)).to_have_text("1")
    expect(matrix.locator(".wsinb-cm-cell[data-row='0'][data-column='0']")).to_have_text("1")
    lab.page.keyboard.press("x")
    expect(second).to_have_attribute("aria-selected", "true")
    lab.page.keyboard.press("Shift+C")
    expect(matrix.locator(".wsinb-cm-state", has_text="2 changes")).to_be_visible()
    lab.page.keyboard.press("Control+z")
    expect(matrix.locator(".wsinb-cm-state", has_text="1 change")).to_be_visible()
    matrix.get_by_placeholder("What did you change?").fill("it was stroma")
    lab.page.keyboard.press("Enter")
    expect(matrix.locator(".wsinb-cm-state", has_text="Saved as")).to_be_visible()
    # what was relabelled is in another cell now
    expect(matrix.locator(PATCHES)).to_have_count(1)
    assert project.log()[0].message == "it was stroma"
    assert by_place(project).label.to_list() == ["tumor", "tumor", "stroma", "tumor"]
    lab.run_cell(1)
    assert last_output(lab).split() == ["True", "0"]


def test_a_click_on_a_patch_opens_the_slide_there(lab, project, matrix):
    lab.page.evaluate("jupyterapp.commands.execute('application:toggle-left-area')")
    matrix.locator(WRONG).click()
    matrix.locator(PATCHES).first.click()
    lab.wait_for_viewer()
    assert lab.page.locator(".lm-TabBar-tab.jp-mod-current .lm-TabBar-tabLabel").inner_text() == "liver.tif"
    place = by_place(project).geometry.iloc[2].envelope.centroid
    box = lab.page.locator(".wsinb-map:visible").bounding_box()

    def is_there():
        lab._find_frame()
        x, y = lab.screen(place.x, place.y)
        return abs(x - box["x"] - box["width"] / 2) < 10 and abs(y - box["y"] - box["height"] / 2) < 10

    lab.until(is_there, "the annotation is in the middle of the view")
    lab.page.wait_for_selector(".wsinb-selection-text:text-is('1 selected')")


def test_a_page_that_is_loaded_again_knows_the_changes(lab, project, matrix):
    matrix.locator(WRONG).click()
    matrix.locator(PATCHES).nth(1).click(modifiers=["Control"])
    matrix.get_by_role("button", name="stroma").click()
    expect(matrix.locator(".wsinb-cm-state", has_text="1 change")).to_be_visible()
    lab.page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    lab.open_folder(project.path.name)
    lab.double_click("cells.ipynb")
    lab.page.wait_for_selector(".jp-Notebook .jp-Cell")
    expect(matrix.locator(".wsinb-cm-state", has_text="1 change")).to_be_visible()
    expect(matrix.locator(PATCHES)).to_have_count(2)
    expect(matrix.locator(PATCHES).nth(1)).to_contain_text("stroma")


def test_what_somebody_else_changed_meanwhile_is_told_and_resolved(lab, project, matrix):
    rows = by_place(project).iloc[[2]]
    project.labels.add(wsinb.Label("vessel"))
    other = project.session(author="other")
    other["liver"].upsert(rows.assign(label="vessel"))
    other.commit("it is a vessel")
    matrix.locator(WRONG).click()
    matrix.locator(PATCHES).first.focus()
    lab.page.keyboard.press("s")
    expect(matrix.locator(".wsinb-cm-state", has_text="1 change")).to_be_visible()
    lab.page.keyboard.press("Control+s")
    expect(matrix.locator(".wsinb-cm-trouble")).to_contain_text("other")
    assert by_place(project).label.iloc[2] == "vessel"
    matrix.get_by_role("button", name="Keep mine").click()
    expect(matrix.locator(".wsinb-cm-state", has_text="Saved as")).to_be_visible()
    expect(matrix.locator(".wsinb-cm-trouble")).to_be_hidden()
    assert by_place(project).label.iloc[2] == "stroma"


def test_a_notebook_without_kernel_shows_the_table(lab, project, matrix):
    lab.page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    lab.page.evaluate("jupyterapp.commands.execute('kernelmenu:shutdown')")
    lab.page.wait_for_function("jupyterapp.shell.currentWidget.sessionContext.session === null")
    lab.open_folder(project.path.name)
    lab.double_click("cells.ipynb")
    expect(lab.page.locator(".wsinb-output table td", has_text="tumor").first).to_be_visible()


def test_a_kernel_that_was_restarted_has_forgotten_the_changes(lab, matrix):
    matrix.locator(WRONG).click()
    expect(matrix.locator(PATCHES)).to_have_count(2)
    lab.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    expect(matrix.locator(".wsinb-cm-note")).to_contain_text("run the cell again")
    lab.wait_idle()
    matrix.locator(RIGHT).click()
    lab.run_cell(0)
    expect(lab.page.locator(".wsinb-cm-note:visible")).to_have_count(0)


@pytest.fixture
def notebook7(tmp_path, browser):
    """A page with Notebook 7, which has no tabs for slides, and the cell that shows the matrix."""
    synthetic_slide(tmp_path / "slide.tif", (2048, 1536))
    project = new_project(tmp_path, "study")
    write_notebook(project.path, CONFUSE)
    (tmp_path / "state").mkdir()
    with running_lab(tmp_path, tmp_path / "state", app="notebook") as server:
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.goto(server.page("study/cells.ipynb"))
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        idle = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
        page.wait_for_function(idle)
        yield page
        context.close()


def test_where_there_are_no_tabs_the_slide_is_shown_below(notebook7):
    notebook7.locator(".jp-Cell .cm-content").first.click()
    notebook7.keyboard.press("Shift+Enter")
    matrix = notebook7.locator(".wsinb-cm")
    matrix.locator(WRONG).click()
    matrix.locator(PATCHES).first.click()
    notebook7.wait_for_selector(".wsinb-cm-below .wsinb-image-layer img.leaflet-tile-loaded")
    notebook7.wait_for_selector(".wsinb-selection-text:text-is('1 selected')")
