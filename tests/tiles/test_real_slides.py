"""Small real files of many kinds: what each is expected to give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openslide
import pytest

from wsinb.errors import UnreadableSlide
from wsinb.tiles import open_slide

pytestmark = [
    pytest.mark.realdata,
    # a file may disagree with its own metadata, of which the libraries that parse it warn
    pytest.mark.filterwarnings("ignore"),
]

RGB, UNREADABLE = (1, 1, 1), None

EXPECTED: dict[str, tuple[str, tuple[int, int], float | None, tuple[int, int, int]] | None] = {
    # reader, size, mpp, planes (z, t, c); None: refused
    "broken_and_tiny/fixtures/boxes-no-icc.png": ("pil", (300, 250), None, RGB),
    "broken_and_tiny/fixtures/boxes.png": ("pil", (300, 250), None, RGB),
    "broken_and_tiny/fixtures/boxes.tiff": ("tiff-planes", (300, 250), None, RGB),
    "broken_and_tiny/fixtures/boxes_0.dcm": ("openslide", (16, 16), 0.499, RGB),
    "broken_and_tiny/fixtures/boxes_1.dcm": ("openslide", (16, 16), 0.499, RGB),
    "broken_and_tiny/fixtures/small.svs": ("jpeg-tiff", (16, 16), 0.499, RGB),
    "broken_and_tiny/fixtures/unopenable.tiff": UNREADABLE,
    "broken_and_tiny/fixtures/unreadable.svs": UNREADABLE,
    "broken_and_tiny/fixtures/😐.png": ("pil", (300, 250), None, RGB),
    "broken_and_tiny/fixtures/😐.svs": ("jpeg-tiff", (16, 16), 0.499, RGB),
    "cmu1_small_region_svs/cmu_small_region.svs": ("jpeg-tiff", (2220, 2967), 0.499, RGB),
    "czi/RGB-8bit.czi": ("czi", (924, 624), 1.0833, RGB),
    "czi/RGB-multichannel.czi": ("czi", (147, 81), 2.9585, (1, 1, 7)),
    "czi/tiles_time_z.czi": ("czi", (512, 512), 1.6605, (2, 2, 2)),
    "czi/tiles_z.czi": ("czi", (510, 512), 0.83027, (2, 1, 2)),
    "dicom_transfer_syntaxes/bone.jpeg": ("pil", (957, 715), None, RGB),
    "dicom_transfer_syntaxes/jpeg.dicom": ("openslide", (957, 715), 16.783, RGB),
    "dicom_transfer_syntaxes/jpeg2000.dicom": ("openslide", (957, 715), 16.783, RGB),
    "dicom_transfer_syntaxes/raw.dicom": ("openslide", (957, 715), 16.783, RGB),
    "he_region_1000px/target_image.png": ("pil", (1000, 1000), None, RGB),
    "highdicom_sm_and_seg/seg_image_sm_control.dcm": UNREADABLE,
    "highdicom_sm_and_seg/seg_image_sm_control_labelmap.dcm": UNREADABLE,
    "highdicom_sm_and_seg/seg_image_sm_control_labelmap_palette_color.dcm": UNREADABLE,
    "highdicom_sm_and_seg/seg_image_sm_dots.dcm": UNREADABLE,
    "highdicom_sm_and_seg/seg_image_sm_dots_tiled_full.dcm": UNREADABLE,
    "highdicom_sm_and_seg/seg_image_sm_numbers.dcm": UNREADABLE,
    "highdicom_sm_and_seg/sm_annotations.dcm": UNREADABLE,
    "highdicom_sm_and_seg/sm_image.dcm": ("openslide", (50, 50), 0.499, RGB),
    "highdicom_sm_and_seg/sm_image_control.dcm": ("openslide", (50, 50), 0.499, RGB),
    "highdicom_sm_and_seg/sm_image_dots.dcm": ("openslide", (50, 50), 0.499, RGB),
    "highdicom_sm_and_seg/sm_image_grayscale.dcm": ("dicom", (50, 50), 0.499, RGB),
    "highdicom_sm_and_seg/sm_image_grayscale_reversed.dcm": ("dicom", (50, 50), 0.499, RGB),
    "highdicom_sm_and_seg/sm_image_jpegls.dcm": ("dicom", (50, 50), 0.499, RGB),
    "highdicom_sm_and_seg/sm_image_jpegls_nobot.dcm": ("dicom", (50, 50), 0.499, RGB),
    "highdicom_sm_and_seg/sm_image_numbers.dcm": ("openslide", (50, 50), 0.499, RGB),
    "highdicom_sm_and_seg/sr_document.dcm": UNREADABLE,
    "highdicom_sm_and_seg/sr_document_with_multiple_groups.dcm": UNREADABLE,
    "odd_tiffs/global_dem.tif": ("tiff-planes", (360, 180), None, RGB),
    "odd_tiffs/grey10kx5k.tif": ("tiff-planes", (10_000, 5000), None, RGB),
    "odd_tiffs/rgb_geotiff.tiff": ("tiff-planes", (256, 256), None, RGB),
    "odd_tiffs/rgba_geotiff.tiff": ("tiff-planes", (600, 600), None, RGB),
    "odd_tiffs/sample.geojson": UNREADABLE,
    "odd_tiffs/sample_float32_8bit_range.zarr.zip": UNREADABLE,
    "odd_tiffs/small_la.tiff": ("tiff-planes", (2, 1), None, RGB),
    "odd_tiffs/yb10kx5k.zstd.tiff": ("tiff-planes", (10_000, 5000), None, RGB),
    "odd_tiffs/zero_gi.tif": UNREADABLE,
    "ome_tiff/multi-channel-z-series.ome.tif": ("tiff-planes", (439, 167), None, (5, 1, 3)),
    "ome_tiff/sample.tif": ("tiff-planes", (290, 442), None, RGB),
    "ome_tiff/subsampled.tif": ("pil", (250, 325), None, RGB),
    "qupath_cells_ometiff/cells-1.jp2": ("pil", (185, 261), None, RGB),
    "qupath_cells_ometiff/cells-2c.ome.tif": ("tiff-planes", (93, 131), 0.25, (1, 1, 2)),
    "qupath_cells_ometiff/cells-2t.ome.tif": ("tiff-planes", (93, 131), 0.25, (1, 2, 1)),
    "qupath_cells_ometiff/cells-2z.ome.tif": ("tiff-planes", (93, 131), 0.25, (2, 1, 1)),
    "qupath_cells_ometiff/cells-gray16.tif": ("tiff-planes", (93, 131), 0.25, RGB),
    "qupath_cells_ometiff/cells-gray32.tif": ("tiff-planes", (93, 131), 0.25, RGB),
    "qupath_cells_ometiff/cells-gray8.png": ("pil", (93, 131), None, RGB),
    "qupath_cells_ometiff/cells.jpg": ("pil", (185, 261), None, RGB),
    "qupath_cells_ometiff/cells.ome.tif": ("tiff-planes", (93, 131), 0.25, RGB),
    "qupath_cells_ometiff/cells.png": ("pil", (93, 131), None, RGB),
    "qupath_cells_ometiff/cells.tif": ("tiff-planes", (93, 131), 0.25, RGB),
    "vectra_qptiff/small_vectra.qptiff": ("tiff-planes", (1920, 1440), 0.4965, (1, 1, 3)),
    "vectra_qptiff/smalltif.tif": ("tiff-planes", (640, 480), None, RGB),
} | {f"odd_tiffs/test_orient{n}.tif": ("tiff-planes", (120, 180), None, RGB) for n in range(9)}


@pytest.mark.parametrize("name", EXPECTED)
def test_each_file_opens_as_expected_or_is_refused(name: str, data_dir: Path) -> None:
    path, expected = data_dir / "slides" / name, EXPECTED[name]
    if expected is None:
        with pytest.raises(UnreadableSlide, match=r"copy|export|give an image"):
            open_slide(path).read(0, 0, 10, 10)
        return
    reader, size, mpp, planes = expected
    with open_slide(path) as slide:
        assert (slide.source_name, slide.size, slide.planes) == (reader, size, planes)
        assert slide.mpp == (mpp if mpp is None else pytest.approx(mpp, rel=1e-4))
        outside = {"#ffffff": 255, "#000000": 0}[slide.background]
        for c in (None, slide.planes.c - 1):
            image = slide.read(-3, -3, size[0] // 2 + 5, min(size[1], 400), c=c)
            assert (image[:3] == outside).all()
            assert (image[:, :3] == outside).all()
        thumbnail = slide.thumbnail(64)
        assert max(thumbnail.shape) <= 64
        for picture in slide.associated_images.values():
            assert picture.ndim == 3
            assert picture.shape[2] == 3


def test_every_slide_file_has_an_expectation(data_dir: Path) -> None:
    folder = data_dir / "slides"
    no_slides = {".md", ".yml", ".yaml"}
    elsewhere = {"he_tiles", "cmu1_small_region_dicom"}
    files = (file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    names = {
        file.as_posix() for file in files if file.suffix not in no_slides and file.parts[0] not in elsewhere
    }
    assert names == set(EXPECTED)


def test_cmu1_equals_openslide_in_pixels_and_pictures(data_dir: Path) -> None:
    path = data_dir / "slides/cmu1_small_region_svs/cmu_small_region.svs"
    slide = open_slide(path)
    assert slide.magnification == 20
    assert slide.properties["aperio.AppMag"] == "20"
    # the checksum that is published for this file
    assert slide.checksum.startswith("sha256:ed92d5a9f2e86df67640d6f92ce3e231")
    with openslide.OpenSlide(path) as peer:
        image = np.asarray(peer.read_region((0, 0), 0, slide.size))
        assert np.array_equal(slide.read(0, 0, *slide.size), image[..., :3])
        assert set(slide.associated_images) == set(peer.associated_images) == {"label", "macro", "thumbnail"}
        for name, picture in slide.associated_images.items():
            assert np.array_equal(picture, np.asarray(peer.associated_images[name])[..., :3])


def test_the_dicom_set_shows_the_same_slide_from_any_of_its_files(data_dir: Path) -> None:
    svs = open_slide(data_dir / "slides/cmu1_small_region_svs/cmu_small_region.svs")
    files = sorted((data_dir / "slides/cmu1_small_region_dicom").glob("*.dcm"))
    assert len(files) == 4
    slides = [open_slide(file) for file in files]
    assert len({slide.checksum for slide in slides}) == 1
    for slide in slides:
        assert slide.size == svs.size
        assert slide.mpp == pytest.approx(svs.mpp)
        assert set(slide.associated_images) == {"label", "macro", "thumbnail"}
    for name, picture in slides[0].associated_images.items():
        assert picture.shape == svs.associated_images[name].shape
        assert np.abs(picture.astype(int) - svs.associated_images[name]).mean() < 8
    ours, theirs = (s.read(700, 900, 400, 400, um_per_px=1).astype(int) for s in (slides[0], svs))
    # compressed anew, so close but not equal
    assert np.abs(ours - theirs).mean() < 8


def test_the_same_pixels_in_three_transfer_syntaxes(data_dir: Path) -> None:
    folder = data_dir / "slides/dicom_transfer_syntaxes"
    raw, jpeg, wavelet = (
        open_slide(folder / f"{name}.dicom").read(0, 0, 957, 715).astype(int)
        for name in ("raw", "jpeg", "jpeg2000")
    )
    assert np.abs(jpeg - raw).mean() < 4
    assert np.abs(wavelet - raw).mean() < 4


def test_channels_and_planes_of_one_picture_agree(data_dir: Path) -> None:
    folder = data_dir / "slides/qupath_cells_ometiff"
    single = open_slide(folder / "cells-gray8.png").read(0, 0, 93, 131)
    for name, axis in (("cells-2c", "c"), ("cells-2z", "z"), ("cells-2t", "t")):
        slide = open_slide(folder / f"{name}.ome.tif")
        first = slide.read(0, 0, 93, 131, **{axis: 0})
        second = slide.read(0, 0, 93, 131, **{axis: 1})
        assert np.abs(first.astype(int) - single).mean() < 3
        assert first.shape == second.shape
