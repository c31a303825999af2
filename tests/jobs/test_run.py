from __future__ import annotations

import errno
import json
import os
import signal
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

import nbformat
import psutil
import pytest

import wsinb
from wsinb.errors import (
    InvalidInput,
    InvalidParameter,
    JobFailed,
    UnknownJob,
    UnknownSlide,
    UnknownVersion,
)
from wsinb.jobs import JobResult, run
from wsinb.jobs.messages import PROGRESS_MIME
from wsinb.progress import Cancelled, Step

INPUTS = 'project: str = "."\nslides: list[str] = []\nversion: str = "main"\nbranch: str = "main"\n'
COMMIT = """
import shapely, wsinb
from wsinb import jobs
study = wsinb.open_project(project)
session = study.session(branch)
for name in slides:
    former = session[name].read()
    session[name].delete(former.loc[former["layer"] == "job:box", "id"].tolist())
    box = shapely.box(0, 0, side, side)
    session[name].upsert(wsinb.new_annotations([box], label="tumor", layer="job:box"))
commit = session.commit("a box")
jobs.result(commit=commit.id, side=side)
"""
PROGRESS = """
import time
from wsinb import jobs
from wsinb.progress import track
for _ in track(range(40), "work", jobs.progress()):
    time.sleep(0.02)
jobs.result()
"""


def kernels() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"widnow": 3}, InvalidParameter, "did you mean 'window'"),
        ({"window": "wide"}, InvalidParameter, "a whole number"),
        ({"slides": ["other"]}, UnknownSlide, "'other'"),
        ({"version": "v9"}, UnknownVersion, "v9"),
        ({"project": "elsewhere"}, TypeError, "project"),
    ],
)
@pytest.mark.usefixtures("no_kernel")
def test_bad_arguments_fail_before_a_kernel_starts(
    study, arguments: dict, error: type[Exception], message: str
):
    with pytest.raises(error, match=message):
        run(study, "segment_train", **arguments)


@pytest.mark.usefixtures("no_kernel")
def test_missing_parameters_and_unknown_jobs_fail_before_a_kernel_starts(study, write_job):
    with pytest.raises(InvalidParameter, match="needs the parameter 'side'"):
        run(study, write_job(INPUTS + "side: int"))
    with pytest.raises(UnknownJob):
        run(study, "segment")
    with pytest.raises(InvalidParameter, match="takes no slides"):
        run(study, write_job('project: str = "."'), slides=["case-1"])


def test_result_is_committed_with_the_record_and_the_executed_notebook(study, write_job):
    before = study.head()
    job = write_job(INPUTS + "side: int = 50  # px\nseed: int = 7", COMMIT, name="box")
    result = run(study, job, slides="case-2", author="ada", side=60)

    assert study.head() == result.commit != before
    assert study.commit(result.commit).author == "ada"
    table = study.read("case-2", version=result.commit)
    assert table["layer"].tolist() == ["job:box"]
    assert table.geometry.iloc[0].bounds == (0, 0, 60, 60)
    assert len(study.read("case-1")) == 0

    names = {artifact.name for artifact in study.artifacts(result.commit)}
    assert names == {f"box-{result.id}.ipynb", f"box-{result.id}.json"}
    record = json.loads(study.read_artifact(result.commit, f"box-{result.id}.json"))
    assert record == result.record
    assert record["format"] == "wsinb.job/2"
    assert (record["id"], record["job"], record["author"], record["branch"]) == (
        result.id,
        "box",
        "ada",
        "main",
    )
    assert (record["input_version"], record["output_version"]) == (before, result.commit)
    assert record["parameters"] == {
        "project": str(study.path),
        "version": before,
        "branch": "main",
        "side": 60,
        "seed": 7,
    }
    entry = study.slides["case-2"]
    assert record["slides"] == [
        {"name": "case-2", "checksum": entry.checksum, "size": [512, 384], "mpp": [0.5, 0.5]}
    ]
    assert record["metrics"] == result.metrics == {"side": 60}
    assert record["seeds"] == {"seed": 7}
    assert {"wsinb", "numpy", "papermill"} <= set(record["packages"])
    assert record["platform"]["python"]
    assert record["seconds"] > 0
    assert [task["slides"] for task in record["tasks"]] == [["case-2"]]
    executed = nbformat.reads(study.read_artifact(result.commit, result.notebook).decode(), 4)
    assert "side = 60" in executed.cells[1].source


def test_a_second_run_replaces_the_layer_and_leaves_the_rest(study, write_job):
    import shapely

    import wsinb

    session = study.session()
    session["case-1"].upsert(wsinb.new_annotations([shapely.box(5, 5, 9, 9)], label="tumor"))
    session.commit("drawn")
    job = write_job(INPUTS + "side: int = 50", COMMIT)
    run(study, job, slides=["case-1"])
    run(study, job, slides=["case-1"], side=20)
    table = study.read("case-1")
    assert sorted(table["layer"]) == ["job:box", "manual"]
    assert table[table["layer"] == "job:box"].geometry.iloc[0].bounds == (0, 0, 20, 20)


def test_a_job_that_commits_nothing_is_kept_with_its_input_version(study, write_job):
    job = write_job('version: str = "main"', "from wsinb import jobs\njobs.result(found=3)")
    result = run(study, job)
    assert result.commit == study.head()
    assert result.record["output_version"] is None
    assert {artifact.name for artifact in study.artifacts(result.commit)} == {
        f"job-{result.id}.ipynb",
        f"job-{result.id}.json",
    }


def test_progress_arrives_monotone_and_is_not_stored(study, write_job):
    steps: list[Step] = []
    result = run(study, write_job("x: int = 1", PROGRESS), progress=steps.append)
    done = defaultdict(list)
    for step in steps:
        done[step.label].append(step.done)
    assert set(done) == {"cells", "work"}
    assert all(values == sorted(values) for values in done.values())
    assert len(done["work"]) >= 3
    assert done["work"][-1] == 40
    assert PROGRESS_MIME.encode() not in study.read_artifact(result.commit, result.notebook)


def test_a_failing_cell_is_named_and_the_partial_notebook_is_kept(study, write_job):
    before, artifacts = study.head(), study.artifacts(study.head())
    job = write_job(INPUTS, "reached = 1", "raise ValueError('no such stain')", "never = 1")
    with pytest.raises(JobFailed, match="failed in cell 4: ValueError: no such stain") as failure:
        run(study, job)
    (kept,) = (Path(study.path) / "failed-jobs").glob("job-*.ipynb")
    assert str(kept) in str(failure.value)
    assert "no such stain" in kept.read_text()
    assert study.head() == before
    assert study.artifacts(before) == artifacts


def test_a_notebook_that_tells_no_result_fails(study, write_job):
    with pytest.raises(JobFailed, match="told no result"):
        run(study, write_job("x: int = 1", "x"))


@pytest.mark.parametrize("told", ["commit='nowhere'", "commit='0' * 64"])
def test_a_result_without_its_commit_fails(study, write_job, told: str):
    with pytest.raises(JobFailed, match="the notebook as far as it ran"):
        run(study, write_job("x: int = 1", f"from wsinb import jobs\njobs.result({told})"))


def test_a_kernel_that_dies_is_reported(study, write_job):
    with pytest.raises(JobFailed, match="its kernel died"):
        run(study, write_job("x: int = 1", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"))


def test_cancelling_ends_the_kernel_and_stores_nothing(study, write_job):
    before, running = study.head(), kernels()

    def cancel(step: Step) -> None:
        if step.label == "work" and step.done > 3:
            raise Cancelled("stopped by the user")

    slow = PROGRESS.replace("0.02", "0.5")
    start = time.perf_counter()
    with pytest.raises(Cancelled, match="stopped by the user"):
        run(study, write_job("x: int = 1", slow), progress=cancel)
    assert time.perf_counter() - start < 15
    assert kernels() <= running
    assert study.head() == before
    assert study.artifacts(before) == []


def test_an_interrupt_ends_the_kernel_and_stores_nothing(study, write_job):
    before, running = study.head(), kernels()
    begun = threading.Event()

    def interrupt() -> None:
        if begun.wait(20):
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run(
            study,
            write_job("x: int = 1", "from wsinb import jobs\nx", "import time\ntime.sleep(60)"),
            progress=lambda step: begun.set(),
        )
    thread.join()
    assert kernels() <= running
    assert study.artifacts(before) == []


def test_the_kernel_runs_the_same_python_and_works_in_a_folder_that_is_gone(study, write_job):
    import sys

    code = "import os, sys\nfrom wsinb import jobs\njobs.result(python=sys.executable, folder=os.getcwd())"
    metrics = run(study, write_job("x: int = 1", code)).metrics
    assert metrics["python"] == sys.executable
    assert not Path(metrics["folder"]).exists()


def test_secrets_of_the_environment_are_nowhere_stored(study, write_job, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("STORE_PASSWORD", "open-sesame")
    code = "import os\nfrom wsinb import jobs\njobs.result(seen='STORE_PASSWORD' in os.environ)"
    result = run(study, write_job("x: int = 1", code))
    assert result.metrics == {"seen": True}
    for artifact in study.artifacts(result.commit):
        assert b"open-sesame" not in study.read_artifact(result.commit, artifact.name)


def test_a_result_shows_itself_as_a_table_and_escapes_what_a_notebook_reports():
    record = {"seconds": 1.26}
    metrics = {"polygons": 3, "note": "<script>alert(1)</script>", "model_sha256": "0123456789" * 6 + "abcd"}
    result = JobResult("run-1", "segment_apply", "f" * 64, metrics, record)
    html = result._repr_html_()
    assert "segment_apply" in html
    assert ">3<" in html
    assert "1.3" in html
    assert "&lt;script&gt;" in html
    assert "<script>" not in html
    assert ">0123456789<" in html
    assert repr(result).startswith("JobResult(id='run-1', job='segment_apply', commit='ffff")


@pytest.mark.parametrize("author", ["two\nlines", " ", 5, "x" * 1000, "half \udc80"])
def test_an_author_that_is_no_name_is_refused_before_a_kernel_starts(study, no_kernel, author):
    with pytest.raises(InvalidInput, match="An author is a printable name"):
        study.run("segment_train", author=author)


def test_slides_that_are_no_names_are_refused_before_a_kernel_starts(study, no_kernel):
    for slides in (5, [None], [["case-1"]]):
        with pytest.raises(InvalidParameter, match="by name or pattern"):
            study.run("segment_train", slides=slides)


def test_a_project_without_slides_is_refused_before_a_kernel_starts(tmp_path, no_kernel):
    empty = wsinb.create_project(tmp_path / "empty")
    for job in ("segment_train", "segment_apply"):
        with pytest.raises(InvalidParameter, match=r"has no slides at version '[0-9a-f]{12}': add one"):
            empty.run(job)


def test_an_error_of_several_lines_is_one_sentence_and_the_kernel_says_nothing(study, write_job, capfd):
    job = write_job(INPUTS, "raise ValueError('one\\ntwo')")
    with pytest.raises(JobFailed, match="ValueError: one two"):
        study.run(job)
    assert capfd.readouterr().err == ""


def test_a_temporary_folder_that_cannot_be_made_is_explained(study, write_job, monkeypatch):
    def fail(**_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "mkdtemp", fail)
    with pytest.raises(JobFailed, match=r"No space left on device.*set TMPDIR"):
        study.run(write_job(INPUTS, "1"))


def test_what_is_no_model_is_named(study):
    study.attach("main", "segmentation.npz", b"no model")
    with pytest.raises(
        JobFailed, match=r"the model segmentation of version [0-9a-f]{12} is not a forest.*train it"
    ):
        study.run("segment_apply")
    assert len(study.log()) == 4
