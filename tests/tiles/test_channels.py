"""Channels: what a file says about them, and their composition in colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from wsinb.errors import InvalidInput
from wsinb.tiles import ChannelStyle, Slide, open_slide
from wsinb.tiles.channels import Paint, weights_of
from wsinb.tiles.sources.pixels import compose

SIZE = (70, 50)


def formula(parts: list[NDArray], styles: list[tuple[float, float, str]]) -> NDArray[np.float64]:
    """The composition as the documentation says it, in double precision."""
    total = np.zeros((*parts[0].shape[:2], 3)) if parts else np.zeros((SIZE[1], SIZE[0], 3))
    for values, (low, high, color) in zip(parts, styles, strict=True):
        share = np.clip((values.astype(np.float64) - low) / (high - low), 0, 1)
        total += np.nan_to_num(share, nan=0)[..., None] * np.array(weights_of(color))
    return 255 * np.clip(total, 0, 1)


def stack_of(dtype: type, n_channels: int, seed: int = 0) -> NDArray:
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return rng.normal(0, 1000, (n_channels, SIZE[1], SIZE[0])).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max, (n_channels, SIZE[1], SIZE[0]), dtype, endpoint=True)


def ome(path: Path, stack: NDArray, axes: str = "CYX", **metadata: object) -> Slide:
    tifffile.imwrite(path, stack, metadata={"axes": axes, **metadata}, photometric="minisblack")
    return open_slide(path)


colors = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@settings(max_examples=150, deadline=None)
@given(
    dtype=st.sampled_from([np.uint8, np.uint16, np.int16, np.uint32, np.int32, np.float32, np.float64]),
    seed=st.integers(0, 5),
    styles=st.lists(st.tuples(st.floats(-1e4, 7e4), st.floats(1, 7e4), colors), max_size=4),
)
def test_composition_equals_the_plain_formula(dtype: type, seed: int, styles: list) -> None:
    stack = stack_of(dtype, max(1, len(styles)), seed)
    if stack.dtype.kind == "f":
        stack[0, 0, :3] = np.nan, np.inf, -np.inf
    ranges = [(low, low + width, color) for low, width, color in styles]
    paints = [Paint(c, low, high, weights_of(color)) for c, (low, high, color) in enumerate(ranges)]
    parts = list(stack[: len(styles)])
    got = compose([part[..., None] for part in parts], paints, SIZE)
    assert got.shape == (SIZE[1], SIZE[0], 3)
    assert np.abs(got - formula(parts, ranges)).max() <= 0.51


def test_any_order_of_channels_gives_the_same_picture(tmp_path: Path) -> None:
    slide = ome(tmp_path / "x.ome.tif", stack_of(np.uint16, 3))
    styles = [ChannelStyle(0, "#804020", 0, 9000), ChannelStyle(1, low=5), ChannelStyle(2, "#00ffff")]
    one = slide.read(3, 4, 30, 20, channels=styles)
    other = slide.read(3, 4, 30, 20, channels=styles[::-1])
    assert np.abs(one.astype(int) - other).max() <= 1
    assert one.std() > 10


def test_pixels_of_a_plane_are_composed_before_they_are_scaled(tmp_path: Path) -> None:
    stack = np.stack([stack_of(np.uint16, 2, seed) for seed in range(6)]).reshape(2, 3, 2, *SIZE[::-1])
    slide = ome(tmp_path / "x.ome.tif", stack, "TZCYX")
    assert "1 levels, 3 focal planes, 2 time points, 2 channels, tiff-planes" in repr(slide)
    styles = [(100, 50_000, "#ff8000"), (0, 65_535, "#0080ff")]
    asked = [ChannelStyle(c, color, low, high) for c, (low, high, color) in enumerate(styles)]
    for t in range(2):
        for z in range(3):
            got = slide.read(0, 0, *SIZE, z=z, t=t, channels=asked)
            assert np.abs(got - formula(list(stack[t, z]), styles)).max() <= 0.51
    half = slide.read(0, 0, SIZE[0] // 2, SIZE[1] // 2, downsample=2, channels=asked)
    whole = formula(list(stack[0, 0]), styles).reshape(SIZE[1] // 2, 2, SIZE[0] // 2, 2, 3).mean((1, 3))
    assert np.abs(half - whole).max() <= 1.5


def test_the_colour_picture_is_that_of_the_visible_channels(tmp_path: Path) -> None:
    slide = ome(tmp_path / "x.ome.tif", stack_of(np.uint16, 4))
    own = [c for c, channel in enumerate(slide.channels) if channel.visible]
    assert own == [0, 1, 2, 3]
    assert np.array_equal(slide.read(0, 0, *SIZE), slide.read(0, 0, *SIZE, channels=own))
    assert (slide.read(0, 0, *SIZE, channels=[]) == 0).all()
    red = slide.read(0, 0, *SIZE, channels=[0])
    assert (red[..., 1:] == 0).all()
    assert np.array_equal(red[..., 0], slide.read(0, 0, *SIZE, c=0)[..., 0])


def test_names_and_colours_come_from_the_file(tmp_path: Path) -> None:
    channels = {"Name": ["DAPI", "CD8 <&>", ""], "Color": [0x0000FFFF, -16776961, 0x00FF0080]}
    slide = ome(tmp_path / "x.ome.tif", stack_of(np.uint8, 3), Channel=channels)
    assert [(channel.name, channel.color) for channel in slide.channels] == [
        ("DAPI", "#0000ff"),
        ("CD8 <&>", "#ff0000"),
        ("Channel 3", "#00ff00"),
    ]
    blue = slide.read(0, 0, *SIZE, channels=["DAPI"])
    assert (blue[..., :2] == 0).all()
    assert slide.channels[0].limits == (0, 255)


def test_planes_of_8_bits_are_stretched_if_the_file_names_them(tmp_path: Path) -> None:
    dark = stack_of(np.uint8, 2) // 8
    unnamed = ome(tmp_path / "x.ome.tif", dark)
    assert [channel.range for channel in unnamed.channels] == [(0, 255)] * 2
    assert np.array_equal(unnamed.read(0, 0, *SIZE, c=1)[..., 0], dark[1])
    named = ome(tmp_path / "y.ome.tif", dark, Channel={"Name": ["A", "B"]})
    assert [channel.range for channel in named.channels] == [(0, 31)] * 2
    assert named.read(0, 0, *SIZE, c=1).max() == 255
    assert named.read(0, 0, *SIZE).max() == 255


def test_a_single_channel_of_a_colour_is_shown_in_it(tmp_path: Path) -> None:
    slide = ome(tmp_path / "x.ome.tif", stack_of(np.uint8, 1)[0], "YX", Channel={"Color": [0x00FF00FF]})
    assert [channel.color for channel in slide.channels] == ["#00ff00"]
    assert slide.background == "#000000"
    picture = slide.read(0, 0, *SIZE)
    assert (picture[..., (0, 2)] == 0).all()
    assert np.array_equal(picture[..., 1], slide.read(0, 0, *SIZE, c=0)[..., 1])


def test_colours_that_are_all_white_are_none(tmp_path: Path) -> None:
    slide = ome(tmp_path / "x.ome.tif", stack_of(np.uint8, 2), Channel={"Color": [-1, -1]})
    assert [channel.color for channel in slide.channels] == ["#ff0000", "#00ff00"]


def test_imagej_tells_colours_ranges_labels_and_the_time_between_frames(tmp_path: Path) -> None:
    ramp, none = np.arange(256, dtype=np.uint8), np.zeros(256, np.uint8)
    tables = [np.stack([none, ramp, none]), np.stack([ramp, none, ramp])]
    about = {"axes": "TZCYX", "LUTs": tables, "Ranges": (1, 90, 5, 900), "finterval": 0.25}
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, stack_of(np.uint16, 12).reshape(3, 2, 2, 50, 70), imagej=True, metadata=about)
    slide = open_slide(path)
    assert slide.planes == (2, 3, 2)
    assert slide.frame_rate == 4
    assert slide.frames is None
    assert [(c.color, c.range) for c in slide.channels] == [("#00ff00", (1, 90)), ("#ff00ff", (5, 900))]
    labels = [f"day {n}" for n in range(5)]
    about = {"axes": "TYX", "Labels": labels}
    tifffile.imwrite(path, stack_of(np.uint8, 5), imagej=True, metadata=about)
    slide = open_slide(path)
    assert (slide.planes, slide.frames) == ((1, 5, 1), ("t", tuple(labels)))


def test_a_stack_of_pages_is_a_slide_with_planes(tmp_path: Path) -> None:
    stack = stack_of(np.uint8, 6)
    with tifffile.TiffWriter(tmp_path / "x.tif") as tiff:
        for page in stack:
            tiff.write(page, contiguous=False, photometric="minisblack", metadata=None)
    slide = open_slide(tmp_path / "x.tif")
    assert slide.planes == (6, 1, 1)
    assert slide.channels == ()
    for z in (3, 0, 5, 1):
        assert np.array_equal(slide.read(0, 0, *SIZE, z=z)[..., 0], stack[z])


def test_the_time_between_frames_may_have_a_unit(tmp_path: Path) -> None:
    slide = ome(
        tmp_path / "x.ome.tif", stack_of(np.uint8, 3), "TYX", TimeIncrement=200.0, TimeIncrementUnit="ms"
    )
    assert slide.frame_rate == pytest.approx(5)


def test_limits_are_those_of_the_bits_in_use(tmp_path: Path) -> None:
    stack = stack_of(np.uint16, 2)
    stack[0] //= 16
    slide = ome(tmp_path / "x.ome.tif", stack)
    assert [channel.limits for channel in slide.channels] == [(0, 4095), (0, 65_535)]
    low, high = slide.channels[0].range
    assert 0 <= low < 50
    assert 4000 < high <= 4095
    floats = ome(tmp_path / "y.ome.tif", stack_of(np.float32, 1)[0], "YX")
    (channel,) = floats.channels
    assert channel.color == "#ffffff"
    assert channel.limits[0] < channel.range[0] < channel.range[1] < channel.limits[1]


def test_outside_of_added_channels_is_black_and_of_a_picture_white(tmp_path: Path) -> None:
    added = ome(tmp_path / "x.ome.tif", stack_of(np.uint16, 2))
    grey = ome(tmp_path / "y.ome.tif", stack_of(np.uint16, 1)[0], "YX")
    for slide, value in ((added, 0), (grey, 255)):
        assert slide.background == f"#{value:02x}{value:02x}{value:02x}"
        assert (slide.read(SIZE[0], -3, 9, 80) == value).all()
        assert (slide.read(-500, -500, 2, 2, downsample=100) == value).all()
        corner = slide.read(SIZE[0] - 5, SIZE[1] - 5, 10, 10)
        assert (corner[5:] == value).all()
        assert (corner[:, 5:] == value).all()
        assert corner[:5, :5].std() > 0


@pytest.mark.parametrize(
    ("styles", "words"),
    [
        ([3], "no channel 3: use 0 to 2"),
        ([-1], "no channel -1: use 0 to 2"),
        ([True], "no channel True"),
        ([0.5], r"no channel 0\.5"),
        (["DAPY"], "did you mean 'DAPI'"),
        ([0, "DAPI"], "named twice"),
        ([ChannelStyle(0, "red")], "no colour"),
        ([ChannelStyle(0, "#12345")], "no colour"),
        ([ChannelStyle(0, None, 5, 5)], "lower one first"),
        ([ChannelStyle(0, None, 9, 2)], "lower one first"),
        ([ChannelStyle(0, None, float("nan"), 2)], "lower one first"),
        ([ChannelStyle(0, None, 0, float("inf"))], "lower one first"),
        ("DAPI", "give a list"),
        (7, "give a list"),
    ],
)
def test_channels_that_cannot_be_shown_are_refused(tmp_path: Path, styles: object, words: str) -> None:
    slide = ome(tmp_path / "x.ome.tif", stack_of(np.uint8, 3), Channel={"Name": ["DAPI", "A", "B"]})
    with pytest.raises(InvalidInput, match=words):
        slide.read(0, 0, 5, 5, channels=styles)
    with pytest.raises(InvalidInput, match="Both c and channels"):
        slide.read(0, 0, 5, 5, c=0, channels=[0])


def test_a_colour_picture_has_no_channels(slide: Slide) -> None:
    assert slide.channels == ()
    with pytest.raises(InvalidInput, match="without channels"):
        slide.read(0, 0, 5, 5, channels=[0])


@pytest.mark.realdata
def test_a_qptiff_tells_its_channels(data_dir: Path) -> None:
    path = data_dir / "slides/vectra_qptiff/small_vectra.qptiff"
    slide = open_slide(path)
    told = [(channel.name, channel.color) for channel in slide.channels]
    assert told == [("DAPI", "#0000ff"), ("FITC", "#00ff00"), ("Cy3", "#ffff00")]
    raw = [tifffile.imread(path, key=page)[300:400, 200:340] for page in range(3)]
    shown = [(*channel.range, channel.color) for channel in slide.channels]
    assert all(high < 100 for _low, high, _color in shown)  # the slide is dark, and shown bright
    expected = formula(raw, shown)
    assert np.abs(slide.read(200, 300, 140, 100) - expected).max() <= 0.51


@pytest.mark.realdata
def test_an_ome_z_series_with_channels_is_read_plane_by_plane(data_dir: Path) -> None:
    path = data_dir / "slides/ome_tiff/multi-channel-z-series.ome.tif"
    slide = open_slide(path)
    stack = tifffile.imread(path)
    assert stack.shape == (3, 5, 167, 439)
    assert slide.planes == (5, 1, 3)
    assert [channel.name for channel in slide.channels] == ["Channel 1", "Channel 2", "Channel 3"]
    styles = [(-1, 96, "#ff0000"), (0, 50, "#00ff00"), (-1, 120, "#8000ff")]
    asked = [ChannelStyle(c, color, low, high) for c, (low, high, color) in enumerate(styles)]
    for z in range(5):
        expected = formula(list(stack[:, z]), styles)
        assert np.abs(slide.read(0, 0, 439, 167, z=z, channels=asked) - expected).max() <= 0.51


def test_the_automatic_range_is_that_of_the_data_whatever_the_file_asks_for(tmp_path: Path) -> None:
    stack = stack_of(np.uint16, 4).reshape(2, 2, *SIZE[::-1]) // 100
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, stack, imagej=True, metadata={"axes": "ZCYX", "Ranges": (0, 65_535, 5, 900)})
    slide = open_slide(path)
    assert [channel.range for channel in slide.channels] == [(0, 65_535), (5, 900)]
    for channel in slide.channels:
        low, high = channel.auto
        assert 0 <= low < 5
        assert 650 < high <= 655
        assert channel.limits[0] <= low < high <= channel.limits[1]
    unnamed = ome(tmp_path / "y.ome.tif", stack_of(np.uint8, 2) // 8)
    assert [(channel.range, channel.auto) for channel in unnamed.channels] == [((0, 255), (0, 31))] * 2


def test_two_values_have_a_range(tmp_path: Path) -> None:
    mask = stack_of(np.uint8, 2) > 128
    slide = ome(tmp_path / "x.ome.tif", mask, Channel={"Name": ["A", "B"]})
    assert [(channel.range, channel.auto) for channel in slide.channels] == [((0, 1), (0, 1))] * 2
    assert np.array_equal(slide.read(0, 0, *SIZE, c=1)[..., 0] == 255, mask[1])


@pytest.mark.realdata
@pytest.mark.parametrize(
    "file",
    [
        "czi/RGB-multichannel.czi",
        "czi/tiles_time_z.czi",
        "czi/tiles_z.czi",
        "ome_tiff/multi-channel-z-series.ome.tif",
        "qupath_cells_ometiff/cells-2c.ome.tif",
        "vectra_qptiff/small_vectra.qptiff",
    ],
)
def test_the_automatic_range_of_a_channel_fills_it(data_dir: Path, file: str) -> None:
    if file.endswith(".czi"):
        pytest.importorskip("pylibCZIrw.czi", reason="the extra czi is not installed")
    with open_slide(data_dir / "slides" / file) as slide:
        l0_x, l0_y = (max(0, (side - 1024) // 2) for side in slide.size)
        box = l0_x, l0_y, *(min(side, 1024) for side in slide.size)
        for c, channel in enumerate(slide.channels):
            low, high = channel.auto
            grey, limits = "#ffffff", channel.limits
            seen = slide.read(*box, channels=[ChannelStyle(c, grey, low, high)])
            above = slide.read(*box, channels=[ChannelStyle(c, grey, high, high + 1e-3)])
            below = slide.read(*box, channels=[ChannelStyle(c, grey, low - 1e-3, low)])
            whole = slide.read(*box, channels=[ChannelStyle(c, grey, *limits)])
            assert (above > 0).mean() <= 0.0011, "hardly anything is too bright to be told apart"
            assert (below < 255).mean() <= 0.0011, "nor too dark"
            if whole.max() > 1:
                assert (seen > 250).any()
                assert (seen < 5).any()
                assert seen.std() >= whole.std(), "at least the contrast of all that the type can hold"


@pytest.mark.realdata
def test_a_dim_channel_is_bright_in_its_automatic_range(data_dir: Path) -> None:
    pytest.importorskip("pylibCZIrw.czi", reason="the extra czi is not installed")
    with open_slide(data_dir / "slides/czi/RGB-multichannel.czi") as slide:
        (number,) = (c for c, channel in enumerate(slide.channels) if channel.name == "Pol_15")
        channel = slide.channels[number]
        assert channel.range[1] > 240, "the file asks for more than there is"
        filed = slide.read(0, 0, *slide.size, channels=[number]).max()
        style = ChannelStyle(number, None, *channel.auto)
        assert slide.read(0, 0, *slide.size, channels=[style]).max() == 255 > filed + 50
