"""Reading regions: place, resolution, borders, planes, threads."""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinb.errors import InvalidInput, UnknownMpp
from wsinb.testing import synthetic_slide
from wsinb.tiles import Level, Slide, open_slide, write_pyramid
from wsinb.tiles import region as region_module
from wsinb.tiles.region import pick_level
from wsinb.tiles.sources.positioned import PositionedFile

coordinates = st.integers(-300, 1300)
lengths = st.integers(1, 400)


def cut(image: np.ndarray, x: int, y: int, width: int, height: int) -> np.ndarray:
    """Crop with white outside."""
    out = np.full((height, width, 3), 255, np.uint8)
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + width, image.shape[1]), min(y + height, image.shape[0])
    if x0 < x1 and y0 < y1:
        out[y0 - y : y1 - y, x0 - x : x1 - x] = image[y0:y1, x0:x1]
    return out


@given(coordinates, coordinates, lengths, lengths)
@settings(max_examples=80, deadline=None)
def test_any_window_equals_the_same_cut_of_the_whole(
    slide: Slide, whole: np.ndarray, x: int, y: int, width: int, height: int
) -> None:
    assert np.array_equal(slide.read(x, y, width, height), cut(whole, x, y, width, height))


@given(st.integers(0, 2), coordinates, coordinates, lengths, lengths)
@settings(max_examples=80, deadline=None)
def test_any_window_of_a_level_equals_the_same_cut_of_that_level(
    slide: Slide, k: int, x: int, y: int, width: int, height: int
) -> None:
    downsample = 2**k
    level = slide.read(0, 0, *slide.levels[k].size, downsample=downsample)
    got = slide.read(x * downsample, y * downsample, width, height, downsample=downsample)
    assert np.array_equal(got, cut(level, x, y, width, height))


@given(st.floats(0.3, 9), st.floats(-50, 900), st.floats(-50, 700), st.integers(1, 60), st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_neighbours_continue_each_other_at_any_resolution(
    slide: Slide, downsample: float, x: float, y: float, width: int, height: int
) -> None:
    both = slide.read(x, y, width * 2, height, downsample=downsample)
    left = slide.read(x, y, width, height, downsample=downsample)
    right = slide.read(x + width * downsample, y, width, height, downsample=downsample)
    assert np.abs(np.concatenate([left, right], 1).astype(int) - both).max() <= 1


def test_all_levels_show_the_same_place(slide: Slide, whole: np.ndarray) -> None:
    for downsample in (1.7, 2, 3.3, 4, 7):
        width, height = int(800 / downsample), int(640 / downsample)
        got = slide.read(100, 60, width, height, downsample=downsample)
        area = whole[60 : 60 + round(height * downsample), 100 : 100 + round(width * downsample)]
        expected = cv2.resize(area, (width, height), interpolation=cv2.INTER_AREA)
        # levels are made by halving a compressed picture: equal but for a few grey values, and not shifted
        assert np.abs(got.astype(int) - expected).mean() < 4
        shifted = np.abs(got[:, 3:].astype(int) - expected[:, :-3]).mean()
        assert np.abs(got.astype(int) - expected).mean() < shifted / 1.5


def test_reads_past_the_edge_are_white(slide: Slide) -> None:
    assert (slide.read(5000, 5000, 10, 10) == 255).all()
    assert (slide.read(-40, 0, 40, 10, downsample=1) == 255).all()
    corner = slide.read(1090, 890, 20, 20)
    assert (corner[10:] == 255).all()
    assert (corner[:, 10:] == 255).all()
    assert (corner[:10, :10] < 255).any()


def test_enlarging_repeats_pixels(slide: Slide, whole: np.ndarray) -> None:
    got = slide.read(500, 400, 40, 40, downsample=0.25)
    assert np.array_equal(got, whole[400:410, 500:510].repeat(4, 0).repeat(4, 1))


def test_um_per_px_is_a_downsample_times_mpp(slide: Slide) -> None:
    assert slide.mpp == pytest.approx(0.5)
    assert slide.downsample(2) == pytest.approx(4)
    by_um = slide.read(100, 100, 50, 50, um_per_px=2)
    assert np.array_equal(by_um, slide.read(100, 100, 50, 50, downsample=4))


def test_the_nearest_finer_level_is_read() -> None:
    levels = [Level((1000 // d, 1000 // d), float(d), (256, 256)) for d in (1, 2, 4, 16)]
    picked = {d: levels[pick_level(levels, d)].downsample for d in (0.5, 1, 1.9, 2, 3.9999, 4, 15, 16, 100)}
    assert picked == {0.5: 1, 1: 1, 1.9: 1, 2: 2, 3.9999: 4, 4: 4, 15: 4, 16: 16, 100: 16}


def test_only_the_tiles_needed_are_decoded(slide_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_slide(slide_path) as slide:
        decoded = []
        original = slide._source._decode
        monkeypatch.setattr(
            slide._source, "_decode", lambda *place: (decoded.append(place), original(*place))[1]
        )
        slide.read(256, 256, 512, 256)
        assert decoded == [(0, 1, 1), (0, 2, 1)]
        decoded.clear()
        slide.read(0, 0, 200, 200, downsample=2)
        assert decoded == [(1, 0, 0)]


def test_a_region_made_much_smaller_is_read_in_parts(slide: Slide, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = slide.read(10, 10, 300, 200, downsample=1.7)
    sizes = []
    original = region_module._padded

    def noted(source, level, lv_box, plane):
        sizes.append((lv_box[2] - lv_box[0]) * (lv_box[3] - lv_box[1]))
        return original(source, level, lv_box, plane)

    monkeypatch.setattr(region_module, "MAX_BLOCK_PIXELS", 10_000)
    monkeypatch.setattr(region_module, "_padded", noted)
    in_parts = slide.read(10, 10, 300, 200, downsample=1.7)
    assert len(sizes) > 10
    assert max(sizes) < 11_000
    assert np.abs(in_parts.astype(int) - at_once).max() <= 1


@pytest.mark.parametrize("name", ["jpeg-tiff", "tiff-planes", "tiff-planes 8 bit", "pil"])
def test_threads_read_what_one_thread_reads(name: str, tmp_path: Path, slide_path: Path) -> None:
    image = synthetic_slide(tmp_path / "base.tif", (700, 600))
    pixels = tifffile.imread(image)
    path = {
        "jpeg-tiff": lambda: slide_path,
        "tiff-planes": lambda: _written(tmp_path / "x.ome.tif", pixels.astype(np.uint16) * 9),
        "tiff-planes 8 bit": lambda: _written(tmp_path / "x.tif", pixels),
        "pil": lambda: _png(tmp_path / "x.png", pixels),
    }[name]()
    rng = np.random.default_rng(0)
    places = [
        (int(x), int(y), d)
        for x, y, d in zip(*rng.integers(-20, 500, (2, 60)), rng.uniform(0.7, 4, 60), strict=True)
    ]
    with open_slide(path) as slide:
        assert slide.source_name == name.split()[0]
        serial = [slide.read(x, y, 120, 90, downsample=d) for x, y, d in places]
    with open_slide(path) as slide, ThreadPoolExecutor(8) as threads:
        parallel = list(threads.map(lambda p: slide.read(p[0], p[1], 120, 90, downsample=p[2]), places))
    for one, other in zip(serial, parallel, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize(
    "arguments",
    [
        {"width": 0},
        {"height": -5},
        {"width": 10.5},
        {"width": 20_000, "height": 20_000},
        {"l0_x": float("nan")},
        {"l0_y": "top"},
        {"downsample": 0},
        {"downsample": -1.0},
        {"downsample": float("inf")},
        {"um_per_px": -0.5},
        {"um_per_px": 1.0, "downsample": 2.0},
        {"z": 1},
        {"t": -1},
        {"c": 1},
        {"z": 0.5},
    ],
)
def test_what_cannot_be_read_is_refused(slide: Slide, arguments: dict) -> None:
    with pytest.raises(InvalidInput):
        slide.read(**({"l0_x": 0, "l0_y": 0, "width": 10, "height": 10} | arguments))


def test_micrometres_of_a_slide_without_mpp_name_the_remedy(tmp_path: Path) -> None:
    slide = open_slide(synthetic_slide(tmp_path / "nowhere.tif", (300, 200), mpp=None))
    assert slide.mpp is None
    assert slide.mpp_xy is None
    assert "mpp unknown" in repr(slide)
    with pytest.raises(UnknownMpp, match=r"nowhere\.tif .* slide\.mpp = "):
        slide.read(0, 0, 10, 10, um_per_px=1)
    slide.mpp = 0.25
    assert slide.read(0, 0, 10, 10, um_per_px=1).shape == (10, 10, 3)


def test_a_closed_slide_says_so(slide_path: Path) -> None:
    with open_slide(slide_path) as slide:
        pass
    with pytest.raises(InvalidInput, match="closed"):
        slide.read(0, 0, 10, 10)


def test_a_pickled_slide_is_opened_again(slide_path: Path, whole: np.ndarray) -> None:
    copy = pickle.loads(pickle.dumps(open_slide(slide_path, mpp=(0.3, 0.4))))
    assert copy.mpp_xy == (0.3, 0.4)
    assert np.array_equal(copy.read(5, 6, 70, 80), whole[6:86, 5:75])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_forked_while_another_thread_reads_is_not_stuck(tmp_path: Path, slide_path: Path) -> None:
    for path in (slide_path, _png(tmp_path / "x.png", synthetic_pixels())):
        slide = open_slide(path)
        expected = slide.read(3, 4, 60, 50).tobytes()
        reader, writer = os.pipe()
        with _held_by_another_thread(getattr(slide._source, "_lock", threading.RLock())):
            child = os.fork()
            if child == 0:
                signal.alarm(20)  # a child that waits for a lock that nobody will release ends here
                os.write(writer, slide.read(3, 4, 60, 50).tobytes())
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            got = pipe.read()
        os.waitpid(child, 0)
        assert got == expected


@contextmanager
def _held_by_another_thread(lock: threading.RLock) -> Iterator[None]:
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_a_level_of_an_odd_size_lines_up(tmp_path: Path) -> None:
    # 1001 is halved to 500: a scale of 1001 / 500 would drift by a pixel towards the right
    image = np.zeros((333, 1001, 3), np.uint8)
    image[:, ::50] = 255
    slide = open_slide(write_pyramid(cv2.blur(image, (9, 9)), tmp_path / "odd.tif"))
    assert [level.downsample for level in slide.levels] == [1, 2, 4][: len(slide.levels)]
    fine = slide.read(900, 0, 50, 100)
    coarse = slide.read(900, 0, 25, 50, downsample=2)
    assert np.abs(cv2.resize(fine, (25, 50), interpolation=cv2.INTER_AREA).astype(int) - coarse).mean() < 3


def test_a_read_beyond_the_file_takes_no_memory(slide_path: Path) -> None:
    file = PositionedFile(slide_path)
    for offset, count in ((0, 2**50), (2**40, 1), (slide_path.stat().st_size - 5, 6)):
        with pytest.raises(EOFError):
            file.read(offset, count)
    assert len(file.read(slide_path.stat().st_size - 5, 5)) == 5
    file.close()
    with pytest.raises(ValueError, match="closed"):
        file.read(0, 1)


def synthetic_pixels() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (200, 300, 3), dtype=np.uint8)


def _written(path: Path, pixels: np.ndarray) -> Path:
    tifffile.imwrite(path, pixels, photometric="rgb", tile=(128, 128), compression="deflate")
    return path


def _png(path: Path, pixels: np.ndarray) -> Path:
    cv2.imwrite(str(path), pixels[..., ::-1])
    return path


@pytest.mark.parametrize("downsample", [1000, 1501.5, 100_000])
def test_a_pixel_larger_than_may_be_held_is_the_mean_of_what_it_covers(
    slide: Slide, whole: np.ndarray, monkeypatch: pytest.MonkeyPatch, downsample: float
) -> None:
    boxes = []
    read = slide._source.read
    monkeypatch.setattr(
        slide._source, "read", lambda lv, box, plane: boxes.append(box) or read(lv, box, plane)
    )
    monkeypatch.setattr(region_module, "MAX_BLOCK_PIXELS", 10_000)
    got = slide.read(-downsample - 100, -50, 4, 2, downsample=downsample)
    expected = np.full((2, 4, 3), 255.0)
    for row, y in enumerate((-50, downsample - 50)):
        for column, x in enumerate((-100, downsample - 100), start=1):
            covered = whole[max(0, int(y)) : int(y + downsample), max(0, int(x)) : int(x + downsample)]
            expected[row, column] -= (255.0 - covered).sum(axis=(0, 1)) / downsample**2
    assert np.abs(got - expected).max() <= 2
    assert max((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in boxes) <= 10_000
