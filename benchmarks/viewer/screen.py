"""A page with JupyterLab, and what a hand does in it."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.viewer.data import SLIDE
from wsinb.testing.lab import RunningLab

__all__ = ["TIMEOUT_MS", "Screen", "screen"]

TIMEOUT_MS = 180_000
WINDOW = {"width": 1400, "height": 900}
REST_MS = 2000
MAP = ".wsinb-map"
AIM_MS = 300  # a hand that has reached the file clicks a little later
LET_GO_MS = 500
STEP_S = 1 / 60
PROBE = Path(__file__).with_name("probe.js").read_text()
SETTLED = """() => probe.painted() ||
    !document.querySelector('.leaflet-wsinb-annotations-pane canvas')"""


@contextlib.contextmanager
def screen(browser: Any, lab: RunningLab, folder: str) -> Iterator[Screen]:
    """Open JupyterLab in a fresh context (nothing in the browser's cache) and let it come to rest."""
    context = browser.new_context(viewport=WINDOW)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.add_init_script(PROBE)
    page.goto(lab.page(folder))
    page.wait_for_selector(".jp-DirListing-item")
    page.wait_for_function("window.jupyterapp?.restored")
    page.wait_for_timeout(REST_MS)
    try:
        yield Screen(page)
    finally:
        context.close()


class Screen:
    """What is seen, and moved by the mouse."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.sent: list[Any] = []
        page.on("requestfinished", self._count)

    def open(self, *, annotated: bool = True) -> dict[str, Any]:
        """Double click the slide; return milliseconds until its first tile and all annotations are there."""
        item = self.page.locator(".jp-DirListing-item", has_text=SLIDE)
        item.hover()
        self.page.wait_for_timeout(AIM_MS)
        item.dblclick()
        wanted = "annotations" if annotated else "image"
        self.page.wait_for_function(f"probe.seen.{wanted} !== null && probe.seen.{wanted} !== undefined")
        self.page.wait_for_function("typeof probe.seen.image === 'number'")
        return dict(self.page.evaluate("() => ({...probe.seen})"))

    def picture(self) -> NDArray[np.uint8]:
        """Return the pixels of the map, (height, width, 3)."""
        import simplejpeg

        data = self.page.locator(MAP).screenshot(type="jpeg", quality=95)
        return np.asarray(simplejpeg.decode_jpeg(data))

    def centre(self, where: str = MAP) -> tuple[float, float]:
        """Return the middle of a map, in screen pixels."""
        box = self.page.locator(where).bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def zoom(self) -> float:
        """Return the zoom: 0 is one slide pixel for each on the screen, each step doubles."""
        return float(self.page.evaluate("probe.zoom()"))

    def to_zoom(self, wanted: int) -> None:
        """Press the keys that zoom by whole steps until a zoom is reached, and wait until all is painted."""
        self.page.locator(MAP).focus()
        while abs(difference := wanted - self.zoom()) > 0.01:
            self.page.keyboard.press("+" if difference > 0 else "-")
            self.page.wait_for_timeout(400)
        self.settle()

    def settle(self) -> None:
        """Wait until the annotations in view are painted and half a second has passed."""
        self.page.wait_for_timeout(300)
        self.page.wait_for_function(SETTLED)
        self.page.wait_for_timeout(200)

    def pan(self, seconds: float, reach: float = 320.0, where: str = MAP) -> list[float]:
        """Drag the picture around at 60 positions a second; return the milliseconds between frames."""
        x, y = self.centre(where)
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.evaluate("probe.record()")
        start = time.perf_counter()
        for step in range(round(seconds / STEP_S)):
            turn = step * STEP_S * math.pi / 1.5
            self.page.mouse.move(x + reach * math.sin(turn), y + 0.6 * reach * math.sin(2 * turn))
            time.sleep(max(0, start + (step + 1) * STEP_S - time.perf_counter()))
        # letting go is a part of it: that is when layers draw what has come into view
        self.page.mouse.up()
        self.page.wait_for_timeout(LET_GO_MS)
        return [float(gap) for gap in self.page.evaluate("probe.recorded()")]

    def wheel(self, notches: int, pause_s: float = 0.25) -> list[float]:
        """Turn the wheel by some notches, inwards if positive; return the milliseconds between frames."""
        self.page.mouse.move(*self.centre())
        self.page.evaluate("probe.record()")
        for _ in range(abs(notches)):
            self.page.mouse.wheel(0, math.copysign(120, -notches))
            time.sleep(pause_s)
        return [float(gap) for gap in self.page.evaluate("probe.recorded()")]

    def bytes_sent(self, kind: str = "wsinb/api/") -> int:
        """Return how many bytes came as answers to requests whose address holds a text."""
        return sum(sizes["responseBodySize"] for url, sizes in self._sizes() if kind in url)

    def _count(self, request: Any) -> None:
        self.sent.append(request)

    def _sizes(self) -> Iterator[tuple[str, dict[str, int]]]:
        for request in self.sent:
            if "wsinb/api/" in request.url:
                yield request.url, request.sizes()
