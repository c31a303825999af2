"""Blame against a walk through the tables of every commit."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import uuid
from pathlib import Path

import pytest
import shapely
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from wsinb.annotate import Label, new_annotations
from wsinb.errors import InvalidInput, UnknownAnnotation, UnknownSlide, UnknownVersion
from wsinb.project import create_project
from wsinb.testing.entries import add_slides
from wsinb.versions.tables import staging
from wsinb.versions.tables.hashes import hash_rows
from wsinb.versions.upkeep import runs, tend

IDS = [str(uuid.UUID(int=i << 64 | i % 2)) for i in range(5)]
BRANCHES = ["main", "a", "b"]


def points(ids, x=0, **columns):
    return new_annotations([shapely.Point(x, i) for i in range(len(ids))], id=list(ids), **columns)


class Walk:
    """Blame as it is defined, from whole tables."""

    def __init__(self, project):
        self.repository = project.repository
        self.tables = {}

    def hash(self, record, id_):
        if record.id not in self.tables:
            head = self.repository.version(record.id)
            table = self.repository.tables.read(self.repository.committer.state(head, "one"))
            ids = table.column("id").to_pylist()
            self.tables[record.id] = dict(zip(ids, hash_rows(table).tolist(), strict=True))
        return self.tables[record.id].get(id_)

    def since(self, record):
        return self.repository.committer.state(self.repository.version(record.id), "one").since

    def blame(self, record, id_, depth, seen):
        """Return (commit, kind) of what happened along first parents deeper than a depth."""
        found, own = [], []
        while record.depth > depth and record.parents and self.since(record) is not None:
            parent = self.repository.ancestry.record(record.parents[0])
            before, after = self.hash(parent, id_), self.hash(record, id_)
            if before != after:
                own.append(record)
                if record.id not in seen:
                    seen.add(record.id)
                    kind = "added" if before is None else "deleted" if after is None else "updated"
                    came = False
                    for other in map(self.repository.ancestry.record, record.parents[1:]):
                        fork = self.repository.ancestry.fork(parent, other)
                        theirs, some = self.blame(other, id_, fork.depth, seen)
                        found += some
                        came |= bool(theirs) and self.hash(other, id_) == after
                    found += [] if came else [(record, kind)]
            record = parent
        return own, found


class BlameMachine(RuleBasedStateMachine):
    """Edits and merges of a few annotations on three branches, with upkeep all the time."""

    @initialize(bulk=st.booleans())
    def start(self, bulk):
        self.patch = pytest.MonkeyPatch()
        for module in (runs, tend):
            self.patch.setattr(module, "MERGE_AT", 3)
        self.patch.setattr(tend, "FOLD_AT", 4)
        if bulk:
            self.patch.setattr(staging, "BULK_ROWS", 1)
        self.folder = Path(tempfile.mkdtemp())
        self.project = create_project(self.folder)
        self.project.labels.add([Label("tumor"), Label("stroma")])
        add_slides(self.project, "one")
        self.edit("main", set(IDS[:3]), 0, None)
        for name in BRANCHES[1:]:
            self.project.branch(name)

    @rule(
        branch=st.sampled_from(BRANCHES),
        ids=st.sets(st.sampled_from(IDS), min_size=1),
        x=st.integers(0, 1),
        label=st.sampled_from(["tumor", "stroma"]),
    )
    def edit(self, branch, ids, x, label):
        session = self.project.session(branch)
        session["one"].upsert(points(sorted(ids), x, label=label))
        with contextlib.suppress(InvalidInput):  # nothing changed
            session.commit("edit")

    @rule(branch=st.sampled_from(BRANCHES), ids=st.sets(st.sampled_from(IDS), min_size=1))
    def delete(self, branch, ids):
        session = self.project.session(branch)
        there = set(session["one"].read()["id"]) & ids
        if there:
            session["one"].delete(there)
            session.commit("delete")

    @rule(branches=st.permutations(BRANCHES), resolve=st.sampled_from(["ours", "theirs"]))
    def merge(self, branches, resolve):
        with contextlib.suppress(InvalidInput):  # it holds the other already
            self.project.merge(branches[0], branches[1], resolve=resolve)

    @rule(branch=st.sampled_from(BRANCHES))
    def compact(self, branch):
        self.project.compact(branch=branch)

    @rule(branch=st.sampled_from(BRANCHES), id_=st.sampled_from(IDS))
    def compare(self, branch, id_):
        head = self.project.repository.version(branch)
        _, found = Walk(self.project).blame(head.record, id_, -1, set())
        if not found:
            with pytest.raises(UnknownAnnotation):
                self.project.blame("one", id_, branch)
            return
        blame = self.project.blame("one", id_, branch)
        assert {(entry.commit, entry.kind) for entry in blame} == {(each.id, kind) for each, kind in found}
        assert len(blame) == len(found)
        generations = [self.project.repository.record(entry.commit).generation for entry in blame]
        assert generations == sorted(generations, reverse=True)
        for entry in blame:
            diff = self.project.show(entry.commit).diff.filter(ids=id_)
            assert [(change.kind, change.fields) for change in diff["one"]] == [(entry.kind, entry.fields)]

    def teardown(self):
        if hasattr(self, "folder"):
            for branch in BRANCHES:
                self.compare(branch, IDS[0])
            self.patch.undo()
            shutil.rmtree(self.folder)


TestBlame = BlameMachine.TestCase
TestBlame.settings = settings(
    max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture
def project(tmp_path):
    made = create_project(tmp_path / "study")
    made.labels.add([Label("tumor"), Label("stroma")])
    add_slides(made, "one")
    return made


def commit(project, gdf, message="edit", branch="main", author="ann"):
    session = project.session(branch, author=author)
    session["one"].upsert(gdf)
    return session.commit(message).id


def test_entries_say_who_when_and_what(project):
    first = commit(project, points(IDS[:1], label="tumor"), "drawn")
    second = commit(project, points(IDS[:1], 9, label="stroma"), "moved <here>", author="bob")
    blame = project.blame("one", IDS[0])
    assert [entry.commit for entry in blame] == [second, first]
    assert [(entry.author, entry.message, entry.kind, entry.fields) for entry in blame] == [
        ("bob", "moved <here>", "updated", ("geometry", "label")),
        ("ann", "drawn", "added", ()),
    ]
    assert [entry.time for entry in blame] == [project.commit(c).time for c in (second, first)]
    lines = repr(blame).splitlines()
    assert lines[0].split() == ["commit", "time", "(UTC)", "author", "change", "message"]
    assert "updated: geometry, label  moved <here>" in lines[1]
    assert "moved &lt;here&gt;" in blame._repr_html_()
    assert repr(blame[1:]).splitlines()[1].endswith("added   drawn")


def test_the_commit_that_brought_rows_in_bulk_is_found(project, monkeypatch):
    monkeypatch.setattr(staging, "BULK_ROWS", 1)
    first = commit(project, points(IDS[:3]))
    second = commit(project, points(IDS[3:]))
    third = commit(project, points(IDS[4:], 7))
    assert [entry.commit for entry in project.blame("one", IDS[0])] == [first]
    assert [(entry.commit, entry.kind) for entry in project.blame("one", IDS[4])] == [
        (third, "updated"),
        (second, "added"),
    ]
    with pytest.raises(UnknownAnnotation):
        project.blame("one", IDS[4], first)


def test_a_merge_is_told_by_what_it_brought(project):
    drawn = commit(project, points(IDS[:2]))
    project.branch("side")
    moved = commit(project, points(IDS[:1], 5), "on the side", "side")
    commit(project, points(IDS[1:2], 6), "on main")
    merged = project.merge("side").id
    assert [entry.commit for entry in project.blame("one", IDS[0])] == [moved, drawn]
    assert merged not in [entry.commit for entry in project.blame("one", IDS[1])]


def test_a_merge_that_made_a_row_of_both_is_told_with_both(project):
    drawn = commit(project, points(IDS[:1], label="tumor"))
    project.branch("side")
    moved = commit(project, points(IDS[:1], 5, label="tumor"), branch="side")
    labelled = commit(project, points(IDS[:1], label="stroma"))
    merged = project.merge("side").id
    blame = project.blame("one", IDS[0])
    assert {entry.commit for entry in blame} == {merged, moved, labelled, drawn}
    assert (blame[0].commit, blame[0].fields) == (merged, ("geometry",))


def test_blame_ends_where_the_table_began(project):
    commit(project, points(IDS[:1]))
    project.slides.remove("one")
    with pytest.raises(UnknownSlide, match="'one'"):
        project.blame("one", IDS[0])
    add_slides(project, "one")
    with pytest.raises(UnknownAnnotation, match=IDS[0]):
        project.blame("one", IDS[0])
    again = commit(project, points(IDS[:1], 4))
    assert [entry.commit for entry in project.blame("one", IDS[0])] == [again]


def test_what_there_is_not_is_told(project):
    with pytest.raises(UnknownSlide):
        project.blame("two", IDS[0])
    with pytest.raises(UnknownVersion):
        project.blame("one", IDS[0], "mian")
    with pytest.raises(InvalidInput, match="UUID"):
        project.blame("one", "x")
