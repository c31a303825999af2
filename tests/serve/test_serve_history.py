"""Versions over HTTP: log, branches and tags, differences, merging, reverting, restoring, choosing."""

from __future__ import annotations

import uuid
from itertools import pairwise

import pytest
import shapely

import wsinb
from wsinb.serve import conflicts
from wsinb.testing.features import square_feature as feature


def stored(server, study):
    return wsinb.open_project(server.root / study["project"])


@pytest.fixture
def project(server, study):
    """The project of `study`, with another label."""
    opened = stored(server, study)
    opened.labels.add(wsinb.Label("stroma"))
    return opened


def moved(found, l0_x, l0_y, **members):
    """The feature of an annotation at another place."""
    return feature(l0_x, l0_y, id=found, **members)


# -- log and refs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1001"])
def test_a_log_of_no_good_length_is_refused(server, study, limit):
    assert server.get("log", {"project": study["project"], "limit": limit}).status == 400


def test_the_log_is_limited(server, study):
    for i in range(3):
        server.commit(study, [feature(50 * i, 5)])
    commits = server.get("log", {"project": study["project"], "limit": 2}).json["commits"]
    assert len(commits) == 2
    assert commits[0]["time"] >= commits[1]["time"]


def test_the_log_says_parents_and_edits(server, study):
    made = server.commit(study, [feature(1, 1)]).json["commit"]
    commits = server.get("log", {"project": study["project"]}).json["commits"]
    assert commits[0]["id"] == made
    assert commits[0]["parents"] == [commits[1]["id"]]
    assert commits[1]["edits"]["labels"]["added"] == ["tumor"]
    assert commits[-1]["parents"] == []


def test_the_log_of_a_slide_leaves_out_what_did_not_touch_it(server, study, project, slide_file):
    first = server.commit(study, [feature(1, 1)]).json["commit"]
    project.slides.add(slide_file, name="two")
    session = project.session(author="x")
    session["two"].upsert(wsinb.new_annotations([shapely.Point(1, 1)]))
    session.commit("elsewhere")
    last = server.commit(study, [feature(50, 1)]).json["commit"]
    commits = server.get("log", study).json["commits"]
    assert [commit["id"] for commit in commits[:2]] == [last, first]
    assert len(commits) == 3  # and the one that added the slide
    assert [commit["id"] for commit in server.get("log", {**study, "limit": 1}).json["commits"]] == [last]


def test_branches_and_tags_are_made_and_listed(server, study, project):
    start = project.head()
    answer = server.post("branch", {"project": study["project"], "name": "try/out", "at": "main"})
    assert answer.status == 200, answer.body
    answer = server.post("tag", {"project": study["project"], "name": "v1", "at": start[:10]})
    assert answer.json == server.get("refs", {"project": study["project"]}).json
    assert answer.json == {
        "branches": [{"name": "main", "commit": start}, {"name": "try/out", "commit": start}],
        "tags": [{"name": "v1", "commit": start}],
    }
    server.commit(study, [feature(1, 1)], base=start, branch="try/out")
    assert server.get("log", {"project": study["project"], "branch": "v1"}).json["commits"][0]["id"] == start
    assert project.head() == start != project.head("try/out")


@pytest.mark.parametrize("kind", ["branch", "tag"])
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"name": "main"}, 400),
        ({"name": "../../up"}, 400),
        ({"name": ""}, 400),
        ({"name": 7}, 400),
        ({"name": "f" * 64}, 400),
        ({"at": "nowhere"}, 404),
        ({"at": None}, 400),
        ({"project": "nowhere"}, 404),
        ({"project": None}, 400),
    ],
)
def test_names_that_cannot_be(server, study, kind, change, status):
    body = {"project": study["project"], "name": "good", "at": "main", **change}
    assert server.post(kind, body).status == status
    assert [ref["name"] for ref in server.get("refs", study).json["branches"]] == ["main"]


# -- differences -------------------------------------------------------------------------------------


def test_a_difference_says_what_happened_to_each_annotation(server, study, project):
    ids = server.commit(study, [feature(100 * i, 100) for i in range(6)]).json["ids"]
    before = project.head()
    edits = [
        moved(ids[1], 150, 100),
        moved(ids[2], 200, 100, label="stroma"),
        moved(ids[3], 300, 130, label="stroma"),
        moved(ids[4], 400, 100, properties={"seen": False}),
        feature(900, 900),
    ]
    new = server.commit(study, edits, delete=[ids[0]]).json
    answer = server.get("diff", {**study, "from": before[:12], "to": "main"}).json
    assert (answer["from"], answer["to"], answer["total"]) == (before, new["commit"], 6)
    assert answer["counts"] == {"added": 1, "deleted": 1, "updated": 4}
    by_id = {change["id"]: change for change in answer["changes"]}
    kinds = {ids[0]: "deleted", ids[1]: "moved", ids[2]: "relabelled", ids[3]: "changed", ids[4]: "changed"}
    kinds[new["ids"][-1]] = "added"
    assert {id_: change["kind"] for id_, change in by_id.items()} == kinds
    assert by_id[ids[1]]["fields"] == ["geometry"]
    assert by_id[ids[1]]["box"] == [100, 100, 190, 140]
    assert sorted(by_id[ids[3]]["fields"]) == ["geometry", "label"]
    assert by_id[ids[4]]["fields"] == ["properties"]
    assert by_id[ids[4]]["after"]["properties"] == {"seen": False}
    assert by_id[ids[0]]["after"] is None
    assert by_id[new["ids"][-1]]["before"] is None
    exact = server.get("annotations", {**study, "ids": ids[1]}).json["features"][0]
    assert {**by_id[ids[1]]["after"], "row": exact["row"]} == exact


def test_pages_of_a_difference_make_up_the_whole_and_neighbours_follow(server, study, project):
    before = project.head()
    server.commit(study, [feature(45 * (i % 10), 45 * (i // 10)) for i in range(100)])
    whole = server.get("diff", {**study, "from": before, "to": "main"}).json
    pages = [
        server.get("diff", {**study, "from": before, "to": "main", "offset": start, "limit": 30}).json
        for start in (0, 30, 60, 90, 120)
    ]
    assert [len(page["changes"]) for page in pages] == [30, 30, 30, 10, 0]
    assert {page["total"] for page in pages} == {100}
    assert [change for page in pages for change in page["changes"]] == whole["changes"]
    places = [change["box"][:2] for change in whole["changes"]]
    travelled = sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in pairwise(places))
    assert travelled < 45 * 99 * 2


def test_a_label_of_the_whole_image_is_a_change_without_box(server, study, project):
    before = project.head()
    server.commit(study, [feature(0, 0, shape="image", geometry=None)])
    (change,) = server.get("diff", {**study, "from": before, "to": "main"}).json["changes"]
    assert (change["box"], change["after"]["geometry"], change["kind"]) == (None, None, "added")


def test_nothing_differs_from_itself(server, study):
    server.commit(study, [feature(1, 1)])
    answer = server.get("diff", {**study, "from": "main", "to": "main"}).json
    assert (answer["total"], answer["changes"]) == (0, [])


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"from": ""}, 400),
        ({"to": "nowhere"}, 404),
        ({"slide": "two"}, 404),
        ({"limit": "0"}, 400),
        ({"limit": "1001"}, 400),
        ({"offset": "-1"}, 400),
        ({"offset": "x"}, 400),
    ],
)
def test_differences_that_cannot_be(server, study, change, status):
    assert server.get("diff", {**study, "from": "main", "to": "main", **change}).status == status


# -- merging, reverting, restoring -------------------------------------------------------------------------


@pytest.fixture
def apart(server, study, project):
    """Two branches that moved one annotation to different places, and of which one deleted another."""
    ids = server.commit(study, [feature(100, 100), feature(300, 100), feature(500, 100)]).json["ids"]
    project.branch("side")
    base = project.head()
    server.commit(study, [moved(ids[0], 110, 100)], delete=[ids[1]], base=base)
    edits = [moved(ids[0], 120, 100), moved(ids[1], 330, 100), moved(ids[2], 550, 100)]
    assert server.commit(study, edits, base=base, branch="side").status == 200
    return ids


def test_a_merge_lists_its_conflicts_and_writes_nothing(server, study, project, apart):
    head = project.head()
    answer = server.post("merge", {"project": study["project"], "from": "side", "into": "main"})
    assert (answer.status, answer.json["kind"]) == (409, "Conflict")
    found = {conflict["id"]: conflict for conflict in answer.json["conflicts"]}
    assert found.keys() == set(apart[:2])
    place = found[apart[0]]
    assert (place["slide"], place["field"]) == ("one", "geometry")
    corners = [place[side]["geometry"]["coordinates"][0] for side in ("base", "ours", "theirs")]
    assert [min(x for x, _ in ring) for ring in corners] == [100, 110, 120]
    assert place["ours"]["properties"] == {"seen": True}
    gone = found[apart[1]]
    assert (gone["field"], gone["ours"], gone["theirs"]["label"]) == (None, None, "tumor")
    assert project.head() == head


def test_a_merge_with_choices(server, study, project, apart):
    body = {"project": study["project"], "from": "side", "into": "main", "message": "together"}
    asked = server.post("merge", body).json["conflicts"]
    sides = dict(zip(apart, ("theirs", "ours"), strict=False))
    choices = [
        {**{name: each[name] for name in ("slide", "id", "field")}, "choice": sides[each["id"]]}
        for each in asked
    ]
    partly = server.post("merge", {**body, "choices": choices[:1]})
    assert partly.status == 409
    assert [each["id"] for each in partly.json["conflicts"]] == [choices[1]["id"]]
    answer = server.post("merge", {**body, "choices": choices})
    assert answer.status == 200, answer.body
    commit = project.commit("main")
    assert (commit.id, commit.message, commit.author) == (
        answer.json["commit"],
        "together",
        "owner-of-the-server",
    )
    assert len(commit.parents) == 2
    table = project.read("one").set_index("id")
    assert table.bounds["minx"].to_dict() == {apart[0]: 120, apart[2]: 550}
    again = server.post("merge", body)
    assert (again.status, again.json["kind"]) == (400, "InvalidInput")


@pytest.mark.parametrize(
    "choices",
    [
        7,
        [7],
        [{}],
        [{"slide": "one", "id": "x", "field": None, "choice": "mine"}],
        [{"slide": "one", "id": "x", "field": None, "choice": ["ours"]}],
        [{"slide": ["one"], "id": "x", "field": None, "choice": "ours"}],
        [{"slide": "one", "id": None, "field": None, "choice": "ours"}],
    ],
)
def test_choices_that_are_none(server, study, project, apart, choices):
    head = project.head()
    body = {"project": study["project"], "from": "side", "into": "main", "choices": choices}
    answer = server.post("merge", body)
    assert (answer.status, answer.json["kind"]) == (400, "InvalidInput")
    assert project.head() == head


def test_conflicts_of_labels_are_their_json(server, study, project):
    project.branch("side")
    project.labels.add(wsinb.Label("tumor", color="#00ff00"))
    side = project.session("side", author="x")
    side["one"].upsert(wsinb.new_annotations([shapely.Point(1, 1)]))
    side.commit("something")
    project.merge("main", "side")
    assert project.labels_at("side")["tumor"].color == "#00ff00"
    type(project.labels)(project.repository, "side").add(wsinb.Label("tumor", color="#0000ff"))
    project.labels.add(wsinb.Label("tumor", color="#ffff00"))
    body = {"project": study["project"], "from": "side", "into": "main"}
    (conflict,) = server.post("merge", body).json["conflicts"]
    assert (conflict["slide"], conflict["id"]) == (None, "labels/tumor")
    choice = {"slide": None, "id": conflict["id"], "field": conflict["field"], "choice": "theirs"}
    assert server.post("merge", {**body, "choices": [choice]}).status == 200
    assert project.labels["tumor"].color == "#0000ff"


def test_many_conflicts_are_listed_up_to_a_limit(monkeypatch):
    monkeypatch.setattr(conflicts, "MAX_CONFLICTS", 2)
    from wsinb.versions.changes.conflicts import ConflictItem

    listed = [ConflictItem(None, f"labels/{n}", None, None, {"a": n}, {"a": -n}) for n in range(5)]
    assert [each["id"] for each in conflicts.conflicts_json(listed)] == ["labels/0", "labels/1"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"from": "nowhere"}, 404),
        ({"into": "nowhere"}, 404),
        ({"from": None}, 400),
        ({"into": 7}, 400),
        ({"from": "main"}, 400),
        ({"message": ["x"]}, 400),
        ({"message": "x" * 20_000}, 400),
    ],
)
def test_merges_that_cannot_be(server, study, apart, change, status):
    body = {"project": study["project"], "from": "side", "into": "main", **change}
    assert server.post("merge", body).status == status


def test_a_commit_is_reverted(server, study, project):
    ids = server.commit(study, [feature(100, 100), feature(300, 100)]).json["ids"]
    made = server.commit(study, [moved(ids[0], 500, 100)], delete=[ids[1]]).json["commit"]
    body = {"project": study["project"], "commit": made, "branch": "main"}
    answer = server.post("revert", body)
    assert answer.status == 200, answer.body
    assert project.head() == answer.json["commit"]
    assert sorted(project.read("one").bounds["minx"]) == [100, 300]
    assert server.post("revert", body).status == 400  # nothing is left to undo


def test_reverting_what_changed_again_is_a_conflict(server, study, project):
    (id_,) = server.commit(study, [feature(100, 100)]).json["ids"]
    made = server.commit(study, [moved(id_, 200, 100)]).json["commit"]
    server.commit(study, [moved(id_, 300, 100)])
    answer = server.post("revert", {"project": study["project"], "commit": made, "branch": "main"})
    assert answer.status == 409
    assert [each["id"] for each in answer.json["conflicts"]] == [id_]


def test_annotations_are_restored(server, study, project):
    ids = server.commit(study, [feature(100, 100), feature(300, 100)]).json["ids"]
    good = project.head()
    server.commit(study, [moved(ids[0], 500, 100)], delete=[ids[1]])
    body = {**study, "ids": ids, "at": good, "branch": "main"}
    answer = server.post("restore", body)
    assert answer.status == 200, answer.body
    assert sorted(project.read("one").bounds["minx"]) == [100, 300]
    assert project.log(limit=1)[0].author == "owner-of-the-server"
    unknown = str(uuid.uuid4())
    for change, status in [
        ({}, 400),  # they are as they were
        ({"ids": []}, 400),
        ({"ids": ["x"]}, 400),
        ({"ids": [None]}, 400),
        ({"ids": [unknown]}, 404),
        ({"ids": [unknown] * 10_001}, 413),
        ({"at": "nowhere"}, 404),
        ({"slide": "two"}, 404),
    ]:
        assert server.post("restore", {**body, **change}).status == status


# -- committing with choices -------------------------------------------------------------------------------


def test_edits_of_what_others_changed_are_listed_and_chosen(server, study, project):
    ids = server.commit(study, [feature(100, 100), feature(300, 100)]).json["ids"]
    base = project.head()
    server.commit(study, [moved(id_, 110 + 200 * i, 100) for i, id_ in enumerate(ids)], base=base)
    mine = [moved(id_, 120 + 200 * i, 100) for i, id_ in enumerate(ids)]
    answer = server.commit(study, mine, base=base)
    assert answer.status == 409
    assert {each["id"] for each in answer.json["conflicts"]} == set(ids)
    (first,) = (each for each in answer.json["conflicts"] if each["id"] == ids[0])
    assert (first["slide"], first["field"]) == ("one", "geometry")
    partly = server.commit(study, mine, base=base, choices={ids[0]: "ours"})
    assert partly.status == 409
    chosen = server.commit(study, mine, base=base, choices={ids[0]: "ours", ids[1]: "theirs"})
    assert chosen.status == 200, chosen.body
    found = project.read("one").set_index("id").bounds["minx"]
    assert (found[ids[0]], found[ids[1]]) == (120, 310)


def test_changes_of_different_fields_are_merged_by_a_choice(server, study, project):
    (id_,) = server.commit(study, [feature(100, 100)]).json["ids"]
    base = project.head()
    server.commit(study, [moved(id_, 100, 100, label="stroma")], base=base)
    answer = server.commit(study, [moved(id_, 200, 100)], base=base)
    (conflict,) = answer.json["conflicts"]
    assert conflict["field"] is None
    assert server.commit(study, [moved(id_, 200, 100)], base=base, choices={id_: "ours"}).status == 200
    row = project.read("one").set_index("id").loc[id_]
    assert (row["label"], row.geometry.bounds[0]) == ("stroma", 200)


@pytest.mark.parametrize("choices", [7, ["ours"], {"x": "mine"}, {"x": ["ours"]}, {"": "ours"}])
def test_choices_of_a_commit_that_are_none(server, study, choices):
    head = server.head(study)
    assert server.commit(study, [feature(1, 1)], choices=choices).status == 400
    assert server.head(study) == head
