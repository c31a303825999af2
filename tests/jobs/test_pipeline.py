"""Jobs one after another: each reads what the one before committed; what did not change is not run again."""

from __future__ import annotations

import pytest
import shapely

import wsinb
from wsinb.errors import InvalidInput, InvalidParameter, JobFailed
from wsinb.jobs import read_pipeline

PARAMETERS = """
project: str = "."
slides: list[str] = []
version: str = "main"
branch: str = "main"
source: str = "manual"
layer: str = "job:grown"
by: float = 5.0  # [px] 0..
"""
GROW = """
import wsinb
from wsinb import jobs
study = wsinb.open_project(project)
found = {}
for name in slides:
    table = study.read(name, version=version)
    shapes = table.geometry[table["layer"] == source].buffer(by, join_style="mitre")
    if by == 13:
        raise ValueError("no luck")
    found[name] = wsinb.new_annotations(shapes.tolist(), label="tumor", layer=layer)
jobs.replace_layer(study, branch, layer, found, f"{layer} grown")
jobs.result(rows=sum(map(len, found.values())))
"""
FILE = """
slides = ["case-1"]

[[step]]
name = "first"
job = "{job}"

[[step]]
name = "second"
job = "{job}"
source = "job:grown"
layer = "job:again"
"""


@pytest.fixture
def job(write_job):
    return write_job(PARAMETERS, GROW, name="grow")


@pytest.fixture
def pipeline(job, tmp_path):
    path = tmp_path / "two.toml"
    path.write_text(FILE.format(job=job))
    return path


@pytest.fixture
def drawn(study):
    draw(study, "case-1", 10)
    return study


def draw(study, slide, at, layer="manual"):
    session = study.session()
    table = wsinb.new_annotations([shapely.box(at, at, at + 20, at + 20)], label="tumor", layer=layer)
    session[slide].upsert(table)
    session.commit("drawn")


def states(result):
    return result.table["state"].tolist()


def test_each_step_reads_what_the_one_before_committed(drawn, pipeline):
    result = drawn.pipeline(pipeline)
    assert states(result) == ["run", "run"]
    table = drawn.read("case-1").set_index("layer")
    assert table.loc["job:grown"].geometry.bounds == (5, 5, 35, 35)
    assert table.loc["job:again"].geometry.bounds == (0, 0, 40, 40)
    assert result.steps["second"].record["input_version"] == result.steps["first"].commit
    assert "2 steps" in repr(result)
    assert "second" in result._repr_html_()


def test_what_did_not_change_is_not_run_again(drawn, pipeline):
    first = drawn.pipeline(pipeline)
    head = drawn.head()
    again = drawn.pipeline(pipeline)
    assert states(again) == ["reused", "reused"]
    assert drawn.head() == head
    assert [r.id for r in again.steps.values()] == [r.id for r in first.steps.values()]
    assert states(drawn.pipeline(pipeline, reuse=False)) == ["run", "run"]


def test_a_change_elsewhere_runs_nothing_again_and_one_below_runs_all(drawn, pipeline):
    drawn.pipeline(pipeline)
    draw(drawn, "case-2", 30)
    assert states(drawn.pipeline(pipeline)) == ["reused", "reused"]
    draw(drawn, "case-1", 60)
    result = drawn.pipeline(pipeline)
    assert states(result) == ["run", "run"]
    assert result.steps["second"].metrics == {"rows": 2}


def test_a_result_that_somebody_changed_is_made_again(drawn, pipeline):
    drawn.pipeline(pipeline)
    draw(drawn, "case-1", 90, layer="job:again")
    # the first step reads all layers of the slide as far as anybody knows, and so is run again as well
    assert states(drawn.pipeline(pipeline))[1] == "run"
    assert len(drawn.read("case-1")) == 3


def test_another_parameter_or_slide_is_another_run(drawn, job):
    one = drawn.run(job, slides="case-1", reuse=True)
    assert drawn.run(job, slides="case-1", reuse=True).reused
    assert not drawn.run(job, slides="case-1", by=6, reuse=True).reused
    assert not drawn.run(job, reuse=True).reused
    assert not one.reused


def test_a_step_that_fails_is_named_and_what_is_done_stays(drawn, pipeline):
    text = pipeline.read_text()
    pipeline.write_text(text + "by = 13\n")
    with pytest.raises(JobFailed, match=r"Step 'second' of pipeline 'two' failed: .*no luck"):
        drawn.pipeline(pipeline)
    pipeline.write_text(text)
    assert states(drawn.pipeline(pipeline)) == ["reused", "run"]


def test_what_is_wrong_with_a_step_is_told_with_its_name(drawn, pipeline):
    pipeline.write_text(pipeline.read_text() + "lyer = 'x'\nby = -1\n")
    with pytest.raises(InvalidParameter, match="did you mean 'layer'") as told:
        drawn.pipeline(pipeline)
    assert told.value.__notes__ == ["in step 'second' of pipeline 'two'"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no steps"),
        ("step = 3", "has no steps"),
        ("[[step]]\nname = 'x'", "has no job"),
        ("by = 3\n[[step]]\njob = 'x'", "has 'by' at its top"),
        ("[[step]]\njob = 'x'\n[[step]]\njob = 'x'", "Two steps"),
        ("[[step]]\njob = 'x'\nreuse = true", "sets reuse"),
        ("[[", "cannot be read as a pipeline"),
    ],
)
def test_a_file_that_is_no_pipeline_is_refused(tmp_path, text, message):
    path = tmp_path / "p.toml"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=message):
        read_pipeline(path)


def test_a_pipeline_that_is_not_there_is_refused(tmp_path):
    for missing in (tmp_path / "none.toml", 5):
        with pytest.raises(InvalidInput):
            read_pipeline(missing)
