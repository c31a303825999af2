"""Synthetic cells: apart from each other, where the slide shows them, the same for a seed."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from wsinb import open_slide
from wsinb.testing import (
    CELL_KINDS,
    cell_study,
    synthetic_cell_image,
    synthetic_cell_slide,
    synthetic_cells,
    synthetic_regions,
)
from wsinb.trees.outlines.raster import rasterise

SIZE = (640, 480)


@pytest.mark.parametrize("seed", range(4))
def test_cells_lie_in_the_tissue_and_do_not_touch(seed: int):
    cells = synthetic_cells(SIZE, seed)
    assert tuple(cells) == CELL_KINDS
    assert min(map(len, cells.values())) >= 3
    everything = np.array([cell for some in cells.values() for cell in some])
    assert shapely.is_valid(everything).all()
    pairs = shapely.STRtree(everything).query(everything, predicate="dwithin", distance=2)
    assert (pairs[0] == pairs[1]).all()
    (tissue,) = synthetic_regions(SIZE, seed)["tissue"]
    assert shapely.covers(tissue, everything).all()


def test_the_picture_is_dark_where_cells_are_and_the_same_for_a_seed():
    image = synthetic_cell_image(SIZE)
    np.testing.assert_array_equal(image, synthetic_cell_image(SIZE))
    assert (image != synthetic_cell_image(SIZE, 1)).any()
    cells = [shapely.buffer(cell, -2) for some in synthetic_cells(SIZE).values() for cell in some]
    inside = rasterise(cells, image.shape[:2])
    luma = image.mean(axis=2)
    assert np.percentile(luma[inside], 95) < np.percentile(luma[~rasterise_grown(image)], 5)


def rasterise_grown(image):
    cells = [shapely.buffer(cell, 3) for some in synthetic_cells(SIZE).values() for cell in some]
    return rasterise(cells, image.shape[:2])


def test_a_slide_knows_its_pixel_size(tmp_path):
    slide = open_slide(synthetic_cell_slide(tmp_path / "cells.tiff", SIZE, mpp=0.25))
    assert slide.size == SIZE
    assert slide.mpp == 0.25


def test_a_study_is_ready_to_learn_from(tmp_path):
    project = cell_study(tmp_path / "study", 2, SIZE, seed=5)
    assert list(project.slides) == ["case-1", "case-2"]
    assert project.slides["case-2"].metadata["patient"] == "patient 2"
    counts = project.read("case-1")["label"].value_counts().to_dict()
    assert counts == {kind: len(cells) for kind, cells in synthetic_cells(SIZE, 5).items()}
    assert set(project.labels) == set(CELL_KINDS)
