"""From annotations to training regions and models."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from wsinb.annotate import new_annotations
from wsinb.errors import InvalidInput, UnknownLabel, UnknownMpp
from wsinb.testing import synthetic_slide
from wsinb.tiles import open_slide
from wsinb.trees import train_segmentation
from wsinb.trees.segment.training import _SlidePlan

SMALL = {"n_windows": 300, "n_trees": 2, "window": 8}


def plan(slide, table, labels, roi_label=None, background_label=None, downsample=4.0, margin=0.5, window=8):
    return _SlidePlan(slide, table, downsample, labels, roi_label, background_label, margin, window).regions()


def test_the_header_names_labels_resolution_and_version(tumour_model):
    header = tumour_model.header
    assert header["labels"] == ["background", "tumor"]
    assert (header["um_per_px"], header["downsample"], header["version"]) == (2.0, None, "v1")
    assert header["slides"] == ["tissue"]


def test_in_a_region_of_interest_the_rest_is_background(trees_slide):
    table = new_annotations(
        [shapely.box(100, 100, 500, 500), shapely.box(200, 200, 300, 300) - shapely.box(240, 240, 260, 260)],
        label=["roi", "tumor"],
    )
    (region,) = plan(trees_slide, table, ["tumor"], "roi")
    assert region.roi.sum() == 100 * 100
    assert (region.classes == 1).sum() == 25 * 25 - 5 * 5
    assert set(np.unique(region.classes)) == {0, 1}


def test_without_one_the_neighbourhood_of_each_annotation_is_known(trees_slide):
    table = new_annotations([shapely.box(400, 400, 500, 440)], label="tumor")
    (region,) = plan(trees_slide, table, ["tumor"])
    y, x = np.nonzero(region.roi)
    bounds = (4 * x.min(), 4 * y.min(), 4 * (x.max() + 1), 4 * (y.max() + 1))
    np.testing.assert_allclose(bounds, (350, 350, 550, 490), atol=4)


def test_with_a_background_label_only_annotations_are_known(trees_slide):
    table = new_annotations(
        [shapely.box(400, 400, 480, 480), shapely.box(600, 400, 720, 480), shapely.box(0, 0, 50, 50)],
        label=["tumor", "stroma", "other"],
    )
    (region,) = plan(trees_slide, table, ["tumor"], background_label="stroma")
    assert (region.classes == 1).sum() == 20 * 20
    assert (region.classes == 0).sum() == 30 * 20
    assert (region.classes == -1).any()


def test_the_label_named_first_holds_where_annotations_overlap(trees_slide):
    table = new_annotations(
        [shapely.box(400, 400, 480, 480), shapely.box(440, 400, 520, 480)], label=["a", "b"]
    )
    for labels in (["a", "b"], ["b", "a"]):
        (region,) = plan(trees_slide, table, labels)
        assert (region.classes == 1).sum() == 400
        assert (region.classes == 2).sum() == 200


def test_pieces_share_no_place_for_a_window(trees_slide):
    table = new_annotations(
        [shapely.box(0, 0, *trees_slide.size), shapely.box(9, 9, 99, 99)], label=["roi", "a"]
    )
    regions = plan(trees_slide, table, ["a"], "roi", downsample=1.3)
    width, height = (int(length / 1.3) for length in trees_slide.size)
    places = sum((region.classes.shape[0] - 7) * (region.classes.shape[1] - 7) for region in regions)
    assert places == (height - 7) * (width - 7)
    assert len(regions) > 1
    assert all(region.pixels().shape == (*region.classes.shape, 3) for region in regions)


def test_only_annotated_parts_are_read(trees_slide, monkeypatch):
    boxes = []
    read = type(trees_slide).read

    def spy(self, l0_x, l0_y, width, height, **resolution):
        boxes.append((l0_x, l0_y, width, height))
        return read(self, l0_x, l0_y, width, height, **resolution)

    monkeypatch.setattr(type(trees_slide), "read", spy)
    table = new_annotations([shapely.box(20, 20, 60, 60)], label="a")
    train_segmentation([(trees_slide, table)], "a", None, downsample=1.0, **SMALL)
    assert boxes == [(0, 0, 519, 519)]


def test_several_slides_are_learned_from_together(trees_slide, tmp_path):
    with open_slide(synthetic_slide(tmp_path / "second.tif", (300, 300), 0.5, seed=1)) as second:
        pairs = [
            (trees_slide, new_annotations([shapely.box(400, 400, 500, 500)], label="a")),
            (second, new_annotations([shapely.box(100, 100, 200, 200)], label="b")),
        ]
        model = train_segmentation(pairs, ["a", "b"], 1.0, **SMALL)
    assert model.header["labels"] == ["background", "a", "b"]
    assert model.header["slides"] == ["second", "tissue"]


def test_a_slide_of_unknown_pixel_size_is_refused_unless_trained_in_pixels(tmp_path):
    table = new_annotations([shapely.box(100, 100, 200, 200)], label="a")
    with open_slide(synthetic_slide(tmp_path / "unknown.tif", (300, 300), None)) as slide:
        with pytest.raises(UnknownMpp, match=r"set slide\.mpp"):
            train_segmentation([(slide, table)], "a", 1.0, **SMALL)
        model = train_segmentation([(slide, table)], "a", None, downsample=2, **SMALL)
    assert (model.header["um_per_px"], model.header["downsample"]) == (None, 2.0)


BOX = shapely.box(400, 400, 500, 500)
WRONG = {
    "no such label": ({"labels": "b"}, UnknownLabel, "'b'.* use one of: a, p, r, tiny"),
    "no such roi": ({"labels": "a", "roi_label": "c"}, UnknownLabel, "'c'"),
    "no such background": ({"labels": "a", "background_label": "c"}, UnknownLabel, "'c'"),
    "points only": ({"labels": "p"}, InvalidInput, "'p' have no area"),
    "no labels": ({"labels": []}, InvalidInput, "at least one"),
    "label twice": ({"labels": ["a", "a"]}, InvalidInput, "different"),
    "roi is a label": ({"labels": "a", "roi_label": "a"}, InvalidInput, "different"),
    "label outside the roi": ({"labels": "a", "roi_label": "r"}, InvalidInput, "'a' has no pixels"),
    "roi too small": ({"labels": "a", "roi_label": "tiny"}, InvalidInput, "no window of 8 px fits"),
    "resolution of zero": ({"labels": "a", "um_per_px": 0}, InvalidInput, "um_per_px"),
    "two resolutions": ({"labels": "a", "downsample": 2}, InvalidInput, "not both"),
    "negative margin": ({"labels": "a", "margin": -1}, InvalidInput, "margin"),
    "wrong window": ({"labels": "a", "window": 1}, InvalidInput, "window"),
}


@pytest.mark.parametrize(("arguments", "error", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_learned_is_explained(trees_slide, arguments, error, message):
    shapes = [BOX, shapely.Point(5, 5), shapely.box(0, 0, 200, 200), shapely.box(410, 410, 416, 416)]
    table = new_annotations(shapes, label=["a", "p", "r", "tiny"])
    given = {"um_per_px": 1.0, **SMALL, **arguments}
    with pytest.raises(error, match=message):
        train_segmentation([(trees_slide, table)], given.pop("labels"), given.pop("um_per_px"), **given)


def test_no_annotations_at_all_is_explained(trees_slide):
    table = new_annotations([BOX], label="a").iloc[:0]
    with pytest.raises(UnknownLabel, match="use one of: none"):
        train_segmentation([(trees_slide, table)], "a", 1.0)
