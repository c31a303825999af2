"""Classifiers as files, from friends and from enemies."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

from wsinb.errors import InvalidInput
from wsinb.trees import DirectClassifier, LeafClassifier, load_model
from wsinb.trees.forest.file import write_forest

SMALL = {"n_windows": 8, "window": 8, "n_trees": 10, "min_samples_leaf": 2}
KINDS = [DirectClassifier, LeafClassifier]


def saved(model, header=None, arrays=None):
    file = io.BytesIO()
    kept = {name: array for name, array in {**model._arrays(), **(arrays or {})}.items() if array is not None}
    write_forest(file, model.forest, {**model.header, **(header or {})}, kept)
    file.seek(0)
    return file


def test_a_saved_classifier_predicts_the_same(trained, unseen, tmp_path):
    trained.save(tmp_path / "model.npz")
    for loaded in (type(trained).load(tmp_path / "model.npz"), load_model(tmp_path / "model.npz")):
        assert type(loaded) is type(trained)
        assert loaded.header == trained.header
        assert loaded.get_params() == trained.get_params()
        np.testing.assert_array_equal(loaded.predict(unseen[0]), trained.predict(unseen[0]))
        np.testing.assert_array_equal(loaded.predict_proba(unseen[0]), trained.predict_proba(unseen[0]))
        np.testing.assert_array_equal(loaded.importance(unseen[0][0]), trained.importance(unseen[0][0]))


def test_the_header_says_what_the_model_is(trained):
    header = json.loads(json.dumps(trained.header))
    assert header["kind"] == trained.kind
    assert header["labels"] == ["coarse", "fine", "flat"]
    assert header["channels"] == 3
    assert header["parameters"]["n_windows"] == 8
    assert header["random_state"] == 42
    assert set(header["versions"]) == {"numba", "numpy", "scikit-learn", "wsinb"}


def test_equal_training_gives_equal_bytes(pictures):
    images, names, _ = pictures
    one, other = (io.BytesIO() for _ in range(2))
    for file in (one, other):
        LeafClassifier(**SMALL).fit(images, names).save(file)
    assert one.getvalue() == other.getvalue()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_whole_numbers_weights_and_numpy_parameters_survive(kind, pictures, unseen):
    images, names, _ = pictures
    numbers = np.searchsorted(["coarse", "fine", "flat"], names)
    parameters = {**SMALL, "n_trees": np.int64(5), "class_weight": {0: 1, 1: 2.0, 2: 1}}
    model = kind(**parameters).fit(images, numbers)
    loaded = load_model(saved(model))
    assert loaded.classes_.tolist() == [0, 1, 2]
    assert loaded.class_weight == {0: 1.0, 1: 2.0, 2: 1.0}
    np.testing.assert_array_equal(loaded.predict_proba(unseen[0]), model.predict_proba(unseen[0]))


@pytest.mark.parametrize(
    "header",
    [
        {"labels": ["coarse", "fine"]},
        {"labels": ["fine", "coarse", "flat"]},
        {"labels": [1, "fine", "flat"]},
        {"labels": None},
        {"parameters": {}},
        {"parameters": None},
        {"um_per_px": -2},
    ],
    ids=str,
)
def test_headers_that_do_not_fit_are_refused(trained, header):
    with pytest.raises(InvalidInput, match="not a classifier"):
        type(trained).load(saved(trained, header))


@pytest.mark.parametrize(
    "parameter",
    [
        {"window": 9},
        {"colour": "gray"},
        {"colour": "lab"},
        {"n_windows": 0},
        {"n_trees": "x"},
        {"unknown": 1},
        {"class_weight": [1]},
        {"min_size": "0.1"},
    ],
    ids=str,
)
def test_parameters_that_do_not_fit_are_refused(trained, parameter):
    parameters = {**trained.header["parameters"], **parameter}
    with pytest.raises(InvalidInput, match="not a classifier"):
        type(trained).load(saved(trained, {"parameters": parameters}))


def hostile(model):
    yield {"weight": None}
    yield {"weight": model.weight_[:-1]}
    yield {"weight": np.zeros_like(model.weight_)}
    yield {"weight": model.weight_.astype(np.float32)}
    if isinstance(model, LeafClassifier):
        yield {"coef": model.coef_[:1]}
        yield {"coef": np.full_like(model.coef_, np.nan)}
        yield {"intercept": model.intercept_[:, None]}
        yield {"scale": np.zeros_like(model.scale_)}
        yield {"scale": model.scale_.astype(str)}


def test_arrays_that_do_not_fit_are_refused(trained):
    for arrays in hostile(trained):
        with pytest.raises(InvalidInput, match="not a classifier"):
            type(trained).load(saved(trained, arrays=arrays))


def test_one_kind_is_not_loaded_as_another(trained):
    other = LeafClassifier if isinstance(trained, DirectClassifier) else DirectClassifier
    with pytest.raises(InvalidInput, match=r"load it with wsinb\.trees\.load_model"):
        other.load(saved(trained))
