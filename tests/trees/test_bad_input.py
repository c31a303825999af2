"""What cannot be learned from or applied is told in one early sentence, and nothing is lost."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import shapely

from wsinb.annotate import empty_annotations, new_annotations
from wsinb.errors import InvalidInput, UnknownLabel, UnknownMpp
from wsinb.testing import synthetic_slide
from wsinb.tiles import open_slide
from wsinb.trees import (
    PixelForest,
    SegmentationForest,
    TrainingRegion,
    Workflow,
    segment_slide,
    train_pixels,
    train_segmentation,
    write_probabilities,
)

from .conftest import SIZE

SMALL = {"n_windows": 200, "n_trees": 2}
FEW = {"n_trees": 2, "scales": (1,)}


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    """Slides without a pixel size, and of another one."""
    folder = tmp_path_factory.mktemp("others")
    with (
        open_slide(synthetic_slide(folder / "unknown.tif", SIZE, None)) as unknown,
        open_slide(synthetic_slide(folder / "coarse.tif", SIZE, 1.0)) as coarse,
    ):
        yield {"unknown": unknown, "coarse": coarse}


def with_row(table, geometry, label="tumor"):
    return pd.concat([table, new_annotations([geometry], label=label)], ignore_index=True)


def drawn(table, geometry):
    """The table with another geometry in its last row, as no validated table has it."""
    changed = table.copy()
    geometries = changed.geometry.to_numpy().copy()
    geometries[-1] = geometry
    return changed.set_geometry(geometries)


AWAY = shapely.box(50_000, 0, 50_100, 100)
NAN = shapely.linearrings([(0, 0), (100, np.nan), (100, 100), (0, 0)])
TRAINERS = {
    "windows": lambda pairs, labels, um=2.0, **o: train_segmentation(pairs, labels, um, **SMALL, **o),
    "pixels": lambda pairs, labels, um=2.0, **o: train_pixels(
        pairs, labels, um, **{"background_label": "roi", **FEW, **o}
    ),
}


@pytest.fixture(params=TRAINERS)
def train(request):
    return TRAINERS[request.param]


def test_a_label_without_annotations_is_named(train, trees_slide, annotated):
    with pytest.raises(UnknownLabel, match="label 'stroma': annotate some, or use one of: roi, tumor"):
        train([(trees_slide, annotated)], ["tumor", "stroma"])
    with pytest.raises(UnknownLabel, match=r"label '(tumor|roi)': annotate some, or use one of: none"):
        train([(trees_slide, empty_annotations())], ["tumor"])
    with pytest.raises(UnknownLabel, match="use one of: none"):
        train([], ["tumor"])


def test_one_class_only_is_told(trees_slide, annotated):
    whole = with_row(annotated[annotated["label"] == "roi"], shapely.box(0, 0, *SIZE))
    with pytest.raises(InvalidInput, match="'background' has no pixels in the training regions"):
        train_segmentation([(trees_slide, whole)], "tumor", 2.0, roi_label="roi", **SMALL)
    with pytest.raises(InvalidInput, match="'tumor' alone can be told from nothing"):
        train_pixels([(trees_slide, annotated)], ["tumor"], 2.0, **FEW)


def test_an_annotation_outside_its_slide_is_named(train, trees_slide, annotated):
    with pytest.raises(
        InvalidInput, match=r"at \(50000, 0\) lies outside of slide tissue \(1536 x 1200 px\)"
    ):
        train([(trees_slide, with_row(annotated, AWAY))], ["tumor"])


def test_coordinates_that_are_no_numbers_are_named(train, trees_slide, annotated):
    with pytest.raises(InvalidInput, match="'tumor' on slide tissue has coordinates that are no numbers"):
        train([(trees_slide, drawn(annotated, shapely.polygons(NAN)))], ["tumor"])


def test_annotations_without_area_are_told(trees_slide, annotated):
    points = with_row(annotated[annotated["label"] == "roi"], shapely.Point(300, 300))
    with pytest.raises(InvalidInput, match="annotations of 'tumor' have no area"):
        train_segmentation([(trees_slide, points)], "tumor", 2.0, roi_label="roi", **SMALL)


def test_slides_of_different_pixel_sizes_need_a_resolution(train, trees_slide, others, annotated):
    pairs = [(trees_slide, annotated), (others["coarse"], annotated)]
    with pytest.raises(InvalidInput, match=r"\(0\.5 um per pixel\).*\(1\).*give um_per_px"):
        train(pairs, ["tumor"], None)
    # with one, they are seen alike
    assert train(pairs, ["tumor"], 4.0).header["um_per_px"] == 4.0


def test_a_slide_of_unknown_pixel_size_is_named(train, trees_slide, others, annotated):
    with pytest.raises(UnknownMpp, match=r"slide unknown does not know.*set slide\.mpp"):
        train([(trees_slide, annotated), (others["unknown"], annotated)], ["tumor"])


@pytest.mark.parametrize("um_per_px", [0, -1, np.nan, np.inf])
def test_resolutions_that_are_none_are_refused(train, trees_slide, annotated, um_per_px):
    with pytest.raises(InvalidInput, match="um_per_px must be a positive number"):
        train([(trees_slide, annotated)], ["tumor"], um_per_px)


def test_regions_too_small_for_a_window_are_told(trees_slide):
    table = new_annotations(
        [shapely.box(300, 300, 340, 340), shapely.box(310, 310, 330, 330)], label=["roi", "tumor"]
    )
    with pytest.raises(InvalidInput, match="no window of 24 px fits inside the annotated regions: enlarge"):
        train_segmentation([(trees_slide, table)], "tumor", 2.0, roi_label="roi", **SMALL)


APPLIED = {
    "segment": lambda slide, model, folder: segment_slide(slide, model, checkpoint=folder / "checkpoint"),
    "picture": lambda slide, model, folder: write_probabilities(
        slide, model, model.header["labels"][1], folder / "map.tif", checkpoint=folder / "checkpoint"
    ),
    "workflow": lambda slide, model, folder: Workflow(model).run(slide, checkpoint=folder / "checkpoint"),
}


def files_in(folder):
    """What is kept: finished tiles or pictures, but for what a checkpoint is about."""
    return [path for path in folder.rglob("*") if path.is_file() and path.name != "about.json"]


@pytest.mark.parametrize("apply", APPLIED.values(), ids=APPLIED)
def test_a_model_in_micrometres_needs_a_slide_that_knows_its_own(apply, others, tumour_model, tmp_path):
    with pytest.raises(UnknownMpp, match=r"sees 2\.0 um per pixel, but slide unknown does not know"):
        apply(others["unknown"], tumour_model, tmp_path)
    assert files_in(tmp_path) == []


def test_a_slide_of_another_resolution_is_read_at_that_of_the_model(tumour_model, tmp_path):
    """The same tissue, scanned at twice the pixel size, gives the same tumours."""
    from wsinb.testing import synthetic_image
    from wsinb.tiles import write_pyramid

    half = np.ascontiguousarray(
        synthetic_image(SIZE).reshape(SIZE[1] // 2, 2, SIZE[0] // 2, 2, 3).mean(axis=(1, 3)).astype(np.uint8)
    )
    fine = synthetic_slide(tmp_path / "fine.tif", SIZE, 0.5)
    coarse = write_pyramid(half, tmp_path / "coarse.tif", mpp=1.0)
    with open_slide(fine) as one, open_slide(coarse) as other:
        at_fine = segment_slide(one, tumour_model, min_area=4000)
        at_coarse = segment_slide(other, tumour_model, min_area=1000)
    assert len(at_coarse) == len(at_fine) == 4
    area = at_fine.union_all()
    scaled = shapely.transform(at_coarse.union_all(), lambda xy: xy * 2)
    assert area.intersection(scaled).area / area.union(scaled).area > 0.95


@pytest.mark.parametrize("apply", APPLIED.values(), ids=APPLIED)
def test_a_slide_that_is_coarser_than_the_model_is_told(apply, tumour_model, tmp_path):
    path = synthetic_slide(tmp_path / "coarse.tif", (256, 192), 4.0)
    told = r"slide coarse is coarser .* enlarged 2 times"
    with open_slide(path) as slide, pytest.warns(UserWarning, match=told) as caught:
        apply(slide, tumour_model, tmp_path)
    assert caught[0].filename == __file__


def test_a_workflow_at_another_resolution_than_its_model_is_told(tumour_model):
    told = "made for 2 um per pixel and is applied at 1: leave um_per_px out"
    with pytest.warns(UserWarning, match=told) as caught:
        Workflow(tumour_model, um_per_px=1.0)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Workflow(tumour_model, um_per_px=2.0)


def test_a_workflow_looks_at_the_downsample_of_its_model(trees_slide, tumour_model, monkeypatch):
    by_um = Workflow(tumour_model, overlap=46).run(trees_slide).table
    monkeypatch.setitem(tumour_model.header, "um_per_px", None)
    monkeypatch.setitem(tumour_model.header, "downsample", 4.0)
    by_px = Workflow(tumour_model, overlap=46).run(trees_slide).table
    assert by_px.geometry.to_wkb().tolist() == by_um.geometry.to_wkb().tolist()


@pytest.fixture(scope="module")
def two_channels():
    """A pixel model of images of two channels, such as of a fluorescence scanner."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (60, 60, 2)).astype(np.uint8)
    strokes = np.full((60, 60), -1, np.int16)
    strokes[:5], strokes[-5:] = 0, 1
    model = PixelForest(**FEW).fit(image, strokes, ["rest", "cell"])
    model.header.update(um_per_px=2.0)
    return model


@pytest.mark.parametrize("apply", APPLIED.values(), ids=APPLIED)
def test_a_model_of_other_channels_is_told(trees_slide, two_channels, tmp_path, apply):
    with pytest.raises(InvalidInput, match="expects images of 2 channels, not 3"):
        apply(trees_slide, two_channels, tmp_path)
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("image", [
    np.zeros((40, 40, 4), np.uint8), np.zeros((40, 40), np.uint8), np.zeros((40, 40, 3), np.float32),
    np.full((40, 40, 3), np.nan), "picture",
])  # fmt: skip
def test_images_that_are_none_are_told(tumour_model, image):
    for predict in (tumour_model.predict, tumour_model.predict_proba):
        with pytest.raises(InvalidInput, match=r"an image must be \(h, w, 3\) uint8"):
            predict(image)


def test_a_model_that_has_not_been_trained_is_told_before_anything_is_read(
    trees_slide, monkeypatch, tmp_path
):
    monkeypatch.setattr(type(trees_slide), "read", None)
    for model in (SegmentationForest(), PixelForest()):
        for run in (
            lambda model=model: segment_slide(trees_slide, model),
            lambda model=model: write_probabilities(trees_slide, model, "tumor", tmp_path / "map.tif"),
        ):
            with pytest.raises(InvalidInput, match="has not been trained"):
                run()


class Broken:
    """A model of tiles of one's own that returns what it should not."""

    def __init__(self, planes):
        self.header = {"labels": ["rest", "cell"], "um_per_px": 2.0, "downsample": None}
        self.header["white_is_background"] = False
        self.planes = planes

    def core_planes(self, plan, core, *, skip_white=False):
        return self.planes(core.shape)


BROKEN = {
    "NaN": lambda shape: np.full((1, *shape), np.nan, np.float32),
    "not shares": lambda shape: np.full((1, *shape), 3, np.float32),
    "negative": lambda shape: np.full((1, *shape), -1, np.float32),
    "another shape": lambda shape: np.zeros((1, 5, 5), np.float32),
    "too many classes": lambda shape: np.zeros((2, *shape), np.float32),
    "two dimensions": lambda shape: np.zeros(shape, np.float32),
    "nothing": lambda shape: None,
}


@pytest.mark.parametrize("planes", BROKEN.values(), ids=BROKEN)
def test_models_that_return_anything_else_are_told(trees_slide, planes, tmp_path):
    for name in ("segment", "picture"):
        with pytest.raises(
            InvalidInput, match=r"the model Broken returned .*: it must return \(1, 300, 384\)"
        ):
            APPLIED[name](trees_slide, Broken(planes), tmp_path / name)
    assert files_in(tmp_path) == []


def test_what_is_no_model_is_told(trees_slide, tmp_path):
    for thing in (None, "model.npz", {"labels": []}, len):
        with pytest.raises(InvalidInput, match="is no model of tiles"):
            segment_slide(trees_slide, thing)
        with pytest.raises(InvalidInput, match="is no model of tiles"):
            write_probabilities(trees_slide, thing, "tumor", tmp_path / "map.tif")


def test_a_workflow_names_what_a_segmenter_must_not_return(trees_slide):
    for returned in (lambda images: np.full(images.shape[:3], np.nan), lambda images: images[..., :2] * -1.0):
        with pytest.raises(InvalidInput, match="no probabilities from 0 to 1"):
            Workflow(returned, labels="cell", um_per_px=2.0).run(trees_slide)


def test_regions_of_the_wrong_kind_are_told():
    image = np.zeros((40, 40, 3), np.uint8)
    for classes in (np.zeros((40, 40)), np.full((40, 40), -2, np.int16), "classes", np.zeros(40, np.int16)):
        with pytest.raises(InvalidInput, match="classes must be"):
            SegmentationForest(**SMALL).fit([TrainingRegion(image, classes)])
