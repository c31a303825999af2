"""Places for windows of a fixed size."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from wsinb.trees.windows import draw_balanced, window_places


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
