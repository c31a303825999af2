"""A real JupyterLab or Notebook 7 in a subprocess, and the Chromium that drives it."""

from __future__ import annotations

import contextlib
import json
import os
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
from typing import Literal

__all__ = ["CHROMIUM_FLAGS", "App", "RunningLab", "chromium_path", "running_lab"]

App = Literal["lab", "notebook"]

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
START_S = 180  # a loaded machine takes its time
STOP_S = 10
TOKEN = "wsinb-testing"  # noqa: S105 - the server listens on this machine only, for one test run
_APPS: dict[App, tuple[str, ...]] = {
    "lab": ("jupyterlab", "--LabApp.expose_app_in_browser=True", "--LabApp.news_url="),
    "notebook": ("notebook", "--JupyterNotebookApp.expose_app_in_browser=True"),
}
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FOLDERS = (
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "JUPYTERLAB_WORKSPACES_DIR",
    "JUPYTERLAB_SETTINGS_DIR",
    "IPYTHONDIR",
)


def chromium_path() -> str | None:
    """Return a Chromium from the PATH; fetch one where there is none, then None may mean Playwright's own.

    Raises
    ------
    RuntimeError
        If there is none and none can be fetched.
    """
    if found := _on_path():
        return found
    tried = []
    for command in (
        [sys.executable, "-m", "playwright", "install", "chromium"],
        ["apt-get", "install", "-y", "--no-install-recommends", "chromium"],
    ):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
        except OSError as error:
            tried.append(f"{command[0]}: {error}")
            continue
        if done.returncode == 0:
            return _on_path()
        tried.append(f"{' '.join(command)}: {done.stderr.strip()[-300:]}")
    raise RuntimeError("There is no Chromium on the PATH and none could be installed: " + "; ".join(tried))


def _on_path() -> str | None:
    return next((found for name in _BROWSERS if (found := shutil.which(name))), None)


class RunningLab:
    """The JupyterLab or Notebook that is up: its address, which ends with a slash, and its root folder."""

    def __init__(self, url: str, root: Path, app: App, command: list[str], state: Path) -> None:
        self.url = url
        self.root = root
        self.app = app
        self._command = command
        self._log = state / "lab.txt"
        self._environment = {**os.environ, **{name: str(state / name.lower()) for name in _FOLDERS}}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server, at the same address and with the same token as before; return when it answers.

        Raises
        ------
        RuntimeError
            If it does not come up, or without this package's extensions.
        """
        with self._log.open("a") as output:
            self._process = subprocess.Popen(
                self._command,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
            )
        _wait_until_up(self, self._process, self._log)

    def kill(self) -> None:
        """End the server and its kernels at once, as when a machine goes down; `start` brings it back."""
        if self._process is not None:
            _stop(self._process, (signal.SIGKILL,))

    def close(self) -> None:
        """End the server and its kernels."""
        if self._process is not None:
            _stop(self._process, (signal.SIGTERM, signal.SIGKILL))

    def get(self, path: str, timeout_s: float = 10) -> bytes:
        """Return the body of an authenticated GET below the server's address."""
        headers = {"Authorization": f"token {TOKEN}"}
        request = urllib.request.Request(self.url + path, headers=headers)  # noqa: S310 - always http
        with urllib.request.urlopen(request, timeout=timeout_s) as response:  # noqa: S310
            return bytes(response.read())

    def page(self, place: str = "") -> str:
        """Return the address of JupyterLab with a folder open in its file browser, or of a notebook file."""
        if self.app == "notebook":
            kind = "notebooks" if place.endswith(".ipynb") else "tree"
            return f"{self.url}{kind}/{place}?token={TOKEN}"
        place = f"lab/tree/{place}" if place else "lab"
        return f"{self.url}{place}?token={TOKEN}&reset"


@contextlib.contextmanager
def running_lab(root: Path, state: Path, *, app: App = "lab", base_url: str = "/") -> Iterator[RunningLab]:
    """Run JupyterLab or Notebook 7 on a free port of this machine; it is gone when the block ends.

    Parameters
    ----------
    root
        What its file browser shows.
    state
        Takes its configuration, settings and log, so that a person's own are not used.
    app
        Which of the two.
    base_url
        The path that everything is served below, such as ``/user/ada/`` behind a hub.

    Raises
    ------
    RuntimeError
        If it does not come up, or without this package's extensions.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(sys.executable, "-m", *_APPS[app], "--no-browser", "--allow-root", "--ip=127.0.0.1"),
        *(f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"),
        *(f"--ServerApp.root_dir={root}", f"--ServerApp.base_url={base_url}"),
    ]
    prefix = "/".join(["", *filter(None, base_url.split("/")), ""])
    lab = RunningLab(f"http://127.0.0.1:{port}{prefix}", root, app, command, state)
    try:
        lab.start()
        yield lab
    finally:
        lab.close()


def _wait_until_up(lab: RunningLab, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    reason: object = "no answer"
    while time.monotonic() < deadline and process.poll() is None:
        try:
            lab.get("wsinb/api/version")
            names = [extension["name"] for extension in json.loads(lab.get("lab/api/extensions"))]
        except (OSError, ValueError) as error:
            reason = error
            time.sleep(0.2)
            continue
        if "wsinb" not in names:
            raise RuntimeError(f"The lab extension is not installed here, only {names}: run pip install .")
        return
    raise RuntimeError(f"JupyterLab did not start ({reason}):\n{log.read_text()[-3000:]}")


def _stop(process: subprocess.Popen[bytes], signals: tuple[signal.Signals, ...]) -> None:
    # kernels are in the server's process group
    for how in signals:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            continue
        return
