"""A project of slides with cells, of which people have labelled some, and models of it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
import shapely

import wsinb
from wsinb.testing import CELL_KINDS, synthetic_cell_slide, synthetic_cells
from wsinb.trees import train_segmentation

CELLS = (640, 480)
FAST: dict[str, Any] = {"windows": 10, "trees": 10, "um_per_px": 0.5, "context": 0.2}


@pytest.fixture(scope="session")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Three slides of two patients; the cells of a and b are labelled; models "cells" and "nuclei"."""
    folder = tmp_path_factory.mktemp("cells") / "study"
    project = wsinb.create_project(folder, author="ada")
    for seed, (name, patient) in enumerate({"a": "p1", "b": "p2", "c": "p2"}.items()):
        path = synthetic_cell_slide(folder / f"{name}.tiff", CELLS, seed=seed)
        project.slides.add(path, metadata={"patient": patient})
    project.labels.add([wsinb.Label(name) for name in (*CELL_KINDS, "nucleus", "debris", "tissue")])
    session = project.session()
    for seed, name in enumerate("ab"):
        for kind, known in synthetic_cells(CELLS, seed).items():
            session[name].upsert(wsinb.new_annotations(known, label=kind))
    session.commit("cells labelled")
    project.run("classify_train", slides=["a", "b"], model="cells", author="ada", **FAST)
    project.models.add("nuclei", _nuclei(project))
    return project


def _nuclei(project: Any) -> Any:
    """A segmentation model of all cells alike, trained on the whole of slide a."""
    known = [cell for some in synthetic_cells(CELLS).values() for cell in some]
    drawn = wsinb.new_annotations(known, label="nucleus")
    roi = wsinb.new_annotations([shapely.box(0, 0, *CELLS)], label="roi")
    table = pd.concat([drawn, roi], ignore_index=True)
    return train_segmentation(
        [(project.slides.open("a"), table)], ["nucleus"], 1.0, roi_label="roi", version=project.head(),
        window=12, n_trees=3, n_windows=4000,
    )  # fmt: skip
