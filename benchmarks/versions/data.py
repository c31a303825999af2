"""What is measured: outlines of cells on a slide that does not exist, and projects of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from wsinb.annotate import Label, new_annotations
from wsinb.project import Project, create_project
from wsinb.testing.entries import add_slides

__all__ = ["LABELS", "SLIDE", "SPACING", "cell_table", "outlines", "project_of", "write"]

SLIDE = "slide"
LABELS = ("tumor", "stroma", "lymphocyte")
VERTICES = 20
SPACING = 40.0
"""Pixels a cell has to each side: a square of 800 px holds about 400."""


def outlines(centres: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[Any]:
    """Return one polygon of 20 vertices for each centre, shape (n, 2), of 6 to 12 pixels' uneven radius."""
    n = len(centres)
    turn = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    radius = rng.uniform(6, 12, (n, 1)) * rng.uniform(0.85, 1.15, (n, VERTICES))
    l0_xy = centres[:, None] + radius[..., None] * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    rings = shapely.linearrings(l0_xy.reshape(-1, 2), indices=np.repeat(np.arange(n), VERTICES))
    return np.asarray(shapely.polygons(rings), dtype=object)


def cell_table(n: int, seed: int = 0, box: Sequence[float] | None = None) -> gpd.GeoDataFrame:
    """Return n cells at random places of a box in level-0 pixels, by default of the size that n need."""
    rng = np.random.default_rng(seed)
    low, high = np.reshape([0, 0, *[SPACING * n**0.5] * 2] if box is None else box, (2, 2))
    cells = outlines(rng.uniform(low, high, (n, 2)), rng)
    return new_annotations(cells, label=rng.choice(LABELS, n), layer="cells", score=rng.uniform(0, 1, n))


def project_of(folder: Path, slides: Sequence[str] = (SLIDE,)) -> Project:
    """Make a project with slides by name; there are no slide files."""
    project = create_project(folder, author="benchmark")
    project.labels.add([Label(name) for name in LABELS], author="benchmark")
    add_slides(project, *slides, size=(100_000, 100_000))
    return project


def write(project: Project, table: gpd.GeoDataFrame, message: str = "cells") -> None:
    """Write a table as one commit."""
    session = project.session(author="benchmark")
    session[SLIDE].upsert(table)
    session.commit(message)
