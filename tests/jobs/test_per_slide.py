"""Jobs that work on each slide alone: one task a slide, one commit, and only what failed is done again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections import defaultdict
from pathlib import Path

import nbformat
import psutil
import pytest
import shapely

import wsinb
from wsinb.errors import JobFailed, UnknownRun
from wsinb.jobs import resume, run
from wsinb.jobs.runs import RunStore
from wsinb.progress import Cancelled, Step

INPUTS = 'project: str = "."\nslides: list[str] = []\nversion: str = "main"\nbranch: str = "main"\n'
BOXES = """
import os, time, shapely, wsinb
from wsinb import jobs
from wsinb.progress import track
study = wsinb.open_project(project)
found = {}
for name in slides:
    if name in fails and not os.path.exists(repaired):
        raise ValueError(f"no tissue on {name}")
    for _ in track(range(3), "boxes", jobs.progress()):
        time.sleep(seconds)
    found[name] = wsinb.new_annotations([shapely.box(0, 0, side, side)], label="tumor", layer="job:box")
commit = jobs.replace_layer(study, branch, "job:box", found, "boxes")
jobs.result(commit=commit.id if commit else None, boxes=len(found), side=float(side), pid=[os.getpid()])
"""
PARAMETERS = INPUTS + 'side: int = 50\nfails: list[str] = []\nrepaired: str = ""\nseconds: float = 0.0\n'


@pytest.fixture
def boxes(write_job):
    """A job that works on each slide alone."""
    return write_job(PARAMETERS, BOXES, name="boxes", per_slide=True)


@pytest.fixture
def runs(study):
    return RunStore(study.repository.store)


def test_each_slide_is_a_task_and_all_are_one_commit(study, boxes, runs):
    before = study.head()
    result = run(study, boxes, author="ada")
    assert [task["slides"] for task in result.record["tasks"]] == [["case-1"], ["case-2"]]
    assert study.log()[0].id == study.head() == result.commit
    assert study.commit(result.commit).parents == (before,)
    assert study.commit(result.commit).message == "boxes: 2 annotations on 2 slides"
    for name in ("case-1", "case-2"):
        assert study.read(name)["layer"].tolist() == ["job:box"]
    assert (result.metrics["boxes"], result.metrics["side"]) == (2, 50.0)
    assert result.table[["slides", "boxes"]].to_dict("list") == {
        "slides": ["case-1", "case-2"],
        "boxes": [1, 1],
    }
    one, two = (task["metrics"]["pid"] for task in result.record["tasks"])
    assert one == two  # the same warm kernel
    assert runs.last_end(result.id).state == "done"
    names = {artifact.name for artifact in study.artifacts(result.commit)}
    assert names == {f"boxes-{result.id}{end}" for end in (".json", "-case-1.ipynb", "-case-2.ipynb")}
    assert result.notebook == f"boxes-{result.id}-case-1.ipynb"


def test_the_same_job_by_hand_takes_all_slides_at_once(study, boxes, monkeypatch):
    notebook = nbformat.read(boxes, as_version=4)
    names = {"project": str(study.path), "slides": ["case-1", "case-2"], "branch": "main"}
    defaults = {"side": 50, "fails": [], "repaired": "", "seconds": 0.0}
    monkeypatch.delenv("WSINB_JOB_OUTBOX", raising=False)
    exec(notebook.cells[1].source, {**defaults, **names})
    assert [len(study.read(name)) for name in names["slides"]] == [1, 1]


def test_two_workers_give_the_same_result(study, boxes):
    one = run(study, boxes, commit=False)
    before = study.head()
    two = run(study, boxes, workers=2)
    contents = [table["content"] for task in two.record["tasks"] for table in task["tables"]]
    assert len(contents) == 2
    assert len(set(contents)) == 1
    assert one.record["output_version"] is None
    assert study.commit(two.commit).parents == (before,)
    pids = {task["metrics"]["pid"][0] for task in two.record["tasks"]}
    assert len(pids) == 2


def test_only_a_slide_that_failed_is_done_again_and_nothing_is_committed_before(study, boxes, runs, tmp_path):
    before, repaired = study.head(), tmp_path / "repaired"
    with pytest.raises(
        JobFailed, match=r"failed on 1 of 2 slides \(case-1: failed in cell 3: ValueError: no tissue"
    ):
        run(study, boxes, fails=["case-1"], repaired=str(repaired))
    assert study.head() == before
    (id_,) = runs.ids()
    end = runs.last_end(id_)
    assert (end.state, list(end.failed)) == ("failed", ["case-1"])
    (kept,) = (study.path / "failed-jobs").glob("boxes-*case-1.ipynb")
    assert "no tissue" in kept.read_text()
    repaired.touch()
    result = resume(study, id_[-8:])
    assert [(o.task, o.attempt, o.state) for o in runs.outcomes(id_)] == [
        (0, 0, "failed"), (0, 1, "done"), (1, 0, "done"),
    ]  # fmt: skip
    assert [len(study.read(name)) for name in ("case-1", "case-2")] == [1, 1]
    assert result.commit == study.head()
    again = resume(study, id_)
    assert (again.commit, again.metrics) == (result.commit, result.metrics)
    assert study.head() == result.commit


def test_progress_names_the_slide_and_counts_slides(study, boxes):
    steps: list[Step] = []
    run(study, boxes, progress=steps.append)
    done = defaultdict(list)
    for step in steps:
        done[step.label].append(step.done)
    assert done["boxes"] == [1, 2]
    assert done["case-1: boxes"][-1] == done["case-2: boxes"][-1] == 3


def test_cancelling_keeps_what_is_done(study, boxes, runs):
    def cancel(step: Step) -> None:
        if step.label == "case-2: boxes":
            raise Cancelled("enough")

    with pytest.raises(Cancelled, match="enough"):
        run(study, boxes, progress=cancel, seconds=0.3)
    (id_,) = runs.ids()
    assert runs.last_end(id_).state == "cancelled"
    assert [(o.task, o.state) for o in runs.outcomes(id_)] == [(0, "done")]
    assert len(study.read("case-1")) == 0
    resume(study, id_)
    assert [len(study.read(name)) for name in ("case-1", "case-2")] == [1, 1]


def test_a_coordinator_that_was_killed_is_gone_on_with(study, boxes, runs):
    code = f"""
        import wsinb
        from wsinb.jobs import run
        run(wsinb.open_project({str(study.path)!r}), {boxes!r}, seconds=1.0)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)])
    deadline = time.monotonic() + 60
    while not (runs.ids() and runs.outcomes(runs.ids()[0])):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert runs.state(runs.ids()[0]) == "running"
    with pytest.raises(wsinb.errors.InvalidInput, match=f"going on in process {process.pid}"):
        resume(study, runs.ids()[0])
    kernels = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for kernel in kernels:
        kernel.kill()
    (id_,) = runs.ids()
    assert runs.last_end(id_) is None
    assert runs.state(id_) == study.runs().loc[id_, "state"] == "interrupted"
    done = [o.started_at for o in runs.outcomes(id_)]
    result = resume(study, id_)
    assert [task["started_at"] for task in result.record["tasks"]][: len(done)] == done
    assert [len(study.read(name)) for name in ("case-1", "case-2")] == [1, 1]


def test_a_kernel_that_is_lost_costs_an_attempt(study, write_job, runs, tmp_path):
    flag = tmp_path / "once"
    kill = f"""
import os, signal, pathlib
if not pathlib.Path({str(flag)!r}).exists():
    pathlib.Path({str(flag)!r}).touch()
    os.kill(os.getpid(), signal.SIGKILL)
from wsinb import jobs
jobs.result(fine=1)
"""
    result = run(study, write_job("x: int = 1", kill))
    assert result.metrics == {"fine": 1}
    assert [(o.attempt, o.state) for o in runs.outcomes(result.id)] == [(0, "lost"), (1, "done")]


def test_what_others_drew_meanwhile_stays(study, boxes):
    drawn = draw(study)
    run(study, boxes, slides="case-1")
    assert sorted(study.read("case-1")["layer"]) == ["job:box", "manual"]
    assert drawn in study.read("case-1")["id"].tolist()


def draw(study) -> str:
    session = study.session()
    table = wsinb.new_annotations([shapely.box(5, 5, 9, 9)], label="tumor")
    session["case-1"].upsert(table)
    session.commit("drawn")
    return table["id"].iloc[0]


def test_garbage_collection_spares_what_runs_name(study, boxes, runs, tmp_path):
    from datetime import timedelta

    with pytest.raises(JobFailed):
        run(study, boxes, fails=["case-1"], repaired=str(tmp_path / "later"))
    (id_,) = runs.ids()
    study.gc(grace=timedelta(0))
    assert not study.verify().damage
    (tmp_path / "later").touch()
    resume(study, id_)
    assert len(study.read("case-2")) == 1


def test_a_damaged_plan_is_found(study, boxes, runs):
    result = run(study, boxes)
    path = Path(study.path) / ".wsinb" / "jobs" / result.id / "plan.json"
    path.write_bytes(path.read_bytes().replace(b"case-1", b"case-9"))
    assert [damage.key for damage in study.verify().damage] == [f"jobs/{result.id}/plan.json"]
    with pytest.raises(wsinb.errors.StorageError, match="is damaged"):
        runs.plan(result.id)


def test_a_run_is_named_by_a_part_of_its_id(study, boxes, runs):
    ids = [run(study, boxes, slides="case-1", commit=False).id for _ in range(2)]
    assert runs.ids() == sorted(ids, reverse=True)
    assert runs.find(ids[0]) == runs.find(ids[0][-8:]) == ids[0]
    with pytest.raises(UnknownRun, match="Several runs"):
        runs.find(ids[0][:8])
    for wrong in ("nothing", "", None):
        with pytest.raises(UnknownRun):
            runs.find(wrong)


@pytest.mark.usefixtures("no_kernel")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 0}, "workers is a whole number from 1"),
        ({"retries": -1}, "retries"),
        ({"time_limit": 0}, "time_limit"),
        ({"memory_limit": "much"}, "memory_limit is a number of bytes"),
        ({"scheduler": "slurm"}, "A scheduler is one of threads"),
    ],
)
def test_bad_options_fail_before_a_kernel_starts(study, boxes, options, message):
    with pytest.raises(wsinb.errors.InvalidInput, match=message):
        run(study, boxes, **options)


def test_limits_are_passed_on(study, boxes):
    with pytest.raises(JobFailed, match="longer than its limit"):
        run(study, boxes, slides="case-1", seconds=30.0, time_limit=0.2)


def test_secrets_are_taken_out_of_everything(study, write_job, monkeypatch):
    monkeypatch.setenv("STORE_PASSWORD", "open-sesame")
    cell = "import os\nprint(os.environ['STORE_PASSWORD'])\nfrom wsinb import jobs\n"
    result = run(study, write_job("x: int = 1", cell + "jobs.result(seen=os.environ['STORE_PASSWORD'])"))
    assert result.metrics == {"seen": "***"}
    with pytest.raises(JobFailed, match=r"ValueError: \*\*\*"):
        run(study, write_job("x: int = 1", "import os\nraise ValueError(os.environ['STORE_PASSWORD'])"))
    for folder, _, names in os.walk(study.path):
        for name in names:
            assert b"open-sesame" not in (Path(folder) / name).read_bytes()
    assert json.loads(study.read_artifact(result.commit, f"job-{result.id}.json"))["metrics"] == {
        "seen": "***"
    }
