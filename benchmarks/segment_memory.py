"""Peak memory of applying a segmentation model to a slide of 10,000 and of 40,000 pixels a side.

Each slide is segmented in a process of its own, at 2 um a pixel. The peak is that of the whole process:
interpreter, libraries, tiles in flight and all polygons found, of which the larger slide has sixteen times as
many.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._report import report

SIDES = (10_000, 40_000)
MPP = 0.25
UM_PER_PX = 2.0
MIN_AREA = 50_000.0
TILE_SIZE = 512
LARGEST_GROWTH = 1.2


def write_slide(path: Path, side: int) -> None:
    """Write a square slide of mirrored tissue; pyvips streams it, so that its size does not matter here."""
    import pyvips
    from skimage import data

    from wsinb.tiles import write_pyramid

    read: Any = data.immunohistochemistry

    tissue = pyvips.Image.new_from_array(read()).copy(interpretation="srgb")
    row = tissue.join(tissue.fliphor(), "horizontal")
    block = row.join(row.flipver(), "vertical").resize(2)
    count = -(-side // block.width)
    write_pyramid(block.replicate(count, count).crop(0, 0, side, side), path, mpp=MPP, quality=50)


def train(path: Path) -> None:
    """Train a model of the brown stain at the resolution that it is applied at."""
    import cv2
    from skimage import data

    from wsinb.trees import SegmentationForest, TrainingRegion

    read: Any = data.immunohistochemistry
    image: Any = cv2.resize(read(), None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    brown = (cv2.GaussianBlur(image[..., 2], (0, 0), 2) < 140).astype(np.int16)
    model = SegmentationForest(n_windows=5000).fit([TrainingRegion(image, brown)])
    model.header["um_per_px"] = UM_PER_PX
    model.save(path)


def apply(slide_path: str, model_path: str) -> None:
    """Segment a slide and print the peak memory of this process; run in a process of its own."""
    from wsinb.tiles import open_slide
    from wsinb.trees import SegmentationForest, segment_slide

    with open_slide(slide_path) as slide:
        model = SegmentationForest.load(model_path)
        found = segment_slide(slide, model, tile_size=TILE_SIZE, min_area=MIN_AREA, threads=2)
    print(json.dumps({"peak": peak_bytes(), "polygons": len(found)}))


def peak_bytes() -> int:
    """Return the peak memory of this program.

    Linux counts the process that it was forked from into `ru_maxrss`, but not into `VmHWM`.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * int(re.findall(r"VmHWM:\s*(\d+) kB", status.read_text())[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure(folder: Path, side: int, model: Path) -> tuple[float, int]:
    """Return the peak memory in MB and the number of polygons."""
    slide = folder / f"{side}.tif"
    write_slide(slide, side)
    command = [sys.executable, "-m", "benchmarks.segment_memory", "--apply", str(slide), str(model)]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    slide.unlink()
    return answer["peak"] / 2**20, answer["polygons"]


def main() -> int:
    """Measure both slides; 0 if the larger needs hardly more."""
    if sys.argv[1:2] == ["--apply"]:
        apply(*sys.argv[2:4])
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train(folder / "model.npz")
        measure(folder, 1000, folder / "model.npz")  # compiles what is not yet in numba's cache
        (small, n_small), (large, n_large) = (measure(folder, side, folder / "model.npz") for side in SIDES)
    met = report(
        f"peak memory of segmenting {SIDES[1]} px a side ({n_large} polygons) against {SIDES[0]} ({n_small})",
        ours=large,
        peer=small,
        peer_name=f"ours at {SIDES[0]} px",
        unit="MB",
        target=round(1 / LARGEST_GROWTH, 3),
        smaller_is_better=True,
    )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
