"""Writing pyramids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import pyvips
import tifffile

from wsinb.errors import InvalidInput, StorageError
from wsinb.testing import synthetic_image
from wsinb.tiles import open_slide, write_pyramid

IMAGE = synthetic_image((700, 500))


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = write_pyramid(IMAGE, tmp_path / "x.tif", mpp=(0.25, 0.5), magnification=40, quality=89)
    slide = open_slide(path)
    assert slide.source_name == "jpeg-tiff"
    assert slide.size == (700, 500)
    assert slide.mpp_xy == pytest.approx((0.25, 0.5))
    assert slide.magnification == 40
    assert slide.levels[0].tile_size == (256, 256)
    assert [level.downsample for level in slide.levels] == [1, 2, 4]
    assert np.abs(slide.read(0, 0, 700, 500).astype(int) - IMAGE).mean() < 6
    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_bigtiff
        assert tiff.pages[0].photometric.name == "YCBCR"


def test_without_mpp_and_magnification_both_stay_unknown(tmp_path: Path) -> None:
    slide = open_slide(write_pyramid(IMAGE, tmp_path / "x.tif"))
    assert slide.mpp is None
    assert slide.magnification is None


def test_a_pyvips_image_and_another_tile_size(tmp_path: Path) -> None:
    path = write_pyramid(pyvips.Image.new_from_array(IMAGE), tmp_path / "x.tif", tile_size=128, mpp=1)
    slide = open_slide(path)
    assert slide.levels[0].tile_size == (128, 128)
    assert slide.mpp == pytest.approx(1)


@pytest.mark.parametrize(
    ("image", "options"),
    [
        (IMAGE, {"quality": 90}),
        (IMAGE, {"quality": 0}),
        (IMAGE, {"tile_size": 100}),
        (IMAGE, {"mpp": -1}),
        (IMAGE, {"mpp": (0.5, 0)}),
        (IMAGE, {"magnification": float("nan")}),
        (IMAGE[..., 0], {}),
        (IMAGE.astype(np.uint16), {}),
        (IMAGE[:0], {}),
        (pyvips.Image.black(10, 10), {}),
        ([[1, 2, 3]], {}),
    ],
)
def test_what_cannot_be_written_is_refused(image: object, options: dict, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        write_pyramid(image, tmp_path / "x.tif", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = write_pyramid(IMAGE, tmp_path / "x.tif")
    before = path.read_bytes()
    broken = tmp_path / "broken.png"
    pyvips.Image.new_from_array(IMAGE).pngsave(str(broken))
    broken.write_bytes(broken.read_bytes()[:2000])
    image = pyvips.Image.new_from_file(str(broken), fail_on="truncated")
    with pytest.raises(StorageError, match=r"x\.tif cannot be written"):
        write_pyramid(image, path)
    assert path.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["broken.png", "x.tif"]


def test_a_disk_that_is_full_at_the_end_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_pyramid(IMAGE, tmp_path / "x.tif")
    before = path.read_bytes()

    def full(*paths: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StorageError):
        write_pyramid(IMAGE[:100], path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="nowhere"):
        write_pyramid(IMAGE, tmp_path / "nowhere" / "x.tif")
