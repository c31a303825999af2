"""Opening: what a slide says about itself, and files that are no slides."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from wsinb.errors import InvalidInput, SlideNotFound, UnreadableSlide
from wsinb.testing import synthetic_regions, synthetic_slide
from wsinb.tiles import SLIDE_SUFFIXES, Slide, open_slide


def test_a_slide_describes_itself(slide: Slide, slide_path: Path) -> None:
    assert slide.path == slide_path
    assert slide.name == "small"
    assert slide.size == (1100, 900)
    assert slide.mpp_xy == pytest.approx((0.5, 0.5))
    assert slide.magnification is None
    assert slide.source_name == "jpeg-tiff"
    assert slide.planes == (1, 1, 1)
    assert slide.levels[0] == ((1100, 900), 1.0, (256, 256))
    assert [level.size for level in slide.levels[1:]] == [(550, 450), (275, 225), (137, 112)]
    assert slide.properties["tiff.ImageWidth"] == "1100"
    assert dict(slide.associated_images) == {}
    assert repr(slide) == "Slide('small.tif', 1100 × 900 px, 0.5 µm/px, 4 levels, jpeg-tiff)"


def test_the_path_may_be_text(slide_path: Path) -> None:
    assert open_slide(str(slide_path)).path == slide_path


def test_mpp_can_be_set_and_is_checked(slide_path: Path) -> None:
    slide = open_slide(slide_path, mpp=0.25)
    assert slide.mpp == 0.25
    slide.mpp = (0.2, 0.4)
    assert slide.mpp == pytest.approx(0.3)
    slide.mpp = np.float32(0.5)
    assert slide.mpp == 0.5
    for wrong in (0, -1.0, float("nan"), (1, 2, 3), "0.5"):
        with pytest.raises(InvalidInput, match="mpp"):
            slide.mpp = wrong
    slide.mpp = None
    assert slide.mpp is None


@pytest.mark.parametrize("max_size", [1, 7, 100, 512, 5000])
def test_a_thumbnail_keeps_the_shape(slide: Slide, max_size: int) -> None:
    height, width, _ = slide.thumbnail(max_size).shape
    assert max(width, height) == min(max_size, 1100)
    assert abs(height - width * 900 / 1100) <= 1


def test_a_slide_shows_itself_in_a_notebook(slide: Slide) -> None:
    picture = cv2.imdecode(np.frombuffer(slide._repr_png_(), np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(picture[..., ::-1], slide.thumbnail())
    assert "<img" in slide._repr_html_()
    assert "small.tif" in slide._repr_html_()


def test_a_slide_opens_in_a_viewer(slide: Slide) -> None:
    viewer = slide.view(height="300px")
    assert type(viewer).__name__ == "SlideViewer"
    assert viewer.slide.path == slide.path
    viewer.close()


def test_markup_in_a_file_name_is_text(tmp_path: Path, slide_path: Path) -> None:
    path = shutil.copy(slide_path, tmp_path / "<b onclick=x>.tif")
    assert "<b onclick" not in open_slide(path)._repr_html_()


def test_the_checksum_is_that_of_the_file(slide: Slide, slide_path: Path) -> None:
    assert slide.checksum == "sha256:" + hashlib.sha256(slide_path.read_bytes()).hexdigest()


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(SlideNotFound, match=r"no slide file at .*nothing\.svs"):
        open_slide(tmp_path / "nothing.svs")
    with pytest.raises(FileNotFoundError):
        open_slide(tmp_path / "nothing.svs")


CONTENTS = {
    "empty.svs": b"",
    "text.tif": b"this is no picture" * 50,
    "short.tif": b"II*\0",
    "loop.tif": b"II*\0\x08\0\0\0" + b"\0\0" + b"\x08\0\0\0",
    "noise.ndpi": bytes(np.random.default_rng(0).integers(0, 256, 5000, dtype=np.uint8)),
    "zeros.mrxs": bytes(4096),
    "cut.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\x02\0\0\0",
    "header.dcm": bytes(128) + b"DICM" + bytes(64),
    "zeiss.czi": b"ZISRAWFILE" + bytes(500),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_what_is_no_slide_is_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(CONTENTS[name])
    with pytest.raises(UnreadableSlide) as error:
        open_slide(path)
    message = str(error.value)
    assert str(path) in message
    assert re.search(r"copy it again|copy the file again|export as OME-TIFF|give an image", message)
    assert "\n" not in message
    assert len(message) - len(str(path)) < 160


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSlide, match="folder"):
        open_slide(tmp_path)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("share", [0.001, 0.01, 0.3, 0.7, 0.99, 0.9999])
def test_a_slide_cut_short_raises_or_shows_the_pixels_that_are_there(
    share: float, slide_path: Path, whole: np.ndarray, tmp_path: Path
) -> None:
    data = slide_path.read_bytes()
    path = tmp_path / "cut.tif"
    path.write_bytes(data[: int(len(data) * share)])
    try:
        slide = open_slide(path)
    except UnreadableSlide:
        return
    for x in range(0, 1100, 256):
        try:
            image = slide.read(x, 0, 256, 900)
        except UnreadableSlide:
            continue
        width = min(256, 1100 - x)
        assert np.array_equal(image[:, :width], whole[:, x : x + width])


def test_suffixes_are_lower_case_and_sorted() -> None:
    assert list(SLIDE_SUFFIXES) == sorted(s.lower() for s in SLIDE_SUFFIXES)
    assert {".svs", ".ndpi", ".mrxs", ".scn", ".bif", ".vms", ".tif", ".dcm", ".czi"} <= set(SLIDE_SUFFIXES)


def test_a_synthetic_slide_holds_its_regions(tmp_path: Path) -> None:
    size = (800, 640)
    slide = open_slide(synthetic_slide(tmp_path / "s.tif", size, seed=3))
    regions = synthetic_regions(size, seed=3)
    image = slide.read(0, 0, *size).astype(int)
    masks = {}
    for label, polygons in regions.items():
        mask = np.zeros((640, 800), np.uint8)
        for polygon in polygons:
            assert polygon.is_valid
            cv2.fillPoly(mask, [np.rint(polygon.exterior.coords).astype(np.int32)], 1)
        masks[label] = cv2.erode(mask, np.ones((9, 9))) > 0
    assert [len(polygons) for polygons in regions.values()] == [1, 4]
    assert all(regions["tissue"][0].contains(tumour) for tumour in regions["tumor"])
    outside = cv2.dilate(masks["tissue"].astype(np.uint8), np.ones((21, 21))) == 0
    assert image[masks["tumor"]].mean() < 130 < image[outside].mean()
    assert np.array_equal(
        image, open_slide(synthetic_slide(tmp_path / "t.tif", size, seed=3)).read(0, 0, *size)
    )


@pytest.mark.parametrize("path", [None, 5, "", b"slide.svs"])
def test_what_is_no_path_to_a_slide_is_refused(path: object) -> None:
    with pytest.raises(InvalidInput, match="path of its file"):
        open_slide(path)  # type: ignore[arg-type]


def test_a_name_that_no_file_can_have_is_not_found() -> None:
    with pytest.raises(SlideNotFound, match="There is no slide file"):
        open_slide("a" * 300 + ".svs")
