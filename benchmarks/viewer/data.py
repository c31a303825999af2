"""The slide of 40,000 px, and projects in which it has so and so many annotations."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tiles import tissue_pyramid
from benchmarks.versions.data import LABELS, cell_table
from wsinb.annotate import Label
from wsinb.project import create_project

__all__ = ["COLORS", "EDGE", "SLIDE", "Ground"]

EDGE = 40_000
SLIDE = "slide.tif"
COLORS = ("#e00000", "#0000e0", "#00a000")
"""Of the labels: strong ones, which the tissue below does not have."""

PER_COMMIT = 1_000_000


def write_cells(folder: Path, n: int) -> None:
    """Make a project with the slide of a folder and `n` cells all over it."""
    project = create_project(folder, author="benchmark")
    entry = project.slides.add(folder / SLIDE)
    labels = [Label(name, color=color) for name, color in zip(LABELS, COLORS, strict=True)]
    project.labels.add(labels, author="benchmark")
    for first in range(0, n, PER_COMMIT):
        session = project.session(author="benchmark")
        some = min(PER_COMMIT, n - first)
        session[entry.name].upsert(cell_table(some, seed=first, box=(0, 0, EDGE, EDGE)))
        session.commit(f"{some} cells")


@dataclass(frozen=True)
class Ground:
    """A folder that JupyterLab shows: below it one folder for each number of annotations.

    Slide and projects are made once and found again by later runs with the same folder.
    """

    root: Path

    def bare(self) -> str:
        """Return the name of a folder with the slide and no project."""
        folder = self.root / "bare"
        folder.mkdir(exist_ok=True)
        self._slide_in(folder)
        return folder.name

    def cells(self, n: int) -> str:
        """Return the name of a folder whose project has `n` polygons of 20 vertices on the slide."""
        folder = self.root / f"cells-{n}"
        finished = folder / "finished"
        if not finished.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            self._slide_in(folder)
            # in a process of its own, so that what it takes is given back before anything is measured
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                pool.apply(write_cells, (folder, n))
            finished.touch()
        return folder.name

    def _slide_in(self, folder: Path) -> None:
        if not (folder / SLIDE).exists():
            os.link(self._slide(), folder / SLIDE)

    def _slide(self) -> Path:
        path = self.root / "tissue.tif"
        return path if path.exists() else tissue_pyramid(self.root, EDGE)
