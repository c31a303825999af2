"""Tissue found on a thumbnail."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wsinb.annotate import validate
from wsinb.errors import InvalidInput
from wsinb.frames import Box
from wsinb.testing import synthetic_regions, synthetic_slide
from wsinb.tiles import open_slide, write_pyramid
from wsinb.trees.find import find_tissue
from wsinb.trees.find.threshold import darker_than_gaussian

SIZE = (1200, 900)


@pytest.fixture(scope="module")
def slide(tmp_path_factory):
    with open_slide(synthetic_slide(tmp_path_factory.mktemp("tissue") / "s.tif", SIZE, 0.5)) as opened:
        yield opened


def iou(one, other):
    return one.intersection(other).area / one.union(other).area


def test_the_tissue_is_outlined(slide):
    found = find_tissue(slide, label="tissue")
    truth = synthetic_regions(SIZE)["tissue"][0]
    assert len(found) == 1
    # pink and smooth inside: what is darker than the mean is the rim and the tumours
    assert truth.buffer(8).covers(found.geometry.iloc[0])
    assert set(found["label"]) == {"tissue"}
    assert set(found["layer"]) == {"tissue"}
    assert len(validate(found)) == 1


def test_two_pieces_of_which_one_is_too_small(tmp_path):
    image = np.full((600, 800, 3), 240, np.uint8)
    cv2.circle(image, (200, 300), 120, (190, 120, 170), -1)
    cv2.circle(image, (600, 300), 60, (190, 120, 170), -1)
    cv2.circle(image, (200, 300), 30, (240, 240, 240), -1)
    write_pyramid(image, tmp_path / "two.tif", quality=89)
    with open_slide(tmp_path / "two.tif") as slide:
        large = find_tissue(slide)
        both = find_tissue(slide, min_share=0.02)
        small = find_tissue(slide, min_share=0.02, max_size=400)
    assert [len(large), len(both), len(small)] == [1, 2, 2]
    assert len(large.geometry.iloc[0].interiors) == 1
    assert iou(large.geometry.iloc[0], shapely.Point(200, 300).buffer(120)) > 0.9
    assert iou(both.geometry.iloc[1], shapely.Point(600, 300).buffer(60)) > 0.93
    # coordinates are those of the slide whatever the size of the thumbnail
    assert iou(small.geometry.iloc[1], both.geometry.iloc[1]) > 0.93


def test_tissue_at_the_edge_is_kept_inside_the_slide(tmp_path):
    image = np.full((300, 400, 3), 240, np.uint8)
    image[:, :90] = (180, 110, 160)
    write_pyramid(image, tmp_path / "edge.tif", quality=89)
    with open_slide(tmp_path / "edge.tif") as slide:
        found = find_tissue(slide, min_share=0.05)
    assert found.geometry.iloc[0].bounds == (0, 0, pytest.approx(90, abs=2), 300)


@pytest.mark.parametrize("kind", ["box", "array"])
def test_a_mask_says_where_to_look(slide, kind):
    mask = Box(0, 0, 600, 900)
    if kind == "array":
        mask = np.zeros((45, 60), bool)
        mask[:, :30] = True
    found = find_tissue(slide, mask=mask, min_share=0.01)
    assert len(found)
    assert shapely.box(0, 0, 601, 900).covers(found.geometry.union_all())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 15), st.floats(-10, 30))
@example(2, 4, 5.0)
def test_the_mean_is_the_normalised_gaussian(seed, half, offset):
    rng = np.random.default_rng(seed)
    picture, seen = rng.integers(0, 256, (20, 23), np.uint8), rng.random((20, 23)) < 0.7
    block = 2 * half + 1
    # the deviation is told: for small blocks OpenCV would take kernels of its own
    line = cv2.getGaussianKernel(block, 0.3 * ((block - 1) / 2 - 1) + 0.8)
    kernel = {"kernelX": line, "kernelY": line, "ddepth": cv2.CV_64F, "borderType": cv2.BORDER_CONSTANT}
    value = cv2.sepFilter2D(np.where(seen, picture, 0).astype(float), **kernel)
    weight = cv2.sepFilter2D(seen.astype(float), **kernel)
    mean = value / np.where(weight > 0, weight, 1)
    sure = np.abs(picture - (mean - offset)) > 1e-6
    expected = seen & (picture <= mean - offset)
    np.testing.assert_array_equal(darker_than_gaussian(picture, seen, block, offset)[sure], expected[sure])


def test_a_blank_slide_has_no_tissue(tmp_path):
    write_pyramid(np.full((200, 200, 3), 243, np.uint8), tmp_path / "blank.tif")
    with open_slide(tmp_path / "blank.tif") as slide:
        assert len(validate(find_tissue(slide))) == 0


@pytest.mark.parametrize(
    "wrong",
    [{"block": 0}, {"offset": None}, {"min_share": 2}, {"max_size": 1}, {"mask": np.zeros((3, 3), bool)},
     {"mask": np.zeros((3, 3, 3), bool)}],
)  # fmt: skip
def test_parameters_out_of_range_are_refused(slide, wrong):
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        find_tissue(slide, **wrong)
