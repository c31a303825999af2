"""The extension in Notebook 7: one document a page, and no sidebar of JupyterLab around it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import nbformat
import pytest

import wsinb
from wsinb.testing import synthetic_regions, synthetic_slide
from wsinb.testing.lab import RunningLab, running_lab

pytestmark = pytest.mark.browser

SIZE = (2048, 1536)
SHOW = "import wsinb\nwsinb.open_project('.').view('liver')"
TILE = ".wsinb-image-layer img.leaflet-tile-loaded"
WAIT_MS = 40_000


@pytest.fixture(scope="module")
def notebook(tmp_path_factory) -> Iterator[RunningLab]:
    """Notebook 7 below a prefix, with a project and a notebook that shows its slide."""
    root = tmp_path_factory.mktemp("notebook-root")
    folder = root / "study"
    project = wsinb.create_project(folder)
    shutil.copy(synthetic_slide(root / "slide.tif", SIZE), folder / "liver.tif")
    project.slides.add(folder / "liver.tif")
    project.labels.add(wsinb.Label("tumor", color="#cc4444", key="t"))
    session = project.session(author="pathologist")
    session["liver"].upsert(wsinb.new_annotations(synthetic_regions(SIZE)["tumor"], label="tumor"))
    session.commit("the known regions")
    cells = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SHOW)])
    cells.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(cells, folder / "cells.ipynb")
    state = tmp_path_factory.mktemp("notebook-state")
    with running_lab(root, state, app="notebook", base_url="/user/ada/") as server:
        yield server


@pytest.fixture
def page(browser, notebook):
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(f"{error}\n{error.stack}"))
    yield page
    context.close()
    # Notebook 7.6 raises on its own as it loads its settings
    ours = [error for error in errors if "extensions/wsinb/" in error]
    assert not ours, f"The page raised: {ours}"


def test_a_cell_shows_the_slide_and_its_annotations(page, notebook):
    page.goto(notebook.page("study/cells.ipynb"))
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_function(
        "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
    )
    page.locator(".jp-Cell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector(TILE)
    page.wait_for_selector(".wsinb-root:not(.wsinb-mod-loading)", state="attached")
    page.locator(".wsinb-label", has_text="tumor").locator(".wsinb-count", has_text="4").wait_for()
    page.wait_for_selector(".wsinb-vector-tile", state="attached")


def test_a_slide_file_opens_in_its_own_page(page, notebook):
    page.goto(notebook.page("study"))
    row = page.locator(".jp-DirListing-item", has_text="liver.tif")
    row.wait_for()
    with page.expect_popup() as opened:
        row.dblclick()
    slide = opened.value
    slide.wait_for_selector(TILE, timeout=WAIT_MS)
    slide.wait_for_selector(".wsinb-root:not(.wsinb-mod-loading)", state="attached", timeout=WAIT_MS)


def test_all_plugins_are_there(page, notebook):
    page.goto(notebook.page("study"))
    page.wait_for_function("window.jupyterapp?.restored")
    active = page.evaluate(
        """async () => {
            await jupyterapp.restored;
            return jupyterapp.listPlugins()
                .filter(id => id.startsWith('wsinb:'))
                .map(id => [id, jupyterapp.isPluginActivated(id)]);
        }"""
    )
    assert len(active) >= 4
    assert all(is_active for _, is_active in active), active
