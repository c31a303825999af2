"""The TypeScript half has its own specs and linters; here they run with the rest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

WIDGETS = Path(__file__).parent.parent / "widgets"
JLPM = Path(sys.executable).parent / "jlpm"


def jlpm(*arguments: str) -> None:
    run = subprocess.run([JLPM, *arguments], cwd=WIDGETS, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, (
        f"jlpm {' '.join(arguments)} failed:\n{run.stdout[-4000:]}\n{run.stderr[-2000:]}"
    )


@pytest.fixture(scope="module", autouse=True)
def _packages() -> None:
    jlpm("install", "--immutable")


@pytest.mark.parametrize("script", ["typecheck", "lint:check", "test"])
def test_script_passes(script: str) -> None:
    jlpm("run", script)
