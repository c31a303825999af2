"""Strokes drawn by a hand in a notebook: how long until a prediction that knows of them is on the screen."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from wsinb.testing.lab import CHROMIUM_FLAGS, chromium_path, running_lab

__all__ = ["measure"]

TIMEOUT_MS = 180_000
WIDTH, HEIGHT = 1600, 1100
# around the middle of the view: further out lie toolbar and panel
REACH = (220, 300)
FIRST, MOST = 2, 14
LINE = ".wsinb-live:visible"
CELLS = (
    """
import wsinb
project = wsinb.create_project('.')
project.slides.add('tissue.png')
project.labels.add([wsinb.Label('dark', '#cc2222', key='d'), wsinb.Label('pale', '#2244cc', key='p')])
viewer = project.view('tissue', height='768px')
viewer.go_to(512, 384, zoom=0)
viewer
""",
    "live = viewer.live(['dark', 'pale'])",
)
# the end of a stroke is the last click, what was learned is told in words, what is painted comes after
PROBE = """
window.timed = { clicked: 0, learned: new Map(), painted: [] };
addEventListener('click', event => { timed.clicked = event.timeStamp; }, { capture: true });
const put = CanvasRenderingContext2D.prototype.putImageData;
CanvasRenderingContext2D.prototype.putImageData = function (...given) {
  put.apply(this, given);
  if (this.canvas.closest('.leaflet-wsinb-overlays-pane')) {
    requestAnimationFrame(() => requestAnimationFrame(() => timed.painted.push(performance.now())));
  }
};
new MutationObserver(() => {
  const n = /learned from (\\d+) strokes/.exec(document.querySelector('.wsinb-live')?.textContent ?? '')?.[1];
  if (n && !timed.learned.has(Number(n))) { timed.learned.set(Number(n), performance.now()); }
}).observe(document, { subtree: true, childList: true, characterData: true });
"""
TIMES = """n => {
  const learned = timed.learned.get(n);
  const painted = timed.painted.find(time => time > learned);
  return learned && painted ? [learned - timed.clicked, painted - learned] : null;
}"""
RUN_CELL = """index => {
    const { content } = jupyterapp.shell.currentWidget;
    content.activeCellIndex = index;
    content.deselectAll();
    return jupyterapp.commands.execute('notebook:run-cell');
}"""


def measure(image: NDArray[np.uint8], drawn: list[tuple[shapely.LineString, str]]) -> dict[str, list[float]]:
    """Draw strokes one by one; return seconds from the end of each until it was learned, then until shown."""
    near = [(line, label) for line, label in drawn if _within_reach(image, line)]
    by_label = ([pair for pair in near if pair[1] == label] for label in ("dark", "pale"))
    lines = [pair for pairs in zip(*by_label, strict=False) for pair in pairs][:MOST]
    with notebook(image) as page:
        for index in range(len(CELLS)):
            page.evaluate(RUN_CELL, index)
        page.wait_for_selector(LINE)
        page.wait_for_selector(".wsinb-image-layer img.leaflet-tile-loaded")
        box = page.locator(".wsinb-map").bounding_box()
        left, top = (
            box["x"] + box["width"] / 2 - image.shape[1] / 2,
            box["y"] + box["height"] / 2 - image.shape[0] / 2,
        )
        found: list[list[float]] = []
        for number, (line, label) in enumerate(lines, start=1):
            page.locator(".wsinb-map").focus()
            page.keyboard.press(label[0])
            page.locator(".wsinb-toolbar [data-tool=line]").click()
            (x0, y0), (x1, y1) = line.coords
            page.mouse.click(left + x0, top + y0)
            page.mouse.move(left + x1 - 2, top + y1 - 2)
            page.mouse.click(left + x1, top + y1)
            page.mouse.click(left + x1, top + y1)
            if number >= FIRST:
                found.append(page.wait_for_function(TIMES, arg=number).json_value())
    milliseconds = np.array(found[1:])
    return {
        "retrain": (milliseconds[:, 0] / 1000).tolist(),
        "shown": (milliseconds[:, 1] / 1000).tolist(),
        "both": (milliseconds.sum(axis=1) / 1000).tolist(),
    }


def _within_reach(image: NDArray[np.uint8], line: shapely.LineString) -> bool:
    height, width = image.shape[:2]
    xy = np.abs(shapely.get_coordinates(line) - (width / 2, height / 2))
    return bool((xy < REACH[::-1]).all())


@contextlib.contextmanager
def notebook(image: NDArray[np.uint8]) -> Iterator[Any]:
    """Give a page with an open notebook beside the picture."""
    from PIL import Image as Pillow
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as state:
        Pillow.fromarray(image).save(Path(folder, "tissue.png"))
        Path(folder, "live.ipynb").write_text(json.dumps(_notebook()))
        with running_lab(Path(folder), Path(state)) as lab, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_FLAGS))
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            page.set_default_timeout(TIMEOUT_MS)
            page.add_init_script(PROBE)
            page.goto(lab.page("live.ipynb"))
            page.wait_for_function("window.jupyterapp?.restored")
            page.wait_for_selector(".jp-Notebook .jp-Cell")
            page.add_style_tag(content=".Toastify { display: none }")
            page.wait_for_function(
                "jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
            )
            yield page
            browser.close()


def _notebook() -> dict[str, Any]:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    code: dict[str, Any] = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    cells = [{**code, "id": f"cell-{n}", "source": source.strip()} for n, source in enumerate(CELLS)]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}
