"""Cutting windows out, as they are and resized."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinb.errors import InvalidInput
from wsinb.trees import INTERPOLATIONS, Boxes, random_boxes, resized_windows
from wsinb.trees.windows import cut_windows, resizing
from wsinb.trees.windows.turning import turn


def boxes_of(*rows):
    return Boxes(*(np.array(part) for part in zip(*rows, strict=True)))


def random_image(seed, height, width):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def test_resized_windows_keep_size_and_content():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (40, 50, 3)).astype(np.uint8)
    boxes = Boxes(*(np.array(part) for part in ([3, 0, 20], [5, 10, 20], [8, 16, 20], [8, 16, 20])))
    found = resized_windows(image, boxes, 8)
    np.testing.assert_array_equal(found[0], image[3:11, 5:13])
    halved = image[0:16, 10:26].reshape(8, 2, 8, 2, 3).mean(axis=(1, 3))
    assert np.abs(found[1] - halved).max() <= 1


def test_cut_windows_are_the_pixels_of_the_image():
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    y, x = np.array([0, 7, 15]), np.array([25, 3, 0])
    for window, i, j in zip(cut_windows(image, y, x, 5), y, x, strict=True):
        np.testing.assert_array_equal(window, image[i : i + 5, j : j + 5])
    assert cut_windows(image[..., 0], y, x, 5).shape == (3, 5, 5)


def mean_by_area(crop, size):
    """Average what each pixel covers, from weights of rows and columns: the definition, slowly."""

    def weights(length):
        edges = np.arange(size + 1) * length / size
        pixel = np.arange(length)
        covered = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
        return np.maximum(covered, 0) * size / length

    return np.einsum("ri,cj,ijk->rck", weights(crop.shape[0]), weights(crop.shape[1]), crop.astype(float))


def between_pixels(crop, size):
    """Interpolate bilinearly between the centres of pixels: the definition, slowly."""

    def weights(length):
        place = np.clip((np.arange(size) + 0.5) * length / size - 0.5, 0, length - 1)
        return np.maximum(0, 1 - np.abs(place[:, None] - np.arange(length)))

    return np.einsum("ri,cj,ijk->rck", weights(crop.shape[0]), weights(crop.shape[1]), crop.astype(float))


def centre_pixel(crop, size):
    rows, columns = ((2 * np.arange(size) + 1) * length // (2 * size) for length in crop.shape[:2])
    return crop[np.ix_(rows, columns)].astype(float)


DEFINITIONS = {"nearest": centre_pixel, "linear": between_pixels, "area": mean_by_area}


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(INTERPOLATIONS), st.integers(1, 40), st.integers(1, 40), st.integers(1, 20), st.data())
def test_windows_are_resized_as_defined(interpolation, height, width, size, data):
    image = random_image(data.draw(st.integers(0, 9)), height + 5, width + 3)
    y, x = data.draw(st.integers(0, 5)), data.draw(st.integers(0, 3))
    found = resized_windows(image, boxes_of((y, x, height, width)), size, interpolation=interpolation)[0]
    expected = DEFINITIONS[interpolation](image[y : y + height, x : x + width], size)
    # the weights of linear interpolation are rounded to 1/2048
    np.testing.assert_allclose(found, expected, atol=0.5 + 0.3 * (interpolation == "linear") + 1e-6)


def exact_area(crop, size):
    """Average what each pixel covers in whole numbers, halves rounded up."""

    def shares(length):
        edges, pixel = np.arange(size + 1) * length, np.arange(length) * size
        covered = np.minimum(edges[1:, None], pixel + size) - np.maximum(edges[:-1, None], pixel)
        return np.maximum(covered, 0)

    n_pixels = crop.shape[0] * crop.shape[1]
    total = np.einsum("ri,cj,ijk->rck", shares(crop.shape[0]), shares(crop.shape[1]), crop.astype(np.int64))
    return (2 * total + n_pixels) // (2 * n_pixels)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 20), st.integers(0, 2**31))
def test_areas_are_exact_to_the_last_bit(height, width, size, seed):
    # few values give many means that lie halfway between two
    image = random_image(seed, height + 2, width + 1) // 64 * 64 + 1
    found = resized_windows(image, boxes_of((2, 1, height, width)), size, interpolation="area")[0]
    np.testing.assert_array_equal(found, exact_area(image[2:, 1:], size))


@pytest.mark.parametrize("kind", [np.uint16, np.uint32, np.uint64])
def test_sums_that_pass_the_largest_number_give_the_same_areas(kind):
    image = random_image(3, 60, 90)
    boxes = random_boxes((16, 16), 40, np.random.default_rng(0))  # 255 * 256 fits 16 bits
    boxes = boxes._replace(y=boxes.y + 44, x=boxes.x + 74)
    sums, out = np.empty((61, 91, 4), kind), np.empty((40, 5, 5, 3), np.uint8)
    resizing.sum_pixels(image, sums)
    resizing.area(sums, *boxes, np.zeros(40, np.int64), out)
    np.testing.assert_array_equal(out, resized_windows(image, boxes, 5, interpolation="area"))
    crops = [image[y : y + h, x : x + w] for y, x, h, w in zip(*boxes, strict=True)]
    np.testing.assert_array_equal(out, [exact_area(crop, 5) for crop in crops])


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_windows_are_turned_while_they_are_cut(interpolation):
    image = random_image(0, 30, 40)
    boxes = random_boxes((30, 40), 8, np.random.default_rng(0))
    upright = resized_windows(image, boxes, 7, interpolation=interpolation)
    turned = resized_windows(image, boxes, 7, interpolation=interpolation, symmetry=np.arange(8))
    for symmetry in range(8):
        expected = turn(upright[symmetry : symmetry + 1], symmetry)[0]
        np.testing.assert_array_equal(turned[symmetry], expected)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_boxes_that_touch_every_border_are_cut(interpolation):
    image = np.full((9, 12, 3), 200, np.uint8)
    boxes = boxes_of((0, 0, 9, 12), (8, 11, 1, 1), (0, 3, 9, 9), (2, 0, 7, 7))
    assert (resized_windows(image, boxes, 5, interpolation=interpolation) == 200).all()


def test_nothing_outside_a_box_is_looked_at():
    image = random_image(1, 20, 20)
    around = random_image(2, 20, 20)
    around[5:9, 6:10] = image[5:9, 6:10]
    for interpolation in INTERPOLATIONS:
        found = [
            resized_windows(x, boxes_of((5, 6, 4, 4)), 16, interpolation=interpolation)
            for x in (image, around)
        ]
        np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("box", [(-1, 0, 3, 3), (0, -1, 3, 3), (8, 0, 3, 3), (0, 10, 3, 3), (0, 0, 0, 3)])
def test_a_box_outside_the_image_is_refused(box):
    with pytest.raises(InvalidInput, match="leaves the image of 12 x 10 px"):
        resized_windows(random_image(0, 10, 12), boxes_of(box), 4)


def test_other_images_interpolations_and_symmetries_are_refused():
    image, box = random_image(0, 10, 12), boxes_of((0, 0, 4, 4))
    with pytest.raises(InvalidInput, match="did you mean 'linear'"):
        resized_windows(image, box, 4, interpolation="bilinear")
    with pytest.raises(InvalidInput, match="uint8"):
        resized_windows(image.astype(float), box, 4)
    with pytest.raises(InvalidInput, match="symmetry from 0 to 7"):
        resized_windows(image, box, 4, symmetry=np.array([8]))
    with pytest.raises(InvalidInput, match="as many rows"):
        resized_windows(image, Boxes(*(np.zeros(n, int) for n in (1, 2, 1, 1))), 4)


def test_no_boxes_give_no_windows():
    empty = Boxes(*(np.zeros(0, int) for _ in range(4)))
    assert resized_windows(random_image(0, 10, 12), empty, 4).shape == (0, 4, 4, 3)
