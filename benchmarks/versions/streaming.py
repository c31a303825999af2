"""Five million annotations, written piece by piece in one session and one commit."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import geopandas as gpd
import numpy as np

from benchmarks.versions.data import SLIDE, SPACING, cell_table, project_of, write
from benchmarks.versions.measuring import Clock, asked, told, without_fsync
from benchmarks.versions.viewport import boxes, cold_ms, warm_ms

__all__ = ["run", "stream"]

ROWS = 5_000_000
CHUNK = 100_000


def pieces(rows: int, *, tiles: bool) -> Iterator[gpd.GeoDataFrame]:
    """Yield tables of 100 000 cells: those of one tile of the slide, or from all over it."""
    n = rows // CHUNK
    columns = int(np.ceil(n**0.5))
    edge = SPACING * CHUNK**0.5
    for number in range(n):
        row, column = divmod(number, columns)
        whole = (0.0, 0.0, columns * edge, -(-n // columns) * edge)
        tile = (column * edge, row * edge, (column + 1) * edge, (row + 1) * edge)
        yield cell_table(CHUNK, number, tile if tiles else whole)


def stream(folder: Path, rows: int, *, tiles: bool) -> dict[str, float]:
    """Write so many rows; return seconds without fsync, megabytes on the disk, and the peak of memory."""
    write(project_of(folder / "warm"), cell_table(30_000))
    project = project_of(folder / "project")
    session = project.session(author="benchmark")
    seconds = processor = 0.0
    with without_fsync():
        for piece in pieces(rows, tiles=tiles):
            with Clock() as upsert:
                session[SLIDE].upsert(piece)
            seconds += upsert.seconds
            processor += upsert.processor
        with Clock() as commit:
            session.commit("cells")
    files = [path.stat() for path in (project.path / ".wsinb").rglob("*") if path.is_file()]
    return {
        "write_s": seconds + commit.seconds,
        "commit_s": commit.seconds,
        "processor_s": processor + commit.processor,
        "disk_mb": sum({file.st_ino: file.st_size for file in files}.values()) / 1e6,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }


def run(rows: int, folder: Path) -> bool:
    """Report streams in the order of tiles and in none, each in a process of its own; five times `rows`."""
    rows = max(5 * rows // CHUNK, 1) * CHUNK
    part = rows / ROWS
    met = []
    for tiles, order in ((True, "tile by tile"), (False, "in random order")):
        place = folder / ("tiles" if tiles else "random")
        place.mkdir()
        command = [sys.executable, "-m", "benchmarks.versions.streaming", str(place), str(rows), str(tiles)]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        figures = json.loads(printed.splitlines()[-1])
        what = f"{rows} rows streamed {order}"
        met += [
            asked(f"{what}: write", figures["write_s"], 40 * part, "s"),
            asked(f"{what}: on the disk", figures["disk_mb"], 900 * part, "MB"),
            asked(f"{what}: peak memory of the process", figures["peak_gb"], 4, "GB"),
        ]
        told(f"{what}: processor time of all threads", figures["processor_s"], "s")
        told(f"{what}: commit alone", figures["commit_s"], "s")
        places = list(islice(boxes(rows), 3))
        told(
            f"{what}: box of ~400 rows, warm",
            float(np.median([warm_ms(place / "project", box) for box in places])),
            "ms",
        )
        told(
            f"{what}: box of ~400 rows, cold",
            float(np.median([cold_ms(place / "project", box) for box in places])),
            "ms",
        )
    return all(met)


if __name__ == "__main__":
    _, where, count, by_tiles = sys.argv
    print(json.dumps(stream(Path(where), int(count), tiles=by_tiles == "True")))
