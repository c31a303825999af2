"""Pixels that are learned while one draws: strokes in a notebook's viewer, and predictions on the screen."""

from __future__ import annotations

import re

import pytest

import wsinb
from tests.browser.cells import SHOW, last_output, once, open_notebook, show_viewer

# level-0 px of lines: through tissue, over glass, through a tumour
TISSUE, GLASS, TUMOUR = ((500, 800), (1500, 800)), ((40, 1400), (600, 1500)), ((620, 540), (760, 560))
IN_TISSUE, ON_GLASS, IN_ANOTHER_TUMOUR = (1024, 1100), (250, 150), (1352, 983)
LIVE = "live = viewer.live(['stroma', 'glass'], {}, n_trees=10, scales=(1, 2))"
CANVAS = ".leaflet-wsinb-overlays-pane canvas"
# what is predicted reaches to the edges of the view, and not much farther
COVERS = """() => {
    const boxOf = selector => document.querySelector(selector)?.getBoundingClientRect();
    const [map, canvas] = [boxOf('.wsinb-map'), boxOf('.leaflet-wsinb-overlays-pane canvas')];
    return Boolean(canvas) && ['left', 'top'].every(
        side => canvas[side] <= map[side] + 1 && canvas[side] > map[side] - 40
    ) && ['right', 'bottom'].every(side => canvas[side] >= map[side] - 1 && canvas[side] < map[side] + 40);
}"""


@pytest.fixture
def project(project):
    project.labels.add(wsinb.Label("glass", color="#00ffff", key="g"))
    return project


def says(lab, pattern):
    """Wait for the line that tells of the learning."""
    lab.page.locator(".wsinb-live:visible").filter(has_text=re.compile(pattern)).wait_for()


def stroke(lab, key, *corners):
    lab.page.locator(".wsinb-map:visible").focus()
    lab.page.keyboard.press(key)
    lab.draw("line", *corners)


def begin(lab, project, um_per_px, *more):
    open_notebook(lab, project, SHOW, LIVE.format(um_per_px), *more)
    show_viewer(lab)
    lab.page.add_style_tag(content=".Toastify { display: none }")
    lab.run_cell(1)


def draw_two(lab):
    stroke(lab, "s", *TISSUE)
    stroke(lab, "g", *GLASS)
    says(lab, "learned from 2 strokes")


def is_stroma(red, _green, blue):
    return blue > red + 60


def is_glass(red, green, _blue):
    return green > red + 60


def test_strokes_are_learned_and_shown_and_another_changes_it(lab, project):
    begin(lab, project, 2.0)
    says(lab, "draw strokes of 'stroma' and 'glass' to begin")
    assert not is_stroma(*lab.pixel(*IN_TISSUE))
    stroke(lab, "s", *TISSUE)
    says(lab, "draw strokes of 'glass' as well")
    assert not is_stroma(*lab.pixel(*IN_TISSUE))
    stroke(lab, "g", *GLASS)
    says(lab, "learned from 2 strokes")
    lab.until_color(IN_TISSUE, is_stroma, "tissue has the colour of its label")
    lab.until_color(ON_GLASS, is_glass, "glass has the colour of its label")
    _, before, _ = lab.pixel(*IN_ANOTHER_TUMOUR)
    stroke(lab, "g", *TUMOUR)
    says(lab, "learned from 3 strokes")
    lab.until_color(IN_ANOTHER_TUMOUR, lambda _r, g, _b: g > before + 25, "tumours are like glass now")


def test_predictions_follow_the_view(lab, project):
    begin(lab, project, 1.0, "viewer.go_to(1024, 768, zoom=0)")
    draw_two(lab)
    lab.run_cell(2)
    lab.page.wait_for_function(COVERS)
    lab._find_frame()
    lab.drag((1024, 768), (724, 868))
    lab.page.wait_for_function(COVERS)
    lab.until(
        lambda: lab._find_frame() or is_stroma(*lab.pixel(1400, 700)), "what has come into view is predicted"
    )


def test_it_is_paused_by_its_key_and_button_and_goes_on(lab, project):
    begin(lab, project, 2.0)
    draw_two(lab)
    lab.until_color(IN_TISSUE, is_stroma, "predicted")
    lab.page.keyboard.press("Shift+Q")
    says(lab, "Live: paused")
    lab.until_color(IN_TISSUE, lambda *rgb: not is_stroma(*rgb), "the picture as it is")
    stroke(lab, "g", *TUMOUR)
    lab.page.locator(".wsinb-toolbar [data-tool=live][aria-pressed=false]").click()
    says(lab, "learned from 3 strokes")
    lab.until_color(IN_TISSUE, is_stroma, "predicted again")


def test_python_has_the_model_its_times_and_stops_it(lab, project):
    times = once(
        "live.timings.complete",
        "print(live.model.header['labels'], live.timings.retrain > 0, live.timings.shown > 0)",
    )
    save = "viewer.save('strokes')\nprint(live.save('glass').name, project.models['glass'].header['kind'])"
    begin(lab, project, 2.0, times, save, "live.stop()")
    draw_two(lab)
    lab.run_cell(2)
    assert last_output(lab).strip() == "['stroma', 'glass'] True True"
    lab.run_cell(3)
    assert last_output(lab).strip() == "glass pixels"
    lab.run_cell(4)
    lab.page.locator(".wsinb-live").wait_for(state="hidden")
    lab.page.locator(".wsinb-toolbar [data-tool=live]").wait_for(state="hidden")
    lab.until_color(IN_TISSUE, lambda *rgb: not is_stroma(*rgb), "the picture as it is")


def test_a_view_that_comes_later_shows_what_is_predicted(lab, project):
    begin(lab, project, 2.0, "viewer")
    draw_two(lab)
    lab.until_color(IN_TISSUE, is_stroma, "predicted")
    lab.run_cell(2)
    lab.page.wait_for_function(
        f"document.querySelectorAll('{CANVAS}').length === 2"
        f" && [...document.querySelectorAll('{CANVAS}')].every(canvas => canvas.width > 300)"
    )


def test_strokes_that_are_drawn_while_a_cell_runs_are_learned_after_it_at_the_latest(lab, project):
    (project.path / "wait").touch()
    begin(lab, project, 2.0, "import pathlib, time\nwhile pathlib.Path('wait').exists(): time.sleep(0.05)")
    says(lab, "to begin")
    lab.queue_cell(2)
    lab.page.wait_for_selector(".jp-Cell:nth-child(3) .jp-InputPrompt:text-is('[*]:')")
    stroke(lab, "s", *TISSUE)
    stroke(lab, "g", *GLASS)
    lab.unsaved("2 unsaved")
    (project.path / "wait").unlink()
    says(lab, "learned from 2 strokes")
    lab.until_color(IN_TISSUE, is_stroma, "predicted")
