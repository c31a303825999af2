"""Planes and channels of slides over HTTP."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
import simplejpeg
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinb.serve import Core, Request, Settings
from wsinb.tiles import ChannelStyle, open_slide, write_pyramid

SIZE = (700, 520)
PATH = {"path": "cells.ome.tif"}


@pytest.fixture(scope="module")
def core(tmp_path_factory):
    root = tmp_path_factory.mktemp("pictures")
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    base = np.stack([x * 5, y * 7, (x + y) * 3]).astype(np.uint16)
    stack = np.stack([base + 100 * z + 1000 * t for t in range(2) for z in range(3)])
    tifffile.imwrite(
        root / "cells.ome.tif",
        stack.reshape(2, 3, 3, *SIZE[::-1]),
        photometric="minisblack",
        metadata={"axes": "TZCYX", "Channel": {"Name": ["DAPI", "CD8", "<b>"]}, "TimeIncrement": 0.5},
    )
    write_pyramid(np.full((600, 900, 3), 200, np.uint8), root / "plain.tif")
    core = Core(Settings(root))
    yield core
    core.close()


def get(core, route, **query):
    return core.handle(Request("GET", route, {**PATH, **query}))


def pixels(answer):
    assert answer.status == 200, answer.body
    return simplejpeg.decode_jpeg(answer.body).astype(int)


def test_the_slide_tells_its_channels_and_planes(core):
    about = json.loads(get(core, "slide").body)
    assert about["planes"] == {"z": 3, "t": 2, "c": 3}
    assert [channel["name"] for channel in about["channels"]] == ["DAPI", "CD8", "<b>"]
    for channel in about["channels"]:
        low, high = channel["range"]
        assert channel["limits"][0] <= low < high <= channel["limits"][1]
        assert channel["visible"]
    assert about["frame_rate"] == 2
    assert about["frames"] is None
    assert about["background"] == "#000000"
    plain = json.loads(get(core, "slide", path="plain.tif").body)
    assert (plain["channels"], plain["background"], plain["frame_rate"]) == (None, "#ffffff", None)


def test_a_tile_shows_the_plane_and_channels_that_are_asked_for(core):
    styles = [ChannelStyle(1, "#00ff80", 500, 4000), ChannelStyle(2, "#800000", 0, 3000)]
    with open_slide(core.paths.root / "cells.ome.tif") as slide:
        for z, t in ((0, 0), (2, 1)):
            got = pixels(
                get(core, "tile/0/0/0", plane=f"{z}.{t}", channels="2:800000:0:3e3,1:00FF80:500:4000.0")
            )
            expected = slide.read(0, 0, 512, 512, z=z, t=t, channels=styles)
            assert np.abs(got - expected).mean() < 3
        shown = pixels(get(core, "thumbnail", size="100", plane="1.1", channels="0:ffffff:0:4000"))
        expected = slide.thumbnail(100, z=1, t=1, channels=[ChannelStyle(0, "#ffffff", 0, 4000)])
        assert np.abs(shown - expected).mean() < 4


def test_tiles_end_in_black_where_channels_are_added_and_in_white_elsewhere(core):
    dark = pixels(get(core, "tile/0/1/1"))
    assert (dark[16:] < 8).all()
    assert (dark[:, 200:] < 8).all()
    light = pixels(get(core, "tile/0/1/1", path="plain.tif"))
    assert (light[100:] > 247).all()
    assert (light[:, 400:] > 247).all()


def test_no_channels_are_a_black_picture(core):
    assert (pixels(get(core, "tile/0/0/0", channels="")) < 3).all()


def test_every_picture_has_an_etag_of_its_own(core):
    queries = [
        {},
        {"plane": "1.0"},
        {"plane": "0.1"},
        {"channels": ""},
        {"channels": "0:ff0000:0:9"},
        {"channels": "0:ff0001:0:9"},
        {"channels": "0:ff0000:0:9,1:ff0000:0:9"},
    ]
    for route in ("tile/0/0/0", "thumbnail"):
        assert len({get(core, route, **query).headers["ETag"] for query in queries}) == len(queries)
        same = [get(core, route, plane=plane).headers["ETag"] for plane in ("0.0", "")]
        assert same[0] == same[1] == get(core, route).headers["ETag"]
        order = ("0:ff0000:0:9,1:00ff00:0:9", "1:00FF00:0:9.0,0:FF0000:0:9")
        assert len({get(core, route, channels=channels).headers["ETag"] for channels in order}) == 1


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"plane": "0"}, "two whole numbers"),
        ({"plane": "0.0.0"}, "two whole numbers"),
        ({"plane": "-1.0"}, "two whole numbers"),
        ({"plane": "٣.0"}, "two whole numbers"),
        ({"plane": "3.0"}, "no z = 3: use 0 to 2"),
        ({"plane": "0.999999999"}, "no t = 999999999: use 0 to 1"),
        ({"channels": "0"}, "must be a list"),
        ({"channels": "0:ff0000:0:nan"}, "must be a list"),
        ({"channels": "0:gg0000:0:1"}, "must be a list"),
        ({"channels": "0:ff0000:9:1"}, "lower one first"),
        ({"channels": "0:ff0000:0:9e999"}, "lower one first"),
        ({"channels": "3:ff0000:0:1"}, "no channel 3: use 0 to 2"),
        ({"channels": "0:ff0000:0:1,0:00ff00:0:1"}, "named twice"),
        ({"channels": "0:ff0000:0:1," * 500}, "exceeds"),
        ({"path": "plain.tif", "channels": "0:ff0000:0:1"}, "without channels"),
        ({"path": "plain.tif", "plane": "1.0"}, "no z = 1"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_a_sentence(core, query, words):
    for route in ("tile/0/0/0", "thumbnail"):
        answer = get(core, route, **query)
        assert answer.status == 400
        assert words in json.loads(answer.body)["error"]


parts = st.one_of(
    st.text(max_size=6),
    st.sampled_from(["0", "1", "2", "ff0000", "1e9", "-1", ".5", "1.", "+3", "1e-400", "9e999", "", "0x1"]),
)
channels = st.lists(st.lists(parts, min_size=3, max_size=5).map(":".join), max_size=4).map(",".join)
planes = st.one_of(st.text(max_size=8), st.lists(parts, max_size=3).map(".".join))


@settings(max_examples=300, deadline=None)
@given(
    path=st.sampled_from(["cells.ome.tif", "plain.tif"]),
    query=st.fixed_dictionaries({}, optional={"channels": channels, "plane": planes}),
    route=st.sampled_from(["tile/-1/0/0", "thumbnail"]),
)
def test_any_plane_and_channels_get_a_picture_or_a_sentence(core, path, query, route):
    answer = get(core, route, path=path, **query)
    assert answer.status in (200, 400), answer.body
    if answer.status == 400:
        assert json.loads(answer.body)["error"]


def test_a_folder_of_pictures_is_served_as_a_slide(core):
    folder = core.paths.root / "series"
    folder.mkdir()
    for t in range(12):
        write_picture(folder / f"{t}.png", t)
    about = json.loads(get(core, "slide", path="series").body)
    assert about["name"] == "series"
    assert about["frames"] == {"kind": "t", "names": [f"{t}.png" for t in range(12)]}
    assert about["planes"] == {"z": 1, "t": 12, "c": 1}
    assert (about["channels"], about["frame_rate"]) == (None, None)
    for t in (11, 0, 2):
        shown = pixels(get(core, "tile/0/0/0", path="series", plane=f"0.{t}"))[:40, :60]
        assert np.abs(shown - 20 * t).max() <= 3
    query = {"path": "series", "plane": "0.11", "v": about["fingerprint"]}
    assert "immutable" in get(core, "tile/0/0/0", **query).headers["Cache-Control"]
    write_picture(folder / "12.png", 3)
    assert json.loads(get(core, "slide", path="series").body)["fingerprint"] != about["fingerprint"]
    assert get(core, "tile/0/0/0", path="series", plane="0.12").status == 200
    write_picture(folder / "13.png", 3, (9, 9))
    answer = get(core, "slide", path="series")
    assert answer.status == 415
    assert "13.png is 9 x 9" in json.loads(answer.body)["error"]


def test_a_folder_of_pictures_is_a_slide_of_a_project(core):
    folder = core.paths.root / "frames of a day"
    folder.mkdir()
    write_picture(folder / "a.png", 5)
    body = {"folder": "study", "path": "frames of a day", "slide": "day"}
    answer = core.handle(Request("POST", "project", body=json.dumps(body).encode()))
    assert answer.status == 200, answer.body
    source = {"project": "study", "slide": "day"}
    about = core.handle(Request("GET", "slide", source))
    assert json.loads(about.body)["frames"]["names"] == ["a.png"]
    tile = core.handle(Request("GET", "tile/0/0/0", source))
    assert np.abs(pixels(tile)[:40, :60] - 100).max() <= 3


def test_links_do_not_lead_out_of_the_servers_folders(core, tmp_path):
    write_picture(tmp_path / "secret.png", 7)
    folder = core.paths.root / "links"
    folder.mkdir()
    write_picture(folder / "a.png", 0)
    (folder / "b.png").symlink_to(tmp_path / "secret.png")
    assert json.loads(get(core, "slide", path="links").body)["frames"]["names"] == ["a.png"]


def test_a_video_is_served_frame_by_frame(core):
    path = core.paths.root / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    for t in range(20):
        writer.write(np.full((48, 64, 3), 10 * t, np.uint8))
    writer.release()
    about = json.loads(get(core, "slide", path="film.avi").body)
    assert about["planes"] == {"z": 1, "t": 20, "c": 1}
    assert about["frame_rate"] == pytest.approx(10)
    assert about["frames"] is None
    for t in (19, 0, 7):
        tile = pixels(get(core, "tile/0/0/0", path="film.avi", plane=f"0.{t}"))
        assert np.abs(tile[:40, :60] - 10 * t).mean() < 4
        assert (tile[60:] > 250).all()


def write_picture(path, t, size=(60, 40)):
    cv2.imwrite(str(path), np.full((size[1], size[0], 3), 20 * t, np.uint8))
