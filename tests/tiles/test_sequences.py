"""Folders of equally large pictures as slides whose time points are the pictures."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

import wsinb
from wsinb.errors import InvalidInput, UnreadableSlide
from wsinb.testing import synthetic_slide
from wsinb.tiles import members, open_slide

SIZE = (90, 60)


def picture(t: int, dtype: type = np.uint8) -> NDArray:
    return np.random.default_rng(t).integers(0, np.iinfo(dtype).max, (SIZE[1], SIZE[0], 3), dtype)


def write(folder: Path, names: list[str], dtype: type = np.uint8) -> Path:
    folder.mkdir(exist_ok=True)
    for t, name in enumerate(names):
        if name.endswith(".tif"):
            tifffile.imwrite(folder / name, picture(t, dtype), photometric="rgb")
        else:
            cv2.imwrite(str(folder / name), picture(t, dtype)[..., ::-1])
    return folder


def test_the_pictures_of_a_folder_are_frames_in_natural_order(tmp_path: Path) -> None:
    names = ["1.png", "2.png", "10.png", "11.PNG", "a2.png", "a10.png"]
    folder = write(tmp_path / "series.v2", names)
    (folder / "notes.md").write_text("not a picture")
    (folder / ".hidden.png").write_bytes(b"")
    (folder / "deeper.png").mkdir()
    slide = open_slide(folder)
    assert slide.source_name == "sequence"
    assert slide.name == "series.v2"
    assert (slide.size, slide.planes) == (SIZE, (1, 6, 1))
    assert slide.frames == ("t", tuple(names))
    for t in (5, 0, 2, 1):
        assert np.array_equal(slide.read(0, 0, *SIZE, t=t), picture(t))
    with pytest.raises(InvalidInput, match="no t = 6"):
        slide.read(0, 0, 5, 5, t=6)


def test_any_order_and_threads_read_the_same_pixels(tmp_path: Path) -> None:
    folder = write(tmp_path / "s", [f"{t}.png" for t in range(30)])
    order = np.random.default_rng(0).integers(0, 30, 90).tolist()
    with open_slide(folder) as slide, ThreadPoolExecutor(8) as threads:
        got = list(threads.map(lambda t: slide.read(3, 4, 40, 30, t=t), order))
    assert all(np.array_equal(image, picture(t)[4:34, 3:43]) for t, image in zip(order, got, strict=True))


def test_a_sequence_of_pyramids_has_their_levels(tmp_path: Path) -> None:
    for seed in (1, 2):
        synthetic_slide(tmp_path / f"{seed}.tif", (1100, 900), seed=seed)
    slide = open_slide(tmp_path)
    assert len(slide.levels) == 4
    assert slide.mpp == pytest.approx(0.5)
    for t, seed in enumerate((1, 2)):
        with open_slide(tmp_path / f"{seed}.tif") as single:
            expected = single.read(100, 200, 90, 80, downsample=4)
        assert np.array_equal(slide.read(100, 200, 90, 80, downsample=4, t=t), expected)


def test_frames_of_16_bits_share_one_range(tmp_path: Path) -> None:
    for t in range(3):
        ramp = np.linspace(0, 20_000, 5400).reshape(60, 90).astype(np.uint16) + 5000 * t
        tifffile.imwrite(tmp_path / f"{t}.tif", ramp)
    slide = open_slide(tmp_path)
    (channel,) = slide.channels
    assert channel.range[1] == pytest.approx(20_000, rel=0.01)
    first, last = (slide.read(0, 0, *SIZE, t=t).astype(int) for t in (0, 2))
    assert (last - first)[:20].mean() == pytest.approx(10_000 / 20_000 * 255, rel=0.05)


def test_pictures_of_other_sizes_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "s", ["0.png", "1.png"])
    cv2.imwrite(str(folder / "2.png"), np.zeros((60, 91, 3), np.uint8))
    with pytest.raises(UnreadableSlide, match=r"2\.png is 91 x 60 pixels and 0\.png is 90 x 60: .* one size"):
        open_slide(folder)


def test_pictures_of_other_kinds_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "s", ["0.tif"])
    tifffile.imwrite(folder / "1.tif", picture(1, np.uint16), photometric="rgb")
    slide = open_slide(folder)
    assert np.array_equal(slide.read(0, 0, *SIZE), picture(0))
    with pytest.raises(UnreadableSlide, match=r"1\.tif is of another kind than 0\.tif"):
        slide.read(0, 0, *SIZE, t=1)


def test_a_damaged_picture_spoils_no_other(tmp_path: Path) -> None:
    folder = write(tmp_path / "s", ["0.png", "1.png", "2.png"])
    (folder / "1.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    slide = open_slide(folder)
    with pytest.raises(UnreadableSlide, match=r"1\.png"):
        slide.read(0, 0, *SIZE, t=1)
    assert np.array_equal(slide.read(0, 0, *SIZE, t=2), picture(2))


def test_folders_that_are_no_sequence_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnreadableSlide, match="folder without pictures"):
        open_slide(tmp_path)
    folder = write(tmp_path / "s", ["0.png", "1.png", "2.png"])
    (folder / "3.png").symlink_to(folder / "1.png")
    assert open_slide(folder).planes.t == 3  # links are not followed
    monkeypatch.setattr(members, "MAX_MEMBERS", 2)
    with pytest.raises(UnreadableSlide, match="more than 2 pictures"):
        open_slide(folder)
    wsinb.create_project(tmp_path / "study")
    with pytest.raises(UnreadableSlide, match="open_project"):
        open_slide(tmp_path / "study")


def test_the_checksum_is_over_all_pictures_and_not_the_folders_name(tmp_path: Path) -> None:
    folder = write(tmp_path / "one", ["0.png", "1.png"])
    first = open_slide(folder).checksum
    moved = Path(shutil.copytree(folder, tmp_path / "two"))
    assert open_slide(moved).checksum == first
    (moved / "notes.md").write_text("beside")
    assert open_slide(moved).checksum == first
    (moved / "1.png").rename(moved / "2.png")
    assert open_slide(moved).checksum != first
    shutil.copy(moved / "2.png", moved / "1.png")
    assert len({open_slide(moved).checksum, open_slide(folder).checksum, first}) == 2


def test_a_folder_is_a_slide_of_a_project(tmp_path: Path) -> None:
    project = wsinb.create_project(tmp_path / "study")
    folder = write(project.path / "day 1", ["0.png", "1.png"])
    entry = project.slides.add(folder)
    assert (entry.name, entry.path, entry.size) == ("day 1", "day 1", SIZE)
    with project.slides.open("day 1") as slide:
        assert np.array_equal(slide.read(0, 0, *SIZE, t=1), picture(1))
    moved = folder.rename(project.path / "moved")
    assert project.slides.relocate("day 1", moved).path == "moved"
    cv2.imwrite(str(moved / "1.png"), picture(5))
    with pytest.raises(InvalidInput, match="checksum differs"):
        project.slides.relocate("day 1", moved)


@pytest.mark.realdata
def test_a_real_sequence(data_dir: Path) -> None:
    folder = data_dir / "segmentation/em_membrane/image"
    slide = open_slide(folder)
    assert slide.frames is not None
    assert slide.frames.names[:12] == tuple(f"{t}.png" for t in range(12))
    for t in (11, 2):
        expected = cv2.imread(str(folder / f"{t}.png"))
        assert np.array_equal(slide.read(0, 0, *slide.size, t=t), expected[..., ::-1])
