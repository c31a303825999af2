"""TIFF files with planes, channels, other pixel types and compressions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from wsinb.errors import InvalidInput, UnreadableSlide
from wsinb.tiles import open_slide
from wsinb.tiles.sources.pixels import CHANNEL_COLOURS

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (15, 20), dtype=np.uint8).repeat(16, 0).repeat(16, 1)


def write(path: Path, image: np.ndarray, **options: object) -> Path:
    tifffile.imwrite(path, image, **({"tile": (64, 64), "compression": "deflate"} | options))
    return path


def ome_pyramid(path: Path, image: np.ndarray, axes: str, **options: object) -> Path:
    """Write an OME-TIFF with two coarser levels in SubIFDs."""
    shared = {"tile": (64, 64)} | options
    size = {f"PhysicalSize{axis}{part}": v for axis in "XY" for part, v in (("", 250), ("Unit", "nm"))}
    with tifffile.TiffWriter(path, ome=True) as tiff:
        tiff.write(image, subifds=2, metadata={"axes": axes} | size, **shared)
        for step in (2, 4):
            coarse = image[..., ::step, ::step, :] if axes.endswith("S") else image[..., ::step, ::step]
            tiff.write(coarse, subfiletype=1, **shared)
    return path


def test_planes_and_channels_are_told_apart(tmp_path: Path) -> None:
    stack = np.zeros((2, 3, 4, 64, 64), np.uint8)
    stack += np.arange(24, dtype=np.uint8).reshape(2, 3, 4, 1, 1) * 10
    path = tmp_path / "x.ome.tif"
    tifffile.imwrite(path, stack, metadata={"axes": "TCZYX"}, photometric="minisblack")
    slide = open_slide(path)
    assert slide.source_name == "tiff-planes"
    assert slide.planes == (4, 2, 3)
    for t in range(2):
        for c in range(3):
            for z in range(4):
                assert (slide.read(5, 5, 9, 9, z=z, t=t, c=c) == stack[t, c, z, 0, 0]).all()
    with pytest.raises(InvalidInput, match=r"no z = 4: use 0 to 3"):
        slide.read(0, 0, 5, 5, z=4)


def test_channels_together_make_a_colour_picture(tmp_path: Path) -> None:
    channels = np.stack([GREY, GREY[::-1], GREY[:, ::-1]])
    slide = open_slide(ome_pyramid(tmp_path / "x.ome.tif", channels, "CYX", photometric="minisblack"))
    assert np.array_equal(slide.read(0, 0, 320, 240), channels.transpose(1, 2, 0))


def test_an_ome_pyramid_is_read_by_its_levels(tmp_path: Path) -> None:
    image = np.stack([GREY] * 3, -1)
    slide = open_slide(ome_pyramid(tmp_path / "x.ome.tif", image, "YXS", photometric="rgb"))
    assert slide.mpp == pytest.approx(0.25)
    assert [level.downsample for level in slide.levels] == [1, 2, 4]
    assert np.array_equal(slide.read(16, 32, 64, 40, downsample=4), image[::4, ::4][8:48, 4:68])


@pytest.mark.parametrize(
    "options",
    [
        {"compression": None},
        {"compression": "lzw"},
        {"compression": "zstd"},
        {"compression": "deflate", "predictor": True},
        {"compression": "jpeg2000"},
        {"tile": None, "rowsperstrip": 7},
        {"tile": None},
        {"planarconfig": "separate"},
        {"byteorder": ">", "bigtiff": True},
    ],
)
def test_every_layout_gives_the_same_pixels(options: dict, tmp_path: Path) -> None:
    image = RNG.integers(0, 256, (150, 200, 3), dtype=np.uint8)
    separate = options.get("planarconfig") == "separate"
    path = write(
        tmp_path / "x.ome.tif", image.transpose(2, 0, 1) if separate else image, photometric="rgb", **options
    )
    slide = open_slide(path)
    assert slide.source_name == "tiff-planes"
    assert np.array_equal(slide.read(0, 0, 200, 150), image)
    assert np.array_equal(slide.read(61, 55, 70, 80), image[55:135, 61:131])


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.uint32, np.float32, np.float64, np.int8])
def test_other_number_types_span_black_to_white(dtype: type, tmp_path: Path) -> None:
    values = np.linspace(-100 if np.dtype(dtype).kind != "u" else 3, 120, 240 * 320)
    image = values.reshape(240, 320).astype(dtype)
    slide = open_slide(write(tmp_path / "x.tif", image))
    grey = slide.read(0, 0, 320, 240)
    assert (grey[..., 0] == grey[..., 2]).all()
    assert grey.min() == 0
    assert grey.max() == 255
    assert int(grey[120, 160, 0]) == pytest.approx(127, abs=3)
    # a tile is scaled like the whole
    assert np.array_equal(slide.read(10, 20, 30, 40), grey[20:60, 10:40])


def test_absent_values_do_not_upset_the_scale(tmp_path: Path) -> None:
    image = np.linspace(0, 1, 240 * 320, dtype=np.float32).reshape(240, 320)
    image[:10] = np.nan
    image[10:20] = np.inf
    grey = open_slide(write(tmp_path / "x.tif", image)).read(0, 0, 320, 240)
    assert (grey[:10] == 0).all()
    assert (grey[10:20] == 255).all()
    assert int(grey[130, 160, 0]) == pytest.approx(127, abs=8)


def test_white_may_be_zero(tmp_path: Path) -> None:
    slide = open_slide(write(tmp_path / "x.tif", GREY, photometric="miniswhite", tile=None))
    assert np.array_equal(slide.read(0, 0, 320, 240)[..., 0], 255 - GREY)


def test_transparent_pixels_are_white(tmp_path: Path) -> None:
    image = np.zeros((240, 320, 4), np.uint8)
    image[..., 3] = np.arange(320) * 255 // 319
    path = write(tmp_path / "x.ome.tif", image, photometric="rgb", extrasamples=["unassalpha"])
    row = open_slide(path).read(0, 0, 320, 1)[0, :, 0]
    assert row[0] == 255
    assert row[-1] == 0
    assert (np.diff(row.astype(int)) <= 0).all()


def test_a_fourth_sample_of_no_meaning_is_left_out(tmp_path: Path) -> None:
    image = np.dstack([GREY, GREY, GREY, np.zeros_like(GREY)])
    path = write(tmp_path / "x.ome.tif", image, photometric="rgb", extrasamples=["unspecified"])
    assert np.array_equal(open_slide(path).read(0, 0, 320, 240), image[..., :3])


def test_a_file_cut_short_raises(tmp_path: Path) -> None:
    path = write(tmp_path / "x.tif", RNG.integers(0, 60_000, (240, 320), dtype=np.uint16))
    with tifffile.TiffFile(path) as tiff:
        end = tiff.pages[0].dataoffsets[13]
    data = path.read_bytes()
    path.write_bytes(data[:end])
    slide = open_slide(path)
    assert slide.read(0, 0, 64, 64).std() > 10
    with pytest.raises(UnreadableSlide, match=r"x\.tif is damaged"):
        slide.read(0, 0, 320, 240)


def test_colours_repeat_after_the_seventh_channel(tmp_path: Path) -> None:
    path = tmp_path / "x.ome.tif"
    tifffile.imwrite(
        path, np.full((8, 4, 4), 10, np.uint8), metadata={"axes": "CYX"}, photometric="minisblack"
    )
    slide = open_slide(path)
    assert [channel.color for channel in slide.channels] == [*CHANNEL_COLOURS, CHANNEL_COLOURS[0]]
    assert (slide.read(0, 0, 4, 4) == [50, 40, 40]).all()
