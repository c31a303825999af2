"""Random subwindows of many images."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinb.errors import InvalidInput
from wsinb.trees import COLOURS, INTERPOLATIONS, draw_subwindows
from wsinb.trees.windows import Draws
from wsinb.trees.windows.turning import turn


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (*rng.integers(4, 60, 2), 3)).astype(np.uint8) for _ in range(40)]


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_any_number_of_threads_draws_the_same(images, colour, interpolation):
    one, three, all_cores = (
        draw_subwindows(images, 3, window=6, colour=colour, interpolation=interpolation, n_jobs=n)
        for n in (1, 3, None)
    )
    assert one.shape == (120, 6, 6, 1 if colour == "gray" else 3)
    assert one.dtype == (np.float32 if colour == "normalised_rgb" else np.uint8)
    np.testing.assert_array_equal(one, three)
    np.testing.assert_array_equal(one, all_cores)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 39), st.integers(0, 2**32 - 1))
def test_draws_of_an_image_depend_on_its_place_only(images, place, seed):
    whole = draw_subwindows(images, 2, window=5, random_state=seed)
    others = [image[:4, :4] for image in images[:place]]
    alone = draw_subwindows([*others, images[place]], 2, window=5, random_state=seed)
    np.testing.assert_array_equal(alone[-2:], whole[2 * place : 2 * place + 2])


def test_images_at_other_places_and_other_seeds_draw_otherwise(images):
    found = draw_subwindows([images[0]] * 2, 20, random_state=1)
    assert not np.array_equal(found[:20], found[20:])
    assert not np.array_equal(found, draw_subwindows([images[0]] * 2, 20, random_state=2))


def test_an_array_of_images_is_as_good_as_a_list():
    stack = np.random.default_rng(1).integers(0, 256, (5, 20, 30, 3)).astype(np.uint8)
    np.testing.assert_array_equal(draw_subwindows(stack, 4), draw_subwindows(list(stack), 4))


def test_windows_are_really_turned_and_all_ways():
    image = np.random.default_rng(2).integers(0, 256, (9, 9, 3)).astype(np.uint8)
    found = draw_subwindows([image], 300, window=9, min_size=1, max_size=1, colour="rgb", turn=True)
    ways = {turn(image[None], symmetry).tobytes() for symmetry in range(8)}
    assert {window.tobytes() for window in found} == ways
    upright = draw_subwindows([image], 5, window=9, min_size=1, max_size=1, colour="rgb", turn=False)
    assert (upright == image).all()


def test_what_is_predicted_of_an_image_does_not_depend_on_others(images):
    draws = Draws(5, 8, 0.2, 0.9, "hsv", "linear", True, 7)
    together = draws.windows(images, alike=True)
    alone = draws.windows([images[9]], alike=True)
    np.testing.assert_array_equal(together[45:50], alone)


BAD_IMAGES = {
    "empty": (np.zeros((0, 5, 3), np.uint8), "image 1 is empty"),
    "small": (np.zeros((40, 3, 3), np.uint8), "image 1 is 3 x 40 px"),
    "alpha": (np.zeros((9, 9, 4), np.uint8), r"image 1 has shape \(9, 9, 4\)"),
    "gray": (np.zeros((9, 9), np.uint8), "image 1 has shape"),
    "nan": (np.full((9, 9, 3), np.nan), "image 1 holds numbers that are not finite"),
    "float": (np.zeros((9, 9, 3)), "image 1 is float64"),
    "none": (None, "image 1 has shape"),
}


@pytest.mark.parametrize(("image", "message"), BAD_IMAGES.values(), ids=BAD_IMAGES)
def test_bad_images_are_named(images, image, message):
    with pytest.raises(InvalidInput, match=message):
        draw_subwindows([images[0], image])


BAD_PARAMETERS = [
    {"n_windows": 0},
    {"n_windows": 2.5},
    {"window": 0},
    {"window": 1000},
    {"min_size": 0},
    {"min_size": 0.9, "max_size": 0.5},
    {"max_size": 1.5},
    {"max_size": float("nan")},
    {"min_size": None},
    {"colour": "lab"},
    {"interpolation": 3},
    {"random_state": -1},
    {"random_state": None},
    {"n_jobs": 0},
]


@pytest.mark.parametrize("parameter", BAD_PARAMETERS, ids=str)
def test_bad_parameters_are_refused(images, parameter):
    with pytest.raises(InvalidInput):
        draw_subwindows(images[:2], **parameter)


def test_one_image_alone_is_no_list(images):
    with pytest.raises(InvalidInput, match="into a list"):
        draw_subwindows(images[0])
    with pytest.raises(InvalidInput, match="must be a list"):
        draw_subwindows(iter(images))
