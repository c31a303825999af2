"""Forests on pixels, on arrays."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinb.errors import InvalidInput
from wsinb.progress import Cancelled
from wsinb.trees import SegmentationForest, load_model
from wsinb.trees.forest.file import write_forest
from wsinb.trees.pixels import PixelForest
from wsinb.trees.pixels.stages import join_forests

SMALL = {"n_trees": 12, "scales": (1.0, 2.0, 4.0)}


@pytest.fixture(scope="module")
def images(make_picture, make_strokes):
    pairs = [make_picture(seed) for seed in range(3)]
    return [image for image, _ in pairs], [make_strokes(classes) for _, classes in pairs]


@pytest.fixture(scope="module", params=[1, 2], ids=["one stage", "two stages"])
def model(request, images):
    return PixelForest(**SMALL, stages=request.param).fit(*images, ["ground", "rough", "red"])


def test_pixels_without_strokes_are_told_apart(model, make_picture):
    image, classes = make_picture(7)
    assert np.mean(model.predict(image) == classes) > 0.9
    probabilities = model.predict_proba(image)
    assert probabilities.shape == (*classes.shape, 3)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=2), 1, atol=1e-5)


def test_one_image_and_its_strokes_suffice(make_picture, make_strokes):
    image, classes = make_picture(1)
    found = PixelForest(**SMALL).fit(image, make_strokes(classes)).predict(image)
    assert np.mean(found == classes) > 0.9


def test_strokes_at_the_border_count(make_picture):
    image, classes = make_picture(1)
    strokes = np.full(classes.shape, -1, np.int16)
    for line in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        strokes[line] = classes[line]
    present = np.unique(strokes[strokes >= 0])
    assert list(present) == [0, 1, 2]
    found = PixelForest(**SMALL).fit(image, strokes).predict(image)
    assert np.mean((found == strokes)[strokes >= 0]) > 0.95


def test_a_field_gives_what_its_image_gives(model, make_picture):
    image, _ = make_picture(5)
    field = model.field(image)
    assert field is model.field(field)
    np.testing.assert_array_equal(model.predict_proba(field), model.predict_proba(image))
    assert "120 x 96" in repr(field)


def test_fields_train_as_their_images_do(images):
    forest = PixelForest(**SMALL)
    fields = [forest.field(image) for image in images[0]]
    again = PixelForest(**SMALL).fit(*images)
    forest.fit(fields, images[1])
    np.testing.assert_array_equal(forest.predict_proba(fields[0]), again.predict_proba(images[0][0]))


def test_fields_of_other_features_are_refused(model, make_picture):
    image, _ = make_picture(5)
    with pytest.raises(InvalidInput, match="other scales"):
        model.predict(PixelForest(scales=(3,)).field(image))


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_a_piece_with_its_margin_is_predicted_as_the_whole(model, data):
    margin = model.margin
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (2 * margin + 40, 2 * margin + 300, 3), np.uint8)
    y0, x0 = data.draw(st.integers(margin, margin + 20)), data.draw(st.integers(margin, margin + 150))
    height, width = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 150))
    whole = model.predict_proba(image)
    piece = model.predict_proba(image[y0 - margin : y0 + height + margin, x0 - margin : x0 + width + margin])
    np.testing.assert_array_equal(
        piece[margin:-margin, margin:-margin], whole[y0 : y0 + height, x0 : x0 + width]
    )


def test_equal_seeds_give_equal_models_with_any_number_of_threads(images):
    saved = []
    for n_jobs in (1, 2, None):
        file = io.BytesIO()
        PixelForest(**SMALL, n_jobs=n_jobs).fit(*images).save(file)
        saved.append(file.getvalue())
    assert saved[0] == saved[1] == saved[2]
    other = PixelForest(**SMALL, random_state=1).fit(*images)
    first = PixelForest.load(io.BytesIO(saved[0]))
    assert not np.array_equal(other.predict_proba(images[0][0]), first.predict_proba(images[0][0]))


@pytest.mark.parametrize("kind", ["extra", "random"])
@pytest.mark.parametrize("colour", ["rgb", "hsv", "gray"])
def test_both_kinds_of_trees_and_all_colours_learn(images, kind, colour):
    found = PixelForest(**SMALL, kind=kind, colour=colour).fit(*images)
    assert found.header["scores"]["pixel_accuracy"] > 0.6


def test_images_of_any_number_of_channels_are_learned(make_picture, make_strokes):
    image, classes = make_picture(2)
    strokes = make_strokes(classes)
    one = PixelForest(**SMALL).fit(image[..., 0], strokes)
    assert one.header["channels"] == 1
    assert one.predict(image[..., :1]).shape == classes.shape
    with pytest.raises(InvalidInput, match="expects images of 1 channels, not 3"):
        one.predict(image)
    five = np.concatenate([image, image[..., :2]], axis=2)
    assert PixelForest(**SMALL).fit(five, strokes).predict(five).shape == classes.shape
    with pytest.raises(InvalidInput, match="3 channels, not 5"):
        PixelForest(**SMALL, colour="hsv").fit(five, strokes)
    with pytest.raises(InvalidInput, match="do not go together"):
        PixelForest(**SMALL).fit([image, five], [strokes, strokes])


def test_a_saved_model_predicts_the_same(model, images, tmp_path):
    model.save(tmp_path / "model.npz")
    loaded = load_model(tmp_path / "model.npz")
    assert isinstance(loaded, PixelForest)
    assert loaded.header == model.header == json.loads(json.dumps(model.header))
    np.testing.assert_array_equal(loaded.predict_proba(images[0][1]), model.predict_proba(images[0][1]))
    with pytest.raises(InvalidInput, match="pixels"):
        SegmentationForest.load(tmp_path / "model.npz")


def test_the_header_says_what_the_model_is(model):
    header = model.header
    assert header["kind"] == "pixels"
    assert header["labels"] == ["ground", "rough", "red"]
    assert header["channels"] == 3
    assert header["parameters"]["n_trees"] == 12
    assert header["random_state"] == 42
    assert header["scores"]["n_pixels"] > 0
    assert header["scores"]["dice"]["red"] > 0.8


@pytest.mark.parametrize(
    "change",
    [
        {"labels": ["ground"]},
        {"labels": ["a", "a", "b"]},
        {"channels": 4},
        {"channels": "3"},
        {"white_is_background": 1},
        {"um_per_px": -1},
        {"parameters": {}},
        {"kind": "segmentation"},
        {"kind": "unheard of"},
        {"format": 99},
    ],
)
def test_headers_that_do_not_fit_are_refused(model, change):
    file = io.BytesIO()
    write_forest(file, join_forests(model.forests), {**model.header, **change})
    file.seek(0)
    with pytest.raises(InvalidInput):
        PixelForest.load(file)


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_parameters_that_do_not_match_the_trees_are_refused(model, stages):
    if stages == model.stages:
        return
    file = io.BytesIO()
    parameters = {**model.header["parameters"], "stages": stages}
    write_forest(file, join_forests(model.forests), {**model.header, "parameters": parameters})
    file.seek(0)
    with pytest.raises(InvalidInput, match="not a pixel model"):
        PixelForest.load(file)


def test_what_cannot_be_learned_is_refused(make_picture, make_strokes):
    image, classes = make_picture(0)
    strokes = make_strokes(classes)
    fit = PixelForest(**SMALL).fit
    with pytest.raises(InvalidInput, match="no strokes"):
        fit(image, np.full(classes.shape, -1, np.int16))
    with pytest.raises(InvalidInput, match="one class only"):
        fit(image, np.zeros(classes.shape, np.int16))
    with pytest.raises(InvalidInput, match="'background' has no strokes"):
        fit(image, np.where(classes > 0, 1, -1).astype(np.int16))
    with pytest.raises(InvalidInput, match="'vessel' has no strokes"):
        fit(image, strokes, ["ground", "rough", "red", "vessel"])
    with pytest.raises(InvalidInput, match="only 2 labels"):
        fit(image, strokes, ["ground", "rough"])
    with pytest.raises(InvalidInput, match="different classes"):
        fit(image, strokes, ["ground", "rough", "rough"])
    with pytest.raises(InvalidInput, match="float64"):
        fit(image, np.full(classes.shape, np.nan))
    with pytest.raises(InvalidInput, match="-1"):
        fit(image, strokes - 5)
    with pytest.raises(InvalidInput, match="strokes of"):
        fit(image, strokes[:-1])
    with pytest.raises(InvalidInput, match="1 images need"):
        fit([image], [strokes, strokes])
    with pytest.raises(InvalidInput, match="nothing to learn"):
        fit([], [])
    with pytest.raises(InvalidInput, match="uint8"):
        fit(image / 255.0, strokes)
    with pytest.raises(InvalidInput, match="outside"):
        fit([lambda: image[:40]], [strokes])
    with pytest.raises(InvalidInput, match="has not been trained"):
        PixelForest().predict(image)


def test_stages_need_what_one_image_cannot_know_of_the_other(make_picture, make_strokes):
    image, classes = make_picture(0)
    strokes = make_strokes(classes)
    with pytest.raises(InvalidInput, match="at least two images"):
        PixelForest(**SMALL, stages=2).fit(image, strokes)
    without = np.where(strokes == 2, -1, strokes).astype(np.int16)
    with pytest.raises(InvalidInput, match="too few images"):
        PixelForest(**SMALL, stages=2).fit([image, image], [strokes, without])


def test_images_are_read_only_where_strokes_are(make_picture, make_strokes):
    image, classes = make_picture(0)
    reads = []

    def read(number):
        reads.append(number)
        return image

    strokes = make_strokes(classes)
    nothing = np.full(classes.shape, -1, np.int16)
    PixelForest(**SMALL).fit([lambda: read(0), lambda: read(1), lambda: read(2)], [strokes, nothing, strokes])
    assert reads == [0, 2]


def test_at_most_so_many_pixels_of_a_class_are_learned(make_picture):
    image, classes = make_picture(0)
    found = PixelForest(**SMALL, n_pixels=100).fit(image, classes)
    assert found.header["scores"]["n_pixels"] == 3 * 4


def test_training_can_be_cancelled_between_trees(images):
    def stop(step):
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        PixelForest(n_trees=60).fit(*images, progress=stop)


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_trees": 0}, {"max_depth": 0}, {"min_samples_leaf": True}, {"max_features": 1.5},
        {"max_features": 0}, {"n_pixels": 1}, {"stages": 5}, {"random_state": -1}, {"scales": (2, 1)},
    ],
)  # fmt: skip
def test_parameters_out_of_range_are_refused(wrong):
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        PixelForest(**wrong)


def test_unknown_names_suggest_near_ones():
    with pytest.raises(InvalidInput, match="'gray'"):
        PixelForest(colour="grey")
    with pytest.raises(InvalidInput, match="'extra'"):
        PixelForest(kind="extras")
    with pytest.raises(InvalidInput, match="'gradient'"):
        PixelForest(filters=("gradiant",))
