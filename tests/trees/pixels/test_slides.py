"""Forests on pixels, applied to whole slides."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from wsinb.annotate import validate
from wsinb.trees import segment_slide
from wsinb.trees.outlines.raster import rasterise
from wsinb.trees.pixels import PixelForest


@pytest.fixture(scope="module", params=[1, 2], ids=["one stage", "two stages"])
def pixel_model(request, trees_slide, tumours):
    """A model of tumours at 2 um a pixel, of two fields in the left half of the slide."""
    fields, strokes = [], []
    for top in (0, 150):
        fields.append(trees_slide.read(0, 4 * top, 190, 150, downsample=4))
        truth = rasterise(tumours, (150, 190), y=top, downsample=4).astype(np.int16)
        chosen = np.random.default_rng(top).random(truth.shape) < 0.05
        strokes.append(np.where(chosen, truth, -1).astype(np.int16))
    model = PixelForest(n_trees=10, scales=(1, 2), stages=request.param)
    model.fit(fields, strokes, ["background", "tumor"])
    model.header["um_per_px"] = 2.0
    return model


def test_tumours_it_was_not_trained_on_are_found(trees_slide, pixel_model, tumours):
    found = segment_slide(trees_slide, pixel_model, min_area=4000)
    assert len(validate(found)) == len(found) > 0
    truth = shapely.union_all([tumour for tumour in tumours if tumour.bounds[0] > 768])
    right = shapely.union_all(found.geometry.cx[768:, :].to_numpy())
    assert 2 * right.intersection(truth).area / (right.area + truth.area) > 0.85


@pytest.mark.parametrize("skip_white", [False, True])
def test_tiles_and_threads_change_nothing(trees_slide, pixel_model, skip_white):
    one = segment_slide(trees_slide, pixel_model, tolerance=0, threads=1, skip_white=skip_white)
    other = segment_slide(
        trees_slide, pixel_model, tolerance=0, tile_size=97, threads=3, skip_white=skip_white
    )
    assert len(one) == len(other)
    assert shapely.equals(one.geometry.to_numpy(), other.geometry.to_numpy()).all()
    np.testing.assert_allclose(one["score"].astype(float), other["score"].astype(float), atol=1e-5)


def test_the_mask_is_that_of_the_whole_image(trees_slide, pixel_model):
    width, height = (int(np.ceil(length / 4)) for length in trees_slide.size)
    whole = pixel_model.predict(trees_slide.read(0, 0, width, height, downsample=4)) > 0
    found = segment_slide(trees_slide, pixel_model, tolerance=0, tile_size=128, skip_white=False)
    np.testing.assert_array_equal(rasterise(found.geometry, whole.shape, downsample=4), whole)
