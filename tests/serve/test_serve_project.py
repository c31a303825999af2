"""Projects over HTTP: making one, drawing into it, reading what was drawn."""

from __future__ import annotations

import gzip
import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import shapely

import wsinb
from wsinb.serve import Core, Request, Settings
from wsinb.serve.sources import annotation_table
from wsinb.testing import synthetic_slide
from wsinb.testing.vector_tiles import decode_vector_tile

SLIDE = "slides/example.tif"


def feature(x, y, side=40, label="tumor", **members):
    geometry = json.loads(shapely.to_geojson(shapely.box(x, y, x + side, y + side)))
    return {
        "id": None,
        "shape": "polygon",
        "shape_params": None,
        "label": label,
        "layer": "manual",
        "score": None,
        "geometry": geometry,
        "properties": {"seen": True},
        **members,
    }


@pytest.fixture
def study(server, slide_file):
    """A fresh project with one slide and one label, as query parameters."""
    folder = f"study-{uuid.uuid4().hex[:8]}"
    answer = server.post("project", {"folder": folder, "path": SLIDE, "slide": "one"})
    assert answer.status == 200, answer.body
    answer = server.post("labels", {"project": folder, "labels": [{"name": "tumor", "color": "#aa0000"}]})
    assert answer.status == 200, answer.body
    return {"project": folder, "slide": "one"}


def head(server, study):
    return server.get("slide", study).json["project"]["head"]


def commit(server, study, upsert=(), delete=(), base=None, **members):
    body = {
        **study,
        "branch": "main",
        "base": base or head(server, study),
        "message": "drawn",
        "upsert": list(upsert),
        "delete": list(delete),
        **members,
    }
    return server.post("commit", body)


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
    before = head(server, study)
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


def test_what_is_drawn_is_committed_and_read_back(server, study):
    answer = commit(server, study, [feature(100, 200), feature(500, 600)])
    assert answer.status == 200, answer.body
    stored = wsinb.open_project(server.root / study["project"])
    table = stored.read("one")
    assert sorted(table["id"]) == sorted(answer.json["ids"])
    assert stored.head() == answer.json["commit"]
    assert table.area.tolist() == [1600, 1600]
    newest = server.get("log", {"project": study["project"]}).json["commits"][0]
    assert newest["id"] == answer.json["commit"]
    assert (newest["message"], newest["author"]) == ("drawn", "owner-of-the-server")
    assert newest["changes"]["one"]["added"] == 2


def test_the_exact_annotations_are_read_by_id_and_by_row(server, study):
    ids = commit(server, study, [feature(100 * i, 50) for i in range(1, 6)]).json["ids"]
    asked = [ids[3], ids[0]]
    answer = server.get("annotations", {**study, "ids": ",".join(asked)}).json
    assert [found["id"] for found in answer["features"]] == asked
    assert answer["features"][0]["properties"] == {"seen": True}
    rows = [str(found["row"]) for found in answer["features"]]
    by_row = server.get("annotations", {**study, "rows": ",".join(rows)}).json
    assert by_row["features"] == answer["features"]


@pytest.mark.parametrize(
    "geometry",
    [shapely.Point(30, 40), shapely.LineString([(5, 5), (5, 90)]), shapely.LineString([(1, 7), (9, 7)])],
)
def test_what_has_no_width_or_no_height_is_read_by_id(server, study, geometry):
    drawn = feature(0, 0, shape=None, geometry=json.loads(shapely.to_geojson(geometry)))
    (id_,) = commit(server, study, [drawn]).json["ids"]
    answer = server.get("annotations", {**study, "ids": id_})
    assert answer.status == 200
    (found,) = answer.json["features"]
    assert shapely.from_geojson(json.dumps(found["geometry"])).equals(geometry)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"ids": "a", "rows": "1"}, 400),
        ({"ids": str(uuid.uuid4())}, 404),
        ({"rows": "99"}, 404),
        ({"rows": "-1"}, 404),
        ({"rows": "1e3"}, 404),
        ({"rows": ",".join(map(str, range(1001)))}, 400),
        ({"rows": "0", "version": "no-such"}, 404),
    ],
)
def test_annotations_that_are_not_there(server, study, query, status):
    commit(server, study, [feature(1, 1)])
    assert server.get("annotations", {**study, **query}).status == status


def test_vector_tiles_show_what_was_committed(server, study):
    ids = commit(server, study, [feature(100, 200, score=0.5), feature(1500, 600)]).json["ids"]
    meta = server.get("vector/meta", study).json
    assert (meta["n"], meta["labels"], meta["layers"]) == (2, ["tumor"], ["manual"])
    assert meta["bounds"] == [100, 200, 1540, 640]
    assert meta["counts"] == {"tumor": 2}
    assert meta["images"] == []
    assert meta["density_max_zoom"] < meta["min_zoom"] == -3
    assert meta["version"] == head(server, study)
    tile = server.get(f"vector/{meta['version']}/0/0/0", study)
    assert tile.headers["cache-control"] == "private, max-age=31536000, immutable"
    decoded = decode_vector_tile(tile.body)
    (row,) = decoded.id.tolist()
    (exact,) = server.get("annotations", {**study, "rows": row}).json["features"]
    assert exact["id"] == ids[0]
    assert decoded.score.tolist() == [127]
    assert sorted(map(tuple, decoded.rings[0][0].tolist())) == [
        (100, 200),
        (100, 240),
        (140, 200),
        (140, 240),
    ]


def test_a_vector_tile_travels_compressed_and_only_once(server, study):
    commit(server, study, [feature(100, 200)])
    address = f"vector/{head(server, study)}/-2/0/0"
    plain = server.get(address, study)
    small = server.get(address, study, headers={"Accept-Encoding": "gzip, br"})
    assert small.headers["content-encoding"] == "gzip"
    assert gzip.decompress(small.body) == plain.body
    again = server.get(address, study, headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


def test_an_old_version_keeps_its_tiles(server, study):
    commit(server, study, [feature(100, 200)])
    old = head(server, study)
    commit(server, study, [feature(300, 200)])
    assert len(decode_vector_tile(server.get(f"vector/{old}/0/0/0", study).body).id) == 1
    assert len(decode_vector_tile(server.get(f"vector/{head(server, study)}/0/0/0", study).body).id) == 2
    assert server.get("vector/meta", {**study, "version": old}).json["n"] == 1


def test_a_commit_that_leaves_the_slide_alone_keeps_its_index(server, study, slide_file):
    commit(server, study, [feature(100, 200)])
    project = wsinb.open_project(server.root / study["project"])
    core = Core(Settings(server.root))
    first = annotation_table(core, Request("GET", "", study), "main")
    project.labels.add(wsinb.Label("stroma"))
    project.slides.add(slide_file, name="another")
    second = annotation_table(core, Request("GET", "", study), "main")
    assert second.commit == project.head() != first.commit
    assert second.key == first.key
    commit(server, study, [feature(300, 200)])
    third = annotation_table(core, Request("GET", "", study), "main")
    assert third.key.commit == third.commit
    assert len(third.read()) == 2


@pytest.mark.parametrize("version", ["main", "0" * 64, "nothing", "%2e%2e", "f" * 128])
def test_a_vector_tile_needs_a_whole_commit_id(server, study, version):
    assert server.get(f"vector/{version}/0/0/0", study).status in (400, 404)


@pytest.mark.parametrize(
    ("zxy", "status"), [("1/0/0", 404), ("-32/0/0", 404), ("0/-5/-5", 200), ("0/99999/0", 200)]
)
def test_vector_tiles_reach_beyond_the_slide(server, study, zxy, status):
    assert server.get(f"vector/{head(server, study)}/{zxy}", study).status == status


def test_a_label_of_the_whole_image_is_listed(server, study):
    image = feature(0, 0, shape="image", geometry=None)
    answer = commit(server, study, [image])
    assert answer.status == 200, answer.body
    meta = server.get("vector/meta", study).json
    assert [found["label"] for found in meta["images"]] == ["tumor"]
    assert meta["images"][0]["id"] == answer.json["ids"][0]
    (exact,) = server.get("annotations", {**study, "ids": answer.json["ids"][0]}).json["features"]
    assert exact["geometry"] is None


def test_edits_on_an_old_base_go_on_top_of_others(server, study):
    ids = commit(server, study, [feature(100, 200), feature(500, 600)]).json["ids"]
    base = head(server, study)
    assert commit(server, study, [feature(110, 200, id=ids[0])], base=base).status == 200
    answer = commit(server, study, [feature(510, 600, id=ids[1])], base=base)
    assert answer.status == 200, answer.body
    table = wsinb.open_project(server.root / study["project"]).read("one").set_index("id")
    assert table.loc[ids[0]].geometry.bounds[0] == 110
    assert table.loc[ids[1]].geometry.bounds[0] == 510


def test_edits_of_what_others_changed_are_a_conflict(server, study):
    (identifier,) = commit(server, study, [feature(100, 200)]).json["ids"]
    base = head(server, study)
    commit(server, study, [feature(110, 200, id=identifier)], base=base)
    now = head(server, study)
    for answer in (
        commit(server, study, [feature(120, 200, id=identifier)], base=base),
        commit(server, study, delete=[identifier], base=base),
    ):
        assert answer.status == 409
        assert answer.json["kind"] == "Conflict"
    assert head(server, study) == now


def test_writers_at_the_same_time_lose_nothing(server, study):
    base = head(server, study)
    with ThreadPoolExecutor(12) as pool:
        edits = [[feature(60 * i, 9)] for i in range(12)]
        answers = list(pool.map(lambda edit: commit(server, study, edit, base=base), edits))
    assert [answer.status for answer in answers] == [200] * 12
    stored = wsinb.open_project(server.root / study["project"]).read("one")
    assert set(stored["id"]) == {identifier for answer in answers for identifier in answer.json["ids"]}


def test_deleting(server, study):
    ids = commit(server, study, [feature(100, 200), feature(500, 600)]).json["ids"]
    assert commit(server, study, delete=[ids[0]]).status == 200
    assert list(wsinb.open_project(server.root / study["project"]).read("one")["id"]) == [ids[1]]
    assert commit(server, study, delete=[ids[0]]).status == 404


BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [9, 9], [9, 0], [0, 9], [0, 0]]]}


@pytest.mark.parametrize(
    "broken",
    [
        {"upsert": [feature(1, 1, geometry=BOW_TIE)]},
        {"upsert": [feature(1, 1, geometry={"type": "Polygon", "coordinates": "none"})]},
        {"upsert": [feature(1, 1, geometry={"type": "Point", "coordinates": [1e400, 0]})]},
        {"upsert": [feature(1, 1, geometry=None)]},
        {"upsert": [feature(1, 1, id="not-a-uuid")]},
        {"upsert": [feature(1, 1, id="x" * 1000)]},
        {"upsert": [feature(1, 1, id=7)]},
        {"upsert": [feature(1, 1, id="\ud800")]},
        {"upsert": [feature(1, 1, properties=[1])]},
        {"upsert": [feature(1, 1, label="never-heard-of")]},
        {"upsert": [feature(1, 1, unknown_member=1)]},
        {"upsert": ["feature"]},
        {"upsert": {"a": 1}},
        {"upsert": 7},
        {"delete": "all"},
        {"delete": [None]},
        {"delete": ["not-a-uuid"]},
        {},
        {"upsert": [feature(1, 1)], "message": "x" * 20_000},
        {"upsert": [feature(1, 1)], "message": 5},
        {"upsert": [feature(1, 1)], "slide": ["one"]},
        {"upsert": [feature(1, 1)], "base": None},
        {"upsert": [feature(1, 1)], "project": 3},
        {"upsert": [feature(1, 1)], "branch": "../../etc"},
    ],
    ids=lambda broken: json.dumps(broken)[:60],
)
def test_bad_edits_are_refused_and_nothing_is_stored(server, study, broken):
    before = head(server, study)
    body = {**study, "branch": "main", "base": before, "message": "m", "upsert": [], "delete": [], **broken}
    answer = server.post("commit", body)
    assert answer.status == 400, answer.body
    assert set(answer.json) == {"error", "kind"}
    assert head(server, study) == before


@pytest.mark.parametrize(
    ("change", "status", "kind"),
    [
        ({"slide": "two"}, 404, "UnknownSlide"),
        ({"branch": "side"}, 404, "UnknownVersion"),
        ({"base": "f" * 64}, 404, "UnknownVersion"),
        ({"project": "nowhere"}, 404, "UnknownProject"),
        ({"upsert": [None] * 10_001}, 413, "TooLarge"),
    ],
)
def test_edits_of_what_does_not_exist(server, study, change, status, kind):
    answer = commit(server, study, **{"upsert": [feature(1, 1)], **change})
    assert (answer.status, answer.json["kind"]) == (status, kind)


def test_a_base_of_another_history_is_a_conflict(server, study):
    other = wsinb.create_project(server.root / f"other-{uuid.uuid4().hex[:8]}")
    answer = commit(server, study, [feature(1, 1)], base=other.head())
    assert answer.status == 404


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"a": NaN}', b"\xff\xfe", b"[" * 100_000, b"1" * 5000]
)
@pytest.mark.parametrize("route", ["commit", "project", "labels"])
def test_a_body_that_is_no_json_object_is_refused(server, route, body):
    answer = server.request("POST", route, body=body)
    assert answer.status == 400
    assert answer.json["kind"] == "InvalidInput"


def test_a_huge_body_is_refused(server):
    assert server.request("POST", "commit", body=b" " * ((32 << 20) + 1)).status == 413


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


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1001"])
def test_a_log_of_no_good_length_is_refused(server, study, limit):
    assert server.get("log", {"project": study["project"], "limit": limit}).status == 400


def test_the_log_is_limited(server, study):
    for i in range(3):
        commit(server, study, [feature(50 * i, 5)])
    commits = server.get("log", {"project": study["project"], "limit": 2}).json["commits"]
    assert len(commits) == 2
    assert commits[0]["time"] >= commits[1]["time"]


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
    assert commit(server, study, [feature(10, 10)]).status == 200
    commits = server.get("log", study).json["commits"]
    file.rename(file.with_name("moved.tiff"))
    for route in ("slide", "tile/0/0/0", "thumbnail"):
        answer = server.get(route, study)
        assert (answer.status, answer.json["kind"]) == (404, "SlideNotFound")
        assert "slides.relocate('one', path)" in answer.json["error"]
    assert server.get("vector/meta", study).json["n"] == 1
    assert commit(server, study, [feature(90, 10)], base=commits[0]["id"]).status == 200


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


@pytest.mark.parametrize("number", ["NaN", "1e999", "-1e10", "1" + "0" * 400, '"1"', "null"])
def test_coordinates_that_cannot_be_drawn_are_refused_shortly(server, study, number):
    body = {**study, "base": head(server, study), "message": "drawn", "upsert": [feature(0, 0)]}
    text = json.dumps(body).replace("[0.0, 0.0]", f"[{number}, 0.0]")
    assert number in text
    answer = server.request("POST", "commit", body=text.encode())
    assert answer.status == 400
    assert len(answer.json["error"]) < 400
    assert server.get("vector/meta", study).json["n"] == 0


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
    answer = commit(server, study, [feature(10, 10, label=label)], message=ODD)
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
