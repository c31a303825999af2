"""JupyterLab in a subprocess, a Chromium to drive it, and what a person does in them."""

from __future__ import annotations

import io
import json
import re
import shutil
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from PIL import Image

import wsinb
from tests.browser.around import Around
from tests.browser.sidebar import Panel
from wsinb.testing import synthetic_regions, synthetic_slide
from wsinb.testing.lab import CHROMIUM_FLAGS, RunningLab, chromium_path, running_lab

SIZE = (2048, 1536)
WAIT_MS = 40_000
LOOK_AGAIN_MS = 200
COMPILE_S = 600
T = TypeVar("T")
# a click into an output makes its cell the active one
RUN_CELL = """index => {
    const { content } = jupyterapp.shell.currentWidget;
    content.activeCellIndex = index;
    content.deselectAll();
    return jupyterapp.commands.execute('notebook:run-cell');
}"""


@pytest.fixture(scope="session")
def chromium() -> str | None:
    try:
        return chromium_path()
    except RuntimeError as error:
        pytest.fail(str(error))


def new_project(root: Path, name: str) -> wsinb.Project:
    """A project in its own folder, with one slide, two labels and the slide's four known regions."""
    folder = root / name
    project = wsinb.create_project(folder)
    shutil.copy(root / "slide.tif", folder / "liver.tif")
    project.slides.add(folder / "liver.tif")
    tumor = wsinb.Label("tumor", color="#cc4444", key="t")
    project.labels.add([tumor, wsinb.Label("stroma", color="#3377cc", key="s")])
    session = project.session(author="pathologist")
    session["liver"].upsert(wsinb.new_annotations(synthetic_regions(SIZE)["tumor"], label="tumor"))
    session.commit("the known regions")
    return project


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[RunningLab]:
    root = tmp_path_factory.mktemp("lab-root")
    synthetic_slide(root / "slide.tif", SIZE)
    (root / "bad").mkdir()
    (root / "bad" / "broken.svs").write_bytes(b"II*\0" + bytes(200))
    first = new_project(root, "first")
    # below a prefix, as behind a hub: what forgets it finds nothing
    with running_lab(root, tmp_path_factory.mktemp("lab-state"), base_url="/user/ada/") as lab:
        compile_all(lab, first)
        yield lab


def compile_all(lab: RunningLab, project: wsinb.Project) -> None:
    """Ask for a tile: in a fresh checkout on a loaded machine the first takes longer than any test waits."""
    query = urllib.parse.urlencode({"project": project.path, "slide": "liver", "version": "main"})
    meta = json.loads(lab.get(f"wsinb/api/vector/meta?{query}", COMPILE_S))
    lab.get(f"wsinb/api/vector/{meta['version']}/0/0/0?{query}", COMPILE_S)


@pytest.fixture(scope="module")
def browser(chromium):
    # one a module: while Playwright runs it owns the event loop, which other tests need
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


class Lab:
    """A page with JupyterLab, and what a person does in it."""

    def __init__(self, page, server: RunningLab) -> None:
        self.page = page
        self.server = server

    def open_folder(self, folder: str = "") -> None:
        self.page.goto(self.server.page(folder))
        self.page.wait_for_selector(".jp-DirListing-item", timeout=WAIT_MS)
        self.page.wait_for_function("window.jupyterapp?.restored", timeout=WAIT_MS)

    def double_click(self, name: str) -> None:
        self.page.locator(".jp-DirListing-item", has_text=name).dblclick()

    def open_slide(self, folder: str, name: str) -> None:
        self.open_folder(folder)
        self.double_click(name)
        self.wait_for_viewer()

    def wait_for_viewer(self) -> None:
        """Wait for the slide that is seen; others may lie behind it in tabs."""
        self.page.wait_for_selector(".wsinb-image-layer img.leaflet-tile-loaded:visible", timeout=WAIT_MS)
        loaded = ".wsinb-map:visible .wsinb-root:not(.wsinb-mod-loading)"
        self.page.wait_for_selector(loaded, timeout=WAIT_MS, state="attached")
        self.page.locator(".wsinb-map:visible").focus()
        self._find_frame()

    def _find_frame(self) -> None:
        """Learn from the read-out where slide pixels are on the screen."""
        box = self.page.locator(".wsinb-map:visible").bounding_box()
        readings = []
        for dx, dy in ((0.4, 0.4), (0.6, 0.6)):
            x, y = box["x"] + dx * box["width"], box["y"] + dy * box["height"]
            self.page.mouse.move(x, y)
            text = self.page.locator(".wsinb-position:visible").inner_text()
            l0_x, l0_y = (int(n) for n in re.search(r"(-?\d+), (-?\d+) px", text).groups())
            readings.append((x, y, l0_x + 0.5, l0_y + 0.5))
        (x0, y0, u0, v0), (x1, _, u1, _) = readings
        # zoom levels are powers of two
        self.scale = 2.0 ** round(np.log2((x1 - x0) / (u1 - u0)))
        self.origin = (x0 - u0 * self.scale, y0 - v0 * self.scale)

    def screen(self, l0_x: float, l0_y: float) -> tuple[float, float]:
        return self.origin[0] + l0_x * self.scale, self.origin[1] + l0_y * self.scale

    def click(self, l0_x: float, l0_y: float) -> None:
        x, y = self.screen(l0_x, l0_y)
        self.page.mouse.move(x - 2, y - 2)
        self.page.mouse.click(x, y)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.page.mouse.move(*self.screen(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.screen(*end), steps=8)
        # no throw: the pointer rests before it lets go
        self.page.wait_for_timeout(300)
        self.page.mouse.up()

    def tool(self, name: str) -> None:
        button = self.page.locator(f".wsinb-toolbar [data-tool={name}]")
        button.click()
        if name != "image":
            self.page.wait_for_selector(
                f".wsinb-toolbar [data-tool={name}][aria-pressed=true]", timeout=WAIT_MS
            )

    def draw(self, tool: str, *corners: tuple[float, float]) -> None:
        """Draw with a tool; polygons are closed by a click on the first corner, lines on the last one."""
        self.tool(tool)
        for corner in corners:
            self.click(*corner)
        if tool == "polygon":
            self.click(*corners[0])
        elif tool == "line":
            self.click(*corners[-1])
        elif tool == "point":
            self.page.keyboard.press("Escape")

    def select(self, l0_x: float, l0_y: float) -> None:
        """Click a stored annotation and wait for its handles."""
        self.page.wait_for_selector(".wsinb-vector-tile", state="attached", timeout=WAIT_MS)
        for _ in range(40):
            self.click(l0_x, l0_y)
            try:
                self.page.wait_for_selector(".wsinb-mod-selected", timeout=1000, state="attached")
            except Exception as error:  # tiles are painted a moment after they are attached
                if "Timeout" not in type(error).__name__:
                    raise
            else:
                return
        pytest.fail(f"Nothing could be selected at ({l0_x}, {l0_y}).")

    def unsaved(self, text: str) -> None:
        self.page.wait_for_selector(f".wsinb-state:text-is({text!r})", timeout=WAIT_MS)

    def save(self, message: str = "") -> None:
        self.page.locator(".wsinb-save input").fill(message)
        self.page.locator(".wsinb-save button", has_text="Save").click()
        self.unsaved("All saved")

    def notice(self) -> str:
        self.page.wait_for_selector(".wsinb-notice.wsinb-mod-error", timeout=WAIT_MS)
        return self.page.locator(".wsinb-notice-text").inner_text()

    def pixel(self, l0_x: float, l0_y: float) -> tuple[int, int, int]:
        """What a person sees at a place of the slide."""
        return tuple(int(value) for value in self.patch(l0_x, l0_y).reshape(-1, 3).mean(axis=0))

    def patch(self, l0_x: float, l0_y: float, half: int = 2) -> np.ndarray:
        """The screen around a place of the slide: (2 * half + 1, 2 * half + 1, 3) uint8."""
        x, y = self.screen(l0_x, l0_y)
        side = 2 * half + 1
        clip = {"x": int(x) - half, "y": int(y) - half, "width": side, "height": side}
        return np.asarray(Image.open(io.BytesIO(self.page.screenshot(clip=clip))).convert("RGB"))

    def until(self, holds: Callable[[], T], what: str) -> T:
        """Look again until something holds, and return it: for what no selector tells."""
        end = time.monotonic() + WAIT_MS / 1000
        while not (found := holds()):
            if time.monotonic() > end:
                pytest.fail(f"It was never so: {what}.")
            self.page.wait_for_timeout(LOOK_AGAIN_MS)
        return found

    def until_color(
        self, place: tuple[float, float], holds: Callable[[int, int, int], bool], what: str
    ) -> None:
        """Wait for the red, green and blue that are seen at a place of the slide."""
        self.until(lambda: holds(*self.pixel(*place)), what)

    def run_cell(self, index: int) -> None:
        """Run a cell of the current notebook to its end."""
        self.wait_idle()
        self.page.evaluate(RUN_CELL, index)
        self.wait_idle()

    def queue_cell(self, index: int) -> None:
        """Ask for a cell to be run, and do not wait."""
        self.page.evaluate(f"index => void ({RUN_CELL})(index)", index)

    def wait_idle(self) -> None:
        status = "window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
        self.page.wait_for_function(status, timeout=60_000)


@pytest.fixture
def lab(browser, server) -> Iterator[Lab]:
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield Lab(page, server)
    context.close()
    assert not errors, f"The page raised: {errors}"


@pytest.fixture
def around(lab, project) -> Around:
    """The open slide of a project, with its annotations."""
    lab.open_slide(project.path.name, "liver.tif")
    lab.page.wait_for_selector(".wsinb-vector-tile", state="attached")
    # JupyterLab's own question at the lower right would take the clicks
    lab.page.add_style_tag(content=".Toastify { display: none }")
    return Around(lab)


@pytest.fixture
def project(server, request) -> wsinb.Project:
    return new_project(server.root, re.sub(r"\W", "-", request.node.name))


@pytest.fixture
def panel(lab) -> Panel:
    return Panel(lab)


@pytest.fixture
def three(project) -> wsinb.Project:
    """A project with the slides "liver" (4 annotations), "liver 2" and "liver 10"."""
    for name, patient in (("liver 10", "Ada"), ("liver 2", "Grace")):
        shutil.copy(project.path / "liver.tif", project.path / f"{name}.tif")
        project.slides.add(project.path / f"{name}.tif", metadata={"patient": patient})
    return project
