"""One file form for all kinds of models."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier

from wsinb.errors import InvalidInput
from wsinb.trees import Forest, SegmentationForest, TrainingRegion, load_model
from wsinb.trees.forest.file import read_header, read_stored, write_forest
from wsinb.trees.models import KINDS, check_header, kind_of, new_header


@pytest.fixture(scope="module")
def segmentation():
    rng = np.random.default_rng(0)
    classes = np.zeros((40, 40), np.int16)
    classes[:, 20:] = 1
    image = rng.integers(0, 100, (40, 40, 3)).astype(np.uint8)
    image[:, 20:] += 100
    return SegmentationForest(window=8, n_trees=3, n_windows=200).fit([TrainingRegion(image, classes)])


@pytest.fixture(scope="module")
def forest():
    rng = np.random.default_rng(0)
    return Forest.from_sklearn(
        ExtraTreesClassifier(2, random_state=0).fit(rng.random((30, 4)), [0, 1, 2] * 10)
    )


def written(forest, header, others=None):
    file = io.BytesIO()
    write_forest(file, forest, header, others)
    file.seek(0)
    return file


def test_a_model_is_loaded_as_what_it_is(segmentation, tmp_path):
    segmentation.save(tmp_path / "model.npz")
    loaded = load_model(tmp_path / "model.npz")
    assert isinstance(loaded, SegmentationForest)
    assert loaded.header == segmentation.header
    assert (loaded.header["format"], loaded.header["kind"], loaded.header["channels"]) == (
        1,
        "segmentation",
        3,
    )
    file = io.BytesIO()
    segmentation.save(file)
    file.seek(0)
    assert isinstance(load_model(file), SegmentationForest)


def test_models_of_the_first_form_stay_readable(segmentation):
    first = {
        key: segmentation.header[key]
        for key in (
            "labels",
            "um_per_px",
            "downsample",
            "version",
            "parameters",
            "white_is_background",
            "scores",
            "versions",
        )
    }
    file = written(segmentation.forest, first)
    assert isinstance(load_model(file), SegmentationForest)
    file.seek(0)
    assert SegmentationForest.load(file).header == first


REFUSED = {
    "newer format": (
        {"format": 2, "versions": {"wsinb": "0.9.0"}},
        r"of format 2, this wsinb reads 1: install wsinb 0\.9\.0",
    ),
    "format true": ({"format": True}, "of format True"),
    "unknown kind": ({"kind": "deep"}, "of kind 'deep', this wsinb knows segmentation"),
    "kind a list": ({"kind": ["direct"]}, "of kind"),
    "other channels": ({"channels": 4}, "expects images of 4 channels"),
    "other kind": ({"kind": "direct"}, "not a model|kind 'direct'|not a classifier|damaged"),
}


@pytest.mark.parametrize(("change", "message"), REFUSED.values(), ids=REFUSED)
def test_models_that_cannot_be_used_are_refused_in_one_sentence(segmentation, change, message):
    header = {**segmentation.header, **change}
    for load in (load_model, SegmentationForest.load):
        with pytest.raises(InvalidInput, match=message) as caught:
            load(written(segmentation.forest, header), "tumours.npz")
        assert "tumours.npz" in str(caught.value)


def test_another_kind_names_the_way_to_load_it(segmentation):
    with pytest.raises(
        InvalidInput, match=r"'leaves', not 'segmentation': load it with wsinb\.trees\.load_model"
    ):
        SegmentationForest.load(written(segmentation.forest, {**segmentation.header, "kind": "leaves"}))


def test_a_missing_file_and_one_that_is_no_model_are_named(tmp_path):
    with pytest.raises(InvalidInput, match=r"no model at .*gone\.npz"):
        load_model(tmp_path / "gone.npz")
    (tmp_path / "text.npz").write_text("a text")
    with pytest.raises(InvalidInput, match=r"text\.npz is not a forest"):
        load_model(tmp_path / "text.npz")


def test_other_arrays_come_back_as_they_were(forest):
    others = {"scale": np.arange(5.0), "names": np.array([1, 2], np.int8)}
    header = new_header("leaves", ["a"])
    stored = read_stored(written(forest, header, others))
    assert stored.header == header
    assert set(stored.arrays) == {"scale", "names"}
    for name, array in others.items():
        np.testing.assert_array_equal(stored.arrays[name], array)
        assert stored.arrays[name].dtype == array.dtype
    assert read_header(written(forest, header, others)) == header


def test_only_the_header_is_read_of_a_file_that_can_be_sought(segmentation):
    class Counted(io.BytesIO):
        n_read = 0

        def read(self, size=-1):
            data = super().read(size)
            self.n_read += len(data)
            return data

    file = Counted()
    write_forest(
        file,
        segmentation.forest,
        segmentation.header,
        {"noise": np.random.default_rng(0).integers(0, 256, 10**6, np.uint8)},
    )
    file.n_read = 0
    assert read_header(file) == segmentation.header
    assert file.n_read < 50_000
    assert not file.closed


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": []},
        {"parameters": None},
        {"parameters": {}},
        {"um_per_px": 10**400},
        {"labels": {"a": 1}},
    ],
)
@pytest.mark.parametrize("kind", ["segmentation", "direct", "leaves", "pixels"])
def test_no_kind_takes_a_header_that_is_not_what_it_seems(segmentation, kind, change):
    header = {**segmentation.header, "kind": kind, **change}
    with pytest.raises(
        InvalidInput, match=r"tumours\.npz is not a (segmentation model|classifier|pixel model), or"
    ):
        load_model(written(segmentation.forest, header), "tumours.npz")


def test_other_arrays_that_hold_objects_are_refused(forest):
    file = io.BytesIO()
    good = written(forest, new_header("leaves", ["a"]))
    with np.load(good) as store:
        arrays = {name: store[name] for name in store.files}
    np.savez(file, **arrays, model_scale=np.array([{}], object))
    file.seek(0)
    with pytest.raises(InvalidInput, match="not a forest"):
        read_stored(file)


def test_every_kind_has_a_header_that_passes():
    for kind in KINDS:
        header = json.loads(json.dumps(new_header(kind, ["a", "b"], um_per_px=0.5, random_state=1)))
        assert kind_of(header, "it") == kind
        check_header(header)


@pytest.mark.parametrize(
    "change",
    [
        {"labels": []},
        {"labels": "ab"},
        {"labels": ["a", "a"]},
        {"labels": ["", "a"]},
        {"labels": [None]},
        {"um_per_px": 0},
        {"um_per_px": float("nan")},
        {"downsample": "2"},
    ],
    ids=str,
)
def test_headers_that_are_damaged_are_refused(change):
    with pytest.raises(InvalidInput):
        check_header({**new_header("direct", ["a", "b"]), **change})
