"""How long colours, the threshold and the read-out take to follow, at every zoom."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from benchmarks.viewer.data import Ground
from benchmarks.viewer.figures import Figures
from benchmarks.viewer.screen import Screen, screen
from wsinb.testing.lab import running_lab

__all__ = ["run"]

ZOOMS = range(-6, 3)
RUNS = 3
PICKS = 24
RECOLOR_MS = 100
THRESHOLD_MS = 100
PICK_MS = 30


def recolored(view: Screen) -> float:
    """Return the median milliseconds until 95 % of what changes has its new colour."""
    found = [view.page.evaluate("probe.change(probe.recolor)") for _ in range(RUNS)]
    return float(statistics.median(each["most"] for each in found))


def thresholded(view: Screen) -> tuple[float, float]:
    """Return the median milliseconds until pixels first follow a threshold, and until 95 % of them have."""
    values = (0.3, 0.6, 0.45)
    found = [
        view.page.evaluate("value => probe.change(() => probe.threshold(value))", value) for value in values
    ]
    view.page.evaluate("probe.change(() => probe.threshold(0))")
    return statistics.median(f["first"] for f in found), statistics.median(f["most"] for f in found)


def picked(view: Screen) -> list[float]:
    """Return the milliseconds from movements of the pointer to changes of the read-out, where it changes."""
    view.page.evaluate("probe.watchPicks()")
    x, y = view.centre()
    for step in range(PICKS):
        view.page.evaluate("probe.seen.forget()")
        view.page.mouse.move(x + 37 * (step % 7) - 110, y + 29 * (step % 5) - 60)
        view.page.wait_for_timeout(80)
    return [float(ms) for ms in view.page.evaluate("probe.seen.picks")]


def run(browser: Any, ground: Ground, state: Path, n: int, figures: Figures) -> None:
    """Report the slowest zoom of each."""
    recolor: dict[int, float] = {}
    threshold: dict[int, tuple[float, float]] = {}
    picks: dict[int, float] = {}
    with running_lab(ground.root, state) as lab, screen(browser, lab, ground.cells(n)) as view:
        view.open()
        has_look = view.page.evaluate("probe.hasLook()")
        for zoom in ZOOMS:
            view.to_zoom(zoom)
            recolor[zoom] = recolored(view)
            if has_look:
                threshold[zoom] = thresholded(view)
            if found := picked(view):
                picks[zoom] = statistics.median(found)
    for zoom, ms in recolor.items():
        figures.told(f"recolour at zoom {zoom}, {n} annotations", ms, "ms")
    for zoom, (first, most) in threshold.items():
        figures.told(f"threshold at zoom {zoom}: first response, {n} annotations", first, "ms")
        figures.told(f"threshold at zoom {zoom}: 95 % of the pixels, {n} annotations", most, "ms")
    for zoom, ms in picks.items():
        figures.told(f"pick at zoom {zoom}, {n} annotations", ms, "ms")
    figures.at_most(f"recolour, slowest zoom, {n} annotations", max(recolor.values()), RECOLOR_MS, "ms")
    if threshold:
        slowest = max(first for first, _ in threshold.values())
        figures.at_most(
            f"threshold, first response, slowest zoom, {n} annotations", slowest, THRESHOLD_MS, "ms"
        )
    else:
        figures.note("threshold", "not measured: this viewer has none")
    figures.at_most(f"pick, slowest zoom, {n} annotations", max(picks.values()), PICK_MS, "ms")
