"""How long a person waits for pixels in JupyterLab: after a double click, and while the kernel is busy.

Run ``python -m benchmarks.first_tile``; it needs a Chromium and the installed lab extension.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks._report import report
from wsinb.testing import synthetic_slide
from wsinb.testing.lab import CHROMIUM_FLAGS, RunningLab, chromium_path, running_lab

SIZE = (8192, 6144)
RUNS = 5
TILES = 24
TIMEOUT_MS = 30_000
AIM_MS = 300  # a hand that has reached the file clicks a little later
SHOW = "import wsinb\nwsinb.open_slide('slide.tif').view()"
BUSY = "import time\nend = time.time() + 60\nwhile time.time() < end: pass"
FIRST_TILE = ".wsinb-image-layer img.leaflet-tile-loaded"
# a new fingerprint each time: no tile comes from the browser's cache
FETCH_TILES = """async n => {
  const src = document.querySelector('.wsinb-image-layer img').src.replace(/tile\\/[^?]*/, 'tile/0/X/Y');
  const seconds = [];
  for (let i = 0; i < n; i++) {
    const url = src.replace('X', 3 + (i % 6)).replace('Y', 3 + Math.floor(i / 6)) + '&fresh=' + Math.random();
    const start = performance.now();
    const response = await fetch(url);
    await createImageBitmap(await response.blob());
    seconds.push((performance.now() - start) / 1000);
  }
  return seconds;
}"""


def notebook(*sources: str) -> dict[str, Any]:
    """Return a notebook with one code cell a source."""
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": source, "outputs": []}
        | {"execution_count": None}
        for n, source in enumerate(sources)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def open_lab(browser: Any, lab: RunningLab) -> Any:
    """Return a page of its own with JupyterLab at rest."""
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    page.goto(lab.page())
    page.wait_for_selector(".jp-DirListing-item", timeout=TIMEOUT_MS)
    page.wait_for_function("window.jupyterapp?.restored", timeout=TIMEOUT_MS)
    page.wait_for_timeout(2000)
    return page


def first_tile_seconds(browser: Any, lab: RunningLab) -> float:
    """Seconds from a double click on a slide in a fresh page to the first painted tile."""
    page = open_lab(browser, lab)
    item = page.locator(".jp-DirListing-item", has_text="slide.tif")
    item.hover()
    page.wait_for_timeout(AIM_MS)
    start = time.perf_counter()
    item.dblclick()
    page.wait_for_selector(FIRST_TILE, timeout=TIMEOUT_MS)
    seconds = time.perf_counter() - start
    page.context.close()
    return seconds


def tile_seconds(browser: Any, lab: RunningLab) -> tuple[float, float]:
    """Median seconds of a tile beside an idle kernel, and beside one that runs a busy cell."""
    page = open_lab(browser, lab)
    page.locator(".jp-DirListing-item", has_text="cells.ipynb").dblclick()
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=TIMEOUT_MS)
    kernel = "window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status"
    page.wait_for_function(f"{kernel} === 'idle'", timeout=TIMEOUT_MS)
    page.evaluate("jupyterapp.commands.execute('notebook:run-cell-and-select-next')")
    page.wait_for_selector(FIRST_TILE, timeout=TIMEOUT_MS)
    page.evaluate(FETCH_TILES, TILES)
    idle = page.evaluate(FETCH_TILES, TILES)
    page.evaluate("void jupyterapp.commands.execute('notebook:run-cell')")
    page.wait_for_selector(".jp-Cell:last-of-type .jp-InputPrompt:text-is('[*]:')", timeout=TIMEOUT_MS)
    busy = page.evaluate(FETCH_TILES, TILES)
    page.context.close()
    return statistics.median(idle), statistics.median(busy)


def main() -> int:
    """Print the comparisons; return 1 when a target is missed."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        root, state = Path(folder, "root"), Path(folder, "state")
        root.mkdir()
        state.mkdir()
        synthetic_slide(root / "slide.tif", SIZE)
        (root / "cells.ipynb").write_text(json.dumps(notebook(SHOW, BUSY)))
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_FLAGS))
        with running_lab(root, state) as lab:
            cold = first_tile_seconds(browser, lab)
            first = statistics.median(first_tile_seconds(browser, lab) for _ in range(RUNS))
            idle, busy = tile_seconds(browser, lab)
        browser.close()
    met = [
        report(
            name,
            ours=seconds,
            peer=1.0,
            peer_name="the second that is allowed",
            unit="s",
            target=1.0,
            smaller_is_better=True,
        )
        for name, seconds in (
            ("first tile after double click", first),
            ("first tile after double click, first slide of a fresh server", cold),
        )
    ]
    met += [
        report(
            "tile while a cell runs",
            ours=busy,
            peer=idle,
            peer_name="the same beside an idle kernel",
            unit="s",
            target=0.5,
            smaller_is_better=True,
        ),
    ]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
