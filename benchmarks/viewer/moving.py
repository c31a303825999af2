"""Frames while the picture is dragged and zoomed, with annotations and without, and the renderer's memory."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import psutil

from benchmarks.viewer.data import Ground
from benchmarks.viewer.figures import Figures, percentile
from benchmarks.viewer.screen import Screen, screen
from wsinb.testing.lab import running_lab

__all__ = ["run"]

ZOOMS = range(-5, 3)
ROUNDS = 3  # of the memory the median counts: how much of it is garbage at the end varies by a third
PAN_S = 2.0
FRAME_MS = 17
FRAME_RATIO = 1.3
MEMORY_RATIO = 1.4


def journey(view: Screen) -> dict[str, list[float]]:
    """Pan at every zoom, turn the wheel from end to end and back; return the milliseconds between frames."""
    gaps: dict[str, list[float]] = {}
    for zoom in ZOOMS:
        view.to_zoom(zoom)
        gaps[f"pan {zoom}"] = view.pan(PAN_S)
        view.settle()
    span = len(ZOOMS) - 1
    gaps["zoom"] = view.wheel(-span) + view.wheel(span)
    view.settle()
    return gaps


def renderer_bytes(browser: Any) -> int:
    """Return the resident memory of the largest renderer: that of the one page that is open."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    pids = [process["id"] for process in processes if process["type"] == "renderer"]
    return max(psutil.Process(pid).memory_info().rss for pid in pids)


def run(browser: Any, ground: Ground, state: Path, n: int, figures: Figures) -> None:
    """Take the same journey with `n` annotations and without, in turns."""
    folders = {"annotated": ground.cells(n), "bare": ground.bare()}
    gaps: dict[str, dict[str, list[float]]] = {kind: {} for kind in folders}
    memory: dict[str, list[int]] = {kind: [] for kind in folders}
    with running_lab(ground.root, state) as lab:
        for _ in range(ROUNDS):
            for kind, folder in folders.items():
                with screen(browser, lab, folder) as view:
                    view.open(annotated=kind == "annotated")
                    view.settle()
                    for part, found in journey(view).items():
                        gaps[kind].setdefault(part, []).extend(found)
                    memory[kind].append(renderer_bytes(browser))
    ours, bare = gaps["annotated"], gaps["bare"]
    for part in ours:
        figures.beside(
            f"frames, {part}: 95th percentile, {n} annotations",
            percentile(ours[part], 0.95),
            percentile(bare[part], 0.95),
            "bare slide",
            "ms",
        )
    pans = {
        kind: [gap for part, some in found.items() if part != "zoom" for gap in some]
        for kind, found in gaps.items()
    }
    figures.at_most(
        f"frames, panning: median, {n} annotations", statistics.median(pans["annotated"]), FRAME_MS, "ms"
    )
    for what, mine, theirs in (
        ("panning", pans["annotated"], pans["bare"]),
        ("zooming", ours["zoom"], bare["zoom"]),
    ):
        ratio = percentile(mine, 0.95) / percentile(theirs, 0.95)
        figures.at_most(
            f"frames, {what}: 95th percentile to the bare slide's, {n} annotations", ratio, FRAME_RATIO, "x"
        )
    rss = {kind: statistics.median(values) for kind, values in memory.items()}
    figures.told(f"renderer's memory, {n} annotations", rss["annotated"] / 1e6, "MB")
    figures.at_most(
        f"renderer's memory to the bare slide's, {n} annotations",
        rss["annotated"] / rss["bare"],
        MEMORY_RATIO,
        "x",
    )
