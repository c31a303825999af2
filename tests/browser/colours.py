"""What colours annotations have on the screen, and how they are given others."""

from __future__ import annotations

import io
import re

import numpy as np
import shapely
from PIL import Image

import wsinb

__all__ = [
    "LEFT",
    "MIDDLE",
    "RIGHT",
    "STROMA",
    "TILE",
    "TUMOR",
    "add_nuclei",
    "color_by",
    "opened",
    "painted",
    "strength",
    "until_painted",
    "zoom_out_to_density",
]

TUMOR, STROMA = (204, 68, 68), (51, 119, 204)
LEFT, MIDDLE, RIGHT = (520, 1220), (1000, 1220), (1490, 1220)
BARE = (1024, 420)
HALF = 6
FAINT = 9
PITCH, SIDE = 12, 6
TILE = re.compile(r"/vector/[0-9a-f]{64}[^/]*/-?\d+/-?\d+/-?\d+")


def add_nuclei(project) -> None:
    """3,500 small squares below the regions: tumor left and stroma right, scores rise from left to right."""
    left, top = (
        grid.ravel() for grid in np.meshgrid(np.arange(420, 1620, PITCH), np.arange(880, 1300, PITCH))
    )
    is_left = left < 1020
    session = project.session(author="model")
    session["liver"].upsert(
        wsinb.new_annotations(
            shapely.box(left, top, left + SIDE, top + SIDE),
            label=np.where(is_left, "tumor", "stroma"),
            layer="nuclei",
            score=(left - 420) / 1200,
            created_by=np.where(is_left, "ann", "bob"),
        )
    )
    session.commit("nuclei")


def opened(lab, project) -> list[str]:
    """Open the slide with the tab of layers; return the list of tiles that are asked for from then on."""
    lab.open_slide(project.path.name, "liver.tif")
    until_painted(lab, {LEFT: TUMOR, RIGHT: STROMA})
    lab.page.keyboard.press("Shift+B")
    lab.page.wait_for_selector(".wsinb-tab[data-tab=layers]:not([hidden])")
    asked: list[str] = []
    lab.page.on("request", lambda request: TILE.search(request.url) and asked.append(request.url))
    return asked


def look(lab, *places) -> np.ndarray:
    """The mean colours around places of the slide, of one look at the screen: (n, 3)."""
    centres = np.array([lab.screen(*place) for place in places]).astype(int)
    left, top = (centres.min(axis=0) - HALF).tolist()
    width, height = (np.ptp(centres, axis=0) + 2 * HALF + 1).tolist()
    clip = {"x": left, "y": top, "width": width, "height": height}
    seen = np.asarray(Image.open(io.BytesIO(lab.page.screenshot(clip=clip))).convert("RGB"))
    corners = (centres - HALF - (left, top)).tolist()
    side = 2 * HALF + 1
    return np.array([seen[y : y + side, x : x + side].mean(axis=(0, 1)) for x, y in corners])


def strength(lab, place) -> float:
    """How much what is painted on stroma differs from bare stroma, 0 to 442."""
    bare, seen = look(lab, BARE, place)
    return float(np.linalg.norm(seen - bare))


def painted(lab, places, colors) -> list[tuple[int, int, int] | None]:
    """Which of some colours each place is painted in; None where it is bare."""
    bare, *seen = look(lab, BARE, *places)
    towards = np.array(colors) - bare
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    shifts = [each - bare for each in seen]
    return [colors[int(np.argmax(towards @ by))] if np.linalg.norm(by) >= FAINT else None for by in shifts]


def until_painted(lab, expected, *others) -> None:
    """Wait until places are painted in their colours (None: bare), all at once, and in none of the others."""
    colors = [color for color in dict.fromkeys([*expected.values(), *others]) if color is not None]
    wanted = list(expected.values())
    lab.until(lambda: painted(lab, list(expected), colors) == wanted, f"painted as {expected}")


def color_by(lab, name: str) -> None:
    lab.page.locator(".wsinb-by select").select_option(name)


def zoom_out_to_density(lab) -> None:
    lab.page.keyboard.press("-")
    lab.page.wait_for_selector(".wsinb-zoom:text-is('5×')")
    lab._find_frame()
    until_painted(lab, {LEFT: TUMOR}, STROMA)
