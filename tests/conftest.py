"""Fixtures for the whole suite."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of small real files; tests that need it skip with a reason where it is absent."""
    folder = Path(os.environ.get("WSINB_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        reason = f"no real data at {folder}: set WSINB_TEST_DATA to the folder that holds it"
        # in CI a missing folder must not pass for a green run
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return folder


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A small demo project, made by the command once for the whole run, and what the command printed."""
    folder = tmp_path_factory.mktemp("demo") / "wsinb-demo"
    command = [sys.executable, "-m", "wsinb", "demo", str(folder), "--headless", "--json", "--size", "4096"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


@pytest.fixture
def demo_copy(demo: tuple[Path, dict[str, Any]], tmp_path: Path) -> Path:
    """A copy of the demo project that a test may change: the folder ``wsinb-demo``."""
    return Path(shutil.copytree(demo[0], tmp_path / "wsinb-demo"))
