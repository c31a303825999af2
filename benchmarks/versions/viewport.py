"""Reading what a viewer shows: a box of about 400 rows."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.versions.data import SLIDE, SPACING, cell_table, project_of, write
from benchmarks.versions.measuring import asked, drop_page_cache, median_ms
from wsinb.project import open_project

__all__ = ["SIDE", "boxes", "cold_ms", "run", "warm_ms"]

SIDE = 20 * SPACING
COLD_RUNS = 5

# a process of its own, in which everything is imported but nothing was read
COLD = """
import sys, time
import geopandas, pyarrow.parquet, shapely, wsinb.annotate
from wsinb.project import open_project
from wsinb.versions.readers import plain
folder, slide, *box = sys.argv[1:]
start = time.perf_counter()
found = open_project(folder).read(slide, bbox=tuple(map(float, box)))
print(time.perf_counter() - start, len(found))
"""


def boxes(rows: int, seed: int = 0) -> Iterator[tuple[float, float, float, float]]:
    """Yield boxes at random places of a slide of so many rows, without end."""
    rng, width = np.random.default_rng(seed), SPACING * rows**0.5
    while True:
        l0_x, l0_y = rng.uniform(0, max(width - SIDE, 1), 2)
        yield l0_x, l0_y, l0_x + SIDE, l0_y + SIDE


def warm_ms(folder: Path, box: tuple[float, ...]) -> float:
    """Return the median milliseconds of reading a box again, in a session that is open."""
    session = open_project(folder).session(author="benchmark")
    return median_ms(lambda: session[SLIDE].read(bbox=box))


def cold_ms(folder: Path, box: tuple[float, ...]) -> float:
    """Return the milliseconds of opening a project and reading a box in a new process, from the disk."""
    drop_page_cache(folder)
    command = [sys.executable, "-c", COLD, str(folder), SLIDE, *map(str, box)]
    seconds, _ = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(seconds) * 1e3


def run(rows: int, folder: Path) -> bool:
    """Report a box warm and cold."""
    write(project_of(folder / "project"), cell_table(rows))
    places = boxes(rows)
    warm = np.median([warm_ms(folder / "project", next(places)) for _ in range(5)])
    cold = np.median([cold_ms(folder / "project", next(places)) for _ in range(COLD_RUNS)])
    return all(
        [
            asked("box of ~400 rows, warm", float(warm), 12, "ms"),
            asked("box of ~400 rows, cold process, pages evicted", float(cold), 40, "ms"),
        ]
    )
