"""The viewer in a notebook cell: live in JupyterLab, a picture where there is no kernel."""

from __future__ import annotations

import nbformat
import numpy as np
import pytest
import shapely
from playwright.sync_api import expect

from tests.browser.cells import SHOW, last_output, once, open_notebook, show_viewer
from wsinb.testing import synthetic_regions

pytestmark = pytest.mark.browser

TUMOR = synthetic_regions((2048, 1536))["tumor"]
SQUARE = ((850, 300), (1150, 300), (1150, 480), (850, 480))


def test_a_cell_shows_tiles_and_hands_drawn_shapes_to_the_next_cell(lab, project):
    report = once(
        "len(viewer.drawn)",
        "for row in viewer.drawn.itertuples():",
        "    print(row.shape, row.label, *map(round, row.geometry.bounds))",
    )
    open_notebook(lab, project, SHOW, report)
    show_viewer(lab)
    red, green, _ = lab.pixel(1024, 250)
    assert red > 200
    assert green < 200, "stroma is pink"
    lab.page.keyboard.press("s")
    lab.draw("polygon", *SQUARE)
    lab.unsaved("1 unsaved")
    lab.run_cell(1)
    shape, label, *bounds = last_output(lab).split()
    assert (shape, label) == ("polygon", "stroma")
    assert np.allclose([int(value) for value in bounds], (850, 300, 1150, 480), atol=10)


def test_a_cell_queued_behind_a_busy_one_knows_all_that_was_drawn_before_it(lab, project):
    (project.path / "wait").touch()
    busy = "import os, time\nwhile os.path.exists('wait'): time.sleep(0.05)"
    open_notebook(lab, project, SHOW, busy, "print(len(viewer.drawn))")
    # a kernel without subshells takes messages and cells in one line
    alone = "jupyterapp.shell.currentWidget.sessionContext.session.kernel.commsOverSubshells = 'disabled'"
    lab.wait_idle()
    lab.page.evaluate(alone)
    show_viewer(lab)
    lab.queue_cell(1)
    lab.page.wait_for_selector(".jp-Cell:nth-child(2) .jp-InputPrompt:text-is('[*]:')")
    for n, x in enumerate((300, 700, 1100), start=1):
        lab.draw("rectangle", (x, 900), (x + 200, 1100))
        lab.unsaved(f"{n} unsaved")
    lab.queue_cell(2)
    (project.path / "wait").unlink()
    assert last_output(lab).strip() == "3"


def test_save_from_python_commits_what_was_drawn_and_clears_it(lab, project):
    save = once(
        "len(viewer.drawn)",
        "commit = viewer.save('from the kernel')",
        "print(commit.id == viewer.saved, len(viewer.drawn))",
    )
    open_notebook(lab, project, SHOW, save)
    show_viewer(lab)
    lab.page.keyboard.press("t")
    lab.draw("polygon", *SQUARE)
    lab.unsaved("1 unsaved")
    lab.run_cell(1)
    assert last_output(lab).split() == ["True", "0"]
    lab.unsaved("All saved")
    lab.page.wait_for_selector(".wsinb-label:has-text('tumor') .wsinb-count:text-is('5')")
    assert project.log()[0].message == "from the kernel"
    assert len(project.read("liver")) == 5


def test_saving_by_the_button_tells_the_kernel(lab, project):
    report = once("viewer.saved", "print(viewer.saved == project.head(), len(viewer.drawn))")
    open_notebook(lab, project, SHOW, report)
    show_viewer(lab)
    lab.draw("rectangle", SQUARE[0], SQUARE[2])
    lab.save("from the cell")
    lab.run_cell(1)
    assert last_output(lab).split() == ["True", "0"]
    (row,) = project.read("liver").query("label.isna()").itertuples()
    assert row.shape == "rectangle"
    assert shapely.box(*row.geometry.bounds).equals(row.geometry)


def test_python_moves_the_view_and_draws(lab, project):
    place = TUMOR[3].centroid
    draw = "from shapely import Point\nviewer.drawn = wsinb.new_annotations([Point(10, 10)])"
    go = f"viewer.go_to({place.x}, {place.y}, zoom=0)\n{draw}"
    box = "print(*map(round, viewer.bounds))"
    moved = f"abs(sum(viewer.bounds[::2]) - {2 * place.x}) < 6"
    open_notebook(lab, project, SHOW, go, once(moved, box))
    show_viewer(lab)
    lab.run_cell(1)
    lab.unsaved("1 unsaved")
    lab.run_cell(2)
    x0, y0, x1, y1 = (int(value) for value in last_output(lab).split())
    assert abs((x0 + x1) / 2 - place.x) < 3
    assert abs((y0 + y1) / 2 - place.y) < 3


def test_tiles_keep_coming_while_a_cell_runs(lab, project):
    open_notebook(lab, project, SHOW, "import time\nend = time.time() + 40\nwhile time.time() < end: pass")
    show_viewer(lab)
    lab.queue_cell(1)
    # the kernel's own status turns idle after each message of a widget, also while a cell runs
    running = ".jp-Cell:last-of-type .jp-InputPrompt:text-is('[*]:')"
    lab.page.wait_for_selector(running)
    for _ in range(2):
        lab.page.get_by_title("Zoom in (+)").click()
        # a click while it zooms is not heard
        lab.page.wait_for_function("!document.querySelector('.leaflet-zoom-anim')")
    arrived = "performance.getEntriesByType('resource').filter(r => r.name.includes('/tile/0/')).length"
    lab.page.wait_for_function(f"{arrived} >= 2", timeout=15_000)
    lab.page.wait_for_selector(".wsinb-image-layer img.leaflet-tile-loaded[src*='/tile/0/']", timeout=15_000)
    expect(lab.page.locator(running), "the cell must still be running").to_have_count(1)


def test_a_notebook_without_kernel_shows_the_picture(lab, project):
    open_notebook(lab, project, SHOW)
    show_viewer(lab)
    lab.page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    lab.until(
        lambda: nbformat.read(project.path / "cells.ipynb", 4).cells[0].outputs, "saved with its output"
    )
    (output,) = nbformat.read(project.path / "cells.ipynb", 4).cells[0].outputs
    assert "image/png" in output.data
    lab.page.evaluate("jupyterapp.commands.execute('kernelmenu:shutdown')")
    lab.page.wait_for_function("jupyterapp.shell.currentWidget.sessionContext.session === null")
    lab.open_folder(project.path.name)
    lab.double_click("cells.ipynb")
    picture = lab.page.locator("img.wsinb-picture")
    picture.wait_for()
    assert picture.evaluate("image => image.naturalWidth") > 300


def test_another_protocol_is_refused_with_a_sentence(lab, project):
    wrong = SHOW.removesuffix("viewer") + "viewer.layer.set_trait('protocol', 99)\nviewer"
    open_notebook(lab, project, wrong)
    lab.run_cell(0)
    assert "protocol 99" in lab.notice()
