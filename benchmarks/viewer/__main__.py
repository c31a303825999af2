"""Run ``python -m benchmarks.viewer [--only first_paint,frames,...] [--n 1000000]``.

It needs a Chromium and the installed lab extension. Slide and projects are kept in `--folder`
for the next run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.viewer import answering, moving, painting, peers
from benchmarks.viewer.data import Ground
from benchmarks.viewer.figures import Figures
from wsinb.testing.lab import CHROMIUM_FLAGS, chromium_path

Section = Callable[[Any, Ground, Path, int, Figures], None]
SECTIONS: dict[str, Section] = {
    "first_paint": painting.run,
    "frames": moving.run,
    "answers": answering.run,
    "peers": peers.run,
}


def main() -> int:
    """Run what is asked for; return 0 if every target is met."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--n", default="100000,1000000,5000000", help="annotations, with commas between")
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections, with commas between")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir(), "wsinb-viewer-benchmark"))
    options = parser.parse_args()
    names = [name for name in options.only.split(",") if name]
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        parser.error(f"no section {unknown[0]!r}: choose from {', '.join(SECTIONS)}")
    options.folder.mkdir(parents=True, exist_ok=True)
    ground, figures = Ground(options.folder), Figures()
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as state:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_FLAGS))
        for name in names:
            for n in [int(text) for text in options.n.split(",")]:
                SECTIONS[name](browser, ground, Path(state), n, figures)
        browser.close()
    print(figures.table())
    return 0 if figures.met else 1


if __name__ == "__main__":
    sys.exit(main())
