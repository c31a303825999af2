"""The store against an in-memory model: sessions, commits, rebases, conflicts, reads anywhere."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import uuid

import pytest
import shapely
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from wsinb.annotate import Label, new_annotations, snap
from wsinb.errors import Conflict, InvalidInput, UnknownAnnotation, UnknownSlide
from wsinb.project import create_project, open_project
from wsinb.testing.annotations import annotation_tables
from wsinb.testing.entries import add_slides
from wsinb.testing.model_store import ModelStore, rows_of
from wsinb.versions.tables import files, history, reading, staging
from wsinb.versions.upkeep import fold, runs, tend
from wsinb.versions.upkeep.compact import compact

IDS = [str(uuid.UUID(int=i << 64 | i % 3)) for i in range(8)]
SLIDES = ["first", "second"]
WHO = st.integers(0, 1)
START = new_annotations([shapely.Point(100 * i, 100 * i) for i in range(6)], id=IDS[:6], label="tumor")


class VersionsMachine(RuleBasedStateMachine):
    """Two sessions, of which one may commit under the feet of the other."""

    # sizes at which rows become parts, files and row groups; None for the real ones
    sizes = None

    def new_place(self):
        return tempfile.mkdtemp()

    @initialize()
    def start(self):
        self.patch = pytest.MonkeyPatch()
        self.patch_sizes()
        self.place = self.new_place()
        self.project = create_project(self.place)
        self.model = ModelStore()
        self.commits = [self.project.head()]
        self.project.labels.add([Label("tumor"), Label("stroma")])
        self.project.columns.add("nuclei", "int")
        self.commits = [self.project.head()]
        for name in SLIDES:
            self.add_slide(name)
        self.sessions = [self.open() for _ in range(2)]
        self.upsert(0, "first", START, nuclei=3, then_commit=True)
        self.sessions = [self.open() for _ in range(2)]

    def patch_sizes(self):
        if self.sizes is not None:
            bulk, part, group = self.sizes
            self.patch.setattr(staging, "BULK_ROWS", bulk)
            self.patch.setattr(staging, "PART_ROWS", part)
            for module in (staging, reading, files):
                self.patch.setattr(module, "ROW_GROUP", group)

    def open(self):
        return self.project.session(author="a"), self.model.session()

    def add_slide(self, name):
        add_slides(self.project, name)
        self.model.add_slide(name)
        self.commits.append(self.project.head())

    @rule(
        who=WHO,
        slide=st.sampled_from(SLIDES),
        gdf=annotation_tables(ids=IDS, min_size=1, max_size=5),
        nuclei=st.none() | st.integers(0, 2),
        then_commit=st.booleans(),
    )
    def upsert(self, who, slide, gdf, nuclei, then_commit):
        real, model = self.sessions[who]
        try:
            model.read(slide)
        except UnknownSlide:
            with pytest.raises(UnknownSlide):
                real[slide]
            return
        given = gdf.assign(created_by="a", nuclei=nuclei)
        real[slide].upsert(given)
        given["geometry"] = snap(given["geometry"].values)
        model.upsert(slide, rows_of(given))
        if then_commit:
            self.commit(who)

    @rule(data=st.data(), who=WHO, slide=st.sampled_from(SLIDES), then_commit=st.booleans())
    def delete(self, data, who, slide, then_commit):
        real, model = self.sessions[who]
        with contextlib.suppress(UnknownSlide):
            choices = sorted(model.read(slide)) or IDS
            ids = data.draw(st.lists(st.sampled_from(choices), min_size=1, max_size=3))
            try:
                model.delete(slide, ids)
            except UnknownAnnotation:
                with pytest.raises(UnknownAnnotation):
                    real[slide].delete(ids)
                return
            real[slide].delete(ids)
            if then_commit:
                self.commit(who)

    @rule(who=WHO, slide=st.sampled_from(SLIDES))
    def edit_back(self, who, slide):
        """Set all rows of the base again: whatever was changed or deleted is no edit any more."""
        real, model = self.sessions[who]
        with contextlib.suppress(UnknownSlide):
            base = model.store.read(slide, model.base)
            gdf = real[slide].read(version=real.base)
            real[slide].upsert(gdf)
            model.upsert(slide, base)

    @rule(who=WHO)
    def commit_session(self, who):
        self.commit(who)

    def commit(self, who):
        real, model = self.sessions[who]
        try:
            model.commit()
        except (Conflict, InvalidInput) as error:
            with pytest.raises(type(error)):
                real.commit("edit")
            return
        self.commits.append(real.commit("edit").id)

    @rule(who=WHO)
    def reopen(self, who):
        self.project = open_project(self.place)
        self.sessions[who] = self.open()

    @rule(who=WHO)
    def discard(self, who):
        real, _ = self.sessions[who]
        real.discard()
        self.sessions[who] = real, self.model.session()

    @precondition(lambda self: len(self.commits) % 5 == 0)  # seldom: it empties a table
    @rule(slide=st.sampled_from(SLIDES))
    def remove_slide(self, slide):
        self.project.slides.remove(slide)
        self.model.remove_slide(slide)
        self.commits.append(self.project.head())
        self.add_slide(slide)

    @rule(data=st.data(), slide=st.sampled_from(SLIDES))
    def read_any_version(self, data, slide):
        number = data.draw(st.integers(0, len(self.commits) - 1))
        if slide not in self.model.versions[number]:
            with pytest.raises(UnknownSlide):
                self.project.read(slide, self.commits[number])
            return
        expected = self.model.read(slide, number)
        assert rows_of(self.project.read(slide, self.commits[number])) == expected
        assert self.project.repository.count(slide, self.commits[number]) == len(expected)

    @rule(who=WHO, slide=st.sampled_from(SLIDES), l0_x=st.integers(-20, 4000), side=st.integers(0, 2000))
    def read_box(self, who, slide, l0_x, side):
        real, model = self.sessions[who]
        with contextlib.suppress(UnknownSlide):
            found = rows_of(real[slide].read(bbox=(l0_x, l0_x, l0_x + side, l0_x + side)))
            expected = {id_ for id_, row in model.read(slide).items() if meets(row[0], l0_x, l0_x + side)}
            assert found.keys() == expected

    @invariant()
    def sessions_read_their_base_and_edits(self):
        for real, model in getattr(self, "sessions", []):
            for slide in SLIDES:
                with contextlib.suppress(UnknownSlide):
                    assert rows_of(real[slide].read()) == model.read(slide)

    @invariant()
    def sessions_tell_their_edits(self):
        for real, model in getattr(self, "sessions", []):
            base = model.store.versions[model.base]
            for slide in SLIDES:
                rows = {id_: row for (name, id_), row in model.edits.items() if name == slide}
                if slide not in base:
                    continue
                edits, deleted = real[slide].edits(), real[slide].deleted()
                assert rows_of(edits) == {id_: row for id_, row in rows.items() if row is not None}
                assert len(edits) == len(set(edits["id"]))
                assert sorted(deleted) == sorted(id_ for id_, row in rows.items() if row is None)
                added = len(edits["id"][~edits["id"].isin(list(base[slide]))])
                counts = {"added": added, "updated": len(edits) - added, "deleted": len(deleted)}
                assert real.changes.get(slide, dict.fromkeys(counts, 0)) == counts

    def teardown(self):
        if hasattr(self, "place"):
            self.patch.undo()
            if "://" not in self.place:
                shutil.rmtree(self.place)


def meets(wkb, low, high):
    if wkb is None:
        return False
    xmin, ymin, xmax, ymax = shapely.bounds(shapely.from_wkb(wkb))
    return xmin < high and ymin < high and xmax >= low and ymax >= low


class TinyPartsMachine(VersionsMachine):
    """The same with parts of three rows and row groups of two, so that every path is walked."""

    sizes = (1, 3, 2)


class UpkeepMachine(TinyPartsMachine):
    """The same with upkeep after every other commit, and compacting at any time."""

    def patch_sizes(self):
        super().patch_sizes()
        for module in (runs, tend):
            self.patch.setattr(module, "MERGE_AT", 2)
        for module in (fold, tend):
            self.patch.setattr(module, "FOLD_AT", 3)
        self.patch.setattr(runs, "RUN_ROWS", 2)
        self.patch.setattr(history, "ROW_GROUP", 2)

    @rule(slide=st.sampled_from([None, *SLIDES]))
    def compact(self, slide):
        with contextlib.suppress(UnknownSlide):
            compact(self.project.repository, slide, "main")

    @rule(slide=st.sampled_from(SLIDES), data=st.data())
    def old_states_are_equal(self, slide, data):
        """What the commit itself holds, whatever its branch made of it."""
        head = self.project.repository.branch_head("main")
        with contextlib.suppress(UnknownSlide):
            by_branch = rows_of(self.project.read(slide))
            assert rows_of(self.project.read(slide, head.record.id)) == by_branch


class MemoryMachine(VersionsMachine):
    """The same in an object store, in memory."""

    def new_place(self):
        return f"memory://{uuid.uuid4().hex}"


FEW = settings(
    max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestVersions = VersionsMachine.TestCase
TestVersions.settings = FEW
TestTinyParts = TinyPartsMachine.TestCase
TestTinyParts.settings = FEW
TestMemory = MemoryMachine.TestCase
TestMemory.settings = FEW
TestUpkeep = UpkeepMachine.TestCase
TestUpkeep.settings = FEW
