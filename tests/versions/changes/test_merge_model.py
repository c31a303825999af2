"""Branches, merges and reverts against an in-memory model, in any order."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
import shapely
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from wsinb.annotate import Label, new_annotations, snap
from wsinb.errors import Conflict, InvalidInput
from wsinb.project import create_project
from wsinb.testing.annotations import annotation_tables
from wsinb.testing.entries import add_slides
from wsinb.testing.model_store import ModelStore, rows_of
from wsinb.versions.tables import files, reading, staging

IDS = [str(uuid.UUID(int=i << 64 | i % 3)) for i in range(10)]
SLIDES = ["first", "second"]
BRANCHES = ["main", "a", "b"]
BRANCH = st.sampled_from(BRANCHES)
SLIDE = st.sampled_from(SLIDES)
RESOLVE = st.sampled_from([None, "ours", "theirs", "ours", "theirs"])
# fields that a rule sets alone, so that often only one of them differs
ONE_FIELD = st.sampled_from(
    [{"label": "tumor"}, {"label": "stroma"}, {"score": 0.5}, {"score": 0.25}, {"z": 1}, {"layer": "other"}]
)
START = new_annotations([shapely.Point(100 * i, 100 * i) for i in range(7)], id=IDS[:7], label="tumor")


class MergeMachine(RuleBasedStateMachine):
    """Three branches that edit, merge and revert; one session each, opened when it is needed."""

    # sizes at which rows become parts, files and row groups; None for the real ones
    sizes = None

    @initialize()
    def start(self):
        self.patch = pytest.MonkeyPatch()
        if self.sizes is not None:
            bulk, part, group = self.sizes
            self.patch.setattr(staging, "BULK_ROWS", bulk)
            self.patch.setattr(staging, "PART_ROWS", part)
            for module in (staging, reading, files):
                self.patch.setattr(module, "ROW_GROUP", group)
        self.folder = Path(tempfile.mkdtemp())
        self.project = create_project(self.folder)
        self.project.labels.add([Label("tumor"), Label("stroma")])
        self.model = ModelStore()
        self.commits = [self.project.head()]
        for name in SLIDES:
            self.add_slide("main", name)
        self.upsert("main", "first", START)
        for name in BRANCHES[1:]:
            self.project.branch(name)
            self.model.branch(name, self.model.heads["main"])
        self.sessions = {}

    def add_slide(self, branch, name):
        add_slides(self.project, name, branch=branch)
        self.model.add_slide(name, branch)
        self.done(self.project.head(branch))

    def done(self, commit):
        self.commits.append(commit)
        assert len(self.commits) == len(self.model.versions)

    def upsert(self, branch, slide, gdf, resolve=None, session=None):
        real, model = session or (self.project.session(branch, author=branch), self.model.session(branch))
        given = gdf.assign(created_by=branch)
        real[slide].upsert(given)
        given["geometry"] = snap(given["geometry"].values)
        model.upsert(slide, rows_of(given))
        self.commit(real, model, resolve)

    def commit(self, real, model, resolve):
        try:
            model.commit(resolve)
        except (Conflict, InvalidInput) as error:
            with pytest.raises(type(error)) as caught:
                real.commit("edit", resolve=resolve)
            if caught.value.args[0].startswith("Slide"):
                return
            named = {(item.slide, item.id) for item in getattr(caught.value, "conflicts", ())}
            assert named == {
                (slide, i) for slide, ids in getattr(caught.value, "ids", {}).items() for i in ids
            }
            return
        self.done(real.commit("edit", resolve=resolve).id)

    @rule(branch=BRANCH, slide=SLIDE, gdf=annotation_tables(ids=IDS, min_size=1, max_size=4))
    def edit(self, branch, slide, gdf):
        if slide in self.model.versions[self.model.heads[branch]]:
            self.upsert(branch, slide, gdf)

    @rule(data=st.data(), branch=BRANCH, slide=SLIDE, values=ONE_FIELD)
    def edit_one_field(self, data, branch, slide, values):
        rows = self.model.versions[self.model.heads[branch]].get(slide)
        if rows:
            ids = data.draw(st.lists(st.sampled_from(sorted(rows)), min_size=1, max_size=3, unique=True))
            gdf = self.project.read(slide, branch)
            self.upsert(branch, slide, gdf[gdf["id"].isin(ids)].assign(**values))

    @rule(data=st.data(), branch=BRANCH, slide=SLIDE)
    def delete(self, data, branch, slide):
        rows = self.model.versions[self.model.heads[branch]].get(slide)
        if rows:
            ids = data.draw(st.lists(st.sampled_from(sorted(rows)), min_size=1, max_size=3, unique=True))
            real, model = self.project.session(branch), self.model.session(branch)
            real[slide].delete(ids)
            model.delete(slide, ids)
            self.commit(real, model, None)

    @rule(branch=BRANCH)
    def open_session(self, branch):
        self.sessions[branch] = self.project.session(branch, author="late"), self.model.session(branch)

    @rule(data=st.data(), branch=BRANCH, slide=SLIDE, values=ONE_FIELD, resolve=RESOLVE)
    def commit_on_a_branch_that_moved(self, data, branch, slide, values, resolve):
        real, model = self.sessions.pop(branch, (None, None))
        if real is not None and model.store.versions[model.base].get(slide):
            ids = data.draw(st.lists(st.sampled_from(sorted(model.read(slide))), min_size=1, unique=True))
            gdf = real[slide].read()
            chosen = gdf[gdf["id"].isin(ids)].assign(**values)
            self.upsert(branch, slide, chosen, resolve, (real, model))

    @rule(source=BRANCH, into=BRANCH, resolve=RESOLVE)
    def merge(self, source, into, resolve):
        before = self.project.head(into)
        try:
            self.model.merge(self.model.heads[source], into, resolve)
        except (Conflict, InvalidInput) as error:
            with pytest.raises(type(error)):
                self.project.merge(source, into, resolve=resolve)
            return
        plan = self.project.plan_merge(source, into)
        assert plan.ours == before
        for item in plan.conflicts:
            plan.resolve(item, resolve)
        expected = plan.diff
        commit = plan.commit()
        assert commit.parents == (before, self.project.head(source) if source != into else before)
        self.done(commit.id)
        assert self.project.diff(before, commit.id) == expected
        stay = set(self.model.versions[-1])
        assert commit.changes == {name: counts for name, counts in expected.counts.items() if name in stay}

    @rule(data=st.data(), branch=BRANCH, resolve=RESOLVE)
    def revert(self, data, branch, resolve):
        number = data.draw(st.integers(1, len(self.commits) - 1))
        before = self.project.head(branch)
        try:
            self.model.revert(number, branch, resolve)
        except (Conflict, InvalidInput) as error:
            with pytest.raises(type(error)):
                self.project.revert(self.commits[number], branch, resolve=resolve)
            return
        commit = self.project.revert(self.commits[number], branch, resolve=resolve)
        self.done(commit.id)
        if self.model.parents[-1][0] == number and len(self.model.parents[number]) == 1:
            assert self.project.diff(before, commit.id) == ~self.project.diff(
                self.commits[self.model.parents[number][0]], before
            )

    @rule(data=st.data(), branch=BRANCH, slide=SLIDE)
    def restore(self, data, branch, slide):
        number = data.draw(st.integers(1, len(self.commits) - 1))
        rows = self.model.versions[number].get(slide)
        if not rows or slide not in self.model.versions[self.model.heads[branch]]:
            return
        ids = data.draw(st.lists(st.sampled_from(sorted(rows)), min_size=1, unique=True))
        model = self.model.session(branch)
        model.upsert(slide, {id_: rows[id_] for id_ in ids})
        try:
            model.commit()
        except InvalidInput:
            with pytest.raises(InvalidInput, match="nothing to restore"):
                self.project.restore(slide, ids, self.commits[number], branch)
            return
        self.done(self.project.restore(slide, ids, self.commits[number], branch).id)

    @precondition(lambda self: len(self.commits) % 3 == 0)
    @rule(branch=BRANCH)
    def compact_and_clear(self, branch):
        self.project.compact(branch=branch)
        self.project.gc(grace=timedelta(0))

    @precondition(lambda self: len(self.commits) % 4 == 0)  # seldom: it empties a table
    @rule(branch=BRANCH, slide=SLIDE)
    def remove_or_add_slide(self, branch, slide):
        if slide in self.model.versions[self.model.heads[branch]]:
            self.project.slides.on(branch).remove(slide)
            self.model.remove_slide(slide, branch)
            self.done(self.project.head(branch))
        else:
            self.add_slide(branch, slide)

    @invariant()
    def branches_hold_what_they_should(self):
        for branch in BRANCHES if hasattr(self, "sessions") else ():
            version = self.model.heads[branch]
            assert self.project.head(branch) == self.commits[version]
            tables = self.model.versions[version]
            assert set(self.project.slides_at(branch)) == set(tables)
            for slide, rows in tables.items():
                assert rows_of(self.project.read(slide, branch)) == rows
                assert self.project.repository.count(slide, branch) == len(rows)

    def teardown(self):
        if hasattr(self, "folder"):
            report = self.project.verify()
            self.patch.undo()
            shutil.rmtree(self.folder)
            assert report.ok, report


class TinyPartsMergeMachine(MergeMachine):
    """The same with parts of three rows and row groups of two, so that parts are taken over."""

    sizes = (1, 3, 2)


FEW = settings(
    max_examples=10, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestMerges = MergeMachine.TestCase
TestMerges.settings = FEW
TestTinyPartsMerges = TinyPartsMergeMachine.TestCase
TestTinyPartsMerges.settings = FEW
