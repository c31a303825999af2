"""Cutting out subwindows and resizing them to 16 x 16, against a loop over Pillow's `crop` and `resize`.

Both cut the same boxes, 10 to 100 % of the shorter side, out of the same pictures of stained tissue, 100 to
400 px wide, and return one array. Pillow resizes with BILINEAR where ours interpolates, and with BOX (its
fastest anti-aliased filter; LANCZOS takes several times as long) where ours averages areas. Pillow runs on
one thread, as a loop does; ours on one, and once more on all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._report import report, time_interleaved
from wsinb.trees import Boxes, random_boxes, resized_windows
from wsinb.trees.threads import run_threads

__all__ = ["run"]

SIDES = (100, 150, 200, 250, 300, 350, 400, 256)
N_WINDOWS = 500
SIZE = 16
RUNS = 5
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


def ours(work: list[tuple[Image, Boxes]], interpolation: str, n_jobs: int | None) -> Image:
    """Cut and resize all boxes with this package."""
    out = np.empty((len(work) * N_WINDOWS, SIZE, SIZE, 3), np.uint8)

    def fill(number: int) -> None:
        image, boxes = work[number]
        part = slice(number * N_WINDOWS, (number + 1) * N_WINDOWS)
        out[part] = resized_windows(image, boxes, SIZE, interpolation=interpolation)

    run_threads(fill, range(len(work)), n_jobs)
    return out


def run() -> bool:
    """Compare both interpolations; whether the targets are met on one thread."""
    from PIL.Image import Resampling

    work = pictures()
    amount = len(work) * N_WINDOWS
    met = []
    for interpolation, filters in (
        ("linear", {"BILINEAR": Resampling.BILINEAR}),
        ("area", {"BOX": Resampling.BOX, "LANCZOS": Resampling.LANCZOS}),
    ):
        calls: dict[str, Any] = {
            "one": lambda kind=interpolation: ours(work, kind, 1),
            "all": lambda kind=interpolation: ours(work, kind, None),
        }
        calls.update({name: lambda f=resample: pillow(work, f) for name, resample in filters.items()})
        seconds = time_interleaved(calls, RUNS)
        for name in filters:
            for threads in ("one", "all"):
                reached = report(
                    f"subwindows, {interpolation}, {threads} thread{'s' * (threads == 'all')}",
                    ours=amount / seconds[threads],
                    peer=amount / seconds[name],
                    peer_name=f"Pillow {name}",
                    unit="windows/s",
                    target=TARGETS[interpolation],
                )
                if threads == "one":
                    met.append(reached)
    return all(met)
