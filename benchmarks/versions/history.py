"""A project of a thousand commits: differences, blame, opening."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.versions.data import SLIDE, cell_table, project_of, write
from benchmarks.versions.measuring import asked, median_ms
from wsinb.project import Project, open_project

__all__ = ["run", "thousand_commits"]

COMMITS = 1000
EDITED = 10
LATEST = 20


def thousand_commits(project: Project, commits: int = COMMITS, seed: int = 0) -> tuple[list[str], str]:
    """Make small scattered commits; return all ids, the first is the one before, and a row that all edit."""
    rng = np.random.default_rng(seed)
    table = project.read(SLIDE)
    session = project.session(author="benchmark")
    ids = [session.base]
    for number in range(commits):
        picked = np.unique(np.append(rng.integers(1, len(table), EDITED - 1), 0))
        some = table.iloc[picked].assign(score=number / commits)
        session[SLIDE].upsert(some)
        ids.append(session.commit(f"edit {number}").id)
    return ids, str(table["id"].iloc[0])


def run(rows: int, folder: Path) -> bool:
    """Report differences, blame and opening after a thousand small commits."""
    project = project_of(folder / "project")
    write(project, cell_table(rows))
    ids, often = thousand_commits(project)

    def rows_of(a: str, b: str) -> None:
        diff = project.diff(a, b)[SLIDE]
        if not diff.old.num_rows or not diff.new.num_rows:
            raise AssertionError("a difference without rows")

    def kinds_of(a: str, b: str) -> None:
        diff = project.diff(a, b)[SLIDE]
        if not len(diff.ids) == len(diff.kinds):
            raise AssertionError("a difference without kinds")

    def open_and_log() -> None:
        if len(open_project(project.path).log(limit=LATEST)) != LATEST:
            raise AssertionError("the log is too short")

    blamed = len(project.blame(SLIDE, often))
    if blamed != len(ids):
        raise AssertionError(f"{blamed} of {len(ids)} changes are blamed")
    return all(
        [
            asked(
                "diff of neighbours: ids and kinds", median_ms(lambda: kinds_of(ids[-2], ids[-1])), 5, "ms"
            ),
            asked(
                f"diff of versions {len(ids) - 1} commits apart: ids and kinds",
                median_ms(lambda: kinds_of(ids[0], ids[-1])),
                50,
                "ms",
            ),
            asked(
                f"diff of versions {len(ids) - 1} commits apart: rows of both",
                median_ms(lambda: rows_of(ids[0], ids[-1]), 3) / 1e3,
                1,
                "s",
            ),
            asked(
                f"blame of one id over {blamed} commits",
                median_ms(lambda: project.blame(SLIDE, often)),
                20,
                "ms",
            ),
            asked(f"open {len(ids)} commits, last {LATEST} of the log", median_ms(open_and_log), 20, "ms"),
        ]
    )
