"""Writing a large table, and editing one row or ten thousand of it."""

from __future__ import annotations

import os
import statistics
from pathlib import Path

import numpy as np

from benchmarks.versions.data import SLIDE, cell_table, project_of, write
from benchmarks.versions.measuring import Clock, asked, told, without_fsync
from wsinb.project import Project

__all__ = ["run"]

ONE_BY_ONE = 20


def run(rows: int, folder: Path) -> bool:
    """Report the first write and the commits of scattered edits."""
    write(project_of(folder / "warm"), cell_table(30_000))  # what is compiled is compiled
    table = cell_table(rows)
    project = project_of(folder / "project")
    with without_fsync(), Clock() as whole:
        write(project, table)
    met = [asked(f"first write of {rows} rows", whole.seconds, 6 * max(rows / 1e6, 0.2), "s")]
    told(f"first write of {rows} rows: processor time of all threads", whole.processor, "s")
    told("machine: processes that wanted a processor lately", os.getloadavg()[0], "processes")
    met += _commits(project, 1, ONE_BY_ONE, limit_ms=15)
    met += _commits(project, min(10_000, rows // 10), 3, limit_ms=300)
    return all(met)


def _commits(project: Project, edited: int, times: int, limit_ms: float) -> list[bool]:
    """Report commits of scattered edits of so many rows."""
    table = project.read(SLIDE)
    session = project.session(author="benchmark")
    upserts, commits, flushes = [], [], []
    for number in range(times):
        some = table.sample(edited, random_state=number).assign(score=number / 100)
        with Clock() as upsert:
            session[SLIDE].upsert(some)
        with Clock() as commit:
            session.commit("edit")
        upserts.append(upsert.ms)
        commits.append(commit.ms)
        flushes.append(commit.flushes)
    what = f"{edited} scattered edits" if edited > 1 else "1 edit"
    told(f"{what}: upsert", statistics.median(upserts), "ms")
    told(f"{what}: time in fsync of the commit", statistics.median(map(sum, flushes)) * 1e3, "ms")
    return [
        asked(f"{what}: commit", statistics.median(commits), limit_ms, "ms"),
        asked(f"{what}: calls of fsync a commit", float(np.median([len(f) for f in flushes])), 4, "calls"),
    ]
