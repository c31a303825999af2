"""What happens in the wake of commits: equal tables and histories from fewer files, and never an error."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wsinb.annotate import Label, new_annotations
from wsinb.errors import UnknownSlide
from wsinb.project import create_project, open_project
from wsinb.testing.entries import add_slides
from wsinb.testing.model_store import COMPARED, rows_of
from wsinb.versions.storage.posix import PosixStore
from wsinb.versions.tables import files, history, reading, staging
from wsinb.versions.tables.ids import concat_ids, id_texts, isin
from wsinb.versions.upkeep import fold, runs, tend


def state_of(project, slide="one", branch="main"):
    return project.repository.committer.state(project.repository.branch_head(branch), slide)


def edit(project, n, slide="one"):
    """Commit n times one changed row."""
    session = project.session(author="b")
    for i in range(n):
        rows = session[slide].read()
        changed = rows.iloc[[(7 * i) % len(rows)]]
        session[slide].upsert(changed.assign(properties=json.dumps({"after": session.base})))
        session.commit(f"edit {i}")


def commit_points(project, places, slide="one"):
    session = project.session(author="b")
    ids = session[slide].upsert(new_annotations([shapely.Point(x, y) for x, y in places]))
    session.commit("points")
    return ids


def test_change_sets_become_runs_and_histories_after_some_commits(project, tiny):
    tiny.setattr(tend, "FOLD_AT", 1000)
    log = len(project.log())
    edit(project, 2)
    assert (len(state_of(project).changes), state_of(project).runs) == (2, ())
    edit(project, 1)
    state = state_of(project)
    assert (state.changes, len(state.runs), len(state.history)) == ((), 1, 1)
    assert len(project.log()) == log + 3  # the log shows no upkeep
    assert project.head() == project.log()[0].id
    edit(project, 20)
    state = state_of(project)
    assert len(state.changes) < 3
    assert len(state.runs) < 4
    assert len(state.history) < 4


def test_every_version_reads_the_same_by_its_commit(project, tiny):
    versions = {}
    session = project.session(author="b")
    for i in range(14):
        rows = session["one"].read()
        session["one"].upsert(rows.iloc[[i, 20 + i]].assign(score=i / 100))
        session["one"].delete(rows["id"].iloc[-1])
        session["one"].upsert(new_annotations([shapely.Point(400 + i, i)]))
        commit = session.commit(f"edit {i}")
        versions[commit.id] = rows_of(session["one"].read())
        assert session.base == commit.id
    fresh = open_project(project.path)
    for commit, rows in versions.items():
        assert rows_of(fresh.read("one", commit)) == rows
        assert fresh.repository.count("one", commit) == len(rows)
    assert rows_of(fresh.read("one")) == rows
    assert project.verify().ok


def test_upkeep_of_one_slide_keeps_that_of_another(project, tiny):
    tiny.setattr(tend, "FOLD_AT", 1000)
    commit_points(project, [(1, 1), (2, 2)], slide="two")
    edit(project, 3)
    merged = state_of(project, "one")
    assert merged.runs
    rows = rows_of(project.read("two"))
    session = project.session(author="b")
    for i in range(2):
        session["two"].upsert(new_annotations([shapely.Point(i, 9)]))
        session.commit("two")
    assert state_of(project, "one") == merged  # taken over by a commit, and again by a pointer
    assert state_of(project, "two").runs
    assert set(rows) < set(rows_of(project.read("two")))
    head = project.repository.branch_head("main")
    assert set(head.states) == {"two"}  # the other one stands in the commit
    # both due in one commit: one entry for both
    number = head.number
    for _ in range(3):
        for slide in ("one", "two"):
            session[slide].upsert(new_annotations([shapely.Point(5, 5)]))
        session.commit("both")
    head = project.repository.branch_head("main")
    assert (head.number, set(head.states)) == (number + 4, {"one", "two"})


def test_a_removed_slide_stays_removed_after_upkeep(project, tiny):
    edit(project, 3)
    before = project.head()
    rows = rows_of(project.read("one"))
    project.slides.remove("one")
    with pytest.raises(UnknownSlide):
        project.read("one")
    assert rows_of(project.read("one", before)) == rows
    assert state_of(project).rows == 0


def test_branches_and_tags_take_the_fewer_files(project, tiny):
    edit(project, 3)
    assert state_of(project).runs or len(project.repository.tables.parts(state_of(project)))
    project.branch("other")
    project.tag("v1")
    assert state_of(project, branch="other") == state_of(project)
    edit(project, 4)
    assert state_of(project, branch="other") != state_of(project)
    assert rows_of(project.read("one", "v1")) == rows_of(project.read("one", "other"))


def test_errors_never_reach_the_commit(project, tiny, caplog):
    edit(project, 2)

    def fail(*arguments):
        raise RuntimeError("no memory left")

    tiny.setattr(tend, "merged", fail)
    edit(project, 1)
    assert "given up" in caplog.text
    assert len(state_of(project).changes) == 3
    tiny.undo()
    for module in (runs, tend):
        tiny.setattr(module, "MERGE_AT", 3)
    edit(project, 1)  # a later commit makes up for it
    assert state_of(project).changes == ()


def test_upkeep_can_be_switched_off(project, tiny):
    project.repository.upkeep = False
    edit(project, 5)
    assert len(state_of(project).changes) == 5
    project.repository.upkeep = True
    edit(project, 1)
    assert state_of(project).changes == ()


class TestFolding:
    """Parts with much above them are written anew, with it."""

    @pytest.fixture
    def parts(self, project, tiny):
        """Return the project with its points in parts of 8."""
        assert [part.rows for part in self.of(project)] == [8] * 5
        return project

    def of(self, project):
        return project.repository.tables.parts(state_of(project))

    def test_at_most_two_parts_are_folded_after_a_commit(self, parts):
        session = parts.session()
        for i in range(3):
            session["one"].upsert(session["one"].read().assign(score=i / 10))
            session.commit("all")
        state = state_of(parts)
        before = rows_of(parts.read("one", session.base))
        assert sum(len(overlay.ids) for overlay in parts.repository.tables.overlays(state)) == 40 - 16
        assert rows_of(parts.read("one")) == before
        assert len(self.of(parts)) == 5

    def test_a_part_without_rows_goes_and_one_grown_twofold_is_split(self, parts, tiny):
        tiny.setattr(staging, "BULK_ROWS", 1000)
        left, *middle, right = sorted(self.of(parts), key=lambda part: part.bounds)
        session = parts.session()
        rows = session["one"].read()
        x = rows.geometry.x
        session["one"].delete(rows["id"][x <= left.bounds[2]])
        edge = right.bounds[2]
        for i in range(3):
            session["one"].upsert(new_annotations([shapely.Point(edge + 8 * i + j, 0) for j in range(8)]))
            session.commit(f"{i}")
        before = rows_of(parts.read("one"))
        parts.compact()
        assert rows_of(parts.read("one")) == before
        found = self.of(parts)
        assert len(before) == 40 - 8 + 24 == sum(part.rows for part in found)
        assert left.sha256 not in {part.sha256 for part in found}
        assert all(part.rows <= 16 for part in found)
        # those between had nothing above them
        assert len({part.sha256 for part in found} & {part.sha256 for part in middle}) == 3


def test_a_killed_writer_leaves_the_commit_or_nothing(project, tiny):
    """End the process before each single write of a commit and of its upkeep."""

    class Killed(BaseException):
        pass

    tiny.setattr(tend, "MERGE_AT", 1)
    tiny.setattr(tend, "FOLD_AT", 1)
    tiny.setattr(fold, "SHARE", 0.01)
    originals = {name: getattr(PosixStore, name) for name in ("put_if_absent", "copy_if_absent")}
    ends = 0
    for step in range(40):
        edit(project, 2)
        before = rows_of(project.read("one"))
        session = project.session(author="b")
        ids = session["one"].upsert(new_annotations([shapely.Point(5, 5 + step)]))
        done = 0

        def interrupted(self, *arguments, name):
            nonlocal done
            if done == step:  # noqa: B023  called within this round
                raise Killed
            done += 1
            return originals[name](self, *arguments)

        with pytest.MonkeyPatch.context() as patch:
            for name in originals:
                patch.setattr(PosixStore, name, lambda self, *a, name=name: interrupted(self, *a, name=name))
            try:
                session.commit("interrupted")
            except Killed:
                ends += 1
            else:
                break
        project = open_project(project.path)
        after = rows_of(project.read("one"))
        assert set(after) - set(before) in (set(), set(ids))
        assert {id_: after[id_] for id_ in before} == before
        assert rows_of(project.read("one", project.head())) == after
    assert ends >= 8  # change set, commit, entry; history, part, keys, part list, entry
    assert project.verify().ok


# ---- any sequence of edits

IDS = [f"0000000{i}-0000-0000-0000-00000000000{i}" for i in range(8)]
EDITS = st.lists(
    st.tuples(st.sets(st.sampled_from(range(8)), max_size=4), st.sets(st.sampled_from(range(8)), max_size=3)),
    min_size=1,
    max_size=12,
)


def content(rows):
    drop = 1 + COMPARED.index("created_by")
    return {id_: row[:drop] + row[drop + 1 :] for id_, row in rows.items()}


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(edits=EDITS, data=st.data())
def test_tables_histories_and_differences_do_not_change(edits, data):
    folder = Path(tempfile.mkdtemp())
    with pytest.MonkeyPatch.context() as patch:
        for module, name, value in (
            *((module, "MERGE_AT", 2) for module in (runs, tend)),
            *((module, "FOLD_AT", 3) for module in (fold, tend)),
            *((module, "ROW_GROUP", 2) for module in (staging, reading, files, history)),
            (staging, "BULK_ROWS", 2),
            (staging, "PART_ROWS", 3),
            (runs, "RUN_ROWS", 2),
        ):
            patch.setattr(module, name, value)
        versions = make_versions(folder, edits)
        project = open_project(folder)
        if data.draw(st.booleans()):
            project.compact()
        for commit, rows in versions:
            assert rows_of(project.read("one", commit)) == rows
        a, b = (data.draw(st.sampled_from(versions)) for _ in range(2))
        expected = {id_ for id_ in {**a[1], **b[1]} if content(a[1]).get(id_) != content(b[1]).get(id_)}
        b_version = "main" if b is versions[-1] else b[0]
        assert set(id_texts(project.diff(a[0], b_version)["one"].ids)) == expected
        check_history(project)
    shutil.rmtree(folder)


def make_versions(folder, edits):
    project = create_project(folder, author="a")
    project.labels.add(Label("tumor"))
    add_slides(project, "one")
    versions = [(project.head(), {})]
    session = project.session(author="a")
    for number, (upserts, deletes) in enumerate(edits):
        chosen = sorted(upserts)
        points = [shapely.Point(10 * i + number, 0) if i % 4 else None for i in chosen]
        shapes = ["point" if point else "image" for point in points]
        session["one"].upsert(new_annotations(points, id=[IDS[i] for i in chosen], shape=shapes))
        there = set(session["one"].read()["id"])
        session["one"].delete([IDS[i] for i in deletes if IDS[i] in there])
        if session.changes:
            commit = session.commit(f"{number}")
            versions.append((commit.id, rows_of(session["one"].read())))
    return versions


def check_history(project):
    """Each change of each commit stands in the history or in a change set, once, and both follow on."""
    repository = project.repository
    state = state_of(project)
    entries = repository.histories.after(state.history, -1)
    told = sorted(zip(id_texts(entries.ids), entries.depth.tolist(), entries.commit.tolist(), strict=True))
    expected = []
    for commit in project.log():
        record = repository.record(commit.id)
        for sha in record.data["changes"].get("one", {"sets": []})["sets"]:
            if sha not in state.changes:
                change = repository.tables.change_set(sha)
                expected += [(id_, record.depth, commit.id) for id_ in id_texts(change.ids)]
    assert told == sorted(expected)
    order = np.lexsort((entries.depth, entries.ids.low, entries.ids.high))
    ids, old, new = entries.ids.take(order), entries.old[order], entries.new[order]
    same = (ids.high[1:] == ids.high[:-1]) & (ids.low[1:] == ids.low[:-1])
    # what came in bulk stands in no history
    bulk = concat_ids([repository.tables.part_ids(sha) for each in state.bulk for sha in each.parts])
    same &= ~isin(ids, bulk)[1:]
    assert (old[1:][same] == new[:-1][same]).all()
