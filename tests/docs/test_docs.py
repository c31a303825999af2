"""Every Python block of the README and the docs is executed, page by page, on a small demo project."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\S*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
# "text" and "json" blocks show data, "bash" blocks are for people (CI runs the README's test line)
KINDS = {"python", "bash", "text", "json"}


def blocks(page: Path) -> list[tuple[str, str]]:
    return FENCE.findall(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_block_says_what_it_is(page: Path) -> None:
    for kind, code in blocks(page):
        # design notes promise names rather than show code to run
        if "design" in page.parts:
            continue
        assert kind in KINDS, (
            f"{page.name}: a block begins with ```{kind}: use one of {sorted(KINDS)}:\n{code[:80]}"
        )


def pages_with_python() -> list[Path]:
    return [p for p in PAGES if "design" not in p.parts and any(kind == "python" for kind, _ in blocks(p))]


@pytest.mark.parametrize("page", pages_with_python(), ids=lambda p: str(p.relative_to(ROOT)))
def test_python_blocks_run(page: Path, demo_copy: Path) -> None:
    code = "\n".join(code for kind, code in blocks(page) if kind == "python")
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=demo_copy.parent, capture_output=True, text=True, timeout=240
    )
    assert run.returncode == 0, f"{page.name} failed:\n{run.stderr[-2000:]}\n--- code ---\n{code}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which does not exist"
