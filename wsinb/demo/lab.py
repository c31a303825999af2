"""Start JupyterLab on the demo."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["lab_command", "start_lab"]

TOUR = "notebooks/tour.ipynb"


def lab_command(folder: str | Path, browser: bool = True, port: int | None = None) -> list[str]:
    """Return the command that starts JupyterLab in a demo folder, with the tour open."""
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={Path(folder).resolve()}",
        f"--LabApp.default_url=/lab/tree/{TOUR}",
    ]
    if not browser:
        command.append("--no-browser")
    if port is not None:
        command.append(f"--port={port}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # a container: the server listens on localhost, behind its token
    return command


def start_lab(folder: str | Path, browser: bool = True, port: int | None = None) -> int:
    """Run JupyterLab in a demo folder until it is stopped, and return its exit code.

    Where the system can, JupyterLab takes the place of this process, so that signals reach it.

    Parameters
    ----------
    folder : str or Path
        The demo's folder, the root of JupyterLab's file browser.
    browser : bool
        Whether a browser is opened.
    port : int, optional
        The port to listen on; JupyterLab finds a free one by default.
    """
    command = lab_command(folder, browser, port)
    sys.stdout.flush()
    if os.name == "posix":
        os.execv(command[0], command)  # noqa: S606 - a fixed program, no shell is meant
    return subprocess.call(command)
