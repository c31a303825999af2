"""Turning and mirroring windows."""

from __future__ import annotations

import numpy as np
import pytest

from wsinb.trees.windows import turn_windows
from wsinb.trees.windows.turning import turn, turn_back


def test_windows_turn_with_their_masks_into_all_eight_symmetries():
    window = np.arange(16, dtype=np.uint8).reshape(4, 4)
    windows = np.repeat(np.repeat(window[None, ..., None], 3, axis=3), 400, axis=0)
    turned, masks = turn_windows(windows, np.repeat(window[None], 400, axis=0), np.random.default_rng(0))
    np.testing.assert_array_equal(turned[..., 1], masks)
    seen = {mask.tobytes() for mask in masks}
    rotations = [np.rot90(window, k) for k in range(4)]
    assert seen == {view.tobytes() for rotated in rotations for view in (rotated, rotated[:, ::-1])}
    assert len(seen) == 8


@pytest.mark.parametrize("symmetry", range(8))
def test_turning_back_undoes_turning(symmetry):
    stack = np.arange(2 * 4 * 4 * 3).reshape(2, 4, 4, 3)
    np.testing.assert_array_equal(turn_back(turn(stack, symmetry), symmetry), stack)
    np.testing.assert_array_equal(turn_back(turn(stack[..., 0], symmetry), symmetry), stack[..., 0])
