"""Jobs that train, validate and apply classifiers."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest
import shapely

import wsinb
from wsinb.errors import JobFailed

from .conftest import FAST


def shown(project: Any, result: Any) -> str:
    """All that the executed notebook of a job shows."""
    notebook = nbformat.reads(project.read_artifact(result.commit, result.notebook).decode(), 4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ()) if "data" in output]
    return "\n".join(str(text) for output in outputs for text in output["data"].values())


def test_training_keeps_a_classifier_with_the_version_it_learned_from(cells: Any):
    entry = cells.models["cells"]
    assert entry.header["kind"] == "direct"
    assert entry.header["labels"] == ["fibroblast", "lymphocyte", "tumor"]
    assert entry.header["version"] == entry.commit
    assert entry.load("direct").view["context"] == 0.2
    (record,) = [a.name for a in cells.artifacts(entry.commit) if a.name.endswith(".json")]
    assert b'"recognised_again": 1.0' in cells.read_artifact(entry.commit, record)


def test_the_same_training_again_gives_the_same_model_and_another_of_its_name_is_refused(cells: Any):
    entry = cells.models["cells"]
    again = cells.run("classify_train", slides=["a", "b"], version=entry.commit, model="cells", **FAST)
    assert again.metrics["sha256"] == entry.sha256
    with pytest.raises(JobFailed, match="'cells' that was trained otherwise; choose another name"):
        cells.run("classify_train", version=entry.commit, model="cells", **FAST, seed=7)


def test_validation_by_patient_tells_scores_and_keeps_every_prediction(cells: Any):
    result = cells.run("classify_validate", ["a", "b"], group="patient", n_splits=2, method="leaves", **FAST)
    metrics = result.metrics
    assert metrics["balanced_accuracy"] > 0.8
    assert metrics["grouped"]
    table = pd.read_csv(io.BytesIO(cells.read_artifact(result.commit, metrics["table"])))
    assert len(table) == metrics["n"] == sum(metrics["pictures"].values())
    assert table.groupby("slide")["fold"].nunique().tolist() == [1, 1]
    assert (table["label"] == table["predicted"]).mean() == pytest.approx(metrics["accuracy"], abs=1e-4)
    assert set(metrics["confusion"]) == set(metrics["recall"]) == {"fibroblast", "lymphocyte", "tumor"}
    assert "balanced" in shown(cells, result)


def test_validation_without_groups_is_told_apart(cells: Any):
    with pytest.raises(JobFailed, match=r"all pictures are of one group, 'a'.*leave them aside"):
        cells.run("classify_validate", ["a"], n_splits=2, **FAST)
    result = cells.run("classify_validate", ["a"], group=None, n_splits=2, **FAST)
    assert result.metrics["grouped"] is False


def test_applying_writes_to_its_own_layer_and_leaves_what_people_drew(cells: Any):
    session = cells.session("main", author="ben")
    session["c"].upsert(
        wsinb.new_annotations(cells.read("a").geometry.iloc[:1].buffer(3).tolist(), layer="found")
    )
    session.commit("found by somebody")
    before = cells.read("a")
    first = cells.run("classify_apply", ["a", "c"], model="cells", of_layers=["manual", "found"])
    result = cells.run("classify_apply", ["a", "c"], model="cells", of_layers=["manual", "found"])
    after = cells.read("a", version=result.commit)
    drawn, made = (after[after["layer"] == layer] for layer in ("manual", "job:classify"))
    assert sorted(drawn["id"]) == sorted(before.loc[before["layer"] == "manual", "id"])
    assert len(made) == len(drawn)
    of = made["properties"].map(lambda text: json.loads(text)["of"])
    labels = drawn.set_index("id")["label"]
    assert (made["label"].to_numpy() == labels.loc[of].to_numpy()).mean() > 0.95
    assert made["score"].between(0, 1).all()
    assert result.metrics["annotations"] == first.metrics["annotations"] == len(drawn) + 1
    assert (cells.read("c", version=result.commit)["layer"] == "job:classify").sum() == 1


@pytest.mark.parametrize(
    ("job", "parameters", "message"),
    [
        ("classify_train", {"labels": ["tumor"]}, "all pictures are of class 'tumor'"),
        ("classify_train", {"slides": ["c"], "layers": ["nothing"]}, "no annotation of .* has a picture"),
        ("classify_validate", {"group": "patients"}, "has no 'patients' in its metadata"),
        ("classify_apply", {"model": "nuclei"}, "of kind 'segmentation', and 'direct' or 'leaves' is needed"),
        ("classify_apply", {"model": "cells", "of_layers": ["none"]}, "No annotation .* is chosen"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_told_in_a_sentence(cells: Any, job: str, parameters: Any, message: str):
    with pytest.raises(JobFailed, match=message):
        cells.run(job, **parameters)


@pytest.fixture
def photographs(data_dir: Path, tmp_path: Path) -> Any:
    """A project of twelve photographs of blood, whose cells lie in boxes with their names."""
    folder = data_dir / "classification" / "bccd_blood_cells" / "BCCD"
    project = wsinb.create_project(tmp_path / "blood")
    project.labels.add([wsinb.Label(name) for name in ("RBC", "WBC", "Platelets")])
    names = (folder / "ImageSets" / "Main" / "train.txt").read_text().split()[:12]
    for name in names:
        project.slides.add(folder / "JPEGImages" / f"{name}.jpg")
    session = project.session()
    for name in names:
        cells = ET.parse(folder / "Annotations" / f"{name}.xml").getroot().findall("object")
        sides = ("xmin", "ymin", "xmax", "ymax")
        boxes = [shapely.box(*(int(cell.findtext(f"bndbox/{s}", "")) for s in sides)) for cell in cells]
        labels = [cell.findtext("name") for cell in cells]
        session[name].upsert(wsinb.new_annotations(boxes, label=labels))
    session.commit("boxes")
    return project


@pytest.mark.realdata
def test_blood_cells_go_from_boxes_to_names(photographs: Any):
    options = {"windows": 10, "trees": 20, "min_size": 0.5, "balance": True}
    validated = photographs.run("classify_validate", n_splits=3, **options)
    assert validated.metrics["balanced_accuracy"] > 0.8
    names = list(photographs.slides)
    photographs.run("classify_train", names[:9], model="blood", **options)
    result = photographs.run("classify_apply", names[9:], model="blood")
    right = []
    for name in names[9:]:
        table = photographs.read(name, version=result.commit).set_index("id")
        made = table[table["layer"] == "job:classify"]
        of = [json.loads(text)["of"] for text in made["properties"]]
        right += (table.loc[of, "label"].to_numpy() == made["label"].to_numpy()).tolist()
    assert np.mean(right) > 0.9
