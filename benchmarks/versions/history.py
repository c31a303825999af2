"""A project of a thousand commits: differences, blame, opening."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.versions.data import SLIDE, cell_table, project_of, write
from benchmarks.versions.measuring import asked, median_ms
from wsinb.project import Project, open_project

__all__ = ["run", "thousand_commits"]

COMMITS = 1000
EDITED = 10
LATEST = 20


def thousand_commits(
    project: Project, commits: int = COMMITS, seed: int = 0
) -> tuple[list[str], tuple[str, str]]:
    """Make small scattered commits; return all ids, the first is the one before, and two rows.

    All commits edit the first row, every hundredth the second.
    """
    rng = np.random.default_rng(seed)
    table = project.read(SLIDE)
    session = project.session(author="benchmark")
    ids = [session.base]
    for number in range(commits):
        marked = [0, 1] if number % 100 == 0 else [0]
        picked = np.unique(np.append(rng.integers(2, len(table), EDITED - 1), marked))
        some = table.iloc[picked].assign(score=number / commits)
        session[SLIDE].upsert(some)
        ids.append(session.commit(f"edit {number}").id)
    often, seldom = table["id"].iloc[:2]
    return ids, (often, seldom)


def run(rows: int, folder: Path) -> bool:
    """Report differences, blame and opening after a thousand small commits."""
    project = project_of(folder / "project")
    write(project, cell_table(rows))
    ids, (often, seldom) = thousand_commits(project)

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

    blames = {len(project.blame(SLIDE, id_)): id_ for id_ in (often, seldom)}
    if max(blames) != len(ids):
        raise AssertionError(f"{max(blames)} of {len(ids)} changes are blamed")
    apart = f"{len(ids) - 1} commits apart"
    near = median_ms(lambda: kinds_of(ids[-2], ids[-1]))
    far = median_ms(lambda: kinds_of(ids[0], ids[-1]))
    far_rows = median_ms(lambda: rows_of(ids[0], ids[-1]), 3) / 1e3
    met = [
        asked("diff of neighbours: ids and kinds", near, 5, "ms"),
        asked(f"diff of versions {apart}: ids and kinds", far, 50, "ms"),
        asked(f"diff of versions {apart}: rows of both", far_rows, 1, "s"),
        asked(f"open {len(ids)} commits, last {LATEST} of the log", median_ms(open_and_log), 20, "ms"),
    ]
    for count, id_ in blames.items():
        blame = median_ms(partial(project.blame, SLIDE, id_))
        met.append(asked(f"blame over {len(ids)} commits of an id that {count} changed", blame, 20, "ms"))
    return all(met)
