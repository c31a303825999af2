"""Objects found by thresholds."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wsinb.annotate import validate
from wsinb.errors import InvalidInput, UnknownMpp
from wsinb.frames import Box
from wsinb.progress import Cancelled
from wsinb.testing import synthetic_regions, synthetic_slide
from wsinb.tiles import open_slide, write_pyramid
from wsinb.trees.find import find_objects
from wsinb.trees.find.threshold import darker_than_mean

from .conftest import DISCS, RING


def assert_same(one, other):
    assert len(one) == len(other)
    assert shapely.equals_exact(one.geometry.to_numpy(), other.geometry.to_numpy(), normalize=True).all()


@pytest.mark.parametrize("threshold", ["adaptive", "otsu", 150])
def test_all_discs_are_found_with_their_holes(discs_slide, threshold):
    found = find_objects(discs_slide, threshold=threshold, block=201, tile_size=128)
    assert len(found) == len(DISCS) + 1
    for x, y, radius in DISCS:
        near = found[found.geometry.contains(shapely.Point(x, y))]
        assert near.geometry.area.tolist() == [pytest.approx(np.pi * radius**2, rel=0.06)]
    x, y, radius = RING
    ring = found[found.geometry.intersects(shapely.Point(x + radius, y))].geometry.iloc[0]
    assert len(ring.interiors) == 1
    assert not ring.contains(shapely.Point(x, y))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tile_size=st.integers(64, 520),
    threads=st.integers(1, 3),
    threshold=st.sampled_from(["adaptive", "otsu", 140.0]),
    um_per_px=st.sampled_from([None, 0.5, 0.83]),
)
def test_tiles_and_threads_change_nothing(discs_slide, tile_size, threads, threshold, um_per_px):
    options = {"threshold": threshold, "um_per_px": um_per_px, "block": 61, "min_area": 0}
    whole = find_objects(discs_slide, tile_size=2000, threads=1, **options)
    assert len(whole) >= len(DISCS)
    assert_same(whole, find_objects(discs_slide, tile_size=tile_size, threads=threads, **options))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 8), st.floats(-20, 20), st.booleans())
def test_the_mean_is_that_of_the_block(seed, half, offset, dark):
    block = 2 * half + 1
    picture = np.random.default_rng(seed).integers(0, 256, (12 + 2 * half, 15 + 2 * half), np.uint8)
    mask = darker_than_mean(picture, block, offset, dark)
    views = np.lib.stride_tricks.sliding_window_view(picture.astype(np.int64), (block, block))
    sums, inner = views.sum(axis=(2, 3)), views[:, :, half, half] * block**2
    shift = offset * block**2
    np.testing.assert_array_equal(mask, inner <= sums - shift if dark else inner >= sums + shift)


def test_bright_objects_are_found(tmp_path):
    image = np.full((200, 200, 3), 40, np.uint8)
    image[50:100, 60:120] = (180, 220, 200)
    write_pyramid(image, tmp_path / "bright.tif", quality=89)
    with open_slide(tmp_path / "bright.tif") as slide:
        for threshold in ("otsu", 100):
            found = find_objects(slide, threshold=threshold, dark=False, tile_size=64, tolerance=0)
            assert found.geometry.area.tolist() == [pytest.approx(3000, rel=0.05)]


def test_the_tumours_of_a_colour_slide_are_found(tmp_path):
    size = (1024, 800)
    truth = shapely.union_all(synthetic_regions(size)["tumor"])
    with open_slide(synthetic_slide(tmp_path / "tissue.tif", size, 0.5)) as slide:
        found = find_objects(slide, threshold=120, um_per_px=2.0)
    union = shapely.union_all(found.geometry.to_numpy())
    assert union.intersection(truth).area / union.union(truth).area > 0.9


def test_areas_are_in_level_0_pixels(discs_slide):
    everything = find_objects(discs_slide, threshold=150, um_per_px=1.0, tolerance=0)
    areas = np.sort(everything.geometry.area)
    low, high = areas[1], areas[-2]
    found = find_objects(discs_slide, threshold=150, um_per_px=1.0, tolerance=0, min_area=low, max_area=high)
    assert np.sort(found.geometry.area).tolist() == areas[1:-1].tolist()


def test_the_result_is_a_valid_annotation_table(discs_slide):
    found = find_objects(discs_slide, threshold="otsu", label="disc", layer="seen", created_by="me")
    assert len(validate(found)) == len(found) > 0
    assert set(found["label"]) == {"disc"}
    assert set(found["layer"]) == {"seen"}
    assert set(found["created_by"]) == {"me"}
    assert found["score"].isna().all()
    assert found.geometry.is_valid.all()
    assert len(validate(find_objects(discs_slide, threshold=0))) == 0


def test_within_limits_what_is_found(discs_slide):
    box = Box(0, 0, 150, 384)
    found = find_objects(discs_slide, threshold=150, within=box, tile_size=100, min_area=0)
    assert 0 < len(found) < len(DISCS)
    assert shapely.box(*box).covers(found.geometry.union_all())


def test_progress_counts_and_cancels(discs_slide):
    steps = []
    find_objects(discs_slide, threshold=150, tile_size=128, progress=steps.append)
    assert [step.done for step in steps] == list(range(1, 13))

    def stop(step):
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        find_objects(discs_slide, threshold=150, tile_size=64, threads=2, progress=stop)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("wsinb-find")]


@pytest.mark.parametrize(
    "wrong",
    [{"threshold": "median"}, {"threshold": 300}, {"threshold": float("nan")}, {"block": 1}, {"block": 2.5},
     {"offset": "3"}, {"tile_size": 10}, {"min_area": -1}, {"min_area": 10, "max_area": 5},
     {"tolerance": -1}, {"threads": 0}, {"within": shapely.Point(0, 0)}],
)  # fmt: skip
def test_parameters_out_of_range_are_refused(discs_slide, wrong):
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        find_objects(discs_slide, **wrong)


def test_micrometres_need_a_pixel_size(tmp_path):
    with (
        open_slide(synthetic_slide(tmp_path / "s.tif", (100, 100), None)) as slide,
        pytest.raises(UnknownMpp),
    ):
        find_objects(slide, um_per_px=1.0)
