"""Cross-validation of segmenters: on slides, groups and regions that were not learned from."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import shapely

from wsinb.annotate import new_annotations
from wsinb.errors import InvalidInput, UnknownLabel, UnknownMpp
from wsinb.progress import Cancelled
from wsinb.testing import synthetic_regions, synthetic_slide
from wsinb.tiles import open_slide
from wsinb.trees import cross_validate_segmentation, train_pixels, train_segmentation
from wsinb.trees.outlines.raster import rasterise
from wsinb.trees.segment.validation import SegmentationValidation, with_scores

SIZE = (768, 600)
FAST = {"n_windows": 800, "n_trees": 3, "window": 12}
WHOLE = shapely.box(0, 0, *SIZE)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Three slides whose tumours are all drawn, and a region that says so."""
    folder = tmp_path_factory.mktemp("cohort")
    pairs = []
    for seed in range(3):
        slide = open_slide(synthetic_slide(folder / f"s{seed}.tif", SIZE, 0.5, seed=seed))
        drawn = [WHOLE, *synthetic_regions(SIZE, seed)["tumor"]]
        pairs.append((slide, new_annotations(drawn, label=["roi", *["tumor"] * (len(drawn) - 1)])))
    yield pairs
    for slide, _ in pairs:
        slide.close()


@pytest.fixture(scope="module")
def by_slide(cohort):
    return cross_validate_segmentation(cohort, "tumor", 2.0, within_label="roi", **FAST)


@pytest.fixture(scope="module")
def quarters(cohort):
    """One slide with four regions, each with a tumour."""
    slide, _ = cohort[0]
    width, height = SIZE[0] / 2, SIZE[1] / 2
    boxes = [
        shapely.box(x * width, y * height, (x + 1) * width, (y + 1) * height) for y in (0, 1) for x in (0, 1)
    ]
    drawn = [*boxes, *synthetic_regions(SIZE, 0)["tumor"]]
    return slide, new_annotations(drawn, label=["roi"] * 4 + ["tumor"] * (len(drawn) - 4))


class Remembering:
    """A way of training that remembers what it was given."""

    def __init__(self):
        self.given = []

    def __call__(self, pairs, labels, um_per_px, *, progress=None, roi_label=None, **parameters):
        pairs = list(pairs)
        self.given.append(pairs)
        return train_segmentation(
            pairs, labels, um_per_px, roi_label=roi_label, progress=progress, **parameters
        )


class Everything:
    """A model that takes everything for one class."""

    def __init__(self, labels, number):
        self.header = {"labels": labels, "um_per_px": 2.0, "downsample": None, "white_is_background": False}
        self.number = number

    def core_planes(self, plan, core, *, skip_white=False):
        planes = np.zeros((len(self.header["labels"]) - 1, *core.shape), np.float32)
        if self.number:
            planes[self.number - 1] = 1
        return planes


def test_each_slide_is_tested_once_by_a_model_that_has_not_seen_it(cohort, by_slide):
    assert by_slide.by == "slide"
    assert sorted(by_slide.table["slide"]) == sorted(slide.name for slide, _ in cohort)
    assert by_slide.table["fold"].nunique() == 3
    assert by_slide.dice["tumor"] > 0.8
    train = Remembering()
    cross_validate_segmentation(cohort, "tumor", 2.0, train=train, within_label="roi", **FAST)
    seen = [{slide.name for slide, _ in given} for given in train.given]
    tested = by_slide.table.set_index("fold")["slide"]
    for fold, names in enumerate(seen):
        assert tested[fold] not in names
        assert len(names) == 2


def test_scores_are_those_of_the_pixels(cohort, by_slide):
    model = train_segmentation(cohort[1:], "tumor", 2.0, roi_label="roi", **FAST)
    slide, _ = cohort[0]
    width, height = (length // 4 for length in SIZE)
    found = model.predict(slide.read(0, 0, width, height, downsample=4)) > 0
    true = rasterise(synthetic_regions(SIZE, 0)["tumor"], found.shape, downsample=4)
    row = by_slide.table.set_index("slide").loc[slide.name]
    assert row["pixels"] == true.sum()
    assert row["found"] == pytest.approx(found.sum(), abs=0.01 * true.sum())
    both = (found & true).sum()
    assert row["dice"] == pytest.approx(2 * both / (found.sum() + true.sum()), abs=0.01)
    assert row["jaccard"] == pytest.approx(both / (found | true).sum(), abs=0.01)
    assert row["precision"] == pytest.approx(both / found.sum(), abs=0.01)
    assert row["recall"] == pytest.approx(both / true.sum(), abs=0.01)


def test_slides_of_a_group_stay_together(cohort):
    train = Remembering()
    groups = {"s0": "ada", "s1": "ben", "s2": "ada"}
    found = cross_validate_segmentation(
        cohort, "tumor", 2.0, train=train, groups=groups, within_label="roi", **FAST
    )
    assert found.by == "group"
    assert {frozenset(slide.name for slide, _ in given) for given in train.given} == {
        frozenset({"s0", "s2"}),
        frozenset({"s1"}),
    }
    in_order = cross_validate_segmentation(
        cohort, "tumor", 2.0, groups=["ada", "ben", "ada"], within_label="roi", **FAST
    )
    pd.testing.assert_frame_equal(in_order.table, found.table)


def test_a_slide_of_a_tested_group_is_not_learned_from_even_without_a_region(cohort):
    train = Remembering()
    (slide, table), *others = cohort
    pairs = [(slide, table[table["label"] == "tumor"]), *others]
    cross_validate_segmentation(
        pairs, "tumor", 2.0, train=train, groups=[1, 1, 2], within_label="roi", **FAST
    )
    assert sorted(len(given) for given in train.given) == [1, 2]


def test_regions_of_a_single_slide_are_tested_in_turns(quarters):
    table = quarters[1]
    train = Remembering()
    found = cross_validate_segmentation([quarters], "tumor", 2.0, train=train, within_label="roi", **FAST)
    assert (found.by, found.table["fold"].nunique()) == ("region", 4)
    rois = table[table["label"] == "roi"].set_index("id").geometry
    assert set(found.table["region"]) == set(rois.index)
    assert found.dice["tumor"] > 0.7
    tested = found.table.set_index("fold")["region"]
    for fold, given in enumerate(train.given):
        ((_, seen),) = given
        assert seen.geometry.intersection(rois[tested[fold]]).area.max() == 0
        assert set(seen["label"]) == {"roi", "tumor"}
    twice = cross_validate_segmentation([quarters], "tumor", 2.0, n_splits=2, within_label="roi", **FAST)
    assert twice.table.groupby("fold")["region"].nunique().tolist() == [2, 2]


def test_regions_that_overlap_are_tested_together(cohort):
    slide, _ = cohort[0]
    halves = [shapely.box(0, 0, 400, 600), shapely.box(390, 0, 768, 300), shapely.box(400, 300, 768, 600)]
    tumours = synthetic_regions(SIZE, 0)["tumor"]
    table = new_annotations([*halves, *tumours], label=["roi"] * 3 + ["tumor"] * len(tumours))
    found = cross_validate_segmentation([(slide, table)], "tumor", 2.0, within_label="roi", **FAST)
    assert found.table["fold"].value_counts().tolist() == [2, 1]


def test_without_regions_the_neighbourhood_of_annotations_is_tested(cohort):
    tables = [(slide, table[table["label"] == "tumor"]) for slide, table in cohort]
    found = cross_validate_segmentation(tables, "tumor", 2.0, **FAST)
    assert found.dice["tumor"] > 0.7
    assert set(found.table["region"]) == {""}
    bounds = np.concatenate([table.total_bounds for _, table in tables])
    assert np.isfinite(bounds).all()

    def nothing(pairs, labels, um_per_px, *, margin=0.5, progress=None):
        return Everything(["background", "tumor"], 1)

    everything = cross_validate_segmentation(tables, "tumor", 2.0, train=nothing)
    wide = cross_validate_segmentation(tables, "tumor", 2.0, train=nothing, margin=2.0)
    assert everything.report.loc["tumor", "recall"] == 1
    assert wide.report.loc["tumor", "precision"] < everything.report.loc["tumor", "precision"] < 1


def test_with_a_background_label_only_what_is_annotated_is_tested(cohort):
    tables = []
    for slide, table in cohort:
        stroma = new_annotations([shapely.box(200, 20, 400, 80)], label="stroma")
        tables.append((slide, pd.concat([table[table["label"] == "tumor"], stroma])))
    found = cross_validate_segmentation(tables, "tumor", 2.0, background_label="stroma", **FAST)
    area = sum(table[table["label"] == "tumor"].area.sum() for _, table in tables) / 16
    assert found.report.loc["tumor", "pixels"] == pytest.approx(area, rel=0.02)

    def all_tumour(pairs, labels, um_per_px, *, background_label=None, margin=0.5, progress=None):
        return Everything(["stroma", "tumor"], 1)

    wrong = cross_validate_segmentation(tables, "tumor", 2.0, train=all_tumour, background_label="stroma")
    assert wrong.report.loc["tumor", "found"] - wrong.report.loc["tumor", "pixels"] == 3 * 50 * 15


def test_pixel_models_are_validated_on_strokes_and_regions(cohort):
    strokes = []
    for slide, table in cohort:
        tumours = table[table["label"] == "tumor"].geometry
        inside = [
            shapely.LineString([(x - 20, y), (x + 20, y)])
            for x, y in tumours.centroid.get_coordinates().to_numpy()
        ]
        outside = [shapely.LineString([(300, 30), (450, 30)]), shapely.LineString([(10, 10), (10, 60)])]
        drawn = [WHOLE, *inside, *outside]
        label = ["roi", *["tumor"] * len(inside), *["rest"] * len(outside)]
        strokes.append((slide, new_annotations(drawn, label=label)))
    found = cross_validate_segmentation(
        strokes, ["rest", "tumor"], 2.0, train=train_pixels, n_trees=10, scales=(1, 2)
    )
    assert min(found.dice.values()) > 0.9
    # width of strokes 5 px: 10 px long with round ends
    assert found.report.loc["tumor", "pixels"] == pytest.approx(12 * (10 * 5 + np.pi * 2.5**2), rel=0.15)


def test_more_labels_are_told_apart(cohort):
    tables = []
    for seed, (slide, table) in enumerate(cohort):
        tissue = new_annotations(synthetic_regions(SIZE, seed)["tissue"], label="stroma")
        tables.append((slide, pd.concat([table, tissue])))
    found = cross_validate_segmentation(tables, ["tumor", "stroma"], 2.0, roi_label="roi", **FAST)
    assert list(found.report.index) == ["tumor", "stroma"]
    assert min(found.dice.values()) > 0.75
    # what the label named first covers is not counted twice
    tissue = sum(synthetic_regions(SIZE, seed)["tissue"][0].area for seed in range(3)) / 16
    assert found.report["pixels"].sum() == pytest.approx(tissue, rel=0.01)


def test_it_shows_itself_and_its_scores_fit_a_header(by_slide):
    assert json.loads(json.dumps(by_slide.scores)) == by_slide.scores
    assert by_slide.scores["dice"]["tumor"] == round(by_slide.dice["tumor"], 4)
    assert by_slide.scores["grouped_by"] == "slide"
    assert by_slide.scores["spread"]["tumor"] == round(by_slide.folds["dice"].std(ddof=1), 4)
    assert "3 regions of 3 slides, 3 folds by slide" in repr(by_slide)
    shown = SegmentationValidation(by_slide.table.replace("tumor", "<b>"), ("<b>",), "slide")._repr_html_()
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown


def test_labels_that_are_not_there_have_no_scores():
    counts = pd.DataFrame({"pixels": [0, 0, 10], "found": [0, 5, 0], "both": [0, 0, 0]})
    scored = with_scores(counts)
    assert list(scored) == ["dice", "jaccard", "precision", "recall", "pixels", "found", "both"]
    np.testing.assert_array_equal(scored["dice"], [np.nan, 0, 0])
    np.testing.assert_array_equal(scored["precision"], [np.nan, 0, np.nan])
    np.testing.assert_array_equal(scored["recall"], [np.nan, np.nan, 0])
    table = counts.assign(fold=[0, 1, 2], slide=list("abc"), region="", label=["x", "y", "z"])
    found = SegmentationValidation(with_scores(table), ("x", "y", "z"), "slide")
    assert found.scores["dice"] == {"x": None, "y": 0.0, "z": 0.0}
    assert "x" in repr(found)


def test_it_counts_folds_and_is_cancelled_in_the_middle_of_one(cohort):
    steps = []

    def stop(step):
        steps.append(step)
        if len(steps) == 3:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        cross_validate_segmentation(cohort, "tumor", 2.0, within_label="roi", progress=stop, **FAST)
    assert {(step.label, step.done, step.total) for step in steps} == {("validating", 0, 3)}


def refused(match, *args, error=InvalidInput, **options):
    with pytest.raises(error, match=match):
        cross_validate_segmentation(*args, train=_never, **options)


def _never(pairs, labels, um_per_px, *, roi_label=None, margin=0.5, progress=None, **parameters):
    raise AssertionError("training began")


def test_what_cannot_be_validated_is_told_before_training(cohort, quarters):
    tables = [(slide, table[table["label"] == "tumor"]) for slide, table in cohort]
    refused("one region, and nothing is left.*within_label", tables[:1], "tumor", 2.0)
    refused("one group, and nothing", cohort, "tumor", 2.0, groups=[1, 1, 1])
    refused("one for each of 3 slides", cohort, "tumor", 2.0, groups=[1, 2])
    refused("no group of slide 's1'", cohort, "tumor", 2.0, groups={"s0": 1})
    refused("one slide, and nothing", [cohort[0], *tables[1:]], "tumor", 2.0, within_label="roi")
    only_first = [cohort[0], *[(slide, table[table["label"] == "roi"]) for slide, table in cohort[1:]]]
    refused(
        r"in fold \d all annotations of 'tumor' \(on s0\) are tested.*more than one slide",
        only_first, "tumor", 2.0, within_label="roi",
    )  # fmt: skip
    refused(
        "no annotation carries the label 'roy'", cohort, "tumor", 2.0, error=UnknownLabel, within_label="roy"
    )
    refused("no annotation carries the label 'tumour'", cohort, "tumour", 2.0, error=UnknownLabel)
    refused("must be different", cohort, ["tumor", "tumor"], 2.0)
    refused("n_splits", cohort, "tumor", 2.0, n_splits=1)
    refused("nothing to test", [], "tumor", 2.0)
    slide, table = cohort[0]
    away = new_annotations([shapely.box(9000, 0, 9100, 100)], label="tumor")
    refused(r"at \(9000, 0\) lies outside", [(slide, pd.concat([table, away])), cohort[1]], "tumor", 2.0)
    points = new_annotations([shapely.Point(3, 3)], label="roi")
    dotted = [(slide, pd.concat([table, points])) for slide, table in tables]
    refused("no annotation of 'roi' has an area", dotted, "tumor", 2.0, within_label="roi")


def test_a_slide_without_pixel_size_is_told(cohort, tmp_path):
    path = synthetic_slide(tmp_path / "u.tif", SIZE, None)
    with open_slide(path) as slide, pytest.raises(UnknownMpp, match="slide u"):
        cross_validate_segmentation(
            [(slide, cohort[0][1]), cohort[1]], "tumor", 2.0, within_label="roi", **FAST
        )


def test_a_region_smaller_than_a_pixel_is_told(cohort):
    slide, table = cohort[0]
    dot = new_annotations([shapely.box(1.2, 1.2, 1.4, 1.4)], label="roi")
    pairs = [(slide, pd.concat([table[table["label"] == "tumor"], dot])), *cohort[1:]]
    with pytest.raises(InvalidInput, match="covers no pixel"):
        cross_validate_segmentation(pairs, "tumor", 2.0, within_label="roi", **FAST)
