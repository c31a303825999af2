"""Edits are on the disk at once: what a killed process leaves behind is offered, whole, once."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
import warnings
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wsinb.annotate import Label, new_annotations, to_features
from wsinb.errors import Conflict, StorageError
from wsinb.project import create_project, open_project
from wsinb.testing.annotations import annotation_tables
from wsinb.testing.entries import add_slides
from wsinb.versions.journal import edits, reading
from wsinb.versions.journal.files import InUse, Journal
from wsinb.versions.journal.lines import Header, encode_line
from wsinb.versions.journal.reading import read_journal
from wsinb.versions.storage.posix import PosixStore
from wsinb.versions.tables import staging
from wsinb.versions.tables.ids import id_texts

IDS = [str(uuid.UUID(int=i << 64 | i % 3)) for i in range(8)]


def make_project(folder):
    project = create_project(folder)
    project.labels.add([Label("tumor"), Label("stroma")])
    add_slides(project, "one", "two")
    session = project.session()
    session["one"].upsert(points(4, id=IDS[:4], label="tumor"))
    session.commit("before")
    return project


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path / "study")


def points(n, l0_y=0, **columns):
    return new_annotations([shapely.Point(10 * i, l0_y) for i in range(n)], **columns)


def journals(project):
    folder = project.repository.journals
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def journal_file(project):
    (path,) = project.repository.journals.glob("*.jsonl")
    return path


def staged_of(session):
    """All edits of a session by slide and id: every value, the operation and the hashes."""
    found = {}
    for slide, edits_ in session._staged.items():
        staged = edits_.in_memory()
        rows = staged.table.to_pylist()
        kept = [{name: value for name, value in row.items() if value is not None} for row in rows]
        found |= {(slide, id_): row for id_, row in zip(id_texts(staged.ids), kept, strict=True)}
    return found


# -- what a session does with its journal ------------------------------------------------------------


def test_a_session_without_edits_writes_nothing(project):
    session = project.session()
    session["one"].read()
    session["one"].upsert(session["one"].read())
    assert session.journal is None
    assert journals(project) == []


def test_an_edit_is_in_the_journal_when_upsert_returns(project):
    session = project.session(author="ann")
    (id_,) = session["one"].upsert(points(1, label="tumor"))
    written = read_journal(journal_file(project))
    header = written.header
    assert (header.id, header.author, header.branch, header.base) == (
        session.journal,
        "ann",
        "main",
        session.base,
    )
    (entry,) = written.entries
    assert entry["slide"] == "one"
    assert [row["id"] for row in entry["upsert"]] == [id_]
    session["one"].delete(id_)
    assert read_journal(journal_file(project)).entries[-1] == {"slide": "one", "forget": [id_]}
    session["one"].delete(IDS[0])
    assert read_journal(journal_file(project)).entries[-1] == {"slide": "one", "delete": [IDS[0]]}


def test_a_journal_is_gone_after_commit_and_discard_and_a_new_one_begins(project):
    session = project.session()
    session["one"].upsert(points(1))
    first = session.journal
    commit = session.commit("first")
    assert (journals(project), session.journal) == ([], None)
    assert project.repository.record(commit.id).data["journal"] == first
    session["one"].upsert(points(2000))
    assert len(journals(project)) == 2
    assert session.journal != first
    session.discard()
    assert (journals(project), session.journal, session.changes) == ([], None, {})


def test_a_session_may_do_without(project):
    session = project.session(journal=False)
    session["one"].upsert(points(1))
    commit = session.commit("no journal")
    assert journals(project) == []
    assert project.repository.record(commit.id).data["journal"] is None


def test_a_session_that_is_dropped_leaves_a_draft_and_a_living_one_does_not(project):
    session = project.session(author="ann")
    session["one"].upsert(points(3))
    session["two"].upsert(points(2))
    session["one"].delete(IDS[:2])
    expected = staged_of(session)
    assert project.recover() == []
    base = session.base
    del session
    (draft,) = project.recover()
    assert (draft.author, draft.branch, draft.base, draft.damage) == ("ann", "main", base, [])
    assert draft.changes == {
        "one": {"added": 3, "updated": 0, "deleted": 2},
        "two": {"added": 2, "updated": 0, "deleted": 0},
    }
    assert "ann" in repr(draft)
    assert "7 uncommitted edits" in repr(draft)
    assert datetime.now(UTC) >= draft.last_edit >= draft.time
    again = draft.open()
    assert staged_of(again) == expected
    assert (again.base, again.author, again.journal) == (base, "ann", draft.id)
    assert project.recover() == []
    with pytest.raises(InUse, match="close that session"):
        draft.open()
    again.commit("at last")
    assert journals(project) == []
    assert len(project.read("one")) == 5
    with pytest.raises(StorageError, match="is committed or discarded"):
        draft.open()


def test_a_draft_that_is_opened_goes_on_with_its_journal(project):
    session = project.session()
    session["one"].upsert(points(1, id=IDS[5]))
    del session
    session = project.recover()[0].open()
    session["one"].upsert(points(1, id=IDS[6]))
    session["one"].delete(IDS[5])
    expected = staged_of(session)
    del session
    (draft,) = project.recover()
    assert staged_of(draft.open()) == expected


def test_a_discarded_draft_is_gone(project):
    session = project.session()
    session["one"].upsert(points(1500))
    del session
    (draft,) = project.recover()
    draft.discard()
    assert journals(project) == []
    assert project.recover() == []


def test_drafts_of_one_branch_only(project):
    project.branch("side")
    for branch in ("main", "side"):
        project.session(branch)["one"].upsert(points(1))
    assert len(project.recover()) == 2
    (draft,) = project.recover("side")
    assert draft.branch == "side"
    draft.open().commit("on the side")
    assert len(project.read("one", "side")) == 5


def test_others_commit_before_a_draft_is_opened(project):
    session = project.session()
    session["one"].upsert(points(1, id=IDS[0], label="stroma"))
    session["one"].upsert(points(1, id=IDS[6]))
    del session
    other = project.session()
    other["one"].upsert(points(1, id=IDS[7]))
    other.commit("disjoint")
    draft = project.recover()[0].open()
    draft.commit("both")
    assert set(project.read("one")["id"]) == {*IDS[:4], *IDS[6:8]}
    session = project.session()
    session["one"].upsert(points(1, l0_y=5, id=IDS[0]))
    del session
    other = project.session()
    other["one"].upsert(points(1, l0_y=9, id=IDS[0]))
    other.commit("the same")
    draft = project.recover()[0].open()
    with pytest.raises(Conflict):
        draft.commit("meets")
    assert len(journals(project)) == 1
    draft.commit("mine", resolve="ours")
    assert journals(project) == []


def test_many_rows_lie_in_a_file_beside(project):
    session = project.session()
    session["one"].upsert(points(1001))
    session["one"].delete(IDS[0])
    angles = np.linspace(0, 2 * np.pi, 80_000)
    outline = 1e6 * np.column_stack([np.cos(angles), np.sin(angles)])
    session["two"].upsert(new_annotations([shapely.Polygon(outline)]))  # one large shape
    assert [Path(name).suffix for name in journals(project)].count(".arrow") == 2
    expected = staged_of(session)
    del session
    (draft,) = project.recover()
    assert staged_of(draft.open()) == expected


def test_own_columns_and_all_others_come_back(project):
    project.columns.add("area", "float", unit="µm²")
    project.columns.add("seen", "time")
    project.columns.add("n", "int")
    session = project.session()
    given = points(
        2, label="tumor", score=[0.5, None], z=[1, 2], c=[None, 3], properties=['{"a": "ä"}', None]
    )
    given["area"] = [1.5, None]
    given["seen"] = pd.to_datetime(["2026-01-31T12:00:00.000001Z", None])
    given["n"] = pd.array([2**60, None], dtype="Int64")
    session["one"].upsert(given)
    expected, table = staged_of(session), session["one"].edits()
    del session
    again = project.recover()[0].open()
    assert staged_of(again) == expected
    pd.testing.assert_frame_equal(pd.DataFrame(again["one"].edits()), pd.DataFrame(table))


def test_journals_of_object_stores_lie_with_the_user(place_at, monkeypatch, tmp_path):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    place = place_at("memory")
    project = place.create("one")
    session = project.session()
    session["one"].upsert(points(2))
    assert tmp_path / "data" in project.repository.journals.parents
    expected = staged_of(session)
    del session
    again = place.open().recover()[0].open()
    assert staged_of(again) == expected
    again.commit("kept")
    assert journals(project) == []


# -- any edits -----------------------------------------------------------------------------------------

WHERE = st.sampled_from(["one", "two"])
EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("upsert"), WHERE, annotation_tables(ids=IDS, min_size=1, max_size=4)),
        st.tuples(st.just("delete"), WHERE, st.lists(st.sampled_from(IDS), max_size=3, unique=True)),
        st.tuples(st.just("back"), WHERE, st.none()),
        st.tuples(st.just("reopen"), WHERE, st.none()),
    ),
    max_size=12,
)


def do(session, word, slide, what):
    here = session[slide]
    if word == "upsert":
        here.upsert(what)
    elif word == "delete":
        here.delete([id_ for id_ in what if id_ in set(here.read()["id"])])
    elif word == "back":
        here.upsert(here.read(version=session.base))


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(wanted=EDITS, many=st.sampled_from([1, 1000]), bulk=st.sampled_from([1, 2, 20_000]))
def test_replaying_a_journal_gives_the_edits(wanted, many, bulk):
    folder = Path(tempfile.mkdtemp())
    patch = pytest.MonkeyPatch()
    patch.setattr(edits, "MANY_ROWS", many)
    patch.setattr(staging, "BULK_ROWS", bulk)
    try:
        project = make_project(folder)
        session = project.session()
        for word, slide, what in wanted:
            if word == "reopen" and session.journal is not None:
                del session
                session = project.recover()[0].open()
            do(session, word, slide, what)
        expected, journal = staged_of(session), session.journal
        del session
        drafts = project.recover()
        assert len(drafts) == (journal is not None)
        for draft in drafts:
            assert draft.damage == []
            assert staged_of(draft.open()) == expected
    finally:
        patch.undo()
        shutil.rmtree(folder)


def test_rows_in_bulk_lie_in_parts_that_the_journal_names(project):
    session = project.session()
    ids = session["one"].upsert(points(20_001))
    session["one"].delete(ids[0])
    session["one"].upsert(points(1, l0_y=9, id=ids[1]))
    assert [Path(name).suffix for name in journals(project)] == [".jsonl"]
    assert journal_file(project).stat().st_size < 4000
    expected = staged_of(session)
    assert len(expected) == 20_000
    del session
    (draft,) = project.recover()
    assert draft.changes == {"one": {"added": 20_000, "updated": 0, "deleted": 0}}
    session = draft.open()
    assert staged_of(session) == expected
    session.commit("bulk")
    assert len(project.read("one")) == 20_004


def test_parts_that_are_gone_or_hold_known_rows_are_said(project):
    session = project.session()
    session["one"].upsert(points(20_001))
    session["two"].upsert(points(1))
    (part,) = session._staged["one"].parts
    other = project.session(journal=False)
    other["one"].upsert(points(20_001))
    other.commit("known")
    (known,) = other._repository.tables.parts(other["one"]._state)
    del session
    header = Header.new("session", "main", project.head(), "mallory")
    forged = Journal.create(project.repository.journals, header)
    forged.append({"slide": "one", "parts": [known.sha256]})
    forged.append({"slide": "one", "parts": ["../../etc/passwd", "0" * 64]})
    forged.append({"slide": "two", "parts": [known.sha256]})  # that is a copy, which is fine
    forged.close()
    (project.path / ".wsinb" / "parts" / f"{part.sha256}.parquet").unlink()
    drafts = {draft.author: draft for draft in project.recover()}
    assert len(drafts["mallory"].damage) == 3
    assert drafts["mallory"].changes == {"two": {"added": 20_001, "updated": 0, "deleted": 0}}
    (mine,) = (draft for author, draft in drafts.items() if author != "mallory")
    assert part.sha256 in mine.damage[0]
    assert mine.changes.keys() == {"two"}


# -- crashes -------------------------------------------------------------------------------------------

EDITOR = """
import sys, shapely
from wsinb.annotate import new_annotations
from wsinb.project import open_project
project = open_project(sys.argv[1])
drafts = project.recover()
session = drafts[0].open() if drafts else project.session()
n = 0
while True:
    n += 1
    many = 1100 if n % 7 == 0 else 3
    ids = session["one"].upsert(new_annotations([shapely.Point(n, i) for i in range(many)]))
    if n % 3 == 0:
        session["one"].delete(ids[-1])
        ids.pop()
    print(*ids, flush=True)
"""
KILLS = 6


@pytest.mark.slow
def test_kill_at_any_moment_loses_no_acknowledged_edit(project):
    acknowledged = set()
    for kill in range(KILLS):
        editor = subprocess.Popen(
            [sys.executable, "-c", EDITOR, str(project.path)], stdout=subprocess.PIPE, text=True
        )
        assert editor.stdout is not None
        lines = [editor.stdout.readline()]
        time.sleep(0.03 * kill)
        assert project.recover() == []  # it is alive
        os.kill(editor.pid, signal.SIGKILL)
        lines += editor.stdout.readlines()
        editor.wait()
        acknowledged |= {id_ for line in lines if line.endswith("\n") for id_ in line.split()}
        (draft,) = project.recover()
        assert draft.damage == []
        session = draft.open()
        assert acknowledged <= set(session["one"].edits()["id"])
        del session
    project.recover()[0].open().commit("recovered")
    assert acknowledged <= set(project.read("one")["id"])
    assert journals(project) == []


def test_two_processes_at_once_have_a_journal_each(project):
    editors = [
        subprocess.Popen([sys.executable, "-c", EDITOR, str(project.path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for editor in editors:
        assert editor.stdout is not None
        assert editor.stdout.readline()
    assert project.recover() == []
    editors[0].kill()
    editors[0].communicate()
    (draft,) = project.recover()
    editors[1].kill()
    editors[1].communicate()
    assert len(project.recover()) == 2
    draft.discard()
    assert [other.id == draft.id for other in project.recover()] == [False]


@pytest.mark.parametrize("cut", [1, 30])
def test_a_torn_last_line_is_left_out_and_cut_off_when_it_goes_on(project, cut):
    session = project.session()
    session["one"].upsert(points(1, id=IDS[5]))
    before = staged_of(session)
    session["one"].upsert(points(1, id=IDS[6]))
    del session
    path = journal_file(project)
    os.truncate(path, path.stat().st_size - cut)
    (draft,) = project.recover()
    assert draft.damage == []
    again = draft.open()
    assert staged_of(again) == before
    again["one"].upsert(points(1, id=IDS[7]))
    after = staged_of(again)
    del again
    (draft,) = project.recover()
    assert draft.damage == []
    assert staged_of(draft.open()) == after


def test_a_damaged_line_is_named_and_the_rest_is_kept(project):
    session = project.session()
    for id_ in IDS[5:8]:
        session["one"].upsert(points(1, id=id_))
    del session
    path = journal_file(project)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"layer":"manual"', b'"layer":"manuel"')
    path.write_bytes(b"".join(lines))
    (draft,) = project.recover()
    (sentence,) = draft.damage
    assert f"Line 3 of the journal {path} is damaged (its sum is wrong)" in sentence
    assert "damaged" in repr(draft)
    with pytest.warns(UserWarning, match="Line 3"):
        session = draft.open()
    assert set(session["one"].edits()["id"]) == {IDS[5], IDS[7]}


@pytest.mark.parametrize("spoil", ["flip", "remove"])
def test_a_damaged_table_is_named_and_the_rest_is_kept(project, spoil):
    session = project.session()
    session["one"].upsert(points(1200))
    session["one"].upsert(points(1, id=IDS[5]))
    del session
    (path,) = project.repository.journals.glob("*.arrow")
    if spoil == "flip":
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    else:
        path.unlink()
    (draft,) = project.recover()
    assert len(draft.damage) == 1
    assert path.name in draft.damage[0]
    assert draft.changes == {"one": {"added": 1, "updated": 0, "deleted": 0}}


ROW = {
    "id": IDS[5],
    "shape": "point",
    "layer": "manual",
    "z": 0,
    "t": 0,
    "geometry": "0101000000" + "00" * 16,
}


@pytest.mark.parametrize(
    "entry",
    [
        {"slide": 3, "upsert": [ROW]},
        {"slide": "none", "upsert": [ROW]},
        {"slide": "one", "upsert": ROW},
        {"slide": "one", "upsert": [3]},
        {"slide": "one", "upsert": [{**ROW, "id": "../../etc/passwd"}]},
        {"slide": "one", "upsert": [{**ROW, "id": None}]},
        {"slide": "one", "upsert": [{**ROW, "geometry": "zz"}]},
        {"slide": "one", "upsert": [{**ROW, "geometry": "0101"}]},
        {"slide": "one", "upsert": [{**ROW, "geometry": 7}]},
        {"slide": "one", "upsert": [{**ROW, "shape": "polygon"}]},
        {"slide": "one", "upsert": [{**ROW, "score": "high"}]},
        {"slide": "one", "upsert": [{**ROW, "z": 10**30}]},
        {"slide": "one", "upsert": [{**ROW, "_op": "forget"}]},
        {"slide": "one", "upsert": [{**ROW, "c_unheard": 1}]},
        {"slide": "one", "upsert": [{**ROW, "properties": "[1]"}]},
        {"slide": "one", "delete": [None]},
        {"slide": "one", "delete": ["x"]},
        {"slide": "one", "rows": 7},
        {"slide": "one", "rows": {"file": "../format.json", "sha256": "0", "n": 1}},
        {"slide": "one", "rows": {"file": 7}},
    ],
    ids=lambda entry: json.dumps(entry)[:70],
)
def test_nothing_in_a_journal_is_trusted(project, entry):
    """Lines whose sums are right, as somebody might write who shares the disk."""
    session = project.session()
    session["one"].upsert(points(1, id=IDS[6]))
    session._keeper._journal.append(entry)
    del session
    (draft,) = project.recover()
    assert len(draft.damage) == 1
    assert draft.changes == {"one": {"added": 1, "updated": 0, "deleted": 0}}
    with pytest.warns(UserWarning, match="left out"):
        session = draft.open()
    assert list(session["one"].edits()["id"]) == [IDS[6]]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_bytes_in_a_journal_are_survived(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("any")
    project = make_project(folder / "study")
    session = project.session()
    for id_ in IDS[4:7]:
        session["one"].upsert(points(1, id=id_))
    del session
    path = journal_file(project)
    good = bytearray(path.read_bytes())
    start = data.draw(st.integers(good.index(b"\n") + 1, len(good)))
    stop = data.draw(st.integers(start, len(good)))
    good[start:stop] = data.draw(st.binary(max_size=60))
    path.write_bytes(good)
    (draft,) = project.recover()
    assert draft.changes.keys() <= {"one"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # says what was left out
        session = draft.open()
    assert set(session["one"].edits()["id"]) <= set(IDS[4:7])


def test_what_is_no_journal_is_said_and_left_alone(project):
    session = project.session()
    session["one"].upsert(points(1))
    del session
    folder = project.repository.journals
    bad = folder / f"{'0' * 32}.jsonl"
    bad.write_bytes(b"nonsense\n")
    (folder / "notes.txt").write_text("mine")
    with pytest.warns(UserWarning, match="is damaged"):
        assert len(project.recover()) == 1
    assert {bad.name, "notes.txt"} <= set(journals(project))


def test_a_child_of_a_fork_begins_a_journal_of_its_own(project):
    session = project.session()
    session["one"].upsert(points(1, id=IDS[5]))

    def child():
        session["one"].upsert(points(1, id=IDS[6]))
        os._exit(0 if len(journals(project)) == 2 else 1)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert list(session["one"].edits()["id"]) == [IDS[5]]
    (draft,) = project.recover()  # that of the child, with what it took over
    assert draft.id != session.journal
    assert set(draft.open()["one"].edits()["id"]) == {IDS[5], IDS[6]}


def test_a_journal_of_another_host_is_offered_after_a_while(project, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "elsewhere")
    session = project.session()
    session["one"].upsert(points(1))
    del session
    monkeypatch.undo()
    assert project.recover() == []
    path = journal_file(project)
    past = time.time() - reading.LONELY_S - 1
    os.utime(path, (past, past))
    assert len(project.recover()) == 1


def test_without_locks_the_process_tells_whether_it_is_there(project, monkeypatch):
    def no_locks(handle, operation):
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr("fcntl.flock", no_locks)
    session = project.session()
    session["one"].upsert(points(1))
    path = journal_file(project)
    past = time.time() - reading.LONELY_S - 1
    os.utime(path, (past, past))
    assert project.recover() == []  # this process runs
    del session
    lines = path.read_bytes().splitlines(keepends=True)
    header = json.loads(lines[0])
    header["pid"] = 2**22 + 5  # beyond the largest number of a process
    header.pop("sum")
    path.write_bytes(encode_line(header) + b"".join(lines[1:]))
    os.utime(path, (past, past))
    (draft,) = project.recover()
    assert len(draft.open()["one"].edits()) == 1


# -- what cannot be written ------------------------------------------------------------------------------


def mount(source, target, *options):
    done = subprocess.run(
        ["mount", *options, source, str(target)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"this user may not mount: {done.stderr.strip()}")


def edit_without_end(session):
    while True:
        session["one"].delete(IDS[0])
        session["one"].upsert(session["one"].read(version=session.base))


def test_a_full_disk_refuses_the_edit_and_keeps_those_before(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount("tmpfs", disk, "-t", "tmpfs", "-o", "size=1m")
    try:
        project = make_project(disk / "study")
        session = project.session()
        session["one"].upsert(points(1, id=IDS[5]))
        before = staged_of(session)
        room = os.statvfs(disk)
        (disk / "filler").write_bytes(bytes(room.f_bavail * room.f_frsize))
        for n in (40, 3000):
            with pytest.raises(StorageError, match=r"the disk is full: free some space.*journal=False"):
                session["one"].upsert(points(n))
        with pytest.raises(StorageError, match="the disk is full"):
            edit_without_end(session)
        kept = staged_of(session)
        assert kept.keys() - before.keys() <= {("one", IDS[0])}
        (disk / "filler").unlink()
        session["one"].upsert(points(1, id=IDS[7]))
        expected = staged_of(session)
        del session
        (draft,) = project.recover()
        assert draft.damage == []
        session = draft.open()
        assert staged_of(session) == expected
        session.commit("room again")
        assert {IDS[5], IDS[7]} <= set(project.read("one")["id"])
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_read_only_project_refuses_edits_but_not_without_journal(project):
    mount(str(project.path), project.path, "--bind")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(project.path)], check=True)
        session = open_project(project.path).session()
        with pytest.raises(StorageError, match=r"read-only.*journal=False"):
            session["one"].upsert(points(1))
        assert (session.changes, session.journal) == ({}, None)
        assert session["one"].read()["id"].nunique() == 4
        free = open_project(project.path).session(journal=False)
        free["one"].upsert(points(1))
        assert len(free["one"].read()) == 5
        assert project.recover() == []
    finally:
        subprocess.run(["umount", "-l", str(project.path)], check=True)


@pytest.mark.parametrize("step", ["write", "fsync"])
def test_an_edit_that_fails_half_way_leaves_no_trace(project, monkeypatch, step):
    session = project.session()
    session["one"].upsert(points(1, id=IDS[5]))
    before, data = staged_of(session), journal_file(project).read_bytes()
    original = getattr(os, step)

    def half(handle, *arguments):
        if step == "write":
            original(handle, bytes(arguments[0])[: len(arguments[0]) // 2])
        raise OSError(errno.EIO, "a hiccup")

    monkeypatch.setattr(os, step, half)
    with pytest.raises(StorageError, match="a hiccup"):
        session["one"].upsert(points(1, id=IDS[6]))
    monkeypatch.undo()
    assert staged_of(session) == before
    assert journal_file(project).read_bytes() == data
    session["one"].upsert(points(1, id=IDS[7]))
    expected = staged_of(session)
    del session
    assert staged_of(project.recover()[0].open()) == expected


def test_a_journal_that_somebody_deleted_is_begun_anew_with_all_edits(project):
    session = project.session()
    session["one"].upsert(points(1, id=IDS[5]))
    journal_file(project).unlink()
    session["one"].upsert(points(1, id=IDS[6]))
    expected = staged_of(session)
    del session
    assert staged_of(project.recover()[0].open()) == expected


def test_journals_have_the_rights_of_the_project(project):
    store = project.path / ".wsinb"
    store.chmod(0o770)
    (store / "journals").rmdir()
    session = project.session()
    session["one"].upsert(points(1500))
    folder = project.repository.journals
    assert folder.stat().st_mode & 0o777 == 0o770
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o660}


# -- commits that nobody knows of ------------------------------------------------------------------------


class Interrupted(BaseException):
    """Stands for a person who presses a key, or the end of the process."""


@pytest.fixture
def interrupted_commit(monkeypatch):
    """Commit, and be interrupted when the ref is written, before anybody is told."""

    def commit(session, message="made"):
        original = PosixStore.copy_if_absent

        def link(self, source, target):
            original(self, source, target)
            raise Interrupted

        with monkeypatch.context() as patch:
            patch.setattr(PosixStore, "copy_if_absent", link)
            with pytest.raises(Interrupted):
                session.commit(message)

    return commit


def test_committing_again_gives_the_commit_that_was_made(project, interrupted_commit):
    session = project.session()
    session["one"].upsert(points(1, id=IDS[0], label="stroma"))
    interrupted_commit(session)
    head = project.head()
    assert head != session.base
    commit = session.commit("again")
    assert (commit.id, commit.message, project.head()) == (head, "made", head)
    assert (session.base, session.changes, journals(project)) == (head, {}, [])


def test_an_edit_after_such_a_commit_builds_on_it(project, interrupted_commit):
    session = project.session()
    session["one"].upsert(points(1, id=IDS[0], label="stroma"))
    interrupted_commit(session)
    session["one"].upsert(points(1, id=IDS[0], label="tumor", l0_y=3))
    assert session.base == project.head()
    session.commit("more")
    assert [commit.message for commit in project.log(limit=2)] == ["more", "made"]


def test_an_interrupt_before_the_commit_leaves_it_to_be_made(project, monkeypatch):
    session = project.session()
    session["one"].upsert(points(1, id=IDS[0], label="stroma"))

    def never(self, source, target):
        raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(PosixStore, "copy_if_absent", never)
        with pytest.raises(Interrupted):
            session.commit("first try")
    assert session.commit("second try").message == "second try"


def test_a_journal_in_a_commit_offers_nothing(project, interrupted_commit):
    session = project.session()
    session["one"].upsert(points(3))
    interrupted_commit(session)
    other = project.session()
    other["two"].upsert(points(1))
    other.commit("meanwhile")
    del session
    assert len(journals(project)) == 1
    assert project.recover() == []
    assert journals(project) == []  # and is cleared away


# -- what a viewer keeps -----------------------------------------------------------------------------------


def viewer_journal(project, *entries, slide="one", age=reading.LONELY_S + 1):
    header = Header.new("viewer", "main", project.head(), "ann", slide)
    journal = Journal.create(project.repository.journals, header)
    for entry in entries:
        journal.append(entry)
    journal.close()
    past = time.time() - age
    os.utime(journal.path, (past, past))
    return journal.path


def feature(geometry, **members):
    (made,) = to_features(new_annotations([geometry]))
    return {**made, "id": None, **members}


BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [9, 9], [9, 0], [0, 9], [0, 0]]]}


def test_what_a_viewer_left_behind_opens_in_python_too(project):
    path = viewer_journal(
        project,
        {"set": [feature(shapely.Point(1, 1), key="new-1"), feature(shapely.Point(2, 2), key="new-2")]},
        {"set": [feature(shapely.Point(7, 7), id=IDS[0], label="stroma")], "delete": IDS[1:3]},
        {"unset": ["new-1"], "undelete": [IDS[2]]},
    )
    (draft,) = project.recover()
    assert draft.changes == {"one": {"added": 1, "updated": 1, "deleted": 1}}
    session = draft.open()
    assert not path.exists()
    assert session.journal is not None
    assert session["one"].deleted() == [IDS[1]]
    edited = session["one"].edits().set_index("id")
    assert edited.loc[IDS[0], "label"] == "stroma"
    expected = staged_of(session)
    del session
    assert staged_of(project.recover()[0].open()) == expected


def test_shapes_that_cannot_be_stored_are_named_and_stay_in_the_journal(project):
    good, bad = feature(shapely.Point(1, 1), key="a"), feature(shapely.Point(1, 1), key="b")
    bad |= {"shape": "polygon", "geometry": BOW_TIE}
    path = viewer_journal(project, {"set": [good, bad]})
    (draft,) = project.recover()
    with pytest.warns(UserWarning, match="cannot be used"):
        session = draft.open()
    assert len(session["one"].edits()) == 1
    assert path.exists()


def test_a_viewer_at_work_is_not_asked_by_python(project):
    viewer_journal(project, {"delete": [IDS[0]]}, age=0)
    assert project.recover() == []


def test_a_frame_of_geopandas_is_what_is_edited(project):
    """The journal keeps what the session keeps: rounded coordinates, not those that were given."""
    session = project.session()
    given = gpd.GeoDataFrame(geometry=[shapely.Point(1 / 3, 2 / 3)])
    session["one"].upsert(given)
    expected = staged_of(session)
    del session
    again = project.recover()[0].open()
    assert staged_of(again) == expected
    (point,) = again["one"].edits().geometry
    assert (point.x * 64) % 1 == 0


def test_a_journal_that_is_being_begun_is_no_draft_and_no_damage(project):
    """Whoever looks while another makes its journal would else be told to move it away."""
    folder = project.repository.journals
    folder.mkdir(exist_ok=True)
    begun = folder / f"{'0' * 32}.jsonl"
    for text in (b"", b'{"kind": "ses'):
        begun.write_bytes(text)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert project.recover() == []
            assert project.status().drafts == ()
            assert project.verify().ok
    hours_ago = time.time() - 7200
    os.utime(begun, (hours_ago, hours_ago))
    with pytest.warns(UserWarning, match="its first line is not whole"):
        assert project.recover() == []
