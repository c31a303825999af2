"""Jobs over HTTP: a run is checked, started in a process of its own, watched, stopped and gone on with."""

from __future__ import annotations

import time

import nbformat
import psutil
import pytest

import wsinb

PARAMETERS = """
project: str = "."
slides: list[str] = []
version: str = "main"
branch: str = "main"
side: int = 50  # how large [px] 1..100
seconds: float = 0.0
"""
CELL = """
import time, shapely, wsinb
from wsinb import jobs
from wsinb.progress import track
study = wsinb.open_project(project)
for _ in track(range(20), "work", jobs.progress()):
    time.sleep(seconds / 20)
box = wsinb.new_annotations([shapely.box(0, 0, side, side)], layer="job:box")
jobs.replace_layer(study, branch, "job:box", {name: box for name in slides}, "boxes")
jobs.result(side=side)
"""


@pytest.fixture
def job(server, study):
    """A job of the project that draws a box on each slide."""
    folder = server.root / study["project"] / "jobs"
    folder.mkdir(exist_ok=True)
    cells = [
        nbformat.v4.new_markdown_cell("# Boxes\n\nDraws a box on each slide."),
        nbformat.v4.new_code_cell(PARAMETERS),
        nbformat.v4.new_code_cell(CELL),
    ]
    cells[1].metadata["tags"] = ["parameters", "per-slide"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "box.ipynb")
    return {"project": study["project"], "name": "box"}


def wait(server, job, run, state):
    """Return what is told about a run once it is in a state."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        told = server.get("run", {"project": job["project"], "id": run}).json
        if told["state"] == state:
            return told
        time.sleep(0.2)
    raise AssertionError(told)


def started(server, job, **members):
    answer = server.post("job/run", {**job, **members})
    assert answer.status == 200, answer.body
    return answer.json["id"]


def test_jobs_are_listed_and_tell_what_they_take(server, job):
    listed = {each["name"]: each for each in server.get("jobs", job).json["jobs"]}
    assert listed["box"]["from"] == "project"
    assert listed["segment_apply"]["from"] == "wsinb"
    told = server.get("job", job).json
    assert (told["title"], told["help"], told["per_slide"]) == ("Boxes", "Draws a box on each slide.", True)
    by_name = {parameter["name"]: parameter for parameter in told["parameters"]}
    assert by_name["slides"]["picker"] == "slides"
    side = by_name["side"]
    assert (side["unit"], side["low"], side["high"], side["picker"]) == ("px", 1, 100, None)
    assert side["range"] == "from 1 to 100 px"


def test_a_run_is_carried_out_by_a_process_of_its_own(server, job, study):
    run = started(server, job, parameters={"side": 20})
    told = wait(server, job, run, "done")
    assert told["metrics"] == {"side": 20}
    assert [(task["slides"], task["state"]) for task in told["tasks"]] == [(["one"], "done")]
    assert "started" in told["log"]
    assert told["author"] == "owner-of-the-server"
    project = wsinb.open_project(server.root / study["project"])
    assert told["output_version"] == project.head()
    assert "job:box" in set(project.read("one")["layer"])
    listed = server.get("runs", {"project": job["project"]}).json["runs"]
    assert listed[0]["id"] == run


def test_what_is_wrong_is_told_before_anything_is_started(server, job):
    before = len(server.get("runs", {"project": job["project"]}).json["runs"])
    for members, message in (
        ({"parameters": {"side": 500}}, "from 1 to 100 px, not 500"),
        ({"parameters": {"sied": 5}}, "did you mean 'side'"),
        ({"slides": ["none"]}, "none"),
        ({"workers": "many"}, "workers is a whole number"),
        ({"name": "../../etc/x.ipynb"}, "job"),
        ({"parameters": []}, "'parameters' must be an object"),
        ({"slides": "one"}, "'slides' must be a list"),
    ):
        answer = server.post("job/run", {**job, **members})
        assert 400 <= answer.status < 500
        assert message in answer.json["error"]
    assert len(server.get("runs", {"project": job["project"]}).json["runs"]) == before


def test_a_run_is_watched_cancelled_and_gone_on_with(server, job):
    run = started(server, job, parameters={"seconds": 4.0})
    end = time.monotonic() + 60
    labels: set[str] = set()
    while "work" not in labels and time.monotonic() < end:
        told = server.get("run", {"project": job["project"], "id": run}).json
        labels |= {step["label"] for step in (told["live"] or {}).get("steps", ())}
        time.sleep(0.05)
    assert "work" in labels
    assert server.post("run/cancel", {"project": job["project"], "id": run}).status == 200
    assert "cancelled" in wait(server, job, run, "cancelled")["log"]
    again = server.post("run/cancel", {"project": job["project"], "id": run})
    assert (again.status, "is cancelled" in again.json["error"]) == (400, True)
    assert server.post("run/resume", {"project": job["project"], "id": run}).json == {"id": run}
    wait(server, job, run, "done")
    assert server.post("run/resume", {"project": job["project"], "id": run}).status == 400


def test_nothing_stays_behind(server, job):
    run = started(server, job)
    wait(server, job, run, "done")
    end = time.monotonic() + 30
    while time.monotonic() < end:
        server.get("runs", {"project": job["project"]})
        words = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
        if not any(run in line for line in words):
            return
        time.sleep(0.2)
    raise AssertionError("a process of the run is still there")


def test_an_unknown_run_is_not_found(server, job):
    assert server.get("run", {"project": job["project"], "id": "20200101"}).status == 404
