"""Runs as a table; a run repeated and compared; a run whose inputs are checked."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

import wsinb
from wsinb.errors import InvalidInput, JobFailed, UnknownRun

PARAMETERS = """
project: str = "."
slides: list[str] = []
version: str = "main"
branch: str = "main"
side: int = 50
noise: str = ""
"""
BOXES = """
import random, shapely, wsinb
from wsinb import jobs
study = wsinb.open_project(project)
found = {}
for name in slides:
    sides = [side, side, 2 * side]
    if noise == name:
        sides[0] = random.randint(100, 1000000) / 4096
    boxes = [shapely.box(0, 0, one, one) for one in sides]
    found[name] = wsinb.new_annotations(boxes, label="tumor", layer="job:box")
jobs.replace_layer(study, branch, "job:box", found, "boxes")
jobs.keep(study, "sides.txt", repr(side).encode() + (noise.encode() if noise == "file" else b""), version)
jobs.result(boxes=3 * len(found), mean=1.5, note="fine", more=[1, 2])
"""


@pytest.fixture
def boxes(write_job):
    return write_job(PARAMETERS, BOXES, name="boxes", per_slide=True)


def test_runs_are_a_table_with_states_metrics_and_what_differs(study, boxes, write_job):
    assert study.runs().empty
    study.run(boxes, slides="case-1", author="ada", commit=False)
    done = study.run(boxes, side=60)
    with pytest.raises(JobFailed):
        study.run(write_job("x: int = 1", "1 / 0", name="broken"))
    table = study.runs()
    assert table["job"].tolist() == ["broken", "boxes", "boxes"]
    assert table["state"].tolist() == ["failed", "done", "done"]
    assert table["slides"].tolist() == [0, 2, 1]
    assert "ZeroDivisionError" in table["message"].iloc[0]
    own = study.runs("boxes")
    assert own["p.side"].tolist() == [60, 50]
    assert (own["boxes"].tolist(), own["mean"].tolist()) == ([6, 3], [1.5, 1.5])
    assert own["output"].fillna("").tolist() == [done.commit, ""]
    assert own.index[0] == done.id
    assert "p.noise" not in own
    assert len(study.runs(limit=1)) == 1


def test_the_same_again_is_identical_and_commits_nothing(study, boxes):
    first = study.run(boxes)
    head = study.head()
    again = study.rerun(first.id)
    assert again.identical
    assert study.head() == head
    assert again.tables[["rows first", "rows second"]].to_numpy().tolist() == [[3, 3], [3, 3]]
    assert again.metrics == again.packages == {}
    assert "gave the same" in repr(again)
    assert "gave the same" in again._repr_html_()


def test_rows_that_differ_are_told(study, boxes):
    first = study.run(boxes, noise="case-1")
    again = study.rerun(first.id[-8:])
    assert not again.identical
    by_slide = again.tables.set_index("slide")
    assert by_slide.loc["case-1", ["only first", "only second"]].tolist() == [1, 1]
    assert by_slide.loc["case-2", ["only first", "only second"]].tolist() == [0, 0]
    rows = again.differing("case-1")
    assert rows["run"].tolist() == ["first", "second"]
    assert len(again.differing("case-2")) == 0
    assert "1 rows are gone, 1 are new" in repr(again)
    assert "case-1" in again._repr_html_()
    assert "case-2" not in again._repr_html_()


def test_the_notebook_and_the_version_of_then_are_run_again(study, boxes):
    first = study.run(boxes, slides="case-2", side=70)
    Path(boxes).unlink()
    session = study.session()
    session["case-2"].upsert(wsinb.new_annotations([shapely.box(5, 5, 9, 9)], label="tumor"))
    session.commit("drawn")
    assert study.rerun(first.id).identical


def test_what_is_not_done_cannot_be_compared(study, write_job):
    with pytest.raises(JobFailed):
        study.run(write_job("x: int = 1", "1 / 0"))
    with pytest.raises(InvalidInput, match="is not done, so there is nothing to compare"):
        study.rerun(study.runs().index[0])
    with pytest.raises(UnknownRun):
        study.rerun("20200101")


def test_files_that_are_kept_come_with_the_result(study, boxes):
    result = study.run(boxes, slides="case-1", side=33)
    assert study.read_artifact(result.commit, "sides.txt") == b"33"
    assert result.record["tasks"][0]["files"][0]["name"] == "sides.txt"


def test_a_run_whose_inputs_are_there_can_be_repeated(study, boxes):
    result = study.run(boxes)
    found = study.verify_run(result.id)
    assert found.ok
    assert found.checked == 2 + 2 + 2 + 2 + 1  # version, notebook; slides, tables, files; output
    assert "can be repeated" in repr(found)


def test_what_changed_since_is_named(study, boxes):
    result = study.run(boxes)
    file = study.path / "case-1.tiff"
    file.write_bytes(file.read_bytes() + b"\0")
    (study.path / "case-2.tiff").unlink()
    sha = result.record["tasks"][0]["tables"][0]["sha256"]
    (study.path / ".wsinb" / "artifacts" / sha).unlink()
    found = study.verify_run(result.id)
    assert dict(found.problems).keys() == {"slide 'case-1'", "slide 'case-2'", "the result on 'case-1'"}
    assert dict(found.problems)["slide 'case-1'"] == "is another file than it was"
    assert "3 of 9 are not as they were" in repr(found)
    assert "case-2" in found._repr_html_()
