"""Drawing over HTTP: committing what was drawn, and reading it back."""

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
from wsinb.testing.features import square_feature as feature
from wsinb.testing.vector_tiles import decode_vector_tile


def test_what_is_drawn_is_committed_and_read_back(server, study):
    answer = server.commit(study, [feature(100, 200), feature(500, 600)])
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
    ids = server.commit(study, [feature(100 * i, 50) for i in range(1, 6)]).json["ids"]
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
    (id_,) = server.commit(study, [drawn]).json["ids"]
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
    server.commit(study, [feature(1, 1)])
    assert server.get("annotations", {**study, **query}).status == status


def test_vector_tiles_show_what_was_committed(server, study):
    ids = server.commit(study, [feature(100, 200, score=0.5), feature(1500, 600)]).json["ids"]
    meta = server.get("vector/meta", study).json
    assert (meta["n"], meta["labels"], meta["layers"]) == (2, ["tumor"], ["manual"])
    assert meta["bounds"] == [100, 200, 1540, 640]
    assert meta["counts"] == {"tumor": 2}
    assert meta["images"] == []
    assert meta["density_max_zoom"] < meta["min_zoom"] == -3
    assert meta["version"] == server.head(study)
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
    server.commit(study, [feature(100, 200)])
    address = f"vector/{server.head(study)}/-2/0/0"
    plain = server.get(address, study)
    small = server.get(address, study, headers={"Accept-Encoding": "gzip, br"})
    assert small.headers["content-encoding"] == "gzip"
    assert gzip.decompress(small.body) == plain.body
    again = server.get(address, study, headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


def test_an_old_version_keeps_its_tiles(server, study):
    server.commit(study, [feature(100, 200)])
    old = server.head(study)
    server.commit(study, [feature(300, 200)])
    assert len(decode_vector_tile(server.get(f"vector/{old}/0/0/0", study).body).id) == 1
    assert len(decode_vector_tile(server.get(f"vector/{server.head(study)}/0/0/0", study).body).id) == 2
    assert server.get("vector/meta", {**study, "version": old}).json["n"] == 1


def test_a_commit_that_leaves_the_slide_alone_keeps_its_index(server, study, slide_file):
    server.commit(study, [feature(100, 200)])
    project = wsinb.open_project(server.root / study["project"])
    core = Core(Settings(server.root))
    first = annotation_table(core, Request("GET", "", study), "main")
    project.labels.add(wsinb.Label("stroma"))
    project.slides.add(slide_file, name="another")
    second = annotation_table(core, Request("GET", "", study), "main")
    assert second.commit == project.head() != first.commit
    assert second.key == first.key
    server.commit(study, [feature(300, 200)])
    third = annotation_table(core, Request("GET", "", study), "main")
    assert third.key.version == third.commit
    assert sum(map(len, third.pieces)) == 2


@pytest.mark.parametrize("version", ["main", "0" * 64, "nothing", "%2e%2e", "f" * 128])
def test_a_vector_tile_needs_a_whole_commit_id(server, study, version):
    assert server.get(f"vector/{version}/0/0/0", study).status in (400, 404)


@pytest.mark.parametrize(
    ("zxy", "status"), [("1/0/0", 404), ("-32/0/0", 404), ("0/-5/-5", 200), ("0/99999/0", 200)]
)
def test_vector_tiles_reach_beyond_the_slide(server, study, zxy, status):
    assert server.get(f"vector/{server.head(study)}/{zxy}", study).status == status


def test_a_label_of_the_whole_image_is_listed(server, study):
    image = feature(0, 0, shape="image", geometry=None)
    answer = server.commit(study, [image])
    assert answer.status == 200, answer.body
    meta = server.get("vector/meta", study).json
    assert [found["label"] for found in meta["images"]] == ["tumor"]
    assert meta["images"][0]["id"] == answer.json["ids"][0]
    (exact,) = server.get("annotations", {**study, "ids": answer.json["ids"][0]}).json["features"]
    assert exact["geometry"] is None


def test_edits_on_an_old_base_go_on_top_of_others(server, study):
    ids = server.commit(study, [feature(100, 200), feature(500, 600)]).json["ids"]
    base = server.head(study)
    assert server.commit(study, [feature(110, 200, id=ids[0])], base=base).status == 200
    answer = server.commit(study, [feature(510, 600, id=ids[1])], base=base)
    assert answer.status == 200, answer.body
    table = wsinb.open_project(server.root / study["project"]).read("one").set_index("id")
    assert table.loc[ids[0]].geometry.bounds[0] == 110
    assert table.loc[ids[1]].geometry.bounds[0] == 510


def test_edits_of_what_others_changed_are_a_conflict(server, study):
    (identifier,) = server.commit(study, [feature(100, 200)]).json["ids"]
    base = server.head(study)
    server.commit(study, [feature(110, 200, id=identifier)], base=base)
    now = server.head(study)
    for answer in (
        server.commit(study, [feature(120, 200, id=identifier)], base=base),
        server.commit(study, delete=[identifier], base=base),
    ):
        assert answer.status == 409
        assert answer.json["kind"] == "Conflict"
    assert server.head(study) == now


def test_writers_at_the_same_time_lose_nothing(server, study):
    base = server.head(study)
    with ThreadPoolExecutor(12) as pool:
        edits = [[feature(60 * i, 9)] for i in range(12)]
        answers = list(pool.map(lambda edit: server.commit(study, edit, base=base), edits))
    assert [answer.status for answer in answers] == [200] * 12
    stored = wsinb.open_project(server.root / study["project"]).read("one")
    assert set(stored["id"]) == {identifier for answer in answers for identifier in answer.json["ids"]}


def test_deleting(server, study):
    ids = server.commit(study, [feature(100, 200), feature(500, 600)]).json["ids"]
    assert server.commit(study, delete=[ids[0]]).status == 200
    assert list(wsinb.open_project(server.root / study["project"]).read("one")["id"]) == [ids[1]]
    assert server.commit(study, delete=[ids[0]]).status == 404


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
    before = server.head(study)
    body = {**study, "branch": "main", "base": before, "message": "m", "upsert": [], "delete": [], **broken}
    answer = server.post("commit", body)
    assert answer.status == 400, answer.body
    assert set(answer.json) == {"error", "kind"}
    assert server.head(study) == before


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
    answer = server.commit(study, **{"upsert": [feature(1, 1)], **change})
    assert (answer.status, answer.json["kind"]) == (status, kind)


def test_a_base_of_another_history_is_a_conflict(server, study):
    other = wsinb.create_project(server.root / f"other-{uuid.uuid4().hex[:8]}")
    answer = server.commit(study, [feature(1, 1)], base=other.head())
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


@pytest.mark.parametrize("number", ["NaN", "1e999", "-1e10", "1" + "0" * 400, '"1"', "null"])
def test_coordinates_that_cannot_be_drawn_are_refused_shortly(server, study, number):
    body = {**study, "base": server.head(study), "message": "drawn", "upsert": [feature(0, 0)]}
    text = json.dumps(body).replace("[0.0, 0.0]", f"[{number}, 0.0]")
    assert number in text
    answer = server.request("POST", "commit", body=text.encode())
    assert answer.status == 400
    assert len(answer.json["error"]) < 400
    assert server.get("vector/meta", study).json["n"] == 0
