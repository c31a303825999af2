"""What a browser may name as a path."""

from __future__ import annotations

import contextlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsinb.errors import InvalidInput, PathNotAllowed
from wsinb.serve.paths import PathGuard


@pytest.fixture
def places(tmp_path):
    for name in ("root/inside", "extra", "outside", "root-of-another"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "outside" / "secret.svs").touch()
    return tmp_path


@pytest.fixture
def guard(places):
    return PathGuard(places / "root", [places / "extra"])


def test_a_relative_path_is_below_the_root(guard, places):
    assert guard.resolve("inside/a.svs") == (places / "root/inside/a.svs").resolve()


def test_an_absolute_path_may_be_in_any_allowed_folder(guard, places):
    for folder in ("root/inside", "extra"):
        path = places / folder / "a.svs"
        assert guard.resolve(str(path)) == path.resolve()


@pytest.mark.parametrize("name", ["outside/secret.svs", "outside/none.svs", "root-of-another/a.svs"])
def test_an_absolute_path_elsewhere_is_refused(guard, places, name):
    with pytest.raises(PathNotAllowed, match="outside the folders"):
        guard.resolve(str(places / name))


def test_a_refusal_does_not_tell_whether_the_file_exists(guard, places):
    sentences = []
    for name in ("secret.svs", "absent.svs"):
        with pytest.raises(PathNotAllowed) as refusal:
            guard.resolve(str(places / "outside" / name))
        sentences.append(str(refusal.value).replace(name, "x"))
    assert sentences[0] == sentences[1]


def test_a_link_out_of_the_root_is_refused(guard, places):
    (places / "root" / "way-out").symlink_to(places / "outside")
    (places / "root" / "file.svs").symlink_to(places / "outside" / "secret.svs")
    for name in ("way-out/secret.svs", "way-out", "file.svs"):
        with pytest.raises(PathNotAllowed):
            guard.resolve(name)


def test_a_link_that_stays_inside_is_followed(guard, places):
    (places / "root" / "alias").symlink_to(places / "extra")
    assert guard.resolve("alias/a.svs") == (places / "extra" / "a.svs").resolve()


def test_a_link_in_a_circle_is_no_traceback(guard, places):
    (places / "root" / "circle").symlink_to(places / "root" / "circle")
    with contextlib.suppress(InvalidInput, PathNotAllowed):
        guard.resolve("circle/a.svs")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a\0b",
        "../outside/secret.svs",
        "inside/../../outside",
        "..",
        "a\\..\\b",
        "x" * 300,
        "a/" * 3000,
    ],
)
def test_what_is_no_path_is_refused(guard, text):
    with pytest.raises(InvalidInput):
        guard.resolve(text)


@pytest.mark.parametrize("value", [None, 3, ["a"], {"a": 1}, True, b"inside"])
def test_what_is_no_text_is_refused(guard, value):
    with pytest.raises(InvalidInput):
        guard.resolve(value)


@given(st.text(max_size=60))
def test_whatever_is_allowed_is_inside(tmp_path_factory, text):
    root = tmp_path_factory.getbasetemp()
    guard = PathGuard(root)
    try:
        path = guard.resolve(text)
    except (InvalidInput, PathNotAllowed):
        return
    assert os.path.commonpath([path, guard.root]) == str(guard.root)


@pytest.mark.parametrize("route", ["slide", "thumbnail", "tile/0/0/0", "associated/label"])
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/etc/passwd", 403),
        ("/etc/no-such-file", 403),
        ("/root/.ssh/id_rsa", 403),
        ("../../../etc/passwd", 400),
        ("slides/../../x.svs", 400),
        ("a\0b.svs", 400),
        ("x" * 10_000, 400),
        ("\ud800.svs", 400),
        ("~/a.svs", 404),
        ("file:///etc/passwd", 404),
    ],
)
def test_bad_paths_over_http(server, route, path, status):
    answer = server.get(route, {"path": path.encode("utf-8", "surrogatepass")})
    assert answer.status == status, answer.body
    assert set(answer.json) == {"error", "kind"}


@pytest.mark.parametrize("key", ["project", "folder"])
def test_project_folders_are_confined_too(server, key):
    if key == "project":
        answer = server.get("log", {"project": "/etc"})
    else:
        answer = server.post("project", {"folder": "/tmp/elsewhere-of-wsinb", "path": "slides/example.tif"})
    assert answer.status == 403
    assert answer.json["kind"] == "PathNotAllowed"


def test_an_extra_root_is_open(server, slide_file):
    (server.extra / "more.tif").write_bytes(slide_file.read_bytes())
    assert server.get("tile/0/0/0", {"path": str(server.extra / "more.tif")}).status == 200
