"""Anything in the role of segmenter or classifier."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.svm import LinearSVC

from wsinb.errors import InvalidInput
from wsinb.trees.roles import OnnxModel, as_classifier, as_segmenter


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (4, 10, 12, 3), np.uint8)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def is_dark(images):
    return images.mean(axis=-1) < 127.5


@pytest.mark.parametrize(
    "function",
    [
        is_dark,
        lambda images: is_dark(images).astype(np.int64),
        lambda images: is_dark(images).astype(np.uint8) * 255,
        lambda images: np.where(is_dark(images), 1, -1),
        lambda images: is_dark(images).astype(np.float32),
        lambda images: is_dark(images).astype(np.float32)[..., None],
        lambda images: np.stack([~is_dark(images), is_dark(images)], axis=-1).astype(float),
    ],
)
def test_all_forms_of_a_mask_are_understood(images, function):
    found = as_segmenter(function, labels="cell").segment(images)
    np.testing.assert_array_equal(found.classes, is_dark(images))
    if found.probability is not None:
        assert found.probability.dtype == np.float32


def test_labels_name_the_classes(images):
    segmenter = as_segmenter(is_dark, labels=["background", "cell"])
    assert segmenter.label(1) == "cell"
    assert as_segmenter(is_dark).label(3) == "3"
    with pytest.raises(InvalidInput, match="returned class 2"):
        segmenter.label(2)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda images: images[0], r"shape \(10, 12, 3\) for pictures of shape \(4, 10, 12, 3\)"),
        (lambda images: np.zeros((4, 5, 6), int), r"must return \(N, H, W\) labels"),
        (lambda images: np.zeros((4, 10, 12, 2), int), r"must return \(N, H, W\) labels"),
        (lambda images: np.full((4, 10, 12), np.nan), "no probabilities"),
        (lambda images: np.full((4, 10, 12, 2), 3.0), "no probabilities"),
        (lambda images: np.full((4, 10, 12), "a"), "return whole numbers"),
        (lambda images: None, "must return"),
    ],
)
def test_what_a_segmenter_must_not_return(images, function, message):
    with pytest.raises(InvalidInput, match=message):
        as_segmenter(function).segment(images)


@pytest.mark.parametrize("thing", [None, 7, object(), LinearSVC(), b"x"])
def test_what_is_no_segmenter_is_refused(thing):
    with pytest.raises(InvalidInput):
        as_segmenter(thing)


def test_labels_must_name_the_background_and_a_class():
    for labels in (["cell"], [], ["background", 3]):
        with pytest.raises(InvalidInput, match="labels"):
            as_segmenter(is_dark, labels=labels)
    with pytest.raises(InvalidInput, match="activation is for ONNX"):
        as_segmenter(is_dark, activation="softmax")


@pytest.mark.parametrize("estimator", [ExtraTreesClassifier(5, random_state=0), LinearSVC(tol=0.1)])
@pytest.mark.parametrize("names", [["background", "cell"], ["cell", "zone", "background"], [0, 1]])
def test_estimators_of_pixels_segment(images, rng, estimator, names):
    colours = rng.integers(0, 256, (600, 3))
    kinds = np.array(names)[np.clip((colours.mean(axis=1) / 256 * len(names)).astype(int), 0, None)]
    estimator.fit(colours, kinds)
    segmenter = as_segmenter(estimator)
    found = segmenter.segment(images)
    predicted = estimator.predict(images.reshape(-1, 3)).reshape(images.shape[:3])
    own = np.array([segmenter.label(number) for number in found.classes.ravel()]).reshape(predicted.shape)
    np.testing.assert_array_equal(own, np.where(predicted == 0, "background", predicted.astype(str)))


def test_estimators_of_other_features_do_not_segment():
    forest = RandomForestClassifier(2).fit(np.zeros((4, 5)), [0, 1, 0, 1])
    with pytest.raises(InvalidInput, match="takes 5 features"):
        as_segmenter(forest)


def test_an_onnx_model_segments(images, dark_model):
    segmenter = as_segmenter(dark_model, labels="cell", activation="softmax")
    found = segmenter.segment(images)
    sure = np.abs(images.mean(axis=-1) - 127.5) > 0.1
    np.testing.assert_array_equal(found.classes[sure], is_dark(images)[sure])
    logits = 10 * images.mean(axis=-1) / 255 - 5
    expected = 1 / (1 + np.exp(-2 * np.abs(logits)))
    np.testing.assert_allclose(found.probability, expected, atol=1e-5)
    with pytest.raises(InvalidInput, match="activation="):
        as_segmenter(dark_model).segment(images)


def test_onnx_models_may_take_channels_last_and_bytes(images, onnx_models):
    weights, bias = np.array([[0, 0, 0], [-1, -1, -1]]) * 1.0, [0, 127.5 * 3]
    bytes_last = onnx_models("bytes", weights, bias, channels_first=False, kind="UINT8")
    found = as_segmenter(bytes_last, activation="softmax").segment(images)
    sure = np.abs(images.mean(axis=-1) - 127.5) > 0.1
    np.testing.assert_array_equal(found.classes[sure], is_dark(images)[sure])


def test_an_onnx_model_classifies_on_threads_and_in_other_processes(images, onnx_models):
    path = onnx_models("sort", [[10 / 3] * 3, [-10 / 3] * 3], [-5, 5], pooled=True)
    classifier = as_classifier(path, labels=["bright", "dark"], activation="softmax")
    images[1] //= 2
    found = classifier.classify(list(images))
    assert found.labels[1] == "dark"
    with ThreadPoolExecutor(4) as pool:
        for other in pool.map(classifier.classify, [list(images)] * 8):
            assert other.labels.tolist() == found.labels.tolist()
    there = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(there.classify(list(images)).scores, found.scores)


def test_a_model_of_one_picture_at_a_time_gets_one(images, onnx_models):
    path = onnx_models("single", [[10 / 3] * 3], [-5], shape=(1, "h", "w"))
    model = OnnxModel(path, activation="sigmoid")
    assert model(images).shape == (4, 10, 12, 1)


def test_a_model_of_so_many_pictures_takes_any_number(images, onnx_models):
    weights, bias = [[10 / 3] * 3], [-5]
    three = OnnxModel(onnx_models("three", weights, bias, shape=(3, "h", "w")), activation="sigmoid")
    any_number = OnnxModel(onnx_models("any", weights, bias), activation="sigmoid")
    for n in (1, 3, 4):
        np.testing.assert_array_equal(three(images[:n]), any_number(images[:n]))


@pytest.mark.parametrize("bad", ["missing", "damaged", "channels", "size"])
def test_onnx_models_that_cannot_be_used_are_refused(images, onnx_models, tmp_path, bad):
    if bad == "missing":
        with pytest.raises(InvalidInput, match="no ONNX model at"):
            as_segmenter(tmp_path / "none.onnx")
    elif bad == "damaged":
        (tmp_path / "bad.onnx").write_bytes(b"not a model")
        with pytest.raises(InvalidInput, match="no ONNX model that can be run"):
            as_segmenter(tmp_path / "bad.onnx")
    elif bad == "channels":
        with pytest.raises(InvalidInput, match="slides have 3 channels"):
            as_segmenter(onnx_models("four", [[1, 1, 1, 1]], [0]))
    else:
        model = as_segmenter(onnx_models("sized", [[1, 1, 1]], [0], shape=("n", 64, 64)))
        with pytest.raises(InvalidInput, match=r"64 x 64 px, not 12 x 10: give tile_size=64"):
            model.segment(images)


def test_normalisation_is_applied(images, onnx_models):
    path = onnx_models("plain", [[1, 0, 0]], [0])
    model = OnnxModel(path, scale=0.5, mean=(1, 2, 3), std=(2, 1, 1))
    np.testing.assert_allclose(model(images)[..., 0], (images[..., 0] * 0.5 - 1) / 2, rtol=1e-6)
    with pytest.raises(InvalidInput, match="activation"):
        OnnxModel(path, activation="relu")
