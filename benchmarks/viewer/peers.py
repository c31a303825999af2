"""ipyleaflet's GeoJSON layer and large_image's viewer beside ours, in the same JupyterLab and browser."""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path
from typing import Any

import geopandas as gpd

from benchmarks.first_tile import notebook
from benchmarks.versions.data import cell_table
from benchmarks.viewer.data import EDGE, SLIDE, Ground
from benchmarks.viewer.figures import Figures
from benchmarks.viewer.screen import Screen, screen
from wsinb.testing.lab import RunningLab, running_lab

__all__ = ["run"]

COUNTS = (10_000, 50_000)
PAN_S = 3.0
TILES = 24
BUSY_TILES = 6
BUSY_S = 8
BUSY = f"import time\nend = time.time() + {BUSY_S}\nwhile time.time() < end: pass"
GEOJSON = """import json
from ipyleaflet import GeoJSON, Map, projections
data = json.load(open({path!r}))
Map(crs=projections.Simple, center=({y}, {x}), zoom=-6, min_zoom=-8, max_zoom=4, scroll_wheel_zoom=True,
    zoom_control=False, attribution_control=False, layers=(GeoJSON(data=data, style={{'weight': 1}}),))"""
LARGE_IMAGE = (
    f"import large_image_source_openslide\nlarge_image_source_openslide.open({SLIDE!r}, noCache=True)"
)
OURS = f"import wsinb\nwsinb.open_slide({SLIDE!r}).view()"
IDLE = "window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
RUN_NEXT = "jupyterapp.commands.execute('notebook:run-cell-and-select-next')"
SHAPES = """n => new Promise(done => {
  const look = () => document.querySelectorAll('.leaflet-overlay-pane path').length >= n
    ? requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))
    : requestAnimationFrame(look);
  look();
})"""


def geojson(folder: Path, n: int) -> Path:
    """Write n cells as GeoJSON, in the coordinates of a map: y upwards."""
    path = folder / f"cells-{n}.json"
    if not path.exists():
        table = cell_table(n, box=(0, 0, EDGE, EDGE))
        shapes = gpd.GeoSeries(table.geometry.to_numpy()).affine_transform([1, 0, 0, -1, 0, 0])
        path.write_text(gpd.GeoDataFrame({"label": table["label"].to_numpy()}, geometry=shapes).to_json())
    return path


def open_notebook(view: Screen, folder: Path, *sources: str) -> None:
    """Write a notebook and open it; its kernel is up when this returns."""
    (folder / "peers.ipynb").write_text(json.dumps(notebook(*sources)))
    view.page.locator(".jp-DirListing-item", has_text="peers.ipynb").dblclick()
    view.page.wait_for_selector(".jp-Notebook .jp-Cell")
    view.page.wait_for_function(IDLE)


def geojson_figures(browser: Any, lab: RunningLab, ground: Ground, n: int) -> tuple[float, float]:
    """Return seconds from the run of a cell to all shapes, and the longest frame of a pan in ms."""
    folder = ground.root / ground.bare()
    source = GEOJSON.format(path=str(geojson(ground.root, n)), y=-EDGE / 2, x=EDGE / 2)
    (folder / "peers.ipynb").write_text(json.dumps(notebook(source)))
    with screen(browser, lab, folder.name) as view:
        open_notebook(view, folder, source)
        start = view.page.evaluate("performance.now()")
        view.page.evaluate(f"void {RUN_NEXT}")
        seconds = (view.page.evaluate(SHAPES, n) - start) / 1e3
        view.page.wait_for_timeout(2000)
        return seconds, max(view.pan(PAN_S, reach=100, where=".leaflet-container"))


def our_figures(browser: Any, lab: RunningLab, folder: str) -> tuple[float, float]:
    """Return the same of ours, from a double click."""
    with screen(browser, lab, folder) as view:
        seconds = view.open()["annotations"] / 1e3
        view.settle()
        return seconds, max(view.pan(PAN_S, reach=100))


def tile_ms(browser: Any, lab: RunningLab, ground: Ground, cell: str, selector: str) -> tuple[float, float]:
    """Return milliseconds of a tile beside an idle kernel and beside one in a busy cell.

    Always the same tile, by addresses that the browser does not know yet.
    """
    folder = ground.root / ground.bare()
    (folder / "peers.ipynb").write_text(json.dumps(notebook(cell, BUSY)))
    with screen(browser, lab, folder.name) as view:
        open_notebook(view, folder, cell, BUSY)
        view.page.evaluate(RUN_NEXT)
        image = view.page.wait_for_selector(selector)
        address = image.get_attribute("src")
        addresses = [f"{address}&fresh={time.time_ns()}{number}" for number in range(TILES + BUSY_TILES)]
        idle = view.page.evaluate("urls => probe.fetchImages(urls, 30000)", addresses[:TILES])
        view.page.evaluate("void jupyterapp.commands.execute('notebook:run-cell')")
        view.page.wait_for_selector(".jp-Cell:last-of-type .jp-InputPrompt:text-is('[*]:')")
        view.page.wait_for_timeout(500)
        busy = view.page.evaluate("urls => probe.fetchImages(urls, 30000)", addresses[TILES:])
        return statistics.median(idle), max(busy)


def run(browser: Any, ground: Ground, state: Path, n: int, figures: Figures) -> None:
    """Compare at the numbers of shapes that the peer can show; `n` plays no part."""
    del n
    with running_lab(ground.root, state) as lab:
        for count in COUNTS:
            ours = our_figures(browser, lab, ground.cells(count))
            theirs = geojson_figures(browser, lab, ground, count)
            name = "ipyleaflet GeoJSON"
            figures.beside(f"{count} shapes shown", ours[0], theirs[0], name, "s")
            figures.beside(f"{count} shapes: longest frame of a pan", ours[1], theirs[1], name, "ms")
        peer = "large_image's viewer"
        ours = tile_ms(browser, lab, ground, OURS, ".wsinb-image-layer img.leaflet-tile-loaded")
        theirs = tile_ms(browser, lab, ground, LARGE_IMAGE, ".leaflet-tile-pane img.leaflet-tile-loaded")
    figures.beside("tile beside an idle kernel, median", ours[0], theirs[0], peer, "ms")
    figures.beside(
        f"tile beside a kernel that computes for {BUSY_S} s, slowest", ours[1], theirs[1], peer, "ms"
    )
