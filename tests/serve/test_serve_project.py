"""Projects over HTTP: making one, its labels, what has moved or is damaged."""

from __future__ import annotations

import json
import uuid

import pytest

import wsinb
from wsinb.serve import Core, Request, Settings
from wsinb.testing import synthetic_slide
from wsinb.testing.features import square_feature as feature

SLIDE = "slides/example.tif"


def test_a_project_is_made_around_a_slide(server, slide_file):
    answer = server.post("project", {"folder": "made", "name": "My study", "path": SLIDE}).json
    assert (answer["name"], answer["width"], answer["height"]) == ("example", 2500, 1700)
    project = answer["project"]
    assert (project["name"], project["slide"], project["branch"]) == ("My study", "example", "main")
    assert project["path"] == str(server.root / "made")
    stored = wsinb.open_project(server.root / "made")
    assert list(stored.slides) == ["example"]
    assert project["head"] == stored.head()


def test_making_it_again_changes_nothing(server, study):
    before = server.head(study)
    answer = server.post("project", {"folder": study["project"], "path": SLIDE})
    assert answer.json["project"]["slide"] == "one"
    assert answer.json["project"]["head"] == before


def test_another_file_of_the_same_name_is_refused(server, study, slide_file):
    (server.root / "one.tif").write_bytes(slide_file.read_bytes())
    answer = server.post("project", {"folder": study["project"], "path": "one.tif"})
    assert answer.status == 400
    assert "one" in answer.json["error"]


@pytest.mark.parametrize(
    ("path", "status"), [("slides/none.tif", 404), ("garbage.tif", 415), ("/etc/passwd", 403)]
)
def test_what_is_no_slide_leaves_no_project_behind(server, path, status):
    (server.root / "garbage.tif").write_bytes(b"no image")
    folder = f"never-{uuid.uuid4().hex[:8]}"
    assert server.post("project", {"folder": folder, "path": path}).status == status
    assert not (server.root / folder).exists()


def test_a_bare_path_finds_the_project_around_it(server, slide_file):
    (server.root / "around").mkdir()
    inside = server.root / "around" / "inside.tif"
    inside.write_bytes(slide_file.read_bytes())
    wsinb.create_project(server.root / "around")
    assert server.get("slide", {"path": "around/inside.tif"}).json["project"]["slide"] is None
    server.post("project", {"folder": "around", "path": "around/inside.tif"})
    project = server.get("slide", {"path": "around/inside.tif"}).json["project"]
    assert (project["name"], project["slide"]) == ("around", "inside")


def test_labels_are_added_and_changed(server, study):
    labels = [{"name": "stroma", "key": "s"}, {"name": "tumor", "color": "#00ff00"}]
    answer = server.post("labels", {"project": study["project"], "labels": labels}).json
    assert {label["name"]: label["color"] for label in answer["labels"]} == {
        "stroma": "#cc4444",
        "tumor": "#00ff00",
    }
    assert server.get("slide", study).json["project"]["labels"] == answer["labels"]


@pytest.mark.parametrize(
    "labels",
    [
        None,
        [],
        {},
        [3],
        [{"name": ""}],
        [{"color": "#ffffff"}],
        [{"name": "a", "color": "red"}],
        [{"name": "a"}] * 2,
    ],
)
def test_bad_labels_are_refused(server, study, labels):
    assert server.post("labels", {"project": study["project"], "labels": labels}).status == 400


@pytest.mark.parametrize("route", ["vector/meta", "annotations", "slide", "tile/0/0/0", "log"])
def test_unknown_projects_and_slides_are_not_found(server, study, route):
    query = {"ids": "x"} if route == "annotations" else {}
    unknown_project = server.get(route, {"project": "nowhere", "slide": "one", **query})
    assert (unknown_project.status, unknown_project.json["kind"]) == (404, "UnknownProject")
    if route != "log":
        unknown_slide = server.get(route, {**study, "slide": "two", **query})
        assert (unknown_slide.status, unknown_slide.json["kind"]) == (404, "UnknownSlide")


def test_a_slide_file_that_was_moved_out_of_reach_is_refused(server, tmp_path, slide_file):
    outside = tmp_path / "outside.tif"
    outside.write_bytes(slide_file.read_bytes())
    folder = f"reach-{uuid.uuid4().hex[:8]}"
    wsinb.create_project(server.root / folder).slides.add(outside, name="far")
    query = {"project": folder, "slide": "far"}
    for route in ("slide", "tile/0/0/0", "thumbnail"):
        answer = server.get(route, query)
        assert (answer.status, answer.json["kind"]) == (403, "PathNotAllowed")


def test_a_store_that_is_a_link_out_of_reach_is_refused(server, tmp_path):
    wsinb.create_project(tmp_path / "elsewhere")
    (server.root / "linked").mkdir()
    (server.root / "linked" / ".wsinb").symlink_to(tmp_path / "elsewhere" / ".wsinb")
    assert server.get("log", {"project": "linked"}).status == 403
    assert server.post("project", {"folder": "linked", "path": SLIDE}).status == 403
    assert len(wsinb.open_project(tmp_path / "elsewhere").slides) == 0


@pytest.fixture
def own_slide(server):
    """A project with a slide file of its own, which a test may spoil."""
    folder = f"own-{uuid.uuid4().hex[:8]}"
    (server.root / folder).mkdir()
    file = synthetic_slide(server.root / folder / "one.tiff", size=(512, 384))
    answer = server.post("project", {"folder": folder, "path": f"{folder}/one.tiff"})
    assert answer.status == 200, answer.body
    return {"project": folder, "slide": "one"}, file


def test_a_moved_slide_is_named_with_the_remedy_and_its_annotations_stay(server, own_slide):
    study, file = own_slide
    server.post("labels", {"project": study["project"], "labels": [{"name": "tumor"}]})
    assert server.commit(study, [feature(10, 10)]).status == 200
    commits = server.get("log", study).json["commits"]
    file.rename(file.with_name("moved.tiff"))
    for route in ("slide", "tile/0/0/0", "thumbnail"):
        answer = server.get(route, study)
        assert (answer.status, answer.json["kind"]) == (404, "SlideNotFound")
        assert "slides.relocate('one', path)" in answer.json["error"]
    assert server.get("vector/meta", study).json["n"] == 1
    assert server.commit(study, [feature(90, 10)], base=commits[0]["id"]).status == 200


def test_another_picture_in_the_place_of_a_slide_is_refused(server, own_slide):
    study, file = own_slide
    synthetic_slide(file, size=(640, 384))
    answer = server.get("slide", study)
    assert (answer.status, answer.json["kind"]) == (400, "InvalidInput")
    assert "put the old file back" in answer.json["error"]


@pytest.mark.parametrize("text", ["", '{"format": 99}'], ids=["damaged", "newer"])
def test_a_store_that_cannot_be_read_is_an_error_of_the_server(server, own_slide, text):
    study, file = own_slide
    marker = file.parent / ".wsinb" / "format.json"
    marker.unlink()
    marker.write_text(text)
    core = Core(Settings(server.root))
    answer = core.handle(Request("GET", "log", {"project": study["project"]}))
    core.close()
    assert answer.status == 500
    body = json.loads(answer.body)
    assert body["kind"] == "StorageError"
    assert str(file.parent) in body["error"]
    assert ("pip install --upgrade wsinb" in body["error"]) == bool(text)


ODD = "ünï cødé #1 100% wh?t &+=;ü日本"


def test_odd_names_work_from_end_to_end(server):
    """Everything that a name goes through: folder, file, slide, label, author's message, ids of tiles."""
    folder = f"{ODD} {uuid.uuid4().hex[:4]}"
    (server.root / folder).mkdir()
    synthetic_slide(server.root / folder / f"{ODD}.tiff", size=(512, 384))
    slide = f"case/1 {ODD}"
    made = server.post("project", {"folder": folder, "path": f"{folder}/{ODD}.tiff", "slide": slide})
    assert (made.status, made.json["name"], made.json["project"]["slide"]) == (200, slide, slide)
    label = f"a/b {ODD}"
    assert server.post("labels", {"project": folder, "labels": [{"name": label}]}).status == 200
    study = {"project": folder, "slide": slide}
    answer = server.commit(study, [feature(10, 10, label=label)], message=ODD)
    assert answer.status == 200, answer.body
    meta = server.get("vector/meta", study).json
    assert (meta["labels"], meta["counts"]) == ([label], {label: 1})
    assert server.get(f"vector/{meta['version']}/0/0/0", study).status == 200
    (found,) = server.get("annotations", {**study, "rows": "0"}).json["features"]
    assert found["label"] == label
    assert server.get("log", {"project": folder}).json["commits"][0]["message"] == ODD
    for source in (study, {"path": f"{folder}/{ODD}.tiff"}):
        described = server.get("slide", source).json
        assert described["project"]["slide"] == slide
        picture = server.get("tile/0/0/0", {**source, "v": described["fingerprint"]})
        assert picture.headers["content-type"] == "image/jpeg"
    project = wsinb.open_project(server.root / folder)
    assert list(project.read(slide)["label"]) == [label]
