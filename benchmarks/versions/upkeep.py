"""Many small commits: what they write, how long the worst takes, how fast the table is read afterwards."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.versions.data import SLIDE, cell_table, project_of, write
from benchmarks.versions.measuring import Clock
from wsinb.project import Project

__all__ = ["measure"]

RUNS = 9


def stored_bytes(folder: Path) -> int:
    """Return the bytes of all files below a folder; hard links count once."""
    stats = [path.stat() for path in folder.rglob("*") if path.is_file()]
    return sum({stat.st_ino: stat.st_size for stat in stats}.values())


def read_frame(project: Project) -> object:
    """Read the whole table as people do."""
    return project.read(SLIDE)


def read_arrow(project: Project) -> object:
    """Read the whole table as it is before it becomes a GeoDataFrame."""
    repository = project.repository
    return repository.tables.read(repository.committer.state(repository.branch_head("main"), SLIDE))


def read_ratio(read: Callable[[Project], object], project: Project, fresh: Project) -> float:
    """Return how long reading the whole table takes (footers in memory), relative to another.

    Both are read in turn, and the shortest times are compared: what else the machine does only adds.
    """
    seconds: dict[int, list[float]] = {0: [], 1: []}
    for _ in range(RUNS):
        for number, each in enumerate((project, fresh)):
            start = time.perf_counter()
            read(each)
            seconds[number].append(time.perf_counter() - start)
    return min(seconds[0]) / min(seconds[1])


def small_commits(project: Project, commits: int, edited: int, seed: int = 1) -> dict[str, float]:
    """Make commits of scattered edits, `edited` rows in all, and return what they cost."""
    table = project.read(SLIDE)
    chosen = np.random.default_rng(seed).choice(len(table), edited, replace=False)
    before = stored_bytes(project.path)
    seconds = []
    session = project.session(author="benchmark", journal=False)
    for number, rows in enumerate(np.array_split(chosen, commits)):
        moved = table.iloc[np.sort(rows)][["id", "geometry"]].copy()
        moved["geometry"] = moved["geometry"].translate(2, 1)
        session[SLIDE].upsert(moved)
        with Clock() as clock:
            session.commit(f"edit {number}")
        seconds.append(clock.seconds)
    return {
        "written_mb": (stored_bytes(project.path) - before) / 1e6,
        "worst_commit_s": float(np.max(seconds)),
        "median_commit_s": float(np.median(seconds)),
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
        and the median commit, full reads relative to a table that was never edited (`_x`), as
        GeoDataFrames and as Arrow tables, and seconds of compacting.
    """
    folder = Path(tempfile.mkdtemp(prefix="wsinb-"))
    try:
        small, other = (project_of(folder / name) for name in ("small", "other"))
        for project in (small, other):
            write(project, cell_table(rows))
        figures = small_commits(small, commits, int(10.4 * commits))
        figures["read_after_small_x"] = read_ratio(read_frame, small, other)
        figures["arrow_after_small_x"] = read_ratio(read_arrow, small, other)
        start = time.perf_counter()
        small.compact()
        figures["compact_s"] = time.perf_counter() - start
        figures["read_after_compact_x"] = read_ratio(read_frame, small, other)
        figures["many_worst_commit_s"] = small_commits(other, 10, many)["worst_commit_s"]
        figures["read_after_many_x"] = read_ratio(read_frame, other, small)
        figures["arrow_after_many_x"] = read_ratio(read_arrow, other, small)
    finally:
        shutil.rmtree(folder)
    return figures
