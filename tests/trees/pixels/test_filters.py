"""Filter banks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinb.errors import InvalidInput
from wsinb.trees.pixels import FILTERS, feature_names, filter_bank
from wsinb.trees.pixels.filters import margin_of


def noise(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def feature(image, name, **options):
    names = feature_names(1 if image.ndim == 2 else image.shape[2], **options)
    return filter_bank(image, **options)[..., names.index(name)]


def test_every_feature_has_a_name():
    for filters in (FILTERS, ("hessian",), ("tensor",), ("gradient", "tensor"), "difference"):
        bank = filter_bank(noise((9, 11, 2)), scales=(1, 3), filters=filters)
        names = feature_names(2, (1, 3), filters)
        assert bank.shape == (9, 11, len(names))
        assert bank.dtype == np.float32
        assert np.isfinite(bank).all()
        assert len(set(names)) == len(names)


def test_features_are_those_of_scipy():
    from scipy import ndimage

    image = noise((60, 70)).astype(np.float32)
    smooth = ndimage.gaussian_filter(image, 2.0, mode="nearest", truncate=3.0)
    inner = (slice(12, -12), slice(12, -12))
    found = feature(image, "intensity channel 0 scale 2", scales=(1, 2), filters=FILTERS)
    np.testing.assert_allclose(found[inner], smooth[inner], atol=1e-3)
    dy, dx = np.gradient(smooth)
    found = feature(image, "gradient channel 0 scale 2", scales=(1, 2), filters=FILTERS)
    np.testing.assert_allclose(found[inner], np.hypot(dx, dy)[inner], atol=1e-3)
    finer = ndimage.gaussian_filter(image, 1.0, mode="nearest", truncate=3.0)
    found = feature(image, "difference channel 0 scale 2", scales=(1, 2), filters=FILTERS)
    np.testing.assert_allclose(found[inner], (finer - smooth)[inner], atol=1e-3)


def test_eigenvalues_are_those_of_the_matrices():
    from scipy import ndimage

    image = noise((50, 50), 3).astype(np.float32)
    smooth = ndimage.gaussian_filter(image, 1.0, mode="nearest", truncate=3.0).astype(np.float64)
    xx = np.roll(smooth, -1, 1) - 2 * smooth + np.roll(smooth, 1, 1)
    yy = np.roll(smooth, -1, 0) - 2 * smooth + np.roll(smooth, 1, 0)
    dy, dx = np.gradient(smooth)
    xy = np.gradient(dx, axis=0)
    hessian = np.linalg.eigvalsh(np.stack([np.stack([xx, xy], -1), np.stack([xy, yy], -1)], -2))
    parts = [ndimage.gaussian_filter(part, 2.0, truncate=3.0) for part in (dx * dx, dx * dy, dy * dy)]
    tensor = np.linalg.eigvalsh(np.stack([np.stack(parts[:2], -1), np.stack(parts[1:], -1)], -2))
    inner = (slice(12, -12), slice(12, -12))
    for kind, values in (("hessian", hessian), ("tensor", tensor)):
        for number in (0, 1):
            name = f"{kind} {number} channel 0 scale 1"
            found = feature(image, name, scales=(1,), filters=("hessian", "tensor"))
            np.testing.assert_allclose(found[inner], values[inner][..., 1 - number], rtol=1e-3, atol=2e-2)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_piece_with_its_margin_gives_the_features_of_the_whole(data):
    scales = data.draw(st.sampled_from([(0.7,), (1, 2), (0.5, 3.3)]))
    filters = data.draw(st.sampled_from([FILTERS, ("intensity", "hessian"), ("gradient", "tensor")]))
    margin = margin_of(scales, filters)
    image = noise((2 * margin + 40, 2 * margin + 45, data.draw(st.sampled_from([1, 3]))))
    y0, x0 = data.draw(st.integers(margin, margin + 20)), data.draw(st.integers(margin, margin + 20))
    height, width = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 25))
    whole = filter_bank(image, scales=scales, filters=filters)
    piece = image[y0 - margin : y0 + height + margin, x0 - margin : x0 + width + margin]
    found = filter_bank(piece, scales=scales, filters=filters, n_jobs=1)[margin:-margin, margin:-margin]
    np.testing.assert_array_equal(found, whole[y0 : y0 + height, x0 : x0 + width])


def test_threads_change_nothing():
    image = noise((150, 40, 3))
    one = filter_bank(image, filters=FILTERS, n_jobs=1)
    np.testing.assert_array_equal(one, filter_bank(image, filters=FILTERS, n_jobs=3))


def test_a_flat_image_has_no_edges_even_at_its_border():
    bank = filter_bank(np.full((5, 4), 77, np.uint8), filters=("gradient", "hessian", "difference", "tensor"))
    np.testing.assert_allclose(bank, 0, atol=1e-4)


@pytest.mark.parametrize(
    ("image", "wrong"),
    [
        (np.zeros((0, 5), np.uint8), "pixels"),
        (np.zeros((5, 5, 3, 1), np.uint8), "channels"),
        (np.zeros((5, 5)), "float64"),
        (np.full((5, 5), np.nan, np.float32), "NaN"),
        ("picture", "str"),
    ],
)
def test_what_is_no_image_is_refused(image, wrong):
    with pytest.raises(InvalidInput, match=wrong):
        filter_bank(image)


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"scales": ()}, "scales"),
        ({"scales": (2, 1)}, "ascend"),
        ({"scales": (0,)}, "above 0"),
        ({"scales": (float("nan"),)}, "above 0"),
        ({"scales": (1, 1000)}, "at most"),
        ({"scales": "fine"}, "numbers"),
        ({"filters": ("hesian",)}, "'hessian'"),
        ({"filters": ()}, "filters"),
        ({"filters": ("hessian", "hessian")}, "different"),
    ],
)
def test_scales_and_filters_out_of_range_are_refused(options, wrong):
    with pytest.raises(InvalidInput, match=wrong):
        filter_bank(noise((5, 5)), **options)
