"""Slides and image tiles over HTTP."""

from __future__ import annotations

from urllib.parse import quote

import numpy as np
import pytest
import simplejpeg

from wsinb.serve.tiles import TileLayout, min_zoom
from wsinb.tiles import open_slide, write_pyramid


def texture(height, width):
    y, x = np.mgrid[:height, :width]
    return np.stack([x % 256, y % 256, (x + y) % 256], axis=-1).astype(np.uint8)


PATH = {"path": "slides/example.tif"}


def pixels(answer):
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "image/jpeg"
    return simplejpeg.decode_jpeg(answer.body)


@pytest.fixture(scope="module")
def slide(server, slide_file):
    return server.get("slide", PATH).json


def test_the_slide_says_what_a_viewer_needs(slide):
    assert (slide["name"], slide["width"], slide["height"]) == ("example", 2500, 1700)
    assert slide["mpp"] == pytest.approx([0.5, 0.5], rel=1e-3)
    assert slide["tile_size"] == 512
    assert slide["min_zoom"] == -3
    assert slide["planes"] == {"z": 1, "t": 1, "c": 1}
    assert slide["project"] is None
    assert slide["fingerprint"]


@pytest.mark.parametrize(
    ("stored", "served"), [(256, 512), (512, 512), (1024, 1024), (768, 768), (2048, 512)]
)
def test_large_tiles_of_a_file_are_served_whole(tmp_path, stored, served):
    write_pyramid(texture(2100, 2100), tmp_path / "a.tif", tile_size=stored)
    with open_slide(tmp_path / "a.tif") as opened:
        assert TileLayout.of(opened) == (2100, 2100, served, min_zoom(2100, 2100, served))


@pytest.mark.parametrize(
    ("size", "zoom"), [((1, 1), 0), ((512, 512), 0), ((513, 1), -1), ((40_960, 8), -7), ((512 << 9, 9), -9)]
)
def test_at_the_lowest_zoom_one_tile_holds_the_slide(size, zoom):
    assert min_zoom(*size, 512) == zoom


@pytest.mark.parametrize(("z", "x", "y"), [(0, 0, 0), (0, 3, 2), (-1, 1, 1), (-3, 0, 0)])
def test_a_tile_shows_its_place(server, slide_file, z, x, y):
    shown = pixels(server.get(f"tile/{z}/{x}/{y}", PATH)).astype(int)
    with open_slide(slide_file) as opened:
        step = 512 << -z
        expected = opened.read(x * step, y * step, 512, 512, downsample=2.0**-z)
    assert shown.shape == (512, 512, 3)
    assert np.abs(shown - expected).mean() < 3


@pytest.mark.parametrize(("stored", "z"), [(256, 0), (256, -1), (512, 0)])
def test_a_gray_tile_keeps_values_closely(server, stored, z):
    values = texture(1100, 1100)[..., :1].repeat(3, axis=2)
    write_pyramid(values, server.root / "slides" / f"gray-{stored}.tif", tile_size=stored, quality=89)
    answer = server.get(f"tile/{z}/0/0", {"path": f"slides/gray-{stored}.tif", "gray": "1"})
    shown = simplejpeg.decode_jpeg(answer.body, colorspace="GRAY")[..., 0].astype(int)
    with open_slide(server.root / "slides" / f"gray-{stored}.tif") as opened:
        expected = opened.read(0, 0, 512, 512, downsample=2.0**-z)[..., 0]
    assert np.abs(shown - expected).mean() < 1.5
    colour = server.get(f"tile/{z}/0/0", {"path": f"slides/gray-{stored}.tif"})
    assert answer.headers["etag"] != colour.headers["etag"]
    assert server.get(f"tile/{z}/0/0", {"path": f"slides/gray-{stored}.tif", "gray": "2"}).status == 400


def test_past_the_edge_a_tile_is_white(server, slide_file):
    shown = pixels(server.get("tile/0/4/3", PATH))
    assert (shown[200:, :] > 250).all()
    assert (shown[:, 500:] > 250).all()
    assert (shown[:100, :400].mean(axis=(0, 1)) < 250).any()


@pytest.mark.parametrize("zxy", ["1/0/0", "-4/0/0", "0/5/0", "0/0/4", "-1/-1/0", "0/999999999/0", "-99/0/0"])
def test_a_tile_that_does_not_exist_is_not_found(server, slide_file, zxy):
    answer = server.get(f"tile/{zxy}", PATH)
    assert answer.status == 404
    assert answer.json["kind"] == "NotServed"


@pytest.mark.parametrize("zxy", ["0/0", "a/0/0", "0/0/0/0", "0/1e3/0", "0/0/0x1", "0/٣/0"])
def test_a_malformed_tile_address_is_not_found(server, slide_file, zxy):
    assert server.get(f"tile/{quote(zxy)}", PATH).status == 404


def test_a_tile_is_kept_for_ever_only_under_its_fingerprint(server, slide):
    kept = server.get("tile/0/0/0", {**PATH, "v": slide["fingerprint"]})
    assert kept.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert server.get("tile/0/0/0", PATH).headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("route", ["tile/0/0/0", "thumbnail", "associated/label"])
def test_pixels_of_another_file_than_the_one_that_was_opened_are_refused(server, slide, route):
    answer = server.get(route, {**PATH, "v": "of-another-file"})
    assert (answer.status, answer.json["kind"]) == (409, "SlideReplaced")
    assert answer.json["error"].endswith("was replaced by another file: reload the slide.")
    assert answer.headers["cache-control"] == "private, no-cache"


def test_the_fingerprint_alone_can_be_asked_for(server, slide):
    assert server.get("slide/fingerprint", PATH).json == {"fingerprint": slide["fingerprint"]}
    assert server.get("slide/fingerprint", {"path": "gone.tif"}).status == 404


def test_an_etag_saves_the_body(server, slide_file):
    etag = server.get("tile/0/1/0", PATH).headers["etag"]
    again = server.get("tile/0/1/0", PATH, headers={"If-None-Match": f'"x", W/{etag}'})
    assert (again.status, again.body) == (304, b"")
    other = server.get("tile/0/0/1", PATH, headers={"If-None-Match": etag})
    assert other.status == 200


def test_a_changed_file_has_other_tiles(server, slide_file):
    path = server.root / "changing.tif"
    write_pyramid(np.full((600, 600, 3), 30, np.uint8), path)
    query = {"path": "changing.tif"}
    before = server.get("slide", query).json["fingerprint"]
    assert pixels(server.get("tile/0/0/0", query)).mean() < 60
    write_pyramid(np.full((700, 700, 3), 200, np.uint8), path)
    after = server.get("slide", query).json
    assert after["fingerprint"] != before
    assert after["width"] == 700
    assert pixels(server.get("tile/0/0/0", query)).mean() > 150


@pytest.mark.parametrize(("size", "shape"), [(512, (348, 512)), (100, (68, 100))])
def test_a_thumbnail_fits_its_size(server, slide_file, size, shape):
    shown = pixels(server.get("thumbnail", {**PATH, "size": size}))
    assert shown.shape[:2] == shape


@pytest.mark.parametrize("size", ["0", "-1", "5000", "many", "1.5", "٣", "9" * 400])
def test_a_thumbnail_of_no_good_size_is_refused(server, slide_file, size):
    assert server.get("thumbnail", {**PATH, "size": size}).status == 400


def test_an_unknown_associated_image_is_not_found(server, slide_file):
    answer = server.get("associated/macro", PATH)
    assert answer.status == 404
    assert "macro" in answer.json["error"]


@pytest.mark.parametrize("name", ["a/b", "a%2Fb", '"', "a\r\nX-Injected: 1", "ä", "%00", "..", "x" * 300])
def test_odd_names_of_associated_images_are_not_found(server, slide_file, name):
    answer = server.get(f"associated/{quote(name)}", PATH, headers={"If-None-Match": "*"})
    assert answer.status == 404
    assert "x-injected" not in answer.headers


@pytest.mark.realdata
def test_associated_images_of_a_real_slide(server, data_dir):
    source = next((data_dir / "slides" / "cmu1_small_region_svs").glob("*.svs"))
    (server.root / "real.svs").write_bytes(source.read_bytes())
    query = {"path": "real.svs"}
    names = server.get("slide", query).json["associated"]
    assert names
    for name in names:
        assert pixels(server.get(f"associated/{name}", query)).ndim == 3


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("empty.svs", b"", 415),
        ("noise.tif", b"this is no image" * 100, 415),
        ("truncated.tif", None, 415),
    ],
)
def test_a_damaged_file_gives_one_sentence(server, slide_file, name, content, status):
    whole = slide_file.read_bytes()
    (server.root / name).write_bytes(whole[: len(whole) // 3] if content is None else content)
    for route in ("slide", "tile/0/0/0", "thumbnail"):
        answer = server.get(route, {"path": name})
        assert answer.status == status, (route, answer.body)
        assert name in answer.json["error"]
        assert "Traceback" not in answer.json["error"]


def test_an_unknown_file_is_not_found(server):
    answer = server.get("slide", {"path": "slides/none.svs"})
    assert answer.status == 404
    assert answer.json["kind"] == "SlideNotFound"


def test_a_request_without_a_source_says_what_is_missing(server):
    answer = server.get("slide")
    assert answer.status == 400
    assert "project" in answer.json["error"]


@pytest.mark.parametrize(("quality", "as_stored"), [(75, True), (100, False)])
def test_a_stored_tile_of_the_same_grid_is_sent_as_it_is(server, quality, as_stored):
    path = server.root / f"stored-{quality}.tif"
    noise = np.random.default_rng(0).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    write_pyramid(noise.repeat(15, 0).repeat(15, 1), path, tile_size=512, quality=min(quality, 89))
    if quality == 100:  # more bytes than an encoded tile would have
        write_pyramid(np.tile(noise, (15, 15, 1)), path, tile_size=512, quality=89)
    query = {"path": path.name}
    with open_slide(path) as slide:
        for x, y in ((0, 0), (1, 1), (2, 2)):
            answer = server.get(f"tile/0/{x}/{y}", query)
            stored = slide.stored_jpeg(x * 512, y * 512, 512)
            assert (answer.body == stored) == (as_stored and x < 2)
            difference = np.abs(pixels(answer).astype(int) - slide.read(x * 512, y * 512, 512, 512))
            assert difference.mean() < (1 if as_stored else 25)
    edge = pixels(server.get("tile/0/2/2", query))
    assert (edge[200:] > 250).all()
    assert (edge[:, 200:] > 250).all()
