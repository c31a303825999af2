"""Our own path for plain JPEG pyramids, against OpenSlide and on odd and damaged files."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import openslide
import pytest
import simplejpeg
import tifffile

from wsinb.errors import InvalidInput, UnreadableSlide
from wsinb.tiles import Slide, open_slide, write_pyramid

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)


def write(path: Path, image: np.ndarray = IMAGE, **options: object) -> Path:
    settings = {"tile": (64, 64), "compression": "jpeg", "photometric": "rgb", "metadata": None} | options
    tifffile.imwrite(path, image, **settings)
    return path


def by_openslide(path: Path, x: int, y: int, width: int, height: int, level: int = 0) -> np.ndarray:
    with openslide.OpenSlide(path) as slide:
        image = np.asarray(slide.read_region((x, y), level, (width, height)))
    assert (image[..., 3] == 255).all()
    return image[..., :3]


@pytest.mark.parametrize("subsampling", [(1, 1), (2, 1), (2, 2)])
def test_pixels_equal_those_of_openslide(subsampling: tuple[int, int], tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", subsampling=subsampling)
    slide = open_slide(path)
    assert slide.source_name == "jpeg-tiff"
    assert np.array_equal(slide.read(13, 7, 300, 200), by_openslide(path, 13, 7, 300, 200))


def test_rgb_that_is_not_ycbcr_keeps_its_colours(tmp_path: Path) -> None:
    path = write(tmp_path / "rgb.tif", compressionargs={"outcolorspace": "rgb", "level": 95})
    with tifffile.TiffFile(path) as tiff:
        assert tiff.pages[0].photometric.name == "RGB"
    slide = open_slide(path)
    assert slide.source_name == "jpeg-tiff"
    got = slide.read(0, 0, 400, 320)
    assert np.array_equal(got, by_openslide(path, 0, 0, 400, 320))
    assert np.abs(got.astype(int) - IMAGE).mean() < 6


def test_a_jfif_marker_does_not_override_the_tag(tmp_path: Path) -> None:
    path = write(tmp_path / "rgb.tif", compressionargs={"outcolorspace": "rgb", "level": 95})
    slide = open_slide(path)
    expected = slide.read(0, 0, 64, 64)
    original = slide._source._file.read
    jfif = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    slide._source._file.read = lambda offset, count: jfif + original(offset, count)[2:]
    assert np.array_equal(slide.read(0, 0, 64, 64), expected)


def test_all_levels_equal_those_of_openslide(slide: Slide, slide_path: Path) -> None:
    for number, level in enumerate(slide.levels):
        got = slide.read(0, 0, *level.size, downsample=level.downsample)
        assert np.array_equal(got, by_openslide(slide_path, 0, 0, *level.size, number))


@pytest.mark.parametrize(
    ("options", "source"),
    [
        ({"compression": "deflate"}, "tiff-planes"),
        ({"tile": None}, "tiff-planes"),
        ({"image": IMAGE[..., 0], "photometric": "minisblack"}, "tiff-planes"),
        ({"image": IMAGE.astype(np.uint16) * 200, "compression": "deflate"}, "tiff-planes"),
        ({"extratags": [(274, 3, 1, 6, True)]}, "tiff-planes"),
    ],
)
def test_what_is_not_plain_is_left_to_others(options: dict, source: str, tmp_path: Path) -> None:
    slide = open_slide(write(tmp_path / "other.tif", **options))
    assert slide.source_name == source
    assert slide.read(0, 0, 100, 100).std() > 20


def test_pages_of_equal_size_are_no_pyramid(tmp_path: Path) -> None:
    path = tmp_path / "stack.tif"
    with tifffile.TiffWriter(path) as tiff:
        for _ in range(3):
            tiff.write(IMAGE, tile=(64, 64), compression="jpeg", photometric="rgb", metadata=None)
    assert open_slide(path).source_name != "jpeg-tiff"


def test_a_tiled_page_of_another_picture_is_no_level(tmp_path: Path) -> None:
    path = tmp_path / "two.tif"
    with tifffile.TiffWriter(path) as tiff:
        for image in (IMAGE, IMAGE[:60, :300]):
            tiff.write(image, tile=(32, 32), compression="jpeg", photometric="rgb", metadata=None)
    slide = open_slide(path)
    assert [level.size for level in slide.levels] == [(400, 320)]
    assert np.array_equal(slide.read(0, 0, 400, 320), by_openslide(path, 0, 0, 400, 320))


def tile_place(path: Path, index: int) -> tuple[int, int]:
    with tifffile.TiffFile(path) as tiff:
        return tiff.pages[0].dataoffsets[index], tiff.pages[0].databytecounts[index]


def rewrite_counts(path: Path, changes: dict[int, tuple[int, int]]) -> None:
    """Overwrite offset and byte count of tiles of the first page."""
    with tifffile.TiffFile(path) as tiff:
        tags = [tiff.pages[0].tags[name] for name in ("TileOffsets", "TileByteCounts")]
        order = tiff.byteorder
    with path.open("r+b") as file:
        for index, values in changes.items():
            for tag, value in zip(tags, values, strict=True):
                code = {3: "H", 4: "I", 16: "Q"}[int(tag.dtype)]
                file.seek(tag.valueoffset + index * struct.calcsize(code))
                file.write(struct.pack(order + code, value))


def test_a_tile_that_is_left_out_is_white(tmp_path: Path) -> None:
    path = write(tmp_path / "sparse.tif")
    full = open_slide(path).read(0, 0, 200, 64)
    rewrite_counts(path, {1: (0, 0)})
    sparse = open_slide(path).read(0, 0, 200, 64)
    assert (sparse[:, 64:128] == 255).all()
    assert np.array_equal(sparse[:, :64], full[:, :64])
    assert np.array_equal(sparse[:, 128:], full[:, 128:])


def test_a_damaged_tile_raises_and_the_others_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "damaged.tif")
    full = open_slide(path).read(0, 0, 400, 320)
    offset, count = tile_place(path, 1)
    with path.open("r+b") as file:
        file.seek(offset + 2)
        file.write(bytes(count - 2))
    slide = open_slide(path)
    with pytest.raises(UnreadableSlide, match=r"Tile \(1, 0\) of .*damaged\.tif is damaged"):
        slide.read(0, 0, 400, 320)
    assert np.array_equal(slide.read(128, 0, 100, 320), full[:, 128:228])


def test_a_tile_cut_inside_its_picture_raises(tmp_path: Path) -> None:
    path = write(tmp_path / "cut.tif")
    offset, count = tile_place(path, 0)
    rewrite_counts(path, {0: (offset, count // 2)})
    with pytest.raises(UnreadableSlide, match=r"Tile \(0, 0\)"):
        open_slide(path).read(0, 0, 10, 10)


def test_a_tile_beyond_the_end_of_the_file_raises_at_once(tmp_path: Path) -> None:
    path = write(tmp_path / "beyond.tif")
    offset, _ = tile_place(path, 0)
    rewrite_counts(path, {0: (offset, 60_000), 1: (2**31, 100)})
    slide = open_slide(path)
    path.write_bytes(path.read_bytes())
    for x in (0, 64):
        with pytest.raises(UnreadableSlide):
            slide.read(x, 0, 10, 10)


def test_a_picture_larger_than_its_tile_is_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide = open_slide(write(tmp_path / "bomb.tif"))
    bomb = simplejpeg.encode_jpeg(np.zeros((2000, 2000, 3), np.uint8))
    monkeypatch.setattr(slide._source, "encoded_tile", lambda *place: bomb)
    monkeypatch.setattr(simplejpeg, "decode_jpeg", lambda data: pytest.fail("it was decoded"))
    with pytest.raises(UnreadableSlide):
        slide.read(0, 0, 10, 10)


def test_bytes_after_the_picture_are_borne(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slide = open_slide(write(tmp_path / "padded.tif"))
    expected = slide.read(0, 0, 64, 64)
    original = slide._source.encoded_tile
    monkeypatch.setattr(
        slide._source, "encoded_tile", lambda *place: original(*place)[:-2] + b"\x11\x22\xff\xd9"
    )
    assert np.array_equal(slide.read(0, 0, 64, 64), expected)


def aperio(path: Path, description: str) -> Path:
    """Write an SVS: level, thumbnail, coarser level, label, macro."""
    head = "Aperio Image Library v12.0.15 \n"
    jpeg = {"compression": "jpeg", "photometric": "rgb", "metadata": None}
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(IMAGE, tile=(64, 64), description=head + description, **jpeg)
        tiff.write(IMAGE[::4, ::4].copy(), description=head + "400x320 -> 100x80", **jpeg)
        tiff.write(IMAGE[::2, ::2].copy(), tile=(64, 64), description=head + "400x320 -> 200x160", **jpeg)
        for name in ("label", "macro"):
            tiff.write(IMAGE[:30, :40], description=f"{head}{name} 40x30", compression="lzw", metadata=None)
    return path


def test_an_svs_gives_its_metadata_levels_and_pictures(tmp_path: Path) -> None:
    slide = open_slide(
        aperio(tmp_path / "a.svs", "400x320 (64x64) JPEG/RGB Q=70|AppMag = 40|MPP = 0.2525|User = u1")
    )
    assert slide.source_name == "jpeg-tiff"
    assert slide.mpp == 0.2525
    assert slide.magnification == 40
    assert slide.properties["aperio.User"] == "u1"
    assert [level.size for level in slide.levels] == [(400, 320), (200, 160)]
    assert list(slide.associated_images) == ["thumbnail", "label", "macro"]
    assert slide.associated_images["thumbnail"].shape == (80, 100, 3)
    assert np.array_equal(slide.associated_images["label"], IMAGE[:30, :40])
    with pytest.raises(KeyError):
        slide.associated_images["back"]


def test_an_svs_without_mpp_has_none(tmp_path: Path) -> None:
    slide = open_slide(aperio(tmp_path / "a.svs", "400x320 (64x64) JPEG/RGB Q=70|AppMag = x|MPP = 0"))
    assert slide.mpp is None
    assert slide.magnification is None


@pytest.mark.parametrize("tile_size", [256, 512])
def test_stored_tiles_are_the_pixels_of_their_place(tmp_path: Path, tile_size: int) -> None:
    image = np.tile(IMAGE, (5, 4, 1))[:1300, :1500]
    slide = open_slide(write_pyramid(image, tmp_path / "s.tif", tile_size=tile_size))
    found = 0
    for k, level in enumerate(slide.levels):
        step = tile_size << k
        for t_row in range(-1, 8):
            for t_col in range(-1, 8):
                stored = slide.stored_jpeg(t_col * step, t_row * step, tile_size, 2.0**k)
                inside = 0 <= t_col < level.size[0] // tile_size and 0 <= t_row < level.size[1] // tile_size
                # past the edge a stored tile is not white
                assert (stored is not None) == inside
                if stored is not None:
                    shown = slide.read(t_col * step, t_row * step, tile_size, tile_size, downsample=2**k)
                    assert np.array_equal(simplejpeg.decode_jpeg(stored), shown)
                    found += 1
    assert found > 4


def test_what_is_not_stored_as_one_tile_is_not_given_as_stored(slide: Slide) -> None:
    assert slide.stored_jpeg(0, 0, 256) is not None
    for place in [(0, 0, 512), (128, 0, 256), (0, 1, 256), (0, 0, 256, 1.5), (0, 0, 256, 3), (0, 0, 255)]:
        assert slide.stored_jpeg(*place) is None
    assert slide.stored_jpeg(256, 0, 256, 2.0) is None


def test_a_damaged_tile_is_not_given_as_stored(tmp_path: Path, slide_path: Path) -> None:
    with tifffile.TiffFile(slide_path) as tiff:
        offset, count = tiff.pages[0].dataoffsets[0], tiff.pages[0].databytecounts[0]
    data = bytearray(slide_path.read_bytes())
    data[offset + count - 2 : offset + count] = b"\0\0"  # no end marker
    path = tmp_path / "damaged.tif"
    path.write_bytes(data)
    slide = open_slide(path)
    assert slide.stored_jpeg(0, 0, 256) is None
    assert slide.stored_jpeg(256, 0, 256) is not None
    slide.close()
    with pytest.raises(InvalidInput, match="closed"):
        slide.stored_jpeg(256, 0, 256)
