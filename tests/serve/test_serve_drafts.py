"""What was drawn and not saved is on the disk when the answer comes, and its author's alone."""

from __future__ import annotations

import json
import os
import signal
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import wsinb
from wsinb.serve import Core, Request, Settings
from wsinb.serve import drafts as drafts_module
from wsinb.testing.features import square_feature as feature
from wsinb.versions.journal import files
from wsinb.versions.journal.viewer import ViewerEdits

IDS = [str(uuid.UUID(int=n)) for n in range(1, 5)]


def keep(server, study, draft=None, base=None, **change):
    body = {"branch": "main", **study, "base": base or server.head(study), "draft": draft, **change}
    return server.post("draft", body)


def offered(server, study):
    answer = server.get("drafts", {**study, "branch": "main"})
    assert answer.status == 200, answer.body
    return answer.json["drafts"]


def journals(server, study):
    folder = server.root / study["project"] / ".wsinb" / "journals"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def test_edits_are_kept_and_offered(server, study):
    new, old = feature(1, 1, key="new-1"), feature(50, 1, id=IDS[0])
    first = keep(server, study, set=[new, old], delete=[IDS[1]])
    assert first.status == 200, first.body
    draft = first.json["draft"]
    assert keep(server, study, draft, set=[{**new, "label": None}]).json == {"draft": draft}
    assert keep(server, study, draft, unset=[IDS[0]], delete=[IDS[2]], undelete=[IDS[1]]).status == 200
    (found,) = offered(server, study)
    assert (found["id"], found["base"], found["author"]) == (draft, server.head(study), "owner-of-the-server")
    assert found["features"] == [{**new, "label": None}]
    assert found["deleted"] == [IDS[2]]
    assert found["time"].endswith("+00:00")


def test_a_draft_is_on_the_disk_when_the_answer_comes(server_starter, tmp_path, slide_file):
    """The server is killed between the answer and everything else; another one offers the draft."""
    root, home = tmp_path / "root", tmp_path / "home"
    for folder in (root, home):
        folder.mkdir()
    (root / "a.tif").write_bytes(slide_file.read_bytes())
    process, server = server_starter(root, "/", home)
    try:
        made = server.post("project", {"folder": "study", "path": "a.tif", "slide": "one"})
        assert made.status == 200, made.body
        study = {"project": "study", "slide": "one"}
        draft = keep(server, study, set=[feature(1, 1, key="a")]).json["draft"]
        keep(server, study, draft, set=[feature(2, 2, key="b")])
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process, server = server_starter(root, "/", home)
        (found,) = offered(server, study)
        assert [each["key"] for each in found["features"]] == ["a", "b"]
        assert keep(server, study, draft, set=[feature(3, 3, key="c")]).status == 200
    finally:
        process.kill()
        process.wait()


def test_a_draft_that_is_discarded_is_gone(server, study):
    draft = keep(server, study, set=[feature(1, 1, key="a")]).json["draft"]
    body = {"project": study["project"], "draft": draft}
    assert server.post("draft/discard", body).json == {}
    assert offered(server, study) == []
    assert journals(server, study) == []
    for answer in (server.post("draft/discard", body), keep(server, study, draft, delete=[IDS[0]])):
        assert (answer.status, answer.json["kind"]) == (404, "UnknownDraft")


def test_a_draft_without_edits_is_not_offered(server, study):
    draft = keep(server, study, set=[feature(1, 1, key="a")]).json["draft"]
    keep(server, study, draft, unset=["a"])
    assert offered(server, study) == []


def test_drafts_belong_to_a_slide_a_branch_and_a_version(server, study, slide_file):
    project = wsinb.open_project(server.root / study["project"])
    project.slides.add(slide_file, name="two")
    project.branch("side")
    draft = keep(server, study, set=[feature(1, 1, key="a")]).json["draft"]
    for change in ({"slide": "two"}, {"branch": "side"}):
        assert server.get("drafts", {**study, "branch": "main", **change}).json["drafts"] == []
        answer = keep(server, {**study, **change}, draft, delete=[IDS[0]])
        assert (answer.status, answer.json["kind"]) == (404, "UnknownDraft")
    server.commit(study, [feature(1, 1)])
    assert keep(server, study, draft, delete=[IDS[0]]).status == 404
    (found,) = offered(server, study)
    assert found["id"] == draft


def test_the_newest_draft_comes_first(server, study):
    made = [keep(server, study, set=[feature(n, 1, key="a")]).json["draft"] for n in range(3)]
    for age, path in enumerate(journals(server, study)):
        os.utime(path, (1e9 + age, 1e9 + age))
    newest_first = [path.stem for path in reversed(journals(server, study))]
    assert [each["id"] for each in offered(server, study)] == newest_first
    assert set(newest_first) == set(made)


def test_many_at_once_lose_nothing(server, study):
    draft = keep(server, study, set=[feature(0, 0, key="0")]).json["draft"]
    base = server.head(study)
    with ThreadPoolExecutor(8) as pool:
        kept = pool.map(
            lambda n: keep(server, study, draft, base, set=[feature(n, 0, key=str(n))]), range(1, 40)
        )
        assert [answer.status for answer in kept] == [200] * 39
    (found,) = offered(server, study)
    assert {each["key"] for each in found["features"]} == {str(n) for n in range(40)}


# -- committing ----------------------------------------------------------------------------------------


def test_a_commit_ends_its_draft(server, study):
    made = feature(1, 1)
    draft = keep(server, study, set=[{**made, "key": "a"}]).json["draft"]
    answer = server.commit(study, [made], draft=draft)
    assert answer.status == 200, answer.body
    assert (offered(server, study), journals(server, study)) == ([], [])
    project = wsinb.open_project(server.root / study["project"])
    assert project.repository.record("main").data["journal"] == draft


def test_a_draft_in_a_commit_is_not_offered_even_if_it_is_still_there(server, study):
    made = feature(1, 1)
    draft = keep(server, study, set=[{**made, "key": "a"}]).json["draft"]
    (path,) = journals(server, study)
    data = path.read_bytes()
    assert server.commit(study, [made], draft=draft).status == 200
    path.write_bytes(data)  # as if the server had been killed before it was deleted
    assert offered(server, study) == []


def test_a_commit_that_fails_keeps_its_draft(server, study):
    draft = keep(server, study, set=[feature(1, 1, key="a")]).json["draft"]
    assert server.commit(study, [feature(1, 1, label="unheard")], draft=draft).status == 400
    assert [each["id"] for each in offered(server, study)] == [draft]


def test_a_save_does_not_fail_for_a_draft_that_is_gone(server, study):
    assert server.commit(study, [feature(1, 1)], draft="0" * 32).status == 200
    assert server.commit(study, [feature(1, 1)], draft=["x"]).status == 400


def test_python_offers_it_too_and_opens_it(server, study, monkeypatch):
    monkeypatch.setattr("wsinb.versions.journal.drafts.LONELY_S", -1)
    made = feature(1, 1, key="a")
    draft = keep(server, study, set=[made]).json["draft"]
    project = wsinb.open_project(server.root / study["project"])
    (found,) = project.recover()
    assert found.id == draft
    found.open().commit("from Python")
    assert len(project.read("one")) == 1
    answer = keep(server, study, draft, base=found.base, delete=[IDS[0]])
    assert (answer.status, answer.json["kind"]) == (404, "UnknownDraft")


# -- of whom -------------------------------------------------------------------------------------------


@pytest.fixture
def core(tmp_path, slide_file):
    """The core on a project of its own, so that requests can name people."""
    project = wsinb.create_project(tmp_path / "study")
    project.slides.add(slide_file, name="one")
    made = Core(Settings(tmp_path, roots=[str(slide_file.parent)]))
    made.base = project.head()
    yield made
    made.close()


STUDY = {"project": "study", "slide": "one"}


def asked(core, route, body, user="ann"):
    body = {**STUDY, "branch": "main", "base": core.base, **body}
    response = core.handle(Request("POST", route, body=json.dumps(body).encode(), user=user))
    return response.status, json.loads(response.body)


def drafts_of(core, user):
    response = core.handle(Request("GET", "drafts", STUDY, user=user))
    assert response.status == 200, response.body
    return json.loads(response.body)["drafts"]


def test_nobody_sees_or_touches_the_drafts_of_another(core):
    status, answer = asked(core, "draft", {"set": [feature(1, 1, key="a")]})
    assert status == 200
    draft = answer["draft"]
    assert drafts_of(core, "bob") == []
    unknown = asked(core, "draft", {"draft": "0" * 32, "delete": [IDS[0]]}, "bob")
    for route, body in (("draft", {"draft": draft, "delete": [IDS[0]]}), ("draft/discard", {"draft": draft})):
        status, answer = asked(core, route, body, "bob")
        assert status == unknown[0] == 404
        assert answer["error"].replace(draft, "0" * 32) == unknown[1]["error"]  # nor whether it is there
    (found,) = drafts_of(core, "ann")
    assert (found["id"], found["author"], found["deleted"]) == (draft, "ann", [])
    status, _ = asked(core, "commit", {"upsert": [feature(1, 1, label=None)], "draft": draft}, "bob")
    assert status == 200
    assert len(drafts_of(core, "ann")) == 1


def test_drafts_of_sessions_are_not_those_of_viewers(core, tmp_path):
    session = wsinb.open_project(tmp_path / "study").session(author="ann")
    session["one"].upsert(wsinb.new_annotations([wsinb.annotate.shape_geometry("circle", CIRCLE)]))
    id_ = session.journal
    assert drafts_of(core, "ann") == []
    assert asked(core, "draft", {"draft": id_, "delete": [IDS[0]]})[0] == 404
    assert asked(core, "draft/discard", {"draft": id_})[0] == 404


CIRCLE = {"cx": 10, "cy": 10, "r": 5}


def test_a_draft_that_python_holds_is_none_of_the_viewers(core, tmp_path, monkeypatch):
    monkeypatch.setattr(drafts_module, "PATIENCE_S", 0.05)
    _, answer = asked(core, "draft", {"set": [feature(1, 1, key="a")]})
    journal = files.Journal.reopen(tmp_path / "study" / ".wsinb" / "journals" / f"{answer['draft']}.jsonl")
    status, refused = asked(core, "draft", {"draft": answer["draft"], "delete": [IDS[0]]})
    assert (status, refused["kind"]) == (404, "UnknownDraft")
    journal.close()
    assert asked(core, "draft", {"draft": answer["draft"], "delete": [IDS[0]]})[0] == 200


def test_journals_that_are_a_link_out_of_reach_are_refused(core, tmp_path, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (tmp_path / "study" / ".wsinb" / "journals").symlink_to(outside)
    assert asked(core, "draft", {"set": [feature(1, 1, key="a")]})[0] == 403
    assert core.handle(Request("GET", "drafts", STUDY)).status == 403
    assert list(outside.iterdir()) == []


def test_a_project_with_too_many_drafts_takes_no_more(core, monkeypatch):
    monkeypatch.setattr(drafts_module, "MAX_JOURNALS", 2)
    for _ in range(2):
        assert asked(core, "draft", {"delete": [IDS[0]]})[0] == 200
    status, answer = asked(core, "draft", {"delete": [IDS[0]]})
    assert (status, answer["kind"]) == (413, "TooLarge")
    assert "project.recover()" in answer["error"]


def test_damage_in_a_journal_does_not_hide_the_rest(core, tmp_path):
    _, answer = asked(core, "draft", {"set": [feature(1, 1, key="a")]})
    asked(core, "draft", {"draft": answer["draft"], "set": [feature(2, 2, key="b")]})
    folder = tmp_path / "study" / ".wsinb" / "journals"
    path = folder / f"{answer['draft']}.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], lines[1].replace(b"tumor", b"tumar"), lines[2], b'{"torn": ']))
    (folder / f"{'0' * 32}.jsonl").write_bytes(b"nonsense")
    (found,) = drafts_of(core, "ann")
    assert [each["key"] for each in found["features"]] == ["b"]


def test_a_session_in_a_journal_of_a_viewer_gives_nothing_to_draw(core, tmp_path):
    """A line whose sum is right, as somebody might write who shares the disk."""
    _, answer = asked(core, "draft", {"delete": [IDS[0]]})
    path = tmp_path / "study" / ".wsinb" / "journals" / f"{answer['draft']}.jsonl"
    journal = files.Journal.reopen(path)
    for entry in (
        {"set": 7, "delete": {"a": 1}},
        {"set": [7, {"id": 7}, {"key": "\0"}, {"key": "a", "x": 1}]},
    ):
        journal.append(entry)
    journal.close()
    (found,) = drafts_of(core, "ann")
    assert (found["features"], found["deleted"]) == ([], [IDS[0]])


# -- what is refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 400),
        ({"set": []}, 400),
        ({"set": 7}, 400),
        ({"set": ["x"]}, 400),
        ({"set": [{}]}, 400),
        ({"set": [feature(1, 1)]}, 400),  # neither id nor key
        ({"set": [feature(1, 1, key="a", more=1)]}, 400),
        ({"set": [feature(1, 1, key="x" * 129)]}, 400),
        ({"set": [feature(1, 1, key=7)]}, 400),
        ({"set": [feature(1, 1, key="a", label="\ud800")]}, 400),
        ({"set": [None] * 10_001}, 413),
        ({"unset": [7]}, 400),
        ({"delete": "all"}, 400),
        ({"delete": [IDS[0]], "base": "main"}, 400),
        ({"delete": [IDS[0]], "base": "f" * 64}, 404),
        ({"delete": [IDS[0]], "branch": "side"}, 404),
        ({"delete": [IDS[0]], "slide": "two"}, 404),
        ({"delete": [IDS[0]], "project": "nowhere"}, 404),
        ({"delete": [IDS[0]], "draft": "../../format"}, 404),
        ({"delete": [IDS[0]], "draft": 7}, 400),
    ],
    ids=lambda value: json.dumps(value)[:60],
)
def test_bad_drafts_are_refused_and_nothing_is_kept(core, tmp_path, change, status):
    found, answer = asked(core, "draft", change)
    assert found == status, answer
    assert set(answer) == {"error", "kind"}
    folder = tmp_path / "study" / ".wsinb" / "journals"
    assert not folder.exists() or list(folder.iterdir()) == []


NAMES = st.sampled_from(["a", "b", *IDS[:2]])
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "set": st.lists(
            NAMES.map(lambda name: feature(1, 1, **({"key": name} if len(name) == 1 else {"id": name}))),
            max_size=2,
        ),
        **{word: st.lists(NAMES, max_size=2) for word in ("unset", "delete", "undelete")},
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=st.lists(CHANGES, max_size=6))
def test_any_edits_are_offered_as_they_are(changes):
    """The names that are left are those whose last word was not to forget them."""
    edits = ViewerEdits.replay(changes)
    features, deleted = set(), set()
    for change in changes:
        features -= set(change.get("unset", ()))
        features |= {each["id"] or each["key"] for each in change.get("set", ())}
        deleted -= set(change.get("undelete", ()))
        deleted |= set(change.get("delete", ()))
    assert (edits.features.keys(), edits.deleted.keys()) == (features, deleted)
