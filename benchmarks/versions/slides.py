"""Many slides in one project, and a commit over all of them."""

from __future__ import annotations

from pathlib import Path

from benchmarks.versions.data import cell_table, project_of
from benchmarks.versions.measuring import Clock, asked, median_ms, told, without_fsync
from wsinb.project import open_project

__all__ = ["run"]

SLIDES = 500
ROWS = 2000


def run(rows: int, folder: Path) -> bool:
    """Report opening a project of 500 slides and commits over all; `rows` counts for nothing here."""
    names = [f"slide-{number:03}" for number in range(SLIDES)]
    project = project_of(folder / "project", names)
    tables = {name: cell_table(ROWS, seed) for seed, name in enumerate(names)}
    session = project.session(author="benchmark")
    with Clock() as upserts:
        for name, table in tables.items():
            session[name].upsert(table)
    with without_fsync(), Clock() as first:  # several threads flush
        session.commit("all cells")
    for name, table in tables.items():
        session[name].upsert(table.iloc[:10].assign(score=0.5))
    with without_fsync(), Clock() as second:
        session.commit("some cells of each")

    def opened() -> None:
        project = open_project(folder / "project")
        if len(project.slides) != SLIDES:
            raise AssertionError("slides are missing")
        project.session(author="benchmark")

    told(f"{SLIDES} slides of {ROWS} rows: upserts", upserts.seconds, "s")
    told(f"{SLIDES} slides: processor time of the first commit", first.processor, "s")
    return all(
        [
            asked(f"{SLIDES} slides: open, and a session", median_ms(opened), 50, "ms"),
            asked(f"{SLIDES} slides of {ROWS} rows: first commit over all", first.seconds, 3, "s"),
            asked(f"{SLIDES} slides: commit of 10 edits on each", second.seconds, 3, "s"),
        ]
    )
