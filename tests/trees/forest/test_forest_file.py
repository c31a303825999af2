"""Forests as files, from friends and from enemies."""

from __future__ import annotations

import io
import json
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import ExtraTreesClassifier

from wsinb.errors import InvalidInput, StorageError, WsinbError
from wsinb.trees import Forest
from wsinb.trees.forest.file import ARRAYS


def small_forest():
    rng = np.random.default_rng(0)
    samples = rng.integers(0, 256, (200, 27)).astype(np.float32)
    classes = (samples[:, :9] > 128).astype(int)
    return Forest.from_sklearn(
        ExtraTreesClassifier(3, min_samples_leaf=3, random_state=0).fit(samples, classes)
    ), samples


FOREST, SAMPLES = small_forest()


def saved_bytes(forest=FOREST):
    file = io.BytesIO()
    forest.save(file)
    return file.getvalue()


def changed(**arrays):
    """The saved forest with some arrays replaced (None removes one); `json` may be a dict of changes."""
    with np.load(io.BytesIO(saved_bytes())) as store:
        content = {name: store[name] for name in store.files}
    document = json.loads(content["json"].tobytes())
    document.update(arrays.pop("json", {}))
    content["json"] = np.frombuffer(json.dumps(document).encode(), np.uint8)
    content.update(arrays)
    file = io.BytesIO()
    np.savez(file, **{name: array for name, array in content.items() if array is not None})
    return file.getvalue()


def edited(name, index, value):
    array = getattr(FOREST, name).copy()
    array[index] = value
    return {name: array}


INNER = int(np.flatnonzero(FOREST.left >= 0)[3])
LEAF = int(np.flatnonzero(FOREST.left < 0)[0])


def test_a_saved_forest_predicts_the_same(tmp_path):
    FOREST.save(tmp_path / "forest.npz")
    loaded = Forest.load(tmp_path / "forest.npz")
    assert loaded.classes == FOREST.classes
    np.testing.assert_array_equal(loaded.predict_proba(SAMPLES), FOREST.predict_proba(SAMPLES))
    for name in ARRAYS:
        assert getattr(loaded, name).dtype == getattr(FOREST, name).dtype


def test_equal_forests_give_equal_bytes():
    assert saved_bytes() == saved_bytes(small_forest()[0])


def test_saving_replaces_whole_files_and_leaves_nothing_behind(tmp_path):
    path = tmp_path / "forest.npz"
    path.write_bytes(b"old")
    FOREST.save(path)
    assert Forest.load(path).n_trees == 3
    assert [file.name for file in tmp_path.iterdir()] == ["forest.npz"]


def test_a_folder_that_is_not_there_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match="could not be written"):
        FOREST.save(tmp_path / "missing" / "forest.npz")


HOSTILE = {
    "child far outside": edited("left", INNER, 2**31 - 1),
    "child before its parent": edited("left", INNER, 0),
    "child of another tree": edited("right", INNER, int(FOREST.roots[1])),
    "node with one child": edited("right", INNER, -1),
    "leaf with a child": edited("left", LEAF, LEAF + 1),
    "feature outside": edited("feature", INNER, 27),
    "negative feature": edited("feature", INNER, -1),
    "threshold not a number": edited("threshold", INNER, np.nan),
    "infinite threshold": edited("threshold", INNER, np.inf),
    "root outside": edited("roots", 2, 10**12),
    "negative root": edited("roots", 0, -1),
    "roots out of order": {"roots": FOREST.roots[::-1].copy()},
    "no trees": {"roots": np.empty(0, np.int64)},
    "too few leaves": {"leaves": FOREST.leaves[:-1]},
    "too few outputs": {"leaves": FOREST.leaves[:, :-1]},
    "counts above their divisor": edited("leaves", (0, 0), 255),
    "divisor of zero": edited("divisor", 0, 0),
    "too few divisors": {"divisor": FOREST.divisor[:-1]},
    "arrays of different length": {"feature": FOREST.feature[:-1]},
    "wrong type": {"left": FOREST.left.astype(np.float32)},
    "wide integers": {"left": FOREST.left.astype(np.int64)},
    "foreign byte order": {"left": FOREST.left.astype(">i4")},
    "objects": {"left": np.array([None] * len(FOREST.left))},
    "missing array": {"left": None},
    "two-dimensional": {"left": FOREST.left[None]},
    "text leaves": {"leaves": FOREST.leaves.astype(str)},
    "leaves not numbers": {"leaves": np.full(FOREST.leaves.shape, np.nan)},
    "negative leaves": {"leaves": -np.ones(FOREST.leaves.shape)},
    "more features than seen": {"json": {"n_features": 3}},
    "features not a number": {"json": {"n_features": "27"}},
    "huge outputs": {"json": {"n_outputs": 10**18}},
    "no classes": {"json": {"classes": []}},
    "repeated classes": {"json": {"classes": [1, 1]}},
    "nested classes": {"json": {"classes": [[0], [1]]}},
    "fractional classes": {"json": {"classes": [0.5, 1.5]}},
    "other format": {"json": {"format": "other"}},
    "future version": {"json": {"format_version": 99}},
    "header a list": {"json": {"header": []}},
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_arrays_are_refused(change):
    with pytest.raises(InvalidInput, match="not a forest"):
        Forest.load(io.BytesIO(changed(**change)))


def test_a_shared_child_is_refused():
    # a graph in which two nodes share a child would not be a tree, though every walk ends
    left = FOREST.left.copy()
    inner = np.flatnonzero(left >= 0)
    left[inner[0]] = FOREST.left[inner[1]]
    with pytest.raises(InvalidInput, match="no parent or several"):
        Forest.load(io.BytesIO(changed(left=left)))


def test_pickles_are_never_loaded(tmp_path):
    flag = tmp_path / "executed"

    class Bomb:
        def __reduce__(self):
            return (flag.touch, ())

    array = np.array([Bomb()], dtype=object)
    file = io.BytesIO()
    np.savez(file, json=array, left=array)
    for content in (file.getvalue(), pickle.dumps(Bomb())):
        with pytest.raises(InvalidInput):
            Forest.load(io.BytesIO(content))
    assert not flag.exists()


def test_an_array_that_claims_to_be_huge_is_refused():
    data = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved_bytes())) as source, zipfile.ZipFile(data, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "left.npy":
                header = b"{'descr': '<i4', 'fortran_order': False, 'shape': (99999999999999,), }"
                header += b" " * (117 - len(header)) + b"\n"
                content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + b"\0" * 16
            target.writestr(name, content)
    with pytest.raises(InvalidInput):
        Forest.load(io.BytesIO(data.getvalue()))


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"not a model at all", saved_bytes()[:-40], saved_bytes()[:500]]
)
def test_damaged_files_are_refused(tmp_path, content):
    path = tmp_path / "model.npz"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"model\.npz is not a forest"):
        Forest.load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InvalidInput, match=r"no model at .*gone\.npz"):
        Forest.load(tmp_path / "gone.npz")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_flipped_bytes_never_crash(data):
    content = bytearray(changed())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        loaded = Forest.load(io.BytesIO(bytes(content)))
    except WsinbError:
        return
    assert np.isfinite(loaded.predict_proba(SAMPLES[:5])).all()


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["feature", "left", "right", "roots", "divisor", "leaves", "threshold"]),
    st.integers(0, 10**6),
    st.integers(-(2**31), 2**31 - 1),
)
def test_any_changed_number_is_refused_or_harmless(name, place, value):
    array = getattr(FOREST, name).copy()
    array.flat[place % array.size] = np.array(value).astype(array.dtype)
    try:
        loaded = Forest.load(io.BytesIO(changed(**{name: array})))
    except InvalidInput:
        return
    image = SAMPLES[:1].reshape(3, 3, 3).astype(np.uint8)
    found = loaded.window_proba(image, np.zeros(9, int), np.zeros(9, int))
    assert ((found >= 0) & (found <= 1 + 1e-6)).all()
