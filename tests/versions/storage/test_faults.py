"""An object store that fails: clear errors, nothing half-written, edits kept, and a retry succeeds."""

from __future__ import annotations

import hashlib
import os

import pytest
import shapely

from wsinb.annotate import new_annotations
from wsinb.errors import StorageError
from wsinb.project import open_project
from wsinb.testing.faults import Fault, faulty_server
from wsinb.testing.model_store import rows_of
from wsinb.versions.storage.layout import artifact_key

CONFLICT = b"<Error><Code>ConditionalRequestConflict</Code></Error>"
MANY = 10_000


@pytest.fixture
def server(s3_server):
    with faulty_server(s3_server) as faulty:
        yield faulty


@pytest.fixture
def healthy(place_at):
    """The project, reached without the faults."""
    project = place_at("s3").create("one")
    session = project.session()
    session["one"].upsert(new_annotations([shapely.Point(0, 0)]))
    session.commit("before")
    return project


def behind(project, server, **options):
    """Open the same project through the server that fails."""
    return open_project(project.url.split("?")[0], endpoint=server.address, **options)


def edited(project, n=3):
    session = project.session()
    session["one"].upsert(new_annotations([shapely.Point(i, 1) for i in range(n)]))
    return session


@pytest.mark.parametrize("status", [500, 503, 429])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_errors_that_pass_are_not_even_seen(healthy, server, method, status):
    project = behind(healthy, server)
    server.plan(Fault("refused", times=2, method=method, status=status))
    commit = edited(project).commit("three points")
    assert healthy.head() == commit.id
    assert len(healthy.read("one")) == len(project.read("one")) == 4
    assert [entry.message for entry in healthy.log(limit=2)] == ["three points", "before"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("refused", MANY, "PUT", "/objects/"), r"answered with an error \(500\): try again later"),
        (Fault("refused", MANY, "PUT", "/refs/", 503), r"answered with an error \(503\): try again later"),
        (Fault("refused", MANY, "PUT", status=403), "access is denied: check the credentials"),
        (Fault("slow", MANY, "PUT", "/objects/", seconds=1.5), "did not answer in time: try again later"),
        (Fault("dropped", MANY, "PUT", "/objects/"), "cannot be reached: check the address and the network"),
    ],
)  # fmt: skip
def test_errors_that_last_refuse_the_commit_and_keep_the_edits(healthy, server, fault, words):
    project = behind(healthy, server, patience=1, timeout=1)
    before, head = rows_of(healthy.read("one")), healthy.head()
    session = edited(project)
    server.plan(Fault(**vars(fault)))
    with pytest.raises(StorageError, match=words) as caught:
        session.commit("refused", artifacts={"a": b"artifact"})
    assert project.url.split("?")[0] in str(caught.value)
    assert healthy.head() == head
    assert rows_of(healthy.read("one")) == before
    assert len(session["one"].edits()) == 3
    server.heal()
    commit = session.commit("accepted", artifacts={"a": b"artifact"})
    assert healthy.head() == commit.id
    assert healthy.read_artifact("main", "a") == b"artifact"
    assert len(healthy.read("one")) == 4


def test_what_is_refused_for_good_is_not_tried_again(healthy, server):
    project = behind(healthy, server)
    server.plan(Fault("refused", MANY, "GET", status=403))
    asked = len(server.asked)
    with pytest.raises(StorageError, match="access is denied"):
        project.log()
    assert len(server.asked) == asked + 1


@pytest.mark.parametrize("kind", ["lost", "dropped"])
@pytest.mark.parametrize("part", ["/refs/heads/main/", "/objects/"])
def test_a_commit_whose_answer_was_lost_is_made_once(healthy, server, kind, part):
    project = behind(healthy, server)
    entries = healthy.repository.store.list("refs/heads/main/")
    server.plan(Fault(kind, times=2, method="PUT", part=part))
    commit = edited(project).commit("once")
    assert healthy.head() == commit.id
    assert len(healthy.repository.store.list("refs/heads/main/")) == len(entries) + 1
    assert len(healthy.read("one")) == 4


def test_a_slow_answer_to_a_put_that_succeeded_is_no_lost_race(healthy, server):
    project = behind(healthy, server, timeout=0.5)
    server.plan(Fault("slow", method="PUT", part="/refs/heads/main/", seconds=1.0))
    commit = edited(project).commit("slow")
    assert healthy.log(limit=2)[1].message == "before"
    assert healthy.head() == commit.id


def test_an_entry_of_somebody_else_is_never_taken_for_ones_own(healthy, server):
    project = behind(healthy, server)
    session = edited(project)

    def overtake():
        edited(healthy, 2).commit("faster")

    server.plan(Fault("refused", method="PUT", part="/refs/heads/main/", meanwhile=overtake))
    commit = session.commit("slower")
    log = healthy.log(limit=3)
    assert [entry.message for entry in log] == ["slower", "faster", "before"]
    assert log[0].id == commit.id
    assert len(healthy.read("one")) == 1 + 2 + 3


def test_two_puts_that_meet_are_decided_by_repeating(healthy, server):
    project = behind(healthy, server)
    server.plan(Fault("refused", 3, "PUT", "/refs/heads/main/", 409, CONFLICT))
    commit = edited(project).commit("met")
    assert healthy.head() == commit.id
    server.plan(Fault("refused", MANY, "PUT", "/refs/heads/main/", 409, CONFLICT))
    session = edited(behind(healthy, server, patience=0.5))
    with pytest.raises(StorageError, match="other writers"):
        session.commit("never decided")
    assert healthy.head() == commit.id


def test_answers_that_break_off_are_never_taken_for_whole(healthy, server):
    session = healthy.session()
    session["one"].upsert(new_annotations([shapely.Point(i % 997, i % 31) for i in range(30_000)]))
    session.commit("many")
    expected = rows_of(healthy.read("one"))
    server.plan(Fault("cut", times=3, method="GET", part="/parts/"))
    assert rows_of(behind(healthy, server).read("one")) == expected
    for part in ("/parts/", "/keys/", "/objects/"):
        server.plan(Fault("cut", MANY, "GET", part))
        project = behind(healthy, server, patience=0.5)
        with pytest.raises(StorageError, match=r"Cannot read .*: the answer broke off"):
            project.session()["one"].delete(project.read("one")["id"][:5])
        server.heal()
        assert rows_of(project.read("one")) == expected


def test_a_large_file_is_sent_in_pieces_each_of_which_may_fail(healthy, server, tmp_path):
    store = behind(healthy, server).repository.store
    data = os.urandom(20 << 20)
    (tmp_path / "model").write_bytes(data)
    key = artifact_key(hashlib.sha256(data).hexdigest())
    server.plan(Fault("refused", times=2, method="PUT", part="partNumber=2"))
    server.plan(Fault("refused", times=1, method="POST", status=503))
    assert store.put_if_absent(key, tmp_path / "model")
    assert any("partNumber" in path for _, path in server.asked)
    server.plan(Fault("cut", times=2, method="GET"))
    assert store.get(key) == data
    sent = len([path for _, path in server.asked if "partNumber" in path])
    assert not store.put_if_absent(key, tmp_path / "model")
    assert len([path for _, path in server.asked if "partNumber" in path]) == sent


def test_a_large_file_that_was_sent_half_is_not_there(healthy, server):
    store = behind(healthy, server, patience=0.5).repository.store
    data = os.urandom(20 << 20)
    key = artifact_key(hashlib.sha256(data).hexdigest())
    server.plan(Fault("refused", times=MANY, method="PUT", part="partNumber=2"))
    with pytest.raises(StorageError, match="try again later"):
        store.put_if_absent(key, data)
    assert not healthy.repository.store.exists(key)
    assert key not in {entry.key for entry in store.entries("")}
    server.heal()
    assert store.put_if_absent(key, data)
    assert store.get(key) == data


def test_a_server_that_is_not_there(healthy):
    address = healthy.url.split("?")[0]
    with pytest.raises(StorageError, match=r"cannot be reached: check the address and the network") as caught:
        open_project(address, endpoint="http://127.0.0.1:9", patience=0.3)
    assert address in str(caught.value)


def test_a_bucket_that_is_not_there(healthy):
    with pytest.raises(StorageError, match="there is no such bucket: make it, or check the address"):
        open_project(healthy.url.replace("s3://wsinb/", "s3://nowhere/"))


def test_credentials_that_are_not_there(healthy, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    # the address that cloud machines ask for credentials, answered by nobody
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(StorageError, match="no credentials were found: set those of the store"):
        open_project(healthy.url, patience=0.3, timeout=1)
