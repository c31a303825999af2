"""Tasks on Dask workers: the same result as on this machine, progress, cancelling, lost workers."""

from __future__ import annotations

import os
from collections import defaultdict

import psutil
import pytest
from distributed import LocalCluster

from wsinb.errors import InvalidInput
from wsinb.jobs import run
from wsinb.jobs.runs import RunStore
from wsinb.progress import Cancelled, Step

PARAMETERS = """
project: str = "."
slides: list[str] = []
version: str = "main"
branch: str = "main"
kill: str = ""
seconds: float = 0.0
"""
BOXES = """
import os, signal, time, shapely, wsinb
from wsinb import jobs
from wsinb.progress import track
study = wsinb.open_project(project)
if kill and not os.path.exists(kill):
    open(kill, "w").close()
    os.kill(os.getppid(), signal.SIGKILL)  # the worker
    time.sleep(60)
found = {}
for number, name in enumerate(slides):
    for _ in track(range(3), "boxes", jobs.progress()):
        time.sleep(seconds)
    box = shapely.box(0, 0, 10 * len(name), 50)
    found[name] = wsinb.new_annotations([box], label="tumor", layer="job:box")
jobs.replace_layer(study, branch, "job:box", found, "boxes")
jobs.result(boxes=len(found), pid=[os.getpid(), os.getppid()])
"""


@pytest.fixture(scope="module")
def cluster():
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def boxes(write_job):
    return write_job(PARAMETERS, BOXES, name="boxes", per_slide=True)


def contents(result):
    return {
        task["slides"][0]: [table["content"] for table in task["tables"]] for task in result.record["tasks"]
    }


def test_the_result_is_the_same_whatever_the_scheduler(study, boxes, cluster):
    here = run(study, boxes, commit=True)
    steps: list[Step] = []
    there = run(study, boxes, scheduler=cluster, progress=steps.append)
    assert contents(there) == contents(here)
    assert {pid for task in there.record["tasks"] for pid in task["metrics"]["pid"]}.isdisjoint({os.getpid()})
    done = defaultdict(list)
    for step in steps:
        done[step.label].append(step.done)
    assert done["boxes"] == [1, 2]
    assert done["case-1: boxes"][-1] == done["case-2: boxes"][-1] == 3


def test_processes_of_this_machine(study, boxes):
    result = run(study, boxes, scheduler="processes", workers=2)
    assert [len(study.read(name)) for name in ("case-1", "case-2")] == [1, 1]
    workers = {task["metrics"]["pid"][1] for task in result.record["tasks"]}
    assert len(workers) == 2
    assert not any(psutil.pid_exists(pid) for pid in workers)


def test_a_lost_worker_costs_its_task_only(study, boxes, cluster, tmp_path):
    result = run(study, boxes, scheduler=cluster, kill=str(tmp_path / "killed"))
    assert (tmp_path / "killed").exists()
    assert [len(study.read(name)) for name in ("case-1", "case-2")] == [1, 1]
    assert result.metrics["boxes"] == 2


def test_cancelling_ends_the_kernels_and_leaves_the_cluster(study, boxes, cluster):
    def cancel(step: Step) -> None:
        if step.label.endswith(": boxes"):
            raise Cancelled("enough")

    with pytest.raises(Cancelled, match="enough"):
        run(study, boxes, scheduler=cluster, progress=cancel, seconds=20.0)
    runs = RunStore(study.repository.store)
    assert runs.last_end(runs.ids()[0]).state == "cancelled"
    assert run(study, boxes, scheduler=cluster).metrics["boxes"] == 2


def test_a_scheduler_that_does_not_answer_is_named(study, boxes, monkeypatch):
    from wsinb.jobs.schedule import dask

    monkeypatch.setattr(dask, "CONNECT_S", 0.5)
    with pytest.raises(InvalidInput, match=r"No Dask scheduler answers at tcp://127.0.0.1:9"):
        run(study, boxes, scheduler="tcp://127.0.0.1:9")
