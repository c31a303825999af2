"""Many small commits: what they write, how long the worst takes, how fast the table is read afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from benchmarks._report import time_interleaved
from wsinb.annotate import Label, new_annotations
from wsinb.project import Project, create_project
from wsinb.versions.slidelist import SlideEntry

__all__ = ["measure"]

SLIDE = "cells"
VERTICES = 20
SPACING = 24.0  # level-0 pixels between neighbours


def outlines(n: int, seed: int = 0) -> Any:
    """Return n outlines of cells of ~20 vertices, (n,) shapely polygons in level-0 pixels."""
    generator = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(n)))
    place = np.stack(np.divmod(np.arange(n), side), axis=1)[:, ::-1] * SPACING
    angles = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    radius = generator.uniform(6, 10, (n, VERTICES))
    ring = place[:, None, :] + radius[..., None] * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return shapely.polygons(ring)


def table_project(folder: Path, rows: int) -> Project:
    """Make a project with one slide of so many outlines."""
    project = create_project(folder)
    entry = SlideEntry(SLIDE, "cells.svs", "sha256:00", (100_000, 100_000)).to_json()
    project.slides._edit("Add", {"added": [SLIDE]}, lambda entries: entries.update({SLIDE: entry}))
    project.labels.add([Label("tumor"), Label("stroma")])
    session = project.session(author="benchmark")
    session[SLIDE].upsert(new_annotations(outlines(rows), label="tumor", layer="cells", score=0.5))
    session.commit("all")
    return project


@contextlib.contextmanager
def fsync_time() -> Iterator[list[float]]:
    """Gather the seconds of every fsync of this process."""
    seconds: list[float] = []
    original = os.fsync

    def timed(handle: Any) -> None:
        start = time.perf_counter()
        original(handle)
        seconds.append(time.perf_counter() - start)

    os.fsync = timed
    try:
        yield seconds
    finally:
        os.fsync = original


def stored_bytes(folder: Path) -> int:
    """Return the bytes of all files below a folder; hard links count once."""
    stats = [path.stat() for path in folder.rglob("*") if path.is_file()]
    return sum({stat.st_ino: stat.st_size for stat in stats}.values())


def read_ratio(project: Project, fresh: Project) -> float:
    """Return how long reading the whole table takes (as Arrow, footers in memory), relative to another."""

    def read(of: Project) -> object:
        repository = of.repository
        return repository.tables.read(repository.committer.state(repository.branch_head("main"), SLIDE))

    medians = time_interleaved({"ours": lambda: read(project), "fresh": lambda: read(fresh)})
    return medians["ours"] / medians["fresh"]


def small_commits(project: Project, commits: int, edited: int, seed: int = 1) -> dict[str, float]:
    """Make commits of scattered edits, `edited` rows in all, and return what they cost."""
    generator = np.random.default_rng(seed)
    table = project.read(SLIDE)
    picks = np.array_split(generator.choice(len(table), edited, replace=False), commits)
    before = stored_bytes(project.path)
    each, flushing = [], []
    session = project.session(author="benchmark")
    for number, rows in enumerate(picks):
        moved = table.iloc[np.sort(rows)].copy()
        moved["geometry"] = moved["geometry"].translate(2, 1)
        session[SLIDE].upsert(moved[["id", "geometry"]])
        with fsync_time() as flushed:
            start = time.perf_counter()
            session.commit(f"edit {number}")
            each.append(time.perf_counter() - start)
        flushing.append(sum(flushed))
    net = np.array(each) - np.array(flushing)
    return {
        "written_mb": (stored_bytes(project.path) - before) / 1e6,
        "worst_commit_s": float(net.max()),
        "median_commit_s": float(np.median(net)),
    }


def measure(rows: int = 1_000_000, commits: int = 1000, many: int = 90_000) -> dict[str, float]:
    """Measure upkeep on a table of so many rows.

    Parameters
    ----------
    rows
        Annotations of the slide.
    commits
        Small commits, which edit 10.4 rows each, scattered over the table.
    many
        Rows edited afterwards in another project, in ten commits, without compacting.

    Returns
    -------
    dict
        Megabytes written by the small commits and their upkeep, seconds (without fsync) of the worst
        and the median commit, full reads relative to a table that was never edited (`_x`), seconds of
        compacting.
    """
    folder = Path(tempfile.mkdtemp(prefix="wsinb-"))
    try:
        small, other = (table_project(folder / name, rows) for name in ("small", "other"))
        figures = small_commits(small, commits, int(10.4 * commits))
        figures["read_after_small_x"] = read_ratio(small, other)
        start = time.perf_counter()
        small.compact()
        figures["compact_s"] = time.perf_counter() - start
        figures["read_after_compact_x"] = read_ratio(small, other)
        figures["many_worst_commit_s"] = small_commits(other, 10, many)["worst_commit_s"]
        figures["read_after_many_x"] = read_ratio(other, small)
    finally:
        shutil.rmtree(folder)
    return figures


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name:24} {value:.4g}")
