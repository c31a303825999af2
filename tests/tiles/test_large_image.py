"""Files that only large-image's sources read."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import openslide
import pytest
import pyvips

from wsinb.errors import UnreadableSlide
from wsinb.testing import synthetic_image
from wsinb.tiles import Slide, open_slide
from wsinb.tiles.sources.tiff_planes import TiffPlanesSource

IMAGE = synthetic_image((1001, 777))


@pytest.fixture(scope="module")
def deflated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pyramid without JPEG: not ours to read fast."""
    path = tmp_path_factory.mktemp("large_image") / "deflate.tif"
    pyvips.Image.new_from_array(IMAGE).tiffsave(
        str(path), tile=True, tile_width=128, tile_height=128, pyramid=True, compression="deflate"
    )
    return path


@pytest.fixture
def by_openslide(deflated: Path, monkeypatch: pytest.MonkeyPatch) -> Slide:
    """The pyramid as if it were a scanner's kind of TIFF."""
    monkeypatch.setattr("wsinb.tiles.sources._is_scanners", lambda path: True)
    slide = open_slide(deflated)
    assert slide.source_name == "openslide"
    return slide


def test_levels_and_pixels_equal_those_of_openslide(by_openslide: Slide, deflated: Path) -> None:
    assert np.array_equal(by_openslide.read(0, 0, 1001, 777), IMAGE)
    with openslide.OpenSlide(deflated) as peer:
        assert [level.size for level in by_openslide.levels] == list(peer.level_dimensions)
        for number, level in enumerate(by_openslide.levels):
            got = by_openslide.read(0, 0, *level.size, downsample=level.downsample)
            stored = np.asarray(peer.read_region((0, 0), number, level.size))[..., :3]
            # large-image rounds the corners of OpenSlide's tiles to whole level-0 pixels
            assert np.abs(got.astype(int) - stored).mean() < 3


def test_threads_read_what_one_thread_reads(by_openslide: Slide, deflated: Path) -> None:
    places = [(x, y) for x in range(0, 900, 90) for y in range(0, 700, 140)]
    serial = [by_openslide.read(x, y, 150, 130, downsample=1.6) for x, y in places]
    again = open_slide(deflated)
    with ThreadPoolExecutor(8) as threads:
        parallel = list(threads.map(lambda place: again.read(*place, 150, 130, downsample=1.6), places))
    for one, other in zip(serial, parallel, strict=True):
        assert np.array_equal(one, other)


def test_a_large_plain_picture_is_a_slide(tmp_path: Path) -> None:
    image = np.zeros((4200, 5000, 3), np.uint8)
    image[::7] = (200, 100, 50)
    path = tmp_path / "large.png"
    cv2.imwrite(str(path), image[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    slide = open_slide(path)
    assert slide.size == (5000, 4200)
    assert np.array_equal(slide.read(4800, 4100, 150, 80), image[4100:4180, 4800:4950])


def test_a_replaced_file_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    for value in (10, 200):
        cv2.imwrite(str(path), np.full((50, 60, 3), value, np.uint8))
        assert (open_slide(path).read(0, 0, 60, 50) == value).all()


@pytest.mark.parametrize("reader", ["openslide", "tiff-planes"])
def test_a_damaged_tile_raises(
    reader: str, deflated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wsinb.tiles.sources._is_scanners", lambda path: reader == "openslide")
    data = bytearray(deflated.read_bytes())
    page = TiffPlanesSource(deflated)._tiff_levels[0].pages[0]
    start, count = page.offsets[9], page.byte_counts[9]
    data[start : start + count] = bytes(count)
    path = tmp_path / "damaged.tif"
    path.write_bytes(data)
    slide = open_slide(path)
    assert slide.source_name == reader
    with pytest.raises(UnreadableSlide, match=r"damaged\.tif is damaged"):
        slide.read(0, 0, 1001, 777)
    assert np.array_equal(slide.read(300, 300, 200, 200), IMAGE[300:500, 300:500])


def test_opening_prints_and_logs_nothing(tmp_path: Path) -> None:
    (tmp_path / "broken.tif").write_bytes(b"II*\0\x08\0\0\0\x01\0" + bytes(40))
    cv2.imwrite(str(tmp_path / "good.png"), IMAGE)
    code = (
        "import sys\n"
        "from wsinb.errors import UnreadableSlide\n"
        "from wsinb.tiles import open_slide\n"
        "open_slide(sys.argv[1] + '/good.png').read(0, 0, 9, 9)\n"
        "try:\n"
        "    open_slide(sys.argv[1] + '/broken.tif')\n"
        "except UnreadableSlide:\n"
        "    pass\n"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_importing_loads_no_reader() -> None:
    heavy = "'cv2', 'large_image', 'tifffile', 'pyvips', 'shapely', 'scipy'"
    code = f"import sys, wsinb.tiles; print([name for name in ({heavy}) if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_memory_stays_bounded_while_a_whole_slide_is_made_small(tmp_path: Path) -> None:
    tile = pyvips.Image.new_from_array(IMAGE[:512, :512])
    flat = tmp_path / "flat.tif"
    # 100 Mpx and no coarser level: all of it has to be decoded, which at once would take 300 MB
    tile.replicate(20, 20).tiffsave(str(flat), tile=True, compression="jpeg", tile_width=512, tile_height=512)
    slide = open_slide(flat)
    assert len(slide.levels) == 1
    tracemalloc.start()
    small = slide.thumbnail(1000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert small.shape == (1000, 1000, 3)
    assert peak < 160e6


def test_what_is_read_may_be_drawn_on(tmp_path):
    pixels = np.full((40, 60, 3), 200, np.uint8)
    cv2.imwrite(str(tmp_path / "photograph.jpg"), pixels)
    with open_slide(tmp_path / "photograph.jpg") as slide:
        for box in ((0, 0, 60, 40), (5, 5, 20, 20), (-5, -5, 80, 60)):
            slide.read(*box)[:] = 0
        assert slide.read(0, 0, 60, 40).min() > 190
