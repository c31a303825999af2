"""Differences between versions against a comparison of whole tables, row by row."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import uuid
from itertools import pairwise
from pathlib import Path

import pytest
import shapely
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from wsinb.annotate import Label, new_annotations
from wsinb.errors import InvalidInput
from wsinb.project import create_project, open_project
from wsinb.testing.annotations import annotation_tables
from wsinb.testing.entries import add_slides
from wsinb.versions.tables import files, history, reading, staging
from wsinb.versions.tables.hashes import HASHED, hash_rows
from wsinb.versions.tables.ids import id_texts
from wsinb.versions.upkeep import runs, tend

# ids that share their halves
IDS = [str(uuid.UUID(int=(i // 3) << 64 | i % 3)) for i in range(10)]
SLIDES = ["first", "second"]
BRANCHES = ["main", "side"]
START = new_annotations([shapely.Point(100 * i, 100 * i) for i in range(6)], id=IDS[:6], label="tumor")


def stored(project, version, slide):
    """Return all rows of a table as values of the columns that count, and their hashes, by id."""
    head = project.repository.version(version)
    table = project.repository.tables.read(project.repository.committer.state(head, slide))
    columns = [table.column(name).to_pylist() for name in HASHED]
    ids = table.column("id").to_pylist()
    hashes = dict(zip(ids, hash_rows(table).tolist(), strict=True))
    return dict(zip(ids, zip(*columns, strict=True), strict=True)), hashes


def check(project, a, b):
    """Compare the difference between two versions with what their whole tables say."""
    diff = project.diff(a, b)
    for slide in {*project.slides_at(a), *project.slides_at(b)}:
        (old, old_hash), (new, new_hash) = stored(project, a, slide), stored(project, b, slide)
        expected = {
            id_: "added" if id_ not in old else "deleted" if id_ not in new else "updated"
            for id_ in sorted({*old, *new})
            if old.get(id_) != new.get(id_)
        }
        part = diff[slide]
        ids = id_texts(part.ids)
        assert dict(zip(ids, part.kinds.tolist(), strict=True)) == expected
        assert list(part.ids.high) == sorted(part.ids.high)
        assert part.old_hash.tolist() == [old_hash.get(id_, 0) for id_ in ids]
        assert part.new_hash.tolist() == [new_hash.get(id_, 0) for id_ in ids]
        assert part.old.column("id").to_pylist() == [id_ for id_ in ids if id_ in old]
        assert part.new.column("id").to_pylist() == [id_ for id_ in ids if id_ in new]
        assert hash_rows(part.new).tolist() == [h for h in part.new_hash.tolist() if h]
        assert hash_rows(part.old).tolist() == [h for h in part.old_hash.tolist() if h]
        for id_, fields in zip(ids, part.fields, strict=True):
            assert bool(fields) == (expected[id_] == "updated")
            if fields:
                columns = {n for n, x, y in zip(HASHED, old[id_], new[id_], strict=True) if x != y}
                if columns & {"geometry", "shape", "shape_params"}:
                    columns = (columns - {"shape", "shape_params"}) | {"geometry"}
                assert set(fields) == columns
        assert (slide in diff.slides) == bool(expected)
    return diff


class DiffMachine(RuleBasedStateMachine):
    """Edits of all sorts on two branches; any two versions are compared now and then."""

    # sizes at which rows become parts, files and row groups; None for the real ones
    sizes = None

    @initialize()
    def start(self):
        self.patch = pytest.MonkeyPatch()
        if self.sizes is not None:
            bulk, part, group = self.sizes
            self.patch.setattr(staging, "BULK_ROWS", bulk)
            self.patch.setattr(staging, "PART_ROWS", part)
            for module in (staging, reading, files, history):
                self.patch.setattr(module, "ROW_GROUP", group)
        for module in (runs, tend):
            self.patch.setattr(module, "MERGE_AT", 3)
        self.patch.setattr(tend, "FOLD_AT", 4)
        self.folder = Path(tempfile.mkdtemp())
        self.project = create_project(self.folder)
        self.project.labels.add([Label("tumor"), Label("stroma")])
        add_slides(self.project, *SLIDES)
        self.commits = [self.project.head()]
        self.write("main", "first", START)
        self.project.branch("side")

    def write(self, branch, slide, gdf):
        session = self.project.session(branch)
        if slide in list(session):
            session[slide].upsert(gdf)
            self.commit(session)

    def commit(self, session):
        if session.changes:
            self.commits.append(session.commit("edit").id)

    @rule(
        branch=st.sampled_from(BRANCHES),
        slide=st.sampled_from(SLIDES),
        gdf=annotation_tables(ids=IDS, min_size=1, max_size=6),
    )
    def edit(self, branch, slide, gdf):
        self.write(branch, slide, gdf)

    @rule(data=st.data(), branch=st.sampled_from(BRANCHES), slide=st.sampled_from(SLIDES))
    def delete(self, data, branch, slide):
        session = self.project.session(branch)
        ids = list(session[slide].read()["id"]) if slide in list(session) else []
        if ids:
            session[slide].delete(data.draw(st.lists(st.sampled_from(ids), min_size=1, max_size=4)))
            self.commit(session)

    @rule(data=st.data(), branch=st.sampled_from(BRANCHES), slide=st.sampled_from(SLIDES))
    def take_up_again(self, data, branch, slide):
        """Rows as another version has them: edited back, added again, or made alike on two branches."""
        version = data.draw(st.sampled_from(self.commits))
        if slide in self.project.slides_at(version):
            rows = self.project.read(slide, version)
            chosen = data.draw(st.lists(st.sampled_from(list(rows["id"])), max_size=4)) if len(rows) else []
            if chosen:
                self.write(branch, slide, rows[rows["id"].isin(chosen)].reset_index(drop=True))

    @precondition(lambda self: len(self.commits) % 3 == 0 or len(self.project.slides) < len(SLIDES))
    @rule(slide=st.sampled_from(SLIDES), again=st.booleans())
    def remove_slide(self, slide, again):
        if len(self.commits) % 3 == 0 and slide in self.project.slides:
            self.project.slides.remove(slide)
            self.commits.append(self.project.head())
        if again and slide not in self.project.slides:
            add_slides(self.project, slide)
            self.commits.append(self.project.head())

    @rule(turn=st.booleans(), resolve=st.sampled_from(["ours", "theirs"]))
    def merge(self, turn, resolve):
        into, source = BRANCHES if turn else BRANCHES[::-1]
        with contextlib.suppress(InvalidInput):  # it holds the other already
            self.commits.append(self.project.merge(source, into, resolve=resolve).id)

    @rule(branch=st.sampled_from(BRANCHES))
    def compact(self, branch):
        self.project.compact(branch=branch)

    @rule()
    def open_again(self):
        self.project = open_project(self.folder)

    @rule(data=st.data())
    def compare_any_two(self, data):
        versions = st.sampled_from([*self.commits, *BRANCHES])
        check(self.project, data.draw(versions), data.draw(versions))

    @rule(data=st.data())
    def differences_add_up(self, data):
        a, b, c = (data.draw(st.sampled_from(self.commits)) for _ in range(3))
        first, second, whole = (self.project.diff(*pair) for pair in ((a, b), (b, c), (a, c)))
        assert first + second == whole
        assert ~whole == self.project.diff(c, a)
        assert not first + ~first

    @rule(data=st.data())
    def applied_differences_lead_to_the_other_side(self, data):
        """On the branch, so that also what is undone is history afterwards."""
        branch = data.draw(st.sampled_from(BRANCHES))
        session = self.project.session(branch)
        diff = self.project.diff(branch, data.draw(st.sampled_from(self.commits)))
        diff = diff.filter(slides=[name for name in diff.slides if name in list(session)])
        diff.apply(session)
        self.commit(session)
        after = self.project.diff(diff.b, branch)
        assert not set(after.slides) & set(diff.slides)

    def teardown(self):
        if hasattr(self, "folder"):
            check(self.project, "main", "side")
            for a, b in pairwise(self.commits[::3]):
                check(self.project, a, b)
            self.patch.undo()
            shutil.rmtree(self.folder)


class TinyPartsMachine(DiffMachine):
    """The same with parts of three rows and row groups of two: nearly everything comes in bulk."""

    sizes = (1, 3, 2)


FEW = settings(
    max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestDiff = DiffMachine.TestCase
TestDiff.settings = FEW
TestTinyParts = TinyPartsMachine.TestCase
TestTinyParts.settings = FEW


@pytest.fixture
def long_history(tmp_path):
    """A project of 150 small commits on a slide, and the first of them."""
    project = create_project(tmp_path / "study")
    project.labels.add(Label("tumor"))
    add_slides(project, *SLIDES)
    session = project.session()
    session["first"].upsert(START)
    session["second"].upsert(START)
    first = session.commit("start").id
    for number in range(150):
        session["first"].upsert(new_annotations([shapely.Point(number, 1)], id=[IDS[number % 5]]))
        session.commit("edit")
    return open_project(project.path), first


def test_a_difference_over_many_commits_reads_few_files(long_history, monkeypatch):
    project, first = long_history
    read, get, open_ = [], project.repository.store.get, project.repository.store.open
    monkeypatch.setattr(project.repository.store, "get", lambda key: read.append(key) or get(key))
    monkeypatch.setattr(project.repository.store, "open", lambda key: read.append(key) or open_(key))
    diff = project.diff(first)
    assert diff.counts == {"first": {"added": 0, "deleted": 0, "updated": 5}}
    assert diff["first"].new_hash.all()
    kinds = ("commit", "changes", "parts/", "runs/")
    commits, sets, *rows = (len({key for key in read if kind in key}) for kind in kinds)
    assert commits < 40
    assert sets <= 16
    assert rows == [0, 0]  # no row is read for it
    check(project, first, "main")
