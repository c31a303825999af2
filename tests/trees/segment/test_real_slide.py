"""Train on and apply to a real slide."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from wsinb.annotate import new_annotations, validate
from wsinb.tiles import open_slide
from wsinb.trees import SegmentationForest, segment_slide, train_segmentation
from wsinb.trees.outlines.polygons import mask_polygons
from wsinb.trees.outlines.raster import rasterise


@pytest.mark.realdata
def test_tissue_of_a_real_slide_is_learned_and_found(data_dir, tmp_path):
    (path,) = (data_dir / "slides" / "cmu1_small_region_svs").glob("*.svs")
    with open_slide(path) as slide:
        downsample = slide.downsample(2.0)
        width, height = (int(length / downsample) for length in slide.size)
        image = slide.read(0, 0, width, height, um_per_px=2.0)
        # tissue is what is not nearly white, by eye on this slide
        truth = image.min(axis=2) < 200
        tissue = [
            shapely.transform(polygon, lambda xy: xy * downsample)
            for polygon in mask_polygons(truth).polygons
        ]
        upper = shapely.box(0, 0, slide.size[0], slide.size[1] / 2)
        table = new_annotations([upper, *tissue], label=["roi", *["tissue"] * len(tissue)])
        model = train_segmentation(
            [(slide, table)], ["tissue"], 2.0, roi_label="roi", n_windows=3000, n_trees=5, window=12
        )
        model.save(tmp_path / "model.npz")
        found = segment_slide(
            slide, SegmentationForest.load(tmp_path / "model.npz"), tile_size=200, tolerance=0
        )
    assert len(validate(found)) == len(found) > 0
    assert found.geometry.is_valid.all()
    mask = rasterise(found.geometry, truth.shape, downsample=downsample)
    lower = np.s_[height // 2 :]
    dice = 2 * np.sum(mask[lower] & truth[lower]) / (mask[lower].sum() + truth[lower].sum())
    assert dice > 0.85
