"""Every job notebook is executed, as a job and alone; the tour is executed with the demo it belongs to."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

import wsinb
from wsinb.errors import JobFailed
from wsinb.jobs import notebooks_folder
from wsinb.jobs.messages import RESULT_MIME
from wsinb.testing import synthetic_regions, synthetic_slide

NOTEBOOKS = sorted(notebooks_folder().rglob("*.ipynb"))
SIZE = (1536, 1024)
TRAIN: dict[str, Any] = {"labels": ["tumor"], "roi_label": "roi", "trees": 3, "windows": 3000, "window": 16}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A project whose slides hold known regions; those of the left half are drawn."""
    import shapely

    folder = tmp_path_factory.mktemp("notebooks") / "study"
    project = wsinb.create_project(folder)
    project.slides.add(synthetic_slide(folder / "a.tiff", size=SIZE))
    project.slides.add(synthetic_slide(folder / "b.tiff", size=SIZE, seed=1))
    project.labels.add([wsinb.Label("tumor"), wsinb.Label("roi", shape="rectangle")])
    roi = shapely.box(0, 0, SIZE[0] // 2, SIZE[1])
    drawn = [region for region in synthetic_regions(SIZE)["tumor"] if region.intersects(roi)]
    session = project.session()
    session["a"].upsert(wsinb.new_annotations(drawn, label="tumor"))
    session["a"].upsert(wsinb.new_annotations([roi], label="roi", shape="rectangle"))
    session.commit("drawn")
    return project


@pytest.fixture(scope="module")
def trained(study: Any) -> Any:
    return study.run("segment_train", slides=["a"], author="ada", **TRAIN)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_stored_notebooks_have_no_outputs_and_run_anywhere(path: Path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert "widgets" not in notebook.metadata
    assert notebook.cells[0].cell_type == "markdown"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_training_attaches_the_model_to_the_version_it_learned_from(study: Any, trained: Any):
    names = {artifact.name for artifact in study.artifacts(trained.commit)}
    assert {"segmentation.npz", trained.notebook} <= names
    assert trained.record["output_version"] is None
    assert trained.commit == trained.record["input_version"]
    assert trained.metrics["scores"]["dice"]["tumor"] > 0.6
    assert trained.record["seeds"] == {"seed": 42}


def test_training_shows_a_picture_of_the_training_region(study: Any, trained: Any):
    assert len(_pictures(study, trained)) == 1


def test_the_same_training_again_gives_the_same_model(study: Any, trained: Any):
    again = study.run("segment_train", slides=["a"], version=trained.commit, **TRAIN)
    assert again.metrics["sha256"] == trained.metrics["sha256"]


def test_another_training_of_the_same_name_is_refused_before_it_begins(study: Any, trained: Any):
    with pytest.raises(JobFailed, match="trained otherwise; choose another name"):
        study.run("segment_train", slides=["a"], version=trained.commit, **{**TRAIN, "seed": 1})


def test_applying_commits_to_the_layer_of_the_job_and_replaces_it(study: Any, trained: Any):
    manual = study.read("a").query("layer == 'manual'")
    first = study.run("segment_apply", author="ada", min_area_um2=50.0)
    second = study.run("segment_apply", author="ada", min_area_um2=50.0)
    for name in ("a", "b"):
        before, after = (study.read(name, version=result.commit) for result in (first, second))
        found = after[after["layer"] == "job:segment"]
        assert len(found) == second.metrics["per_slide"][name] > 0
        assert sorted(found.geometry.to_wkb()) == sorted(
            before[before["layer"] == "job:segment"].geometry.to_wkb()
        )
        assert (found["label"] == "tumor").all()
        assert found["score"].between(0, 1).all()
    assert sorted(study.read("a").query("layer == 'manual'")["id"]) == sorted(manual["id"])
    assert second.metrics["model_sha256"] == trained.metrics["sha256"]
    assert len(_pictures(study, second)) == 1


def test_applying_finds_the_regions_it_was_not_shown(study: Any, trained: Any):
    from wsinb.demo import dice

    result = study.run("segment_apply", slides=["b"], layer="job:unseen", min_area_um2=50.0)
    found = study.read("b", version=result.commit).query("layer == 'job:unseen'")
    assert dice(found.geometry, synthetic_regions(SIZE, 1)["tumor"]) > 0.7


def test_applying_looks_only_where_it_is_asked_to(study: Any, trained: Any):
    result = study.run("segment_apply", slides=["a"], within_label="roi", layer="job:within")
    found = study.read("a", version=result.commit).query("layer == 'job:within'")
    assert len(found)
    assert found.total_bounds[2] <= SIZE[0] // 2 + 4


def test_applying_a_model_that_is_not_there_names_those_that_are(study: Any, trained: Any):
    with pytest.raises(JobFailed, match="no model 'other': there is 'segmentation'"):
        study.run("segment_apply", model="other")


def test_a_notebook_runs_alone_by_papermill(study: Any, trained: Any, tmp_path: Path):
    """As from cron: no wsinb command, defaults from the notebook, a list by YAML."""
    output = tmp_path / "out.ipynb"
    command = [
        sys.executable,
        "-m",
        "papermill",
        str(notebooks_folder() / "jobs" / "segment_apply.ipynb"),
        str(output),
    ]
    options = [
        "-p",
        "project",
        str(study.path),
        "-p",
        "slides",
        "b",
        "-p",
        "layer",
        "alone",
        "--no-progress-bar",
    ]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    (told,) = [
        data[RESULT_MIME] for data in _data(nbformat.read(output, as_version=4)) if RESULT_MIME in data
    ]
    assert told["commit"] == study.head()
    assert (study.read("b")["layer"] == "alone").sum() == told["metrics"]["polygons"]


@pytest.mark.realdata
@pytest.mark.slow
def test_a_real_slide_goes_from_drawing_to_result(data_dir: Path, tmp_path: Path):
    import shapely

    (path,) = (data_dir / "slides" / "cmu1_small_region_svs").glob("*.svs")
    project = wsinb.create_project(tmp_path / "study")
    project.slides.add(path, name="cmu")
    project.labels.add([wsinb.Label("tissue"), wsinb.Label("roi")])
    slide = project.slides.open("cmu")
    width, height = slide.size
    # what is darker than glass in a coarse view of the upper half stands for what a person would draw
    coarse = slide.read(0, 0, width // 16, height // 32, downsample=16)
    tissue = [
        shapely.box(16 * x, 16 * y, 16 * x + 16, 16 * y + 16)
        for y, x in zip(*(coarse.min(axis=2) < 190).nonzero(), strict=True)
    ]
    drawn = [part for part in shapely.get_parts(shapely.union_all(tissue)) if part.area > 5000]
    session = project.session()
    session["cmu"].upsert(wsinb.new_annotations(drawn, label="tissue", repair=True))
    session["cmu"].upsert(wsinb.new_annotations([shapely.box(0, 0, width, height // 2)], label="roi"))
    session.commit("drawn")
    project.run("segment_train", **{**TRAIN, "labels": ["tissue"], "um_per_px": 2.0})
    result = project.run("segment_apply", min_area_um2=100.0)
    found = project.read("cmu", version=result.commit).query("layer == 'job:segment'")
    lower = shapely.box(0, height // 2, width, height)
    share = found.union_all().intersection(lower).area / lower.area
    expected = (slide.read(0, height // 2, width // 16, height // 32, downsample=16).min(axis=2) < 190).mean()
    assert share == pytest.approx(expected, abs=0.2)


def _data(notebook: Any) -> Iterator[dict[str, Any]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            yield output.get("data", {})


def _pictures(project: Any, result: Any) -> list[str]:
    notebook = nbformat.reads(project.read_artifact(result.commit, result.notebook).decode(), 4)
    return [data["image/png"] for data in _data(notebook) if "image/png" in data]
