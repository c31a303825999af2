"""Jobs that find, sort, and run workflows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

import wsinb
from wsinb.errors import JobFailed
from wsinb.testing import synthetic_cells, synthetic_regions
from wsinb.trees.outlines.raster import rasterise

from .conftest import CELLS

LOOK = {"min_area_um2": 25.0, "um_per_px": 0.5}


def centres(name: str) -> Any:
    """The middles of the known cells of a slide, and their kinds."""
    known = synthetic_cells(CELLS, "abc".index(name))
    pairs = [(cell.centroid, kind) for kind, some in known.items() for cell in some]
    return np.array([pair[0] for pair in pairs], object), np.array([pair[1] for pair in pairs], object)


def recall(table: Any, name: str, labels: bool = False) -> float:
    """The share of known cells that one found object lies on, of the same label if that counts."""
    points, kinds = centres(name)
    tree = shapely.STRtree(table.geometry.to_numpy())
    at, hit = tree.query(points, predicate="intersects")
    right = table["label"].to_numpy()[hit] == kinds[at] if labels else np.ones(len(at), bool)
    return len(set(at[right].tolist())) / len(points)


def test_tissue_is_found_and_committed(cells: Any):
    result = cells.run("find_tissue", label="tissue", block=6001)
    assert result.metrics["pieces"] == 3
    found = cells.read("b", version=result.commit).query("layer == 'job:tissue'")
    (known,) = synthetic_regions(CELLS, 1)["tissue"]
    overlap = found.union_all().intersection(known).area / found.union_all().union(known).area
    assert overlap > 0.9
    assert found["label"].tolist() == ["tissue"]
    again = cells.run("find_tissue", label="tissue", slides=["b"], block=6001)
    assert (cells.read("b", version=again.commit)["layer"] == "job:tissue").sum() == 1


def test_objects_are_found_and_those_of_people_stay(cells: Any):
    before = cells.read("a").query("layer == 'manual'")
    result = cells.run("find_objects", ["a"], threshold="otsu", label="nucleus", **LOOK)
    after = cells.read("a", version=result.commit)
    found = after[after["layer"] == "job:objects"]
    assert len(found) == result.metrics["objects"]
    assert set(found["label"]) == {"nucleus"}
    assert recall(found, "a") > 0.9
    assert sorted(after.loc[after["layer"] == "manual", "id"]) == sorted(before["id"])


def test_objects_are_sorted_as_they_are(cells: Any):
    result = cells.run("sort_objects", ["c"], model="cells", threshold="150", **LOOK)
    found = cells.read("c", version=result.commit).query("layer == 'job:sort'")
    assert recall(found, "c", labels=True) > 0.85
    assert found["score"].between(0, 1).all()
    some = cells.run("sort_objects", ["c"], model="cells", threshold="150", keep=["tumor"], **LOOK)
    found = cells.read("c", version=some.commit).query("layer == 'job:sort'")
    assert set(found["label"]) == {"tumor"}
    assert len(found) == result.metrics["per_label"]["tumor"] == some.metrics["objects"]
    assert some.metrics["found"] == result.metrics["found"]


def test_a_workflow_dispatches_by_area_in_one_commit(cells: Any, tmp_path: Path):
    rules = ["..15 label debris", "15..3000 model cells"]
    n_commits = len(cells.log())
    options = {"model": "nuclei", "tile_size": 256, "overlap": 24, "min_area_um2": 5.0}
    result = cells.run(
        "workflow_apply", ["b", "c"], rules=rules, checkpoint=str(tmp_path / "tiles"), **options
    )
    assert len(cells.log()) == n_commits + 1
    assert result.metrics["failures"] == []
    assert list((tmp_path / "tiles").iterdir()) == []
    found = cells.read("c", version=result.commit).query("layer == 'job:workflow'")
    small = found.geometry.area * 0.25 < 15
    assert ((found["label"] == "debris") == small).all()
    assert recall(found, "c", labels=True) > 0.4
    assert set(result.metrics["models"]) == {"nuclei.npz", "cells.npz"}


def test_an_interrupted_workflow_goes_on_from_finished_tiles(cells: Any, tmp_path: Path):
    from wsinb.progress import Cancelled

    options = {"model": "nuclei", "tile_size": 128, "overlap": 24, "checkpoint": str(tmp_path / "tiles")}

    def stop(step: Any) -> None:
        if step.label.startswith("looking at tiles") and step.done >= 3:
            raise Cancelled("stopped")

    before = cells.head()
    with pytest.raises(Cancelled):
        cells.run("workflow_apply", ["a"], progress=stop, **options)
    assert cells.head() == before
    assert len(list((tmp_path / "tiles").rglob("tile-*.npz"))) >= 3
    result = cells.run("workflow_apply", ["a"], **options)
    assert 3 <= result.metrics["resumed"] <= result.metrics["tiles"]
    assert list((tmp_path / "tiles").iterdir()) == []


@pytest.mark.parametrize(
    ("job", "parameters", "message"),
    [
        ("find_tissue", {"label": "tisue"}, r"no label 'tisue': did you mean 'tissue'.*labels\.add"),
        ("find_objects", {"threshold": "bright"}, "threshold must be 'adaptive', 'otsu' or a grey value"),
        ("workflow_apply", {"model": "nuclei", "rules": ["small: debris"]}, "'small: debris' is no rule"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(cells: Any, job: str, parameters: Any, message: str):
    with pytest.raises(JobFailed, match=message):
        cells.run(job, **parameters)


@pytest.mark.realdata
def test_tissue_and_nuclei_of_a_real_slide_are_found(data_dir: Path, tmp_path: Path):
    (path,) = (data_dir / "slides" / "cmu1_small_region_svs").glob("*.svs")
    project = wsinb.create_project(tmp_path / "study")
    project.slides.add(path, name="cmu")
    project.labels.add([wsinb.Label("tissue"), wsinb.Label("nucleus")])
    tissue = project.run("find_tissue", label="tissue", max_size=512)
    assert 0.3 < tissue.metrics["share_of_slide"]["cmu"] < 1
    result = project.run(
        "find_objects", within_label="tissue", label="nucleus", um_per_px=1.0, min_area_um2=10.0
    )
    table = project.read("cmu", version=result.commit)
    found = table[table["layer"] == "job:objects"]
    assert len(found) == result.metrics["objects"] > 200
    # darker than what is around them
    slide = project.slides.open("cmu")
    luma = slide.read(0, 0, *slide.size).mean(axis=2)
    inside = rasterise(found.geometry.tolist(), luma.shape)
    assert luma[inside].mean() < luma[~inside].mean() - 20
