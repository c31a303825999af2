"""Cutting out subwindows and resizing them to 16 x 16, against a loop over Pillow's `crop` and `resize`.

Both cut the same boxes, 10 to 100 % of the shorter side, out of the same pictures of stained tissue, 100 to
400 px wide, and return one array. Pillow resizes with BILINEAR where ours interpolates, and with BOX (its
fastest anti-aliased filter; LANCZOS takes several times as long) where ours averages areas. Both run on
one thread and are timed by what the processor spends on them.
"""

from __future__ import annotations

from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._report import report, time_interleaved
from wsinb.trees import Boxes, random_boxes, resized_windows

__all__ = ["run"]

SIDES = (100, 150, 200, 250, 300, 350, 400, 256)
N_WINDOWS = 250
SIZE = 16
RUNS = 3
TARGETS = {"linear": 25.0, "area": 15.0}

Image = NDArray[np.uint8]


def pictures() -> list[tuple[Image, Boxes]]:
    """Return pictures and the boxes to cut out of each."""
    from skimage import data

    read: Any = data.immunohistochemistry
    tissue = np.ascontiguousarray(read(), np.uint8)
    rng = np.random.default_rng(0)
    found = []
    for side in SIDES:
        image = np.ascontiguousarray(tissue[:side, -side:])
        found.append((image, random_boxes((side, side), N_WINDOWS, rng)))
    return found


def pillow(work: list[tuple[Image, Boxes]], resample: Any) -> Image:
    """Cut and resize all boxes with Pillow."""
    from PIL import Image as Pillow

    out = np.empty((len(work) * N_WINDOWS, SIZE, SIZE, 3), np.uint8)
    number = 0
    for image, boxes in work:
        whole = Pillow.fromarray(image)
        for y, x, height, width in zip(*(part.tolist() for part in boxes), strict=True):
            crop = whole.crop((x, y, x + width, y + height))
            out[number] = np.asarray(crop.resize((SIZE, SIZE), resample))
            number += 1
    return out


def ours(work: list[tuple[Image, Boxes]], interpolation: str) -> Image:
    """Cut and resize all boxes with this package, on one thread."""
    parts = [resized_windows(image, boxes, SIZE, interpolation=interpolation) for image, boxes in work]
    return np.concatenate(parts)


def run() -> bool:
    """Compare both interpolations; whether the targets are met."""
    from PIL.Image import Resampling

    work = pictures()
    amount = len(work) * N_WINDOWS
    met = []
    for interpolation, filters in (
        ("linear", {"BILINEAR": Resampling.BILINEAR}),
        ("area", {"BOX": Resampling.BOX, "LANCZOS": Resampling.LANCZOS}),
    ):
        calls: dict[str, Any] = {"ours": lambda kind=interpolation: ours(work, kind)}
        calls.update({name: lambda f=resample: pillow(work, f) for name, resample in filters.items()})
        seconds = time_interleaved(calls, RUNS, process_time)
        for name in filters:
            reached = report(
                f"subwindows, {interpolation}",
                ours=amount / seconds["ours"],
                peer=amount / seconds[name],
                peer_name=f"Pillow {name}",
                unit="windows/s of one core",
                target=TARGETS[interpolation],
            )
            met.append(reached)
    return all(met)
