"""A synthetic slide, and a model trained on one half of it."""

from __future__ import annotations

import pytest
import shapely

from wsinb.annotate import new_annotations
from wsinb.testing import synthetic_regions, synthetic_slide
from wsinb.tiles import open_slide
from wsinb.trees import train_segmentation

SIZE = (1536, 1200)
SMALL = {"n_windows": 2500, "n_trees": 6}


@pytest.fixture(scope="session")
def trees_slide(tmp_path_factory):
    """A slide of tissue with four tumours on glass, 0.5 um a pixel."""
    with open_slide(synthetic_slide(tmp_path_factory.mktemp("trees") / "tissue.tif", SIZE, 0.5)) as slide:
        yield slide


@pytest.fixture(scope="session")
def tumours():
    """The true tumours, in level-0 pixels."""
    return synthetic_regions(SIZE)["tumor"]


@pytest.fixture(scope="session")
def annotated(tumours):
    """The left half, annotated: a region of interest and the tumours in it."""
    half = shapely.box(0, 0, SIZE[0] // 2, SIZE[1])
    inside = [tumour for tumour in tumours if half.contains(tumour)]
    return new_annotations([half, *inside], label=["roi", *["tumor"] * len(inside)])


@pytest.fixture(scope="session")
def tumour_model(trees_slide, annotated):
    """A model that finds tumours at 2 um a pixel, trained on the left half."""
    return train_segmentation(
        [(trees_slide, annotated)], "tumor", 2.0, roi_label="roi", version="v1", **SMALL
    )
