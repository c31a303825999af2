"""Random subwindows."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from wsinb.errors import InvalidInput
from wsinb.trees import Boxes, random_boxes, resized_windows, to_colour
from wsinb.trees.windows.subwindows import cut_windows, draw_balanced, turn_windows, window_places


def test_hsv_spans_whole_bytes():
    image = np.array(
        [[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0], [128, 64, 64]]], np.uint8
    )
    hsv = to_colour(image, "hsv")[0]
    np.testing.assert_array_equal(hsv[:3, 0], [0, 85, 171])
    np.testing.assert_array_equal(hsv[:3, 1:], 255)
    np.testing.assert_array_equal(hsv[3:, 1:], [[0, 255], [0, 0], [128, 128]])


def test_rgb_stays_as_it_is():
    image = np.random.default_rng(0).integers(0, 256, (5, 6, 3)).astype(np.uint8)
    np.testing.assert_array_equal(to_colour(image, "rgb"), image)


def test_unknown_colours_and_images_are_refused():
    with pytest.raises(InvalidInput, match=r"'lab'.*hsv, rgb"):
        to_colour(np.zeros((2, 2, 3), np.uint8), "lab")
    with pytest.raises(InvalidInput, match="uint8"):
        to_colour(np.zeros((2, 2), np.uint8), "hsv")


@settings(max_examples=100, deadline=None)
@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=12)), st.integers(1, 6))
def test_places_are_those_whose_whole_window_is_allowed(allowed, window):
    places = window_places(allowed, window)
    shape = (max(0, allowed.shape[0] - window + 1), max(0, allowed.shape[1] - window + 1))
    assert places.shape == shape
    for y, x in np.ndindex(shape):
        assert places[y, x] == allowed[y : y + window, x : x + window].all()


def test_draws_are_balanced_over_classes_and_even_within():
    candidates = np.array([[1000, 10, 0], [3000, 0, 0], [0, 30, 0]])
    drawn = draw_balanced(candidates, 4000, np.random.default_rng(0))
    counts = np.array([[np.sum(part[:, 0] == label) for label in range(3)] for part in drawn])
    np.testing.assert_array_equal(counts.sum(axis=0), [2000, 2000, 0])
    assert 400 < counts[0, 0] < 600
    assert 400 < counts[0, 1] < 600
    for number, part in enumerate(drawn):
        for label in np.unique(part[:, 0]):
            ranks = part[part[:, 0] == label, 1]
            assert 0 <= ranks.min() <= ranks.max() < candidates[number, label]
    assert set(drawn[0][drawn[0][:, 0] == 1, 1]) == set(range(10))


def test_draws_without_balance_follow_the_places():
    drawn = draw_balanced(np.array([[900, 100]]), 1000, np.random.default_rng(0), balance=False)
    assert np.sum(drawn[0][:, 0] == 1) == 100


def test_no_places_give_no_draws():
    assert [len(part) for part in draw_balanced(np.zeros((2, 2), int), 10, np.random.default_rng(0))] == [
        0,
        0,
    ]


@settings(max_examples=60, deadline=None)
@given(st.integers(3, 60), st.integers(3, 60), st.floats(0.05, 0.9), st.integers(0, 99))
def test_random_boxes_lie_inside_and_keep_their_sizes(height, width, smallest, seed):
    boxes = random_boxes((height, width), 50, np.random.default_rng(seed), min_size=smallest, max_size=0.95)
    shorter = min(height, width)
    assert (boxes.height == boxes.width).all()
    assert (boxes.height >= max(1, np.floor(smallest * shorter))).all()
    assert (boxes.height <= np.ceil(0.95 * shorter)).all()
    assert (boxes.y >= 0).all()
    assert (boxes.x >= 0).all()
    assert (boxes.y + boxes.height <= height).all()
    assert (boxes.x + boxes.width <= width).all()


def test_random_boxes_reach_every_border():
    boxes = random_boxes((20, 30), 3000, np.random.default_rng(0), min_size=0.2, max_size=1)
    assert boxes.y.min() == 0
    assert boxes.x.min() == 0
    assert (boxes.y + boxes.height).max() == 20
    assert (boxes.x + boxes.width).max() == 30
    assert boxes.height.max() == 20


def test_random_boxes_lie_wholly_inside_a_region():
    allowed = np.zeros((80, 90), bool)
    cv2_mask = np.zeros(allowed.shape, np.uint8)
    cv2.circle(cv2_mask, (45, 40), 30, 1, -1)
    allowed[:] = cv2_mask > 0
    boxes = random_boxes(
        allowed.shape, 200, np.random.default_rng(0), min_size=0.1, max_size=0.5, allowed=allowed
    )
    assert len(boxes.y) == 200
    for y, x, height, width in zip(*boxes, strict=True):
        assert allowed[y : y + height, x : x + width].all()


def test_boxes_that_cannot_fit_are_refused():
    with pytest.raises(InvalidInput, match="no square of 10 px"):
        random_boxes((20, 20), 5, np.random.default_rng(0), min_size=0.5, allowed=np.eye(20, dtype=bool))
    with pytest.raises(InvalidInput, match="min_size"):
        random_boxes((20, 20), 5, np.random.default_rng(0), min_size=0.8, max_size=0.2)


def test_equal_seeds_draw_equal_boxes():
    one, other = (random_boxes((50, 40), 20, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_resized_windows_keep_size_and_content():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (40, 50, 3)).astype(np.uint8)
    boxes = Boxes(*(np.array(part) for part in ([3, 0, 20], [5, 10, 20], [8, 16, 20], [8, 16, 20])))
    found = resized_windows(image, boxes, 8)
    np.testing.assert_array_equal(found[0], image[3:11, 5:13])
    halved = image[0:16, 10:26].reshape(8, 2, 8, 2, 3).mean(axis=(1, 3))
    assert np.abs(found[1] - halved).max() <= 1


def test_many_windows_are_resized_in_batches():
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    boxes = random_boxes((64, 64), 3000, np.random.default_rng(1))
    found = resized_windows(image, boxes, 16)
    last = resized_windows(image, Boxes(*(part[-5:] for part in boxes)), 16)
    np.testing.assert_array_equal(found[-5:], last)


def test_cut_windows_are_the_pixels_of_the_image():
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    y, x = np.array([0, 7, 15]), np.array([25, 3, 0])
    for window, i, j in zip(cut_windows(image, y, x, 5), y, x, strict=True):
        np.testing.assert_array_equal(window, image[i : i + 5, j : j + 5])
    assert cut_windows(image[..., 0], y, x, 5).shape == (3, 5, 5)


def test_windows_turn_with_their_masks_into_all_eight_symmetries():
    window = np.arange(16, dtype=np.uint8).reshape(4, 4)
    windows = np.repeat(np.repeat(window[None, ..., None], 3, axis=3), 400, axis=0)
    turned, masks = turn_windows(windows, np.repeat(window[None], 400, axis=0), np.random.default_rng(0))
    np.testing.assert_array_equal(turned[..., 1], masks)
    seen = {mask.tobytes() for mask in masks}
    rotations = [np.rot90(window, k) for k in range(4)]
    assert seen == {view.tobytes() for rotated in rotations for view in (rotated, rotated[:, ::-1])}
    assert len(seen) == 8
