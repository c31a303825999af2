"""A model applied to whole slides."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wsinb.annotate import validate
from wsinb.errors import InvalidInput, UnknownMpp
from wsinb.frames import Box
from wsinb.progress import Cancelled
from wsinb.testing import synthetic_slide
from wsinb.tiles import open_slide
from wsinb.trees import segment_slide
from wsinb.trees.outlines.polygons import mask_polygons
from wsinb.trees.outlines.raster import rasterise
from wsinb.trees.outlines.seams import Found, Piece, SeamMerger


def sorted_polygons(polygons):
    return sorted(polygons, key=lambda polygon: polygon.bounds)


def assert_same(one, other):
    assert len(one) == len(other)
    assert shapely.equals(one.geometry.to_numpy(), other.geometry.to_numpy()).all()
    np.testing.assert_allclose(one["score"].astype(float), other["score"].astype(float), atol=1e-6)


def iou(one, other):
    return one.intersection(other).area / one.union(other).area


def test_tumours_it_was_not_trained_on_are_found(trees_slide, tumour_model, tumours):
    found = segment_slide(trees_slide, tumour_model, min_area=2000)
    truth = shapely.union_all([tumour for tumour in tumours if tumour.bounds[0] > 768])
    right = shapely.union_all(found.geometry.cx[768:, :].to_numpy())
    assert 2 * right.intersection(truth).area / (right.area + truth.area) > 0.9
    assert set(found["label"]) == {"tumor"}
    assert found["score"].between(0.5, 1).all()


def test_the_result_is_a_valid_annotation_table(trees_slide, tumour_model):
    found = segment_slide(trees_slide, tumour_model, layer="job", created_by="tester", tolerance=2)
    assert len(validate(found)) == len(found) > 0
    assert found.geometry.is_valid.all()
    assert (found.geometry.geom_type == "Polygon").all()
    assert set(found["layer"]) == {"job"}
    assert set(found["created_by"]) == {"tester"}
    assert shapely.box(0, 0, *trees_slide.size).covers(found.geometry.union_all())


@pytest.mark.parametrize("um_per_px", [2.0, 1.3])
def test_the_mask_is_that_of_one_prediction_for_any_tile_size(
    trees_slide, tumour_model, monkeypatch, um_per_px
):
    monkeypatch.setitem(tumour_model.header, "um_per_px", um_per_px)
    downsample = um_per_px / 0.5
    width, height = (int(np.ceil(length / downsample)) for length in trees_slide.size)
    whole = tumour_model.predict(trees_slide.read(0, 0, width, height, downsample=downsample)) > 0
    expected = sorted_polygons(mask_polygons(whole).polygons)
    assert len(expected) > 3
    for tile_size in (64, 97, 1000):
        found = segment_slide(trees_slide, tumour_model, tile_size=tile_size, tolerance=0, skip_white=False)
        mask = rasterise(found.geometry, whole.shape, downsample=downsample)
        np.testing.assert_array_equal(mask, whole)
        assert len(found) == len(expected)


def test_threads_and_tiles_change_nothing(trees_slide, tumour_model):
    one = segment_slide(trees_slide, tumour_model, threads=1)
    assert_same(one, segment_slide(trees_slide, tumour_model, threads=5, tile_size=100))


def test_scores_are_the_mean_probability_over_the_polygon(trees_slide, tumour_model):
    found = segment_slide(trees_slide, tumour_model, tolerance=0, tile_size=80, skip_white=False)
    width, height = (int(np.ceil(length / 4)) for length in trees_slide.size)
    probability = tumour_model.predict_proba(trees_slide.read(0, 0, width, height, downsample=4))[..., 1]
    for polygon, score in zip(found.geometry, found["score"], strict=True):
        inside = rasterise([polygon], probability.shape, downsample=4)
        assert score == pytest.approx(probability[inside].mean(), abs=1e-5)


def test_small_and_large_polygons_are_dropped(trees_slide, tumour_model):
    everything = segment_slide(trees_slide, tumour_model, tolerance=0)
    areas = np.sort(everything.geometry.area)
    low, high = areas[0] + 1, areas[-1] - 1
    found = segment_slide(trees_slide, tumour_model, tolerance=0, min_area=low, max_area=high)
    assert np.sum((areas >= low) & (areas <= high)) == len(found) < len(everything)


def test_simplification_keeps_close_to_the_pixels(trees_slide, tumour_model):
    exact = segment_slide(trees_slide, tumour_model, tolerance=0)
    simple = segment_slide(trees_slide, tumour_model, tolerance=1)
    assert len(simple) == len(exact)
    assert (
        shapely.get_num_coordinates(simple.geometry).sum()
        < 0.6 * shapely.get_num_coordinates(exact.geometry).sum()
    )
    assert iou(simple.geometry.union_all(), exact.geometry.union_all()) > 0.95


def test_within_limits_the_result_and_what_is_read(trees_slide, tumour_model, tumours, monkeypatch):
    reads = []
    read = type(trees_slide).read

    def spy(self, *args, **kwargs):
        reads.append(args)
        return read(self, *args, **kwargs)

    monkeypatch.setattr(type(trees_slide), "read", spy)
    region = tumours[0].buffer(-20)
    found = segment_slide(trees_slide, tumour_model, within=region, tile_size=64, tolerance=0)
    assert 0 < len(reads) < 12
    assert region.buffer(4).covers(found.geometry.union_all())
    assert iou(found.geometry.union_all(), region) > 0.85
    box = Box(*region.bounds)
    limited = segment_slide(trees_slide, tumour_model, within=box, tile_size=64, tolerance=0)
    assert shapely.box(*box).buffer(4).covers(limited.geometry.union_all())


def test_a_region_without_tumours_gives_an_empty_table(trees_slide, tumour_model):
    found = segment_slide(trees_slide, tumour_model, within=Box(0, 0, 40, 40))
    assert len(validate(found)) == 0


def test_skipping_glass_changes_no_tumour(trees_slide, tumour_model):
    assert tumour_model.header["white_is_background"]
    skipped = segment_slide(trees_slide, tumour_model, min_area=5000)
    assert_same(skipped, segment_slide(trees_slide, tumour_model, min_area=5000, skip_white=False))


def test_a_slide_smaller_than_a_window_can_be_segmented(tumour_model, tmp_path):
    with open_slide(synthetic_slide(tmp_path / "small.tif", (70, 50), 0.5)) as slide:
        found = segment_slide(slide, tumour_model)
    assert found.geometry.is_valid.all()


def test_the_slide_is_read_at_the_resolution_of_the_model(trees_slide, tumour_model, tmp_path):
    with open_slide(synthetic_slide(tmp_path / "unknown.tif", (256, 256), None)) as slide:
        with pytest.raises(UnknownMpp, match=r"unknown.*set slide\.mpp"):
            segment_slide(slide, tumour_model)
        slide.mpp = 0.5
        segment_slide(slide, tumour_model)


def test_a_model_trained_in_pixels_needs_no_pixel_size(tumour_model, tmp_path, monkeypatch):
    monkeypatch.setitem(tumour_model.header, "um_per_px", None)
    monkeypatch.setitem(tumour_model.header, "downsample", 4.0)
    with open_slide(synthetic_slide(tmp_path / "unknown.tif", (512, 512), None)) as slide:
        assert len(segment_slide(slide, tumour_model, min_area=500)) > 0


def test_progress_counts_tiles_and_cancels(trees_slide, tumour_model):
    steps = []
    segment_slide(trees_slide, tumour_model, tile_size=128, progress=steps.append)
    assert [step.done for step in steps] == list(range(1, 10))
    assert steps[-1].fraction == 1

    def stop(step):
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        segment_slide(trees_slide, tumour_model, tile_size=64, progress=stop)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("segment")]


def test_few_tiles_are_held_at_a_time(trees_slide, tumour_model, monkeypatch):
    read = type(trees_slide).read
    lock, state = threading.Lock(), {"read": 0, "done": 0, "ahead": 0}

    def spy(self, *args, **kwargs):
        with lock:
            state["read"] += 1
            state["ahead"] = max(state["ahead"], state["read"] - state["done"])
        return read(self, *args, **kwargs)

    monkeypatch.setattr(type(trees_slide), "read", spy)
    segment_slide(
        trees_slide, tumour_model, tile_size=64, threads=2, progress=lambda step: state.update(done=step.done)
    )
    assert state["read"] == 30
    assert state["ahead"] <= 4


@pytest.mark.parametrize(
    "wrong",
    [{"tile_size": 10}, {"min_area": -1}, {"min_area": 5, "max_area": 1}, {"tolerance": -1}, {"threads": 0},
     {"within": shapely.Point(1, 1)}, {"within": "tumor"}],
)  # fmt: skip
def test_parameters_out_of_range_are_refused(trees_slide, tumour_model, wrong):
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        segment_slide(trees_slide, tumour_model, **wrong)


@settings(max_examples=40, deadline=None)
@given(arrays(np.uint8, (17, 19), elements=st.integers(0, 2)), st.integers(2, 9))
def test_joining_tiles_gives_the_polygons_of_the_whole(classes, size):
    merger, found = SeamMerger(), []
    for row, y in enumerate(range(0, 17, size)):
        for column, x in enumerate(range(0, 19, size)):
            part = classes[y : y + size, x : x + size]
            number, pieces = np.zeros(part.shape, np.int32), []
            for label in (1, 2):
                polygons, component = mask_polygons(part == label)
                number[component > 0] = component[component > 0] + len(pieces)
                moved = shapely.transform(polygons, lambda xy, x=x, y=y: xy + np.array([x, y]))
                pieces += [Found(polygon, label, int(polygon.area), polygon.area / 2) for polygon in moved]
            found += merger.add(Piece(row, column, pieces, number))
    found += merger.finish()
    for label in (1, 2):
        own = sorted_polygons(item.polygon for item in found if item.label == label)
        expected = sorted_polygons(mask_polygons(classes == label).polygons)
        assert len(own) == len(expected)
        assert all(polygon.is_valid and polygon.geom_type == "Polygon" for polygon in own)
        np.testing.assert_array_equal(rasterise(own, classes.shape), classes == label)
        assert {item.n_pixels for item in found} >= {int(polygon.area) for polygon in expected}
    assert all(item.n_pixels == item.polygon.area == 2 * item.probability_sum for item in found)
