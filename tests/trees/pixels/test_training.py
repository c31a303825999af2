"""From strokes, points and regions on slides to pixel forests."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinb.annotate import new_annotations
from wsinb.errors import InvalidInput, UnknownLabel, UnknownMpp
from wsinb.testing import synthetic_slide
from wsinb.tiles import open_slide
from wsinb.trees import load_model, segment_slide, train_pixels, write_probabilities
from wsinb.trees.outlines.raster import rasterise
from wsinb.trees.pixels.marks import Marks, class_order
from wsinb.trees.pixels.training import plan_of, read_field

SMALL = {"n_trees": 6, "scales": (1, 2)}


@pytest.fixture(scope="module")
def strokes(tumours):
    """Lines through the tumours of the left half, one through tissue and one over glass."""
    across = [
        shapely.LineString([(x0, (y0 + y1) / 2), (x1, (y0 + y1) / 2)]).intersection(tumour.buffer(-12))
        for tumour in tumours
        if tumour.bounds[2] < 768
        for x0, y0, x1, y1 in [tumour.bounds]
    ]
    outside = shapely.LineString([(5, 10), (700, 10), (700, 1190)]).difference(
        shapely.union_all(tumours).buffer(20)
    )
    rest = [part for part in shapely.get_parts(outside) if part.length > 20]
    return new_annotations([*across, *rest], label=["tumor"] * len(across) + ["rest"] * len(rest))


@pytest.fixture(scope="module")
def stroke_model(trees_slide, strokes):
    return train_pixels(
        [(trees_slide, strokes)], ["tumor"], 2.0, background_label="rest", version="v7", **SMALL
    )


def test_the_header_says_what_it_was_trained_on(stroke_model):
    header = stroke_model.header
    assert header["labels"] == ["rest", "tumor"]
    assert (header["um_per_px"], header["downsample"], header["version"]) == (2.0, None, "v7")
    assert header["slides"] == ["tissue"]


def test_strokes_on_one_half_find_the_tumours_of_the_other(trees_slide, stroke_model, tumours):
    found = segment_slide(trees_slide, stroke_model, min_area=4000)
    truth = shapely.union_all([tumour for tumour in tumours if tumour.bounds[0] > 768])
    right = shapely.union_all(found.geometry.cx[768:, :].to_numpy())
    assert 2 * right.intersection(truth).area / (right.area + truth.area) > 0.85
    assert set(found["label"]) == {"tumor"}


def test_probabilities_are_written_and_a_saved_model_is_the_same(trees_slide, stroke_model, tmp_path):
    stroke_model.save(tmp_path / "model.npz")
    paths = [
        write_probabilities(trees_slide, model, "tumor", tmp_path / f"{n}.tif")
        for n, model in enumerate((stroke_model, load_model(tmp_path / "model.npz")))
    ]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with open_slide(paths[0]) as picture:
        assert picture.mpp == pytest.approx(2.0)


def test_without_a_background_label_the_first_is_what_the_others_leave(trees_slide, strokes):
    model = train_pixels([(trees_slide, strokes)], ["rest", "tumor"], None, downsample=4, **SMALL)
    assert model.header["labels"] == ["rest", "tumor"]
    assert (model.header["um_per_px"], model.header["downsample"]) == (None, 4.0)
    assert set(segment_slide(trees_slide, model)["label"]) == {"tumor"}


def test_training_twice_gives_the_same_model(trees_slide, strokes, stroke_model):
    again = train_pixels([(trees_slide, strokes)], "tumor", 2.0, background_label="rest", **SMALL)
    image = trees_slide.read(0, 0, 300, 200, downsample=4)
    np.testing.assert_array_equal(again.predict_proba(image), stroke_model.predict_proba(image))


def marked(geometries, labels=("a", "b"), background=None, size=(600, 500), downsample=2.0, width=5.0):
    """Paint the patches of marks into one picture of classes."""
    _, order = class_order(labels, background)
    drawn = [np.array(part, object) for part in geometries]
    whole = np.full(size[::-1], -1, np.int16)
    for patch in Marks(drawn, order, size, downsample, width).patches():
        core = patch.core
        assert (whole[core.y0 : core.y1, core.x0 : core.x1] == -1).all(), "patches overlap"
        whole[core.y0 : core.y1, core.x0 : core.x1] = patch.classes
    return whole


def test_a_line_is_as_wide_as_the_stroke_and_a_point_a_disc():
    classes = marked([[shapely.LineString([(100, 200), (900, 200)])], [shapely.Point(300, 600)]])
    assert set((classes[:, 100:400] == 0).sum(axis=0)) <= {4, 5}
    rows, columns = np.nonzero(classes == 1)
    assert np.ptp(rows) + 1 == np.ptp(columns) + 1 == 4
    assert (rows.mean(), columns.mean()) == (299.5, 149.5)


@pytest.mark.parametrize("place", [(100.0, 100.0), (101.0, 101.0), (100.3, 101.9)])
def test_the_smallest_point_marks_a_pixel_wherever_it_lies(place):
    assert (marked([[shapely.Point(place)], []], width=1.5) == 0).any()


@pytest.mark.parametrize(("labels", "background", "expected"), [("ab", None, 0), ("b", "a", 1)])
def test_the_label_named_first_holds_and_background_last(labels, background, expected):
    box = shapely.box(100, 100, 200, 200)
    classes = marked([[box], [box]], tuple(labels), background)
    assert set(np.unique(classes)) == {-1, expected}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 1), *[st.floats(-200, 1300, allow_nan=False)] * 4), min_size=1, max_size=5
    ),
    st.sampled_from([0.7, 1.0, 2.5]),
)
def test_patches_together_mark_what_the_whole_marks(lines, downsample):
    size = (700, 600)
    drawn = [[], []]
    for kind, x0, y0, x1, y1 in lines:
        drawn[kind].append(shapely.LineString([(x0, y0), (x1, y1)]))
    classes = marked(drawn, size=size, downsample=downsample)
    expected = np.full(classes.shape, -1, np.int16)
    for kind in (1, 0):
        areas = shapely.buffer(np.array(drawn[kind], object), 2.5 * downsample)
        expected[rasterise(areas, classes.shape, downsample=downsample)] = kind
    np.testing.assert_array_equal(classes, expected)


def test_features_of_a_patch_are_those_of_the_whole_slide(trees_slide, stroke_model):
    plan = plan_of(trees_slide, 2.0, None)
    marks = Marks([np.array([shapely.box(0, 0, 1200, 1100)], object)], [0], (plan.width, plan.height), 4.0)
    whole = stroke_model.field(trees_slide.read(0, 0, plan.width, plan.height, downsample=4)).bank
    for patch in marks.patches():
        core = patch.core
        own = read_field(stroke_model, plan, core).bank
        np.testing.assert_array_equal(own, whole[core.y0 : core.y1, core.x0 : core.x1])


def test_only_patches_around_the_annotations_are_read(trees_slide, monkeypatch):
    table = new_annotations([shapely.Point(200, 200), shapely.Point(1300, 900)], label=["a", "b"])
    read, areas = trees_slide.read, []

    def counting(x, y, width, height, **options):
        areas.append(width * height)
        return read(x, y, width, height, **options)

    monkeypatch.setattr(trees_slide, "read", counting)
    model = train_pixels([(trees_slide, table)], ["a", "b"], 1.0, **SMALL)
    assert len(areas) == 2
    assert max(areas) <= (5 + 2 * model.margin) ** 2


def line(x, y=400):
    return shapely.LineString([(x, y), (x + 60, y + 60)])


PAIR = new_annotations([line(100), line(300)], label=["a", "b"])
BAD = {
    "no labels": ({"labels": []}, InvalidInput, "at least one"),
    "one class only": ({"labels": ["a"]}, InvalidInput, "'a' alone can be told from nothing"),
    "label twice": ({"labels": ["a", "a"]}, InvalidInput, "different"),
    "background among the labels": ({"background_label": "a"}, InvalidInput, "different"),
    "no annotation": ({"labels": ["a", "c"]}, UnknownLabel, "no annotation carries the label 'c'"),
    "no background": ({"background_label": "c"}, UnknownLabel, "the label 'c': annotate some, or use one of"),
    "two resolutions": ({"downsample": 2}, InvalidInput, "not both"),
    "NaN": ({"um_per_px": float("nan")}, InvalidInput, "um_per_px must be a positive number"),
    "NaN as a width": ({"stroke_width": float("nan")}, InvalidInput, "stroke_width must be"),
    "too thin": ({"stroke_width": 1}, InvalidInput, "stroke_width must be from 1.5"),
    "a parameter": ({"n_trees": 0}, InvalidInput, "n_trees"),
    "no tables": ({"tables": []}, UnknownLabel, "no annotation carries"),
    "outside": (
        {"table": new_annotations([line(100), line(9000)], label=["a", "b"])},
        InvalidInput,
        r"'b' at \(9000, 400\) lies outside of slide tissue \(1536 x 1200 px\)",
    ),
    "only the whole image": (
        {"table": new_annotations([line(100), None], label=["a", "b"], shape=["line", "image"])},
        InvalidInput,
        "'b' has no strokes",
    ),
    "nothing but the whole image": (
        {"table": new_annotations([None, None], label=["a", "b"], shape="image")},
        InvalidInput,
        "cover no pixel",
    ),
    "covered": (
        {"table": new_annotations([line(100), line(100)], label=["a", "b"])},
        InvalidInput,
        "'b' has no strokes",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_learned_is_explained(case, trees_slide):
    given, error, text = BAD[case]
    arguments = {"labels": ["a", "b"], "um_per_px": 2.0, **given}
    tables = arguments.pop("tables", [arguments.pop("table", PAIR)])
    with pytest.raises(error, match=text):
        train_pixels([(trees_slide, table) for table in tables], **arguments)


def test_coordinates_that_are_no_numbers_are_explained(trees_slide):
    table = PAIR.copy()
    ring = shapely.set_coordinates(shapely.Point(1, 1), [[np.nan, 5.0]])
    table.geometry = [line(100), ring]
    with pytest.raises(InvalidInput, match="coordinates that are no numbers"):
        train_pixels([(trees_slide, table)], ["a", "b"], 2.0)


def test_slides_of_unknown_and_of_different_resolutions_are_explained(trees_slide, tmp_path):
    with open_slide(synthetic_slide(tmp_path / "other.tif", (512, 512), 0.25)) as other:
        pairs = [(trees_slide, PAIR), (other, PAIR)]
        with pytest.raises(InvalidInput, match=r"other \(0.25 um per pixel\) and tissue \(0.5\)"):
            train_pixels(pairs, ["a", "b"], None, downsample=2, **SMALL)
        assert train_pixels(pairs, ["a", "b"], 1.0, **SMALL).header["slides"] == ["other", "tissue"]
    with open_slide(synthetic_slide(tmp_path / "unknown.tif", (512, 512), None)) as unknown:
        with pytest.raises(UnknownMpp, match="slide unknown does not know its pixel size"):
            train_pixels([(unknown, PAIR)], ["a", "b"], 1.0)
        assert train_pixels([(unknown, PAIR)], ["a", "b"], None, **SMALL).header["downsample"] == 1.0


def test_a_stroke_over_the_border_of_the_slide_counts_inside(trees_slide):
    table = new_annotations([shapely.LineString([(-500, 300), (200, 300)]), line(600)], label=["a", "b"])
    model = train_pixels([(trees_slide, table)], ["a", "b"], 2.0, **SMALL)
    assert model.header["scores"]["n_pixels"] > 0


def test_stages_learn_from_patches(trees_slide, strokes):
    model = train_pixels(
        [(trees_slide, strokes)], "tumor", 0.5, background_label="rest", stages=2, n_trees=4, scales=(1,)
    )
    assert len(model.forests) == 2
