"""`wsinb jobs, run, runs, resume, rerun, verify-run, pipeline` on one small project."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

import wsinb
from wsinb import errors
from wsinb.cli import main
from wsinb.testing import synthetic_slide

PARAMETERS = """
project: str = "."
slides: list[str] = []
version: str = "main"
branch: str = "main"
side: int = 50  # how large [px] 1..100
flag: str = ""
"""
CELL = """
import pathlib, random, shapely, wsinb
from wsinb import jobs
if flag and not pathlib.Path(flag).exists():
    raise ValueError("not yet")
study = wsinb.open_project(project)
box = wsinb.new_annotations([shapely.box(0, 0, side, side)], layer="job:box")
jobs.replace_layer(study, branch, "job:box", {name: box for name in slides}, "boxes")
jobs.result(side=side)
"""


@pytest.fixture
def wsi(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    project = wsinb.create_project(tmp_path / "study")
    for name in ("one", "two"):
        project.slides.add(synthetic_slide(tmp_path / "study" / f"{name}.tiff", size=(256, 256)))
    (project.path / "jobs").mkdir()
    cells = [
        nbformat.v4.new_markdown_cell("# Boxes\n\nDraws a box on each slide."),
        *map(nbformat.v4.new_code_cell, (PARAMETERS, CELL)),
    ]
    cells[1].metadata["tags"] = ["parameters", "per-slide"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), project.path / "jobs" / "box.ipynb")
    monkeypatch.chdir(project.path)

    def call(*words: object, code: int = 0) -> str:
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words])
        out, err = capsys.readouterr()
        assert int(left.value.code or 0) == code, err
        return out if code in (0, 1) else err

    return call


def test_a_job_of_the_project_is_listed_explained_and_run(wsi):
    listed = {job["name"]: job for job in json.loads(wsi("jobs", "-o", "json"))["wsinb.jobs/1"]}
    assert listed["box"] == {
        "name": "box",
        "title": "Boxes",
        "help": "Draws a box on each slide.",
        "from": "project",
        "per_slide": True,
    }
    assert listed["segment_apply"]["from"] == "wsinb"
    assert "Boxes" in wsi("jobs")
    assert "side: int = 50" in (help_ := wsi("run", "box", "--help"))
    assert "how large; from 1 to 100 px" in help_
    out = wsi("run", "box", "-p", "side=20", "-q", "--workers", 2)
    assert "side: 40" in out  # counts of slides are added up
    assert len(wsinb.open_project(".").read("two")) == 1


def test_what_is_wrong_is_said_before_anything_starts(wsi):
    assert "from 1 to 100 px, not 500" in wsi(
        "run", "box", "-p", "side=500", code=errors.InvalidParameter.exit_code
    )
    assert "A scheduler is one of" in wsi(
        "run", "box", "--scheduler", "slurm", code=errors.InvalidInput.exit_code
    )
    assert wsi("runs") == "Nothing was run yet.\n"


def test_a_run_that_failed_is_listed_and_gone_on_with(wsi, tmp_path):
    flag = tmp_path / "flag"
    told = wsi("run", "box", "-q", "-p", f"flag={flag}", code=errors.JobFailed.exit_code)
    assert "failed on 2 of 2 slides" in told
    (row,) = json.loads(wsi("runs", "box", "-o", "json"))["wsinb.runs/1"]
    assert (row["state"], row["slides"]) == ("failed", 2)
    assert "not yet" in wsi("runs")
    flag.touch()
    assert row["id"] in wsi("resume", row["id"][-8:], "-q")
    assert "UnknownRun" not in wsi("resume", "nothing", "-q", code=errors.UnknownRun.exit_code)


def test_a_run_is_repeated_and_checked(wsi):
    done = json.loads(wsi("run", "box", "-q", "-s", "one", "-o", "json"))["wsinb.run/1"]
    assert "gave the same" in wsi("rerun", done["id"], "-q")
    assert json.loads(wsi("rerun", done["id"], "-q", "-o", "json"))["wsinb.rerun/1"]["identical"]
    assert "can be repeated" in wsi("verify-run", done["id"])
    Path("one.tiff").unlink()
    assert "slide 'one' cannot be opened" in wsi("verify-run", done["id"], code=1)
    assert not json.loads(wsi("verify-run", done["id"], "-o", "json", code=1))["wsinb.verify-run/1"]["ok"]


def test_a_pipeline_runs_what_changed(wsi):
    Path("two.toml").write_text('[[step]]\njob = "box"\n')
    assert "box: version" in wsi("pipeline", "two.toml", "-q")
    assert "not run again" in wsi("pipeline", "two.toml", "-q")
    (row,) = json.loads(wsi("pipeline", "two.toml", "-q", "-o", "json"))["wsinb.pipeline/1"]
    assert row["state"] == "reused"
    assert "side: 100" in wsi("run", "box", "-q", "--reuse")
