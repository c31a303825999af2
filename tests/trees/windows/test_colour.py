"""The colours that trees see."""

from __future__ import annotations

import numpy as np
import pytest

from wsinb.errors import InvalidInput
from wsinb.trees import to_colour
from wsinb.trees.windows.colour import COLOURS, channel_count, window_colours


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
    with pytest.raises(InvalidInput, match="'lab': there is 'hsv', 'rgb'"):
        to_colour(np.zeros((2, 2, 3), np.uint8), "lab")
    with pytest.raises(InvalidInput, match="uint8"):
        to_colour(np.zeros((2, 2), np.uint8), "hsv")


@pytest.fixture(scope="module")
def windows():
    return np.random.default_rng(0).integers(0, 256, (7, 5, 5, 3)).astype(np.uint8)


def test_gray_is_the_rounded_mean_of_the_three(windows):
    gray = window_colours(windows, "gray")
    assert gray.shape == (7, 5, 5, 1)
    assert gray.dtype == np.uint8
    np.testing.assert_array_equal(gray[..., 0], np.floor(windows.mean(axis=3) + 0.5))


def test_normalised_channels_have_mean_zero_and_deviation_one(windows):
    found = window_colours(windows, "normalised_rgb")
    assert found.dtype == np.float32
    values = windows.astype(float)
    expected = (values - values.mean(axis=(1, 2), keepdims=True)) / values.std(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_flat_channel_is_normalised_to_zero(windows):
    flat = windows.copy()
    flat[2, ..., 1] = 77
    found = window_colours(flat, "normalised_rgb")
    assert not found[2, ..., 1].any()
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found[3], window_colours(windows, "normalised_rgb")[3])


def test_windows_in_hsv_are_converted_like_images(windows):
    found = window_colours(windows, "hsv")
    for window, converted in zip(windows, found, strict=True):
        np.testing.assert_array_equal(converted, to_colour(window, "hsv"))


@pytest.mark.parametrize("colour", COLOURS)
def test_every_colour_space_has_its_channels(windows, colour):
    assert window_colours(windows, colour).shape == (*windows.shape[:3], channel_count(colour))


def test_a_near_colour_is_suggested(windows):
    with pytest.raises(InvalidInput, match="did you mean 'gray'"):
        window_colours(windows, "grey")
