"""Zeiss CZI: mosaics, planes, channels, and what happens without the extra."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from wsinb.errors import UnreadableSlide
from wsinb.tiles import ChannelStyle, open_slide
from wsinb.tiles.sources.czi_metadata import CziMetadata

czi = pytest.importorskip("pylibCZIrw.czi", reason="the extra czi is not installed")


def noise(seed: int, dtype: type = np.uint16, bands: int = 1) -> NDArray:
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, (100, 120, bands), dtype)


def test_planes_channels_and_resolution_are_those_that_were_written(tmp_path: Path) -> None:
    path = tmp_path / "x.czi"
    stack = {(z, t, c): noise(9 * z + 3 * t + c) for z in range(3) for t in range(2) for c in range(2)}
    with czi.create_czi(str(path)) as document:
        for (z, t, c), pixels in stack.items():
            document.write(pixels, plane={"Z": z, "T": t, "C": c})
        document.write_metadata("x", channel_names={0: "DAPI", 1: "CD8"}, scale_x=5e-7, scale_y=2.5e-7)
    slide = open_slide(path)
    assert slide.source_name == "czi"
    assert (slide.size, slide.planes) == ((120, 100), (3, 2, 2))
    assert slide.mpp_xy == pytest.approx((0.5, 0.25))
    assert [channel.name for channel in slide.channels] == ["DAPI", "CD8"]
    assert slide.background == "#000000"
    for (z, t, c), pixels in stack.items():
        style = ChannelStyle(c, "#ffffff", 0, 65_535)
        got = slide.read(7, 5, 60, 50, z=z, t=t, channels=[style])
        assert np.abs(got - pixels[5:55, 7:67] / 257.0).max() <= 0.51


def test_a_mosaic_is_put_together_and_its_gaps_are_of_the_background(tmp_path: Path) -> None:
    path = tmp_path / "x.czi"
    one, other = noise(1, np.uint8, 3), noise(2, np.uint8, 3)
    with czi.create_czi(str(path)) as document:
        document.write(one, location=(-50, -20))
        document.write(other, location=(100, 60))
    slide = open_slide(path)
    assert slide.size == (270, 180)
    assert (slide.channels, slide.background) == ((), "#ffffff")
    image = slide.read(0, 0, 270, 180)
    assert np.array_equal(image[:100, :120], one[..., ::-1])  # blue first, as Zeiss has it
    assert np.array_equal(image[80:, 150:], other[..., ::-1])
    assert (image[100:, :120] == 255).all()
    assert (image[:80, 130:] == 255).all()
    # in parts as in one
    assert np.array_equal(slide.read(60, 50, 130, 90), image[50:140, 60:190])


def test_a_level_of_the_pyramid_shows_the_same_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # the library's writer makes no pyramids, and its reader computes a coarser layer that is not there
    monkeypatch.setattr("wsinb.tiles.sources.czi._steps", lambda reader: [1, 2, 3, 4])
    path = tmp_path / "x.czi"
    y, x = np.mgrid[:301, :401]
    with czi.create_czi(str(path)) as document:
        document.write((x // 4 + y // 4).astype(np.uint8)[..., None], location=(-33, 12))
    slide = open_slide(path)
    assert [level.size for level in slide.levels] == [(401, 301), (200, 150), (133, 100), (100, 75)]
    for step in (2, 3, 4):
        whole = slide.read(0, 0, 401 // step, 301 // step, downsample=step)[..., 0].astype(int)
        rows, columns = np.mgrid[: 301 // step, : 401 // step] * step + step // 2
        assert np.abs(whole - (columns // 4 + rows // 4)).max() <= 3
        part = slide.read(30 * step, 20 * step, 40, 35, downsample=step)[..., 0]
        assert np.abs(part - whole[20:55, 30:70]).max() <= 2


@pytest.mark.parametrize(("dtype", "bands"), [(np.uint8, 1), (np.uint16, 1), (np.uint8, 3), (np.uint16, 3)])
def test_every_pixel_type_is_shown(dtype: type, bands: int, tmp_path: Path) -> None:
    path = tmp_path / "x.czi"
    with czi.create_czi(str(path)) as document:
        document.write(noise(3, dtype, bands))
    slide = open_slide(path)
    assert slide.read(0, 0, 120, 100).std() > 40
    assert bool(slide.channels) == (dtype is np.uint16)


def test_threads_read_what_one_thread_reads(tmp_path: Path) -> None:
    path = tmp_path / "x.czi"
    with czi.create_czi(str(path)) as document:
        for z in range(4):
            document.write(noise(z), plane={"Z": z})
    with open_slide(path) as slide, ThreadPoolExecutor(8) as threads:
        serial = [slide.read(z * 5, 3, 40, 40, z=z) for z in range(4)] * 8
        parallel = list(threads.map(lambda n: slide.read(n % 4 * 5, 3, 40, 40, z=n % 4), range(32)))
    assert all(np.array_equal(one, two) for one, two in zip(serial, parallel, strict=True))


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.95])
def test_a_file_cut_short_is_refused_or_raises(share: float, tmp_path: Path) -> None:
    path = tmp_path / "x.czi"
    with czi.create_czi(str(path)) as document:
        for z in range(6):
            document.write(noise(z), plane={"Z": z})
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(UnreadableSlide, match="copy"):
        [open_slide(path).read(0, 0, 120, 100, z=z) for z in range(6)]


def test_without_the_extra_the_error_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.czi"
    with czi.create_czi(str(path)) as document:
        document.write(noise(0))
    monkeypatch.setitem(sys.modules, "pylibCZIrw", None)
    with pytest.raises(UnreadableSlide, match=r"wsinb\[czi\]"):
        open_slide(path)


def test_metadata_of_any_form_do_no_harm() -> None:
    odd = [None, "text", [], {"ImageDocument": None}, {"ImageDocument": {"Metadata": ["x"]}}]
    channel = {"@Id": "0", "Color": "#80ff0010", "Low": "0.5", "High": "0.25"}
    odd.append({"ImageDocument": {"Metadata": {"DisplaySetting": {"Channels": {"Channel": channel}}}}})
    for document in odd:
        about = CziMetadata(document)
        assert about.um_per_px == (None, None)
        assert about.magnification is None
        assert about.frame_rate is None
        assert about.properties == {}
        notes = about.channel_notes(2, "Gray8")
        assert [note.range for note in notes] == [None, None]
    assert notes[0].color == "#ff0010"


@pytest.mark.realdata
def test_real_files_tell_their_channels(data_dir: Path) -> None:
    folder = data_dir / "slides/czi"
    slide = open_slide(folder / "tiles_time_z.czi")
    told = [(channel.name, channel.color) for channel in slide.channels]
    assert told == [("Ch1", "#00ff00"), ("T PMT", "#ffffff")]
    assert slide.magnification == 20
    planes = {(z, t): slide.read(0, 0, 512, 512, z=z, t=t).tobytes() for z in range(2) for t in range(2)}
    assert len(set(planes.values())) == 4
    slide = open_slide(folder / "RGB-multichannel.czi")
    assert [channel.name for channel in slide.channels][:3] == ["Bright", "Pol_0", "Pol_15"]
    assert [channel.visible for channel in slide.channels] == [True] + [False] * 6
    assert slide.background == "#ffffff"
    shown = slide.read(0, 0, 147, 81)
    assert np.array_equal(shown, slide.read(0, 0, 147, 81, channels=["Bright"]))
