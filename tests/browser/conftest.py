"""A real JupyterLab in a subprocess, and a Chromium to drive it."""

from __future__ import annotations

import http.client
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import wsinb
from wsinb.testing import synthetic_regions, synthetic_slide

TOKEN = "browser-tests"
SIZE = (2048, 1536)
START_S = 60
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
WAIT_MS = 20_000


@pytest.fixture(scope="session")
def chromium() -> str | None:
    """Path of a browser; None is the one that Playwright fetched. Never skips."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    tried = []
    for command in (
        [sys.executable, "-m", "playwright", "install", "chromium"],
        ["apt-get", "install", "-y", "--no-install-recommends", "chromium"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
        if done.returncode == 0:
            return shutil.which("chromium")
        tried.append(f"{' '.join(command)}: {done.stderr.strip()[-300:]}")
    pytest.fail("There is no Chromium on the PATH and none could be installed:\n" + "\n".join(tried))


class Server:
    """The JupyterLab that is tested: its address and its root folder."""

    def __init__(self, url: str, root: Path) -> None:
        self.url = url
        self.root = root

    def get(self, path: str) -> bytes:
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"token {TOKEN}"})
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.read()

    def new_project(self, name: str) -> wsinb.Project:
        """A project in its own folder, with one slide, two labels and the slide's four known regions."""
        folder = self.root / name
        project = wsinb.create_project(folder)
        shutil.copy(self.root / "slide.tif", folder / "liver.tif")
        project.slides.add(folder / "liver.tif")
        labels = [
            wsinb.Label("tumor", color="#cc4444", key="t"),
            wsinb.Label("stroma", color="#3377cc", key="s"),
        ]
        project.labels.add(labels)
        session = project.session(author="pathologist")
        regions = synthetic_regions(SIZE)["tumor"]
        session["liver"].upsert(wsinb.new_annotations(regions, label="tumor"))
        session.commit("the known regions")
        return project


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("lab-root")
    state = tmp_path_factory.mktemp("lab-state")
    synthetic_slide(root / "slide.tif", SIZE)
    (root / "bad").mkdir()
    (root / "bad" / "broken.svs").write_bytes(b"II*\0" + bytes(200))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folders = {
        name: str(state / name.lower())
        for name in (
            "JUPYTER_CONFIG_DIR",
            "JUPYTER_DATA_DIR",
            "JUPYTER_RUNTIME_DIR",
            "JUPYTERLAB_WORKSPACES_DIR",
            "JUPYTERLAB_SETTINGS_DIR",
            "IPYTHONDIR",
        )
    }
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"),
        *(f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"),
        *(f"--ServerApp.root_dir={root}", "--LabApp.expose_app_in_browser=True", "--LabApp.news_url="),
    ]
    log = (state / "lab.txt").open("w+")
    process = subprocess.Popen(
        command, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **folders}, start_new_session=True
    )
    lab = Server(f"http://127.0.0.1:{port}/", root)
    try:
        _wait_until_up(lab, process, log)
        yield lab
    finally:
        # the kernels are in the server's process group
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        log.close()


def _wait_until_up(lab: Server, process: subprocess.Popen, log: io.TextIOBase) -> None:
    deadline = time.monotonic() + START_S
    reason = "no answer"
    while time.monotonic() < deadline and process.poll() is None:
        try:
            assert json.loads(lab.get("wsinb/api/version"))["protocol"] == 1
            extensions = json.loads(lab.get("lab/api/extensions"))
        except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
            reason = str(error)
            time.sleep(0.2)
        else:
            names = [extension["name"] for extension in extensions]
            assert "wsinb" in names, f"The extension is not installed in this environment, only {names}."
            return
    log.seek(0)
    pytest.fail(f"JupyterLab did not start ({reason}):\n{log.read()[-3000:]}")


@pytest.fixture(scope="module")
def browser(chromium):
    # one a module: while Playwright runs it owns the event loop, which other tests need
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


class Lab:
    """A page with JupyterLab, and what a person does in it."""

    def __init__(self, page, server: Server) -> None:
        self.page = page
        self.server = server

    def open_folder(self, folder: str = "") -> None:
        self.page.goto(f"{self.server.url}lab/tree/{folder}?token={TOKEN}&reset")
        self.page.wait_for_selector(".jp-DirListing-item", timeout=WAIT_MS)
        self.page.wait_for_function("window.jupyterapp?.restored", timeout=WAIT_MS)

    def double_click(self, name: str) -> None:
        self.page.locator(".jp-DirListing-item", has_text=name).dblclick()

    def open_slide(self, folder: str, name: str) -> None:
        self.open_folder(folder)
        self.double_click(name)
        self.wait_for_viewer()

    def wait_for_viewer(self) -> None:
        self.page.wait_for_selector(".wsinb-image-layer img.leaflet-tile-loaded", timeout=WAIT_MS)
        self.page.wait_for_selector(".wsinb-root:not(.wsinb-mod-loading)", timeout=WAIT_MS, state="attached")
        self.page.locator(".wsinb-map").focus()
        self._find_frame()

    def _find_frame(self) -> None:
        """Learn from the read-out where slide pixels are on the screen."""
        box = self.page.locator(".wsinb-map").bounding_box()
        readings = []
        for dx, dy in ((0.4, 0.4), (0.6, 0.6)):
            x, y = box["x"] + dx * box["width"], box["y"] + dy * box["height"]
            self.page.mouse.move(x, y)
            text = self.page.locator(".wsinb-position").inner_text()
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
        x, y = self.screen(l0_x, l0_y)
        image = np.asarray(Image.open(io.BytesIO(self.page.screenshot())).convert("RGB"))
        return image[int(y) - half : int(y) + half + 1, int(x) - half : int(x) + half + 1]

    def run_cell(self, index: int, wait: bool = True) -> None:
        """Run a cell of the current notebook; a click into an output makes its cell the active one."""
        self.wait_idle()
        script = """index => {
            const { content } = jupyterapp.shell.currentWidget;
            content.activeCellIndex = index;
            content.deselectAll();
            return jupyterapp.commands.execute('notebook:run-cell');
        }"""
        self.page.evaluate(script if wait else script.replace("return ", "void "), index)
        if wait:
            self.wait_idle()

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
def project(server, request) -> wsinb.Project:
    return server.new_project(re.sub(r"\W", "-", request.node.name))
