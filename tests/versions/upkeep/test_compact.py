"""Compacting: the same tables, in parts alone; told, watched and cancelled."""

from __future__ import annotations

import pytest
import shapely

from wsinb.annotate import new_annotations
from wsinb.errors import UnknownSlide, UnknownVersion
from wsinb.progress import Cancelled
from wsinb.project import open_project
from wsinb.testing.model_store import rows_of
from wsinb.versions.upkeep import compact as compacting


def state_of(project, slide="one"):
    return project.repository.committer.state(project.repository.branch_head("main"), slide)


def edit(project, n, slide="one"):
    session = project.session(author="b")
    for i in range(n):
        session[slide].upsert(new_annotations([shapely.Point(3 + 7 * i, i)]))
        session.commit(f"edit {i}")


def test_all_becomes_parts(project):
    edit(project, 5)
    edit(project, 4, "two")
    before = {slide: rows_of(project.read(slide)) for slide in ("one", "two")}
    log, head = project.log(), project.head()
    report = project.compact()
    assert set(report.slides) == {"one", "two"}
    assert "folded" in repr(report)
    assert "<table>" in report._repr_html_()
    for slide, rows in before.items():
        state = state_of(project, slide)
        assert (state.runs, state.changes, len(state.history)) == ((), (), 1)
        assert state.rows == len(rows) == sum(p.rows for p in project.repository.tables.parts(state))
        assert rows_of(project.read(slide)) == rows
        assert rows_of(project.read(slide, head)) == rows
    assert (project.log(), project.head()) == (log, head)
    assert project.verify().ok
    assert repr(project.compact()) == "nothing to compact"


def test_one_slide_and_another_branch(project):
    edit(project, 1)
    project.branch("other")
    edit(project, 1, "two")
    assert set(project.compact("one", branch="other").slides) == {"one"}
    assert state_of(project).changes != ()
    with pytest.raises(UnknownSlide, match="did you mean 'one'"):
        project.compact(["onne"])
    with pytest.raises(UnknownVersion):
        project.compact(branch="mian")


def test_a_table_can_become_empty(project):
    session = project.session()
    session["one"].delete(session["one"].read()["id"])
    session.commit("none left")
    project.compact()
    assert (state_of(project).parts, state_of(project).rows) == (None, 0)
    assert len(project.read("one")) == 0
    edit(project, 1)
    assert len(project.read("one")) == 1


def test_own_columns_go_into_the_parts(project):
    project.columns.add("area", "float", unit="px²")
    session = project.session()
    rows = session["one"].read()
    session["one"].upsert(rows.iloc[:3].assign(area=[1.0, 2.0, 3.0]))
    session.commit("areas")
    before = project.read("one").set_index("id")["area"].dropna().to_dict()
    project.compact()
    fresh = open_project(project.path)
    assert fresh.read("one").set_index("id")["area"].dropna().to_dict() == before
    assert len(before) == 3


def test_commits_of_others_meanwhile_stay(project, monkeypatch):
    project.repository.upkeep = False
    edit(project, 5)
    original, others = compacting.swap, []

    def late(repository, branch, rewrites):
        other = open_project(project.path)
        other.repository.upkeep = False
        edit(other, 1)
        session = other.session()
        session["one"].delete(session["one"].read()["id"].iloc[0])
        session["one"].upsert(new_annotations([shapely.Point(i, 50) for i in range(9)]))  # in bulk, too
        session.commit("meanwhile")
        others.append(rows_of(other.read("one")))
        return original(repository, branch, rewrites)

    monkeypatch.setattr(compacting, "swap", late)
    report = project.compact("one")
    assert rows_of(project.read("one")) == others[-1]
    assert len(others) == 1
    assert len(state_of(project).changes) == 2
    assert (report.slides["one"].files, report.slides["one"].rows) == (5, 5)
    assert project.verify().ok


def test_work_on_files_that_others_replaced_is_dropped(project, monkeypatch):
    project.repository.upkeep = False
    edit(project, 5)
    before = rows_of(project.read("one"))
    original = compacting.swap
    done = []

    def late(repository, branch, rewrites):
        if not done:
            done.append(True)
            open_project(project.path).compact("one")
        return original(repository, branch, rewrites)

    monkeypatch.setattr(compacting, "swap", late)
    project.compact("one")
    assert rows_of(project.read("one")) == before
    assert state_of(project).runs == ()
    assert project.verify().ok


def test_it_can_be_watched_and_cancelled(project):
    edit(project, 5)
    before = state_of(project)

    def cancel(step):
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        project.compact(progress=cancel)
    assert state_of(project) == before
    steps = []
    project.compact(progress=steps.append)
    assert steps[-1].done == steps[-1].total
