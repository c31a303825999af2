"""Jobs that train, validate and apply models of regions and of pixels."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

import wsinb
from wsinb.demo import dice
from wsinb.errors import JobFailed
from wsinb.testing import synthetic_regions, synthetic_slide
from wsinb.tiles import open_slide

SIZE = (768, 600)
REGIONS: dict[str, Any] = {
    "labels": ["tumor"], "roi_label": "roi", "trees": 3, "windows": 1500, "window": 12, "um_per_px": 2.0,
}  # fmt: skip
STROKES: dict[str, Any] = {
    "labels": ["tumor"], "background_label": "rest", "um_per_px": 2.0, "trees": 10, "scales": [1.0, 2.0],
}  # fmt: skip


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Four slides of three patients: tumours drawn on a, b and c, strokes on a and b; a set without a."""
    folder = tmp_path_factory.mktemp("segment") / "study"
    project = wsinb.create_project(folder, author="ada")
    for seed, (name, patient) in enumerate({"a": "p1", "b": "p2", "c": "p2", "d": "p3"}.items()):
        # the file of a slide may be named otherwise
        path = synthetic_slide(folder / f"file-{name}.tiff", SIZE, seed=seed)
        project.slides.add(path, name=name, metadata={"patient": patient})
    project.labels.add([wsinb.Label(name) for name in ("tumor", "roi", "rest")])
    session = project.session()
    for seed, name in enumerate("abc"):
        tumours = synthetic_regions(SIZE, seed)["tumor"]
        session[name].upsert(wsinb.new_annotations(tumours, label="tumor"))
        session[name].upsert(wsinb.new_annotations([shapely.box(0, 0, *SIZE)], label="roi"))
        if name != "c":
            session[name].upsert(strokes(tumours))
    session.commit("drawn")
    project.sets.add("others", ["b", "c", "d"], split={"train": 0.7, "test": 0.3})
    return project


def strokes(tumours: Any) -> Any:
    """Lines through the tumours and around them, on a layer of their own."""
    lines = [
        shapely.LineString([(x - 25, y), (x + 25, y)]) for x, y in (t.centroid.coords[0] for t in tumours)
    ]
    others = [shapely.LineString([(260, 40), (500, 40)]), shapely.LineString([(8, 8), (8, 590)]),
              shapely.LineString([(384, 100), (384, 500)])]  # fmt: skip
    label = ["tumor"] * len(lines) + ["rest"] * len(others)
    return wsinb.new_annotations([*lines, *others], label=label, layer="strokes")


@pytest.fixture(scope="module")
def pixels(slides: Any) -> Any:
    return slides.run("pixels_train", slides=["a", "b"], layer="strokes", **STROKES)


@pytest.fixture(scope="module")
def regions(slides: Any) -> Any:
    return slides.run("segment_train", slides=["a"], **REGIONS)


def found(project: Any, result: Any, name: str, layer: str = "job:segment") -> Any:
    table = project.read(name, version=result.commit)
    return table[table["layer"] == layer]


def test_a_pixel_model_is_learned_from_strokes_and_applied_to_slides(slides: Any, pixels: Any):
    kept = slides.models.find("pixels", pixels.commit)
    assert kept.header["kind"] == "pixels"
    assert kept.header["labels"] == pixels.metrics["labels"] == ["rest", "tumor"]
    assert kept.header["version"] == pixels.commit
    options = {"min_area_um2": 300.0, "layer": "job:pixels"}
    result = slides.run("segment_apply", slides=["c", "d"], model="pixels", **options)
    for seed, name in ((2, "c"), (3, "d")):
        there = found(slides, result, name, "job:pixels")
        assert dice(there.geometry, synthetic_regions(SIZE, seed)["tumor"]) > 0.85


def test_a_model_is_applied_to_the_slides_of_a_set_or_of_a_part(slides: Any, regions: Any):
    result = slides.run("segment_apply", set="others", min_area_um2=300.0, layer="job:set")
    assert sorted(result.metrics["per_slide"]) == ["b", "c", "d"]
    part = slides.run("segment_apply", set="others", part="test", layer="job:part")
    assert list(part.metrics["per_slide"]) == slides.sets["others"].test.slides


def test_probabilities_become_pictures_that_lie_over_the_slide(slides: Any, regions: Any):
    result = slides.run("segment_apply", slides=["d"], probabilities_of="tumor", layer="job:map")
    path = Path(result.metrics["pictures"]["d"])
    assert path == slides.path / "overlays" / "d-tumor.tiff"
    with open_slide(path) as picture:
        assert picture.size == (SIZE[0] // 4, SIZE[1] // 4)
        sure = picture.read(0, 0, *picture.size)[..., 0]
    truth = shapely.union_all(synthetic_regions(SIZE, 3)["tumor"])
    inside = np.array([[truth.contains(shapely.Point(4 * x + 2, 4 * y + 2)) for x in range(sure.shape[1])]
                       for y in range(sure.shape[0])])  # fmt: skip
    assert sure[inside].mean() > 150
    assert sure[~inside].mean() < 60
    with pytest.raises(JobFailed, match="no label of model segmentation 'tumour': did you mean 'tumor'"):
        slides.run("segment_apply", slides=["d"], probabilities_of="tumour")


def test_finished_tiles_are_kept_until_the_run_is_through(slides: Any, regions: Any, monkeypatch):
    from wsinb.progress import Cancelled

    options = {
        "slides": ["c", "d"], "tile_size": 64, "checkpoint": "unfinished", "layer": "job:again",
        "probabilities_of": "tumor",
    }  # fmt: skip

    def stop(step):
        if step.label == "d: segmenting file-d":
            raise Cancelled("enough")

    with pytest.raises((Cancelled, JobFailed)):
        slides.run("segment_apply", progress=stop, **options)
    kept = list((slides.path / "unfinished").glob("*/tile-*.npz"))
    # some of the 12 tiles of the second slide; the first one was through
    assert 1 <= len(kept) <= 12
    assert not len(found(slides, regions, "c", "job:again"))
    again = slides.run("segment_apply", **options)
    assert len(found(slides, again, "c", "job:again"))
    assert not list((slides.path / "unfinished").iterdir())


def test_models_of_other_kinds_are_not_applied(slides: Any, regions: Any):
    from wsinb.trees import DirectClassifier

    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (8, 20, 20, 3), dtype=np.uint8)
    slides.models.add("kinds", DirectClassifier(n_windows=4, n_trees=3).fit(images, ["a", "b"] * 4))
    with pytest.raises(JobFailed, match="is of kind 'direct', and 'segmentation' or 'pixels' is needed"):
        slides.run("segment_apply", model="kinds")


def test_a_segmentation_is_validated_by_slide_and_by_patient(slides: Any):
    drawn = ["a", "b", "c"]
    result = slides.run("segment_validate", slides=drawn, **REGIONS)
    assert result.metrics["n_splits"] == 3
    assert result.metrics["grouped_by"] == "slide"
    assert result.metrics["dice"]["tumor"] > 0.8
    table = pd.read_csv(io.BytesIO(slides.read_artifact(result.commit, result.metrics["table"])))
    assert len(table) == 3
    assert sorted(table["slide"]) == drawn
    patients = slides.run("segment_validate", slides=drawn, group="patient", **REGIONS)
    assert (patients.metrics["n_splits"], patients.metrics["grouped_by"]) == (2, "group")
    with pytest.raises(JobFailed, match=r"name no 'patients' that slides could be grouped by"):
        slides.run("segment_validate", slides=drawn, group="patients", **REGIONS)
    assert result.record["output_version"] is None


def test_a_pixel_model_is_validated_on_strokes_and_on_regions(slides: Any):
    result = slides.run("pixels_validate", slides=["a", "b"], layer="strokes", **STROKES)
    assert result.metrics["dice"]["tumor"] > 0.9
    whole = slides.run("pixels_validate", slides=["a", "b"], layer=None, within_label="roi", **STROKES)
    assert whole.metrics["dice"]["tumor"] > 0.8
    assert whole.metrics["pixels"]["tumor"] > 5 * result.metrics["pixels"]["tumor"]


def test_training_learns_from_a_part_of_a_set(slides: Any):
    names = slides.sets["others"].train.slides
    drawn = [name for name in names if name in "abc"]
    result = slides.run("segment_train", set="others", part="train", model="of_set", **REGIONS)
    assert result.metrics["slides"] == drawn


@pytest.mark.realdata
@pytest.mark.slow
def test_a_real_slide_goes_from_strokes_to_result(data_dir: Path, tmp_path: Path):
    (path,) = (data_dir / "slides" / "cmu1_small_region_svs").glob("*.svs")
    project = wsinb.create_project(tmp_path / "study", author="ada")
    project.slides.add(path, name="cmu")
    project.labels.add([wsinb.Label("tissue"), wsinb.Label("glass")])
    slide = project.slides.open("cmu")
    width, height = slide.size
    coarse = slide.read(0, 0, width // 16, height // 16, downsample=16)
    dark = coarse.min(axis=2) < 190
    drawn, label = [], []
    # short strokes where the coarse view is all tissue or all glass, in the upper half
    for y in range(4, dark.shape[0] // 2, 12):
        for x in range(4, dark.shape[1] - 8, 12):
            part = dark[y - 2 : y + 3, x - 2 : x + 7]
            if part.all() or not part.any():
                drawn.append(shapely.LineString([(16 * x, 16 * y), (16 * x + 64, 16 * y)]))
                label.append("tissue" if part.all() else "glass")
    session = project.session()
    session["cmu"].upsert(wsinb.new_annotations(drawn, label=label))
    session.commit("strokes")
    options = {"labels": ["tissue"], "background_label": "glass", "um_per_px": 4.0, "trees": 20}
    project.run("pixels_train", **options)
    result = project.run("segment_apply", model="pixels", min_area_um2=100.0, probabilities_of="tissue")
    lower = shapely.box(0, height // 2, width, height)
    share = found(project, result, "cmu").union_all().intersection(lower).area / lower.area
    assert share == pytest.approx(dark[dark.shape[0] // 2 :].mean(), abs=0.2)
    assert Path(result.metrics["pictures"]["cmu"]).stat().st_size > 1000
