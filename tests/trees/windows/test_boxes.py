"""Boxes of random size and place."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinb.errors import InvalidInput
from wsinb.trees import random_boxes


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


def test_sizes_and_places_are_uniform():
    boxes = random_boxes((1000, 1500), 20_000, np.random.default_rng(3), min_size=0.2, max_size=0.8)
    assert abs(boxes.height.mean() - 500) < 5
    room = 1500 - boxes.width
    assert abs((boxes.x / room).mean() - 0.5) < 0.01
    assert abs((boxes.x / room).std() - 12**-0.5) < 0.01
