from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import papermill
import pytest

import wsinb
from wsinb.demo import held_out_regions, lab_command, make_demo, open_demo
from wsinb.demo.make import RESULT_LAYER, SLIDE
from wsinb.demo.report import MARKER
from wsinb.errors import InvalidInput, StorageError, UnknownProject
from wsinb.jobs import notebooks_folder

SIZE = 4096


@pytest.mark.slow
def test_headless_prints_one_json_object_about_all_steps(demo):
    folder, report = demo
    assert report["slide_size"] == [SIZE, SIZE]
    assert report["polygons"] > 0
    assert report["dice"] >= 0.85
    assert list(report["seconds"]) == ["slide", "project", "train", "apply", "score", "viewer", "total"]
    assert len(report["versions"]) == 5
    assert report["folder"] == str(folder)


@pytest.mark.slow
def test_the_project_holds_annotations_result_model_and_records(demo):
    folder, report = demo
    project = wsinb.open_project(folder)
    assert [commit.id for commit in project.log()] == report["versions"][::-1]
    assert {"tumour", "training region"} <= set(project.labels)
    assert all(project.labels[name].key for name in project.labels)
    table = project.read(SLIDE)
    assert set(table["layer"]) == {"manual", RESULT_LAYER}
    assert (table["layer"] == RESULT_LAYER).sum() == report["polygons"]
    artifacts = {
        item.name.split("-2")[0] for version in report["versions"] for item in project.artifacts(version)
    }
    assert {"tumour.npz", "held-out-regions.geojson", "segment_train", "segment_apply"} <= artifacts
    drawn = table[(table["layer"] == "manual") & (table["label"] == "tumour")]
    assert not any(region.intersects(drawn.union_all()) for region in held_out_regions(project))


@pytest.mark.slow
def test_the_folder_holds_slide_and_notebooks(demo):
    folder, _ = demo
    assert wsinb.open_slide(folder / f"{SLIDE}.tiff").size == (SIZE, SIZE)
    shipped = {path.relative_to(notebooks_folder()) for path in notebooks_folder().rglob("*.ipynb")}
    there = {path.relative_to(folder / "notebooks") for path in (folder / "notebooks").rglob("*.ipynb")}
    assert there == shipped
    assert {Path("tour.ipynb"), Path("jobs/segment_apply.ipynb"), Path("tutorials/viewer.ipynb")} <= there
    assert {path.name for path in folder.iterdir()} == {".wsinb", "notebooks", MARKER, f"{SLIDE}.tiff"}


@pytest.mark.slow
def test_a_finished_demo_is_used_again_as_it_is(demo):
    folder, report = demo
    head = wsinb.open_project(folder).head()
    again = make_demo(folder)
    assert again.to_json() == report
    assert wsinb.open_project(folder).head() == head
    assert open_demo(folder).head() == head
    with pytest.raises(InvalidInput, match="4096 px a side"):
        make_demo(folder, size=2048)


@pytest.mark.slow
def test_the_tour_finds_the_demo_around_it(demo, monkeypatch: pytest.MonkeyPatch):
    folder, _ = demo
    monkeypatch.chdir(folder / "notebooks" / "jobs")
    assert Path(open_demo().path) == folder


def test_an_unfinished_demo_is_made_afresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from wsinb.demo import make

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(make, "split_regions", crash)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            make_demo(tmp_path / "study", size=2048)
        assert {path.name for path in (tmp_path / "study").iterdir()} == {MARKER, f"{SLIDE}.tiff"}
        (tmp_path / "study" / ".wsinb").mkdir()


@pytest.mark.slow
def test_jupyterlab_serves_the_tour_until_it_is_told_to_stop(demo):
    folder, _ = demo
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "wsinb", "demo", str(folder), "--no-browser", "--port", str(port)]
    environment = {**os.environ, "JUPYTER_TOKEN": "secret"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as lab:
        try:
            url = f"http://127.0.0.1:{port}/api/contents/notebooks/tour.ipynb?content=0&token=secret"
            assert json.loads(_fetch(url, seconds=60))["path"] == "notebooks/tour.ipynb"
        finally:
            lab.terminate()
    assert lab.returncode is not None


@pytest.mark.slow
def test_the_tour_runs_from_top_to_bottom(demo, tmp_path: Path):
    folder, _ = demo
    notebook = papermill.execute_notebook(
        str(folder / "notebooks" / "tour.ipynb"),
        str(tmp_path / "tour.ipynb"),
        cwd=str(folder / "notebooks"),
        progress_bar=False,
        kernel_name="python3",
        language="python",
    )
    shown = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = [data for data in shown if "image/png" in data]
    assert len(pictures) == 2
    assert all("application/vnd.wsinb.view+json" in data for data in pictures)
    (agreement,) = [float(d["text/plain"]) for d in shown if d.get("text/plain", "").startswith("0.")]
    assert agreement >= 0.85
    project = wsinb.open_project(folder)
    assert {"manual", RESULT_LAYER, "job:tour"} == set(project.read(SLIDE)["layer"])


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InvalidInput, match="not empty and holds no demo"):
        make_demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path):
    (tmp_path / "demo").write_text("mine")
    with pytest.raises(InvalidInput, match="is a file"):
        make_demo(tmp_path / "demo")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StorageError, match="demo cannot be written: Not a directory"):
        make_demo(tmp_path / "file" / "demo")


def test_a_project_that_is_no_demo_has_no_held_out_regions(tmp_path: Path):
    with pytest.raises(UnknownProject, match="no demo"):
        held_out_regions(wsinb.create_project(tmp_path / "study"))


def test_jupyterlab_is_started_on_the_tour(tmp_path: Path):
    command = lab_command(tmp_path, browser=False, port=9999)
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={tmp_path}" in command
    assert "--LabApp.default_url=/lab/tree/notebooks/tour.ipynb" in command
    assert {"--no-browser", "--port=9999"} <= set(command)
    assert "--no-browser" not in lab_command(tmp_path)


def _fetch(url: str, seconds: float) -> bytes:
    """Read a URL of a server that is about to start."""
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read()
        except (urllib.error.URLError, OSError):
            if time.monotonic() > end:
                raise
            time.sleep(0.3)
