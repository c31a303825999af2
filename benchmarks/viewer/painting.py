"""From a double click to annotations on the screen, and what was sent for it."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.viewer.data import Ground
from benchmarks.viewer.figures import Figures
from benchmarks.viewer.screen import screen
from wsinb.testing.lab import RunningLab, running_lab

__all__ = ["first_view", "run"]

RUNS = 5
COLD_RUNS = 3
BLOCK = 16
ASKED_MS = {100_000: (500, 2000), 1_000_000: (1000, 2000), 5_000_000: (3000, 3000)}
"""Warm and cold, by the number of annotations; others are told only."""
SENT_MB = 6


def first_view(browser: Any, lab: RunningLab, folder: str, bare: np.ndarray) -> dict[str, float]:
    """Open a slide once; return milliseconds and megabytes.

    Raises
    ------
    AssertionError
        If annotations cannot be seen all over the slide on a screenshot taken then.
    """
    with screen(browser, lab, folder) as view:
        seen = view.open()
        shown = view.picture()
        part = differing(shown, bare)
        if part < 0.98:
            raise AssertionError(
                f"Only {part:.0%} of the slide shows annotations when all are said to be there."
            )
        view.settle()
        return {
            "image": seen["image"],
            "annotations": seen["annotations"],
            "sent": view.bytes_sent() / 1e6,
            "vector": view.bytes_sent("/vector/") / 1e6,
        }


def differing(shown: np.ndarray, bare: np.ndarray) -> float:
    """Return the part of the blocks with tissue in which two pictures of the same view differ."""
    height, width = (side // BLOCK * BLOCK for side in bare.shape[:2])
    blocks = (height // BLOCK, BLOCK, width // BLOCK, BLOCK, 3)
    change = np.abs(shown[:height, :width].astype(int) - bare[:height, :width]).reshape(blocks)
    tissue = bare[:height, :width].reshape(blocks).astype(int)
    spread = tissue.max(axis=(1, 3)) - tissue.min(axis=(1, 3))
    inside = spread.max(axis=-1) > 12
    # panels lie over the borders of the map: the middle half is free of them
    inside[: height // BLOCK // 8] = inside[-(height // BLOCK // 8) :] = False
    inside[:, : width // BLOCK // 4] = inside[:, -(width // BLOCK // 4) :] = False
    return float((change.max(axis=(1, 3, 4)) > 24)[inside].mean())


def bare_picture(browser: Any, lab: RunningLab, ground: Ground) -> np.ndarray:
    """Return the picture of the slide without annotations, in the first view."""
    with screen(browser, lab, ground.bare()) as view:
        view.open(annotated=False)
        view.page.wait_for_timeout(1500)
        return view.picture()


def run(browser: Any, ground: Ground, state: Path, n: int, figures: Figures) -> None:
    """Measure the first view of `n` annotations, by fresh servers and by one that has shown them before."""
    folder = ground.cells(n)
    warm_ms, cold_ms = ASKED_MS.get(n, (None, None))
    cold = []
    with running_lab(ground.root, state) as lab:
        bare = bare_picture(browser, lab, ground)
        first_view(browser, lab, folder, bare)
        warm = [first_view(browser, lab, folder, bare) for _ in range(RUNS)]
    for _ in range(COLD_RUNS):
        with running_lab(ground.root, state) as lab:
            cold.append(first_view(browser, lab, folder, bare))
    for name, views, limit in (("warm server", warm, warm_ms), ("fresh server", cold, cold_ms)):
        what = f"{n} annotations, {name}"
        median = {key: statistics.median(view[key] for view in views) for key in views[0]}
        if limit is None:
            figures.told(f"first paint, {what}", median["annotations"], "ms")
        else:
            figures.at_most(f"first paint, {what}", median["annotations"], limit, "ms")
        figures.told(f"fastest of {len(views)}, {what}", min(view["annotations"] for view in views), "ms")
        figures.told(f"first tile of the slide, {what}", median["image"], "ms")
    figures.at_most(f"sent for a first view, {n} annotations", warm[0]["sent"], SENT_MB, "MB")
    figures.told(f"of it annotations, {n} annotations", warm[0]["vector"], "MB")
