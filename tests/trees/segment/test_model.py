"""The segmentation model on arrays."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

from wsinb.errors import InvalidInput
from wsinb.progress import Cancelled
from wsinb.trees import Forest, SegmentationForest, TrainingRegion
from wsinb.trees.forest.file import read_forest, write_forest
from wsinb.trees.segment.grid import step_for, window_hits, window_starts


def textured(seed, shape=(400, 420), n_classes=2):
    """An image whose classes differ only by the scale of their grain, and the classes."""
    import cv2

    rng = np.random.default_rng(seed)
    height, width = shape
    classes = np.zeros(shape, np.int16)
    for number in range(6 * (n_classes - 1)):
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        cv2.circle(classes, centre, int(rng.integers(30, 70)), number % (n_classes - 1) + 1, -1)
    image = np.empty((*shape, 3), np.uint8)
    for label, sigma in enumerate((0.0, 2.5, 6.0)[:n_classes]):
        grain = rng.normal(0, 1, (*shape, 3)).astype(np.float32)
        grain = cv2.GaussianBlur(grain, (0, 0), sigma) if sigma else grain
        grain = 128 + 40 * grain / grain.std()
        image[classes == label] = np.clip(grain, 0, 255).astype(np.uint8)[classes == label]
    return image, classes


def dice(found, truth):
    return 2 * np.sum(found & truth) / (found.sum() + truth.sum())


SMALL = {"n_windows": 4000, "window": 16, "colour": "rgb", "n_trees": 8}


@pytest.fixture(scope="module")
def model():
    return SegmentationForest(**SMALL).fit([TrainingRegion(*textured(0)), TrainingRegion(*textured(1))])


def test_texture_alone_is_learned(model):
    image, classes = textured(2)
    assert dice(model.predict(image) == 1, classes == 1) > 0.9


def test_three_classes_are_told_apart():
    regions = [TrainingRegion(*textured(seed, n_classes=3)) for seed in (0, 1)]
    found = SegmentationForest(**SMALL | {"n_windows": 8000}).fit(regions, ["glass", "fine", "coarse"])
    assert found.header["labels"] == ["glass", "fine", "coarse"]
    image, classes = textured(3, n_classes=3)
    probabilities = found.predict_proba(image)
    assert probabilities.shape == (*classes.shape, 3)
    np.testing.assert_allclose(probabilities.sum(axis=2), 1, atol=1e-5)
    assert np.mean(found.predict(image) == classes) > 0.85


def test_projections_are_as_good_as_all_outputs():
    regions = [TrainingRegion(*textured(seed)) for seed in (0, 1)]
    image, classes = textured(4)
    scores = {}
    for n_projections in (16, None):
        small = {**SMALL, "n_windows": 2500, "n_projections": n_projections}
        grown = [SegmentationForest(**small, random_state=seed).fit(regions) for seed in range(2)]
        scores[n_projections] = np.mean([dice(model.predict(image) == 1, classes == 1) for model in grown])
    assert scores[16] > scores[None] - 0.02


@pytest.mark.parametrize("n_projections", [8, None])
def test_equal_seeds_give_equal_models_with_any_number_of_threads(n_projections, monkeypatch):
    image, classes = textured(0)
    saved = []
    for n_jobs in (1, 2, None):
        monkeypatch.setattr("os.cpu_count", lambda n_jobs=n_jobs: n_jobs or 3)
        small = {"n_windows": 400, "window": 8, "n_trees": 5, "n_projections": n_projections}
        grown = SegmentationForest(**small, n_jobs=n_jobs).fit([TrainingRegion(image, classes)])
        file = io.BytesIO()
        grown.save(file)
        saved.append(file.getvalue())
    assert saved[0] == saved[1] == saved[2]
    other = SegmentationForest(**small, random_state=43).fit([TrainingRegion(image, classes)])
    assert not np.array_equal(
        other.forest.leaves, SegmentationForest.load(io.BytesIO(saved[0])).forest.leaves
    )


def test_a_saved_model_predicts_the_same(model, tmp_path):
    model.save(tmp_path / "model.npz")
    loaded = SegmentationForest.load(tmp_path / "model.npz")
    image, _ = textured(5, (60, 70))
    np.testing.assert_array_equal(loaded.predict_proba(image), model.predict_proba(image))
    assert loaded.header == model.header
    assert loaded.window == 16


def test_the_header_says_what_the_model_is(model):
    header = json.loads(json.dumps(model.header))
    assert header["labels"] == ["background", "1"]
    assert header["parameters"]["n_windows"] == 4000
    assert set(header["versions"]) == {"numba", "numpy", "scikit-learn", "wsinb"}
    assert header["scores"]["dice"]["1"] > 0.7


@pytest.mark.parametrize(
    "change",
    [
        {"labels": ["background"]},
        {"labels": ["background", "background"]},
        {"labels": ["background", 3]},
        {"labels": "bg"},
        {"parameters": {}},
        {"parameters": None},
        {"um_per_px": -1},
        {"um_per_px": "2"},
        {"downsample": 0},
        {"white_is_background": "yes"},
    ],
)
def test_headers_that_do_not_fit_are_refused(model, change):
    file = io.BytesIO()
    write_forest(file, model.forest, {**model.header, **change})
    file.seek(0)
    with pytest.raises(InvalidInput, match="not a segmentation model"):
        SegmentationForest.load(file)


def test_a_window_that_is_not_the_forests_is_refused(model):
    file = io.BytesIO()
    parameters = {**model.header["parameters"], "window": 24}
    write_forest(file, model.forest, {**model.header, "parameters": parameters})
    file.seek(0)
    with pytest.raises(InvalidInput, match="windows of 24 px"):
        SegmentationForest.load(file)


def test_a_bare_forest_is_no_segmentation_model(model):
    file = io.BytesIO()
    model.forest.save(file)
    file.seek(0)
    assert isinstance(read_forest(file)[0], Forest)
    file.seek(0)
    with pytest.raises(InvalidInput, match="not a segmentation model"):
        SegmentationForest.load(file)


@pytest.mark.parametrize("shape", [(3, 5), (16, 16), (17, 40), (40, 9)])
def test_every_pixel_of_any_image_is_predicted(model, shape):
    image, _ = textured(6, (64, 64))
    found = model.predict_proba(image[: shape[0], : shape[1]])
    assert found.shape == (*shape, 2)
    np.testing.assert_allclose(found.sum(axis=2), 1, atol=1e-5)


def test_a_pixel_is_the_mean_of_the_windows_that_cover_it(model):
    image, _ = textured(7, (37, 45))
    starts = [window_starts(length, 16, model.step) for length in image.shape[:2]]
    y, x = (part.ravel() for part in np.meshgrid(*starts, indexing="ij"))
    windows = model.forest.window_proba(image, y, x).reshape(-1, 16, 16)
    sums, hits = np.zeros(image.shape[:2]), np.zeros(image.shape[:2])
    for i, j, window in zip(y, x, windows, strict=True):
        sums[i : i + 16, j : j + 16] += window
        hits[i : i + 16, j : j + 16] += 1
    assert hits.min() >= 1
    np.testing.assert_allclose(model.predict_proba(image)[..., 1], sums / hits, atol=1e-5)


def test_windows_of_glass_are_background_when_skipped(model):
    image = np.full((48, 48, 3), 245, np.uint8)
    image[:, 32:] = textured(8, (48, 16))[0]
    starts = window_starts(48, 16, 8)
    skipped = model.predict_planes(image, starts, starts, skip_white=True)
    seen = model.predict_planes(image, starts, starts)
    assert not skipped[:, :, :24].any()
    np.testing.assert_array_equal(skipped[:, :, 32:], seen[:, :, 32:])


@pytest.mark.parametrize(
    ("predictions", "step"), [(1, 24), (2, 23), (4, 23), (8, 11), (9, 11), (16, 7), (576, 1)]
)
def test_step_is_the_largest_that_covers_a_pixel_often_enough(predictions, step):
    assert step_for(predictions, 24) == step


@pytest.mark.parametrize("length", [0, 23, 24, 25, 35, 36, 100])
def test_windows_cover_every_pixel_and_stay_inside(length):
    starts = window_starts(length, 24, 11)
    hits = window_hits(length, starts, 24)
    assert len(hits) == length
    if length < 24:
        assert not len(starts)
    else:
        assert hits.min() >= 1
        assert starts[-1] + 24 == length
        assert len(set(starts)) == len(starts)


def test_windows_stay_inside_the_region_of_interest():
    image, classes = textured(0)
    roi = np.zeros(classes.shape, bool)
    roi[30:370, 40:380] = True
    classes[~roi] = 1 - classes[~roi]
    image[~roi] = 255
    grown = SegmentationForest(**SMALL).fit([TrainingRegion(image, classes, roi)])
    fresh, truth = textured(2)
    assert dice(grown.predict(fresh) == 1, truth == 1) > 0.85
    unknown = np.where(roi, classes, -1).astype(np.int16)
    same = SegmentationForest(**SMALL).fit([TrainingRegion(image, unknown)])
    np.testing.assert_array_equal(same.forest.leaves, grown.forest.leaves)


def test_images_are_read_only_where_windows_are_drawn():
    image, classes = textured(0)
    reads = []

    def read(number):
        reads.append(number)
        return image

    outside = np.zeros(classes.shape, bool)
    regions = [
        TrainingRegion(lambda: read(0), classes),
        TrainingRegion(lambda: read(1), classes, outside),
        TrainingRegion(lambda: read(2), classes),
    ]
    SegmentationForest(n_windows=200, window=8, n_trees=2).fit(regions)
    assert reads == [0, 2]


def test_what_cannot_be_learned_is_refused():
    image, classes = textured(0)
    with pytest.raises(InvalidInput, match="'tumor' has no pixels"):
        SegmentationForest().fit([TrainingRegion(image, classes * 0)], ["background", "tumor"])
    roi = np.zeros(classes.shape, bool)
    roi[:10] = True
    with pytest.raises(InvalidInput, match="no window of 24 px fits"):
        SegmentationForest().fit([TrainingRegion(image, classes, roi)])
    with pytest.raises(InvalidInput, match="nothing to learn"):
        SegmentationForest().fit([])
    with pytest.raises(InvalidInput, match="only 2 labels"):
        SegmentationForest().fit([TrainingRegion(image, classes * 3)], ["a", "b"])
    with pytest.raises(InvalidInput, match=r"must be .* uint8"):
        SegmentationForest(n_windows=10, window=4).fit([TrainingRegion(image[:-1], classes)])
    with pytest.raises(InvalidInput, match="has not been trained"):
        SegmentationForest().predict(image)


@pytest.mark.parametrize(
    "wrong",
    [
        {"window": 3},
        {"window": 24.0},
        {"n_trees": 0},
        {"max_features": 5000},
        {"min_samples_leaf": True},
        {"n_windows": 1},
        {"colour": "lab"},
        {"random_state": -1},
        {"predictions_per_pixel": 0},
        {"n_projections": 0},
    ],
)
def test_parameters_out_of_range_are_refused(wrong):
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        SegmentationForest(**wrong)


def test_training_can_be_cancelled_between_trees():
    steps = []

    def stop(step):
        steps.append(step)
        raise Cancelled("stopped")

    image, classes = textured(0)
    with pytest.raises(Cancelled):
        SegmentationForest(n_windows=200, window=8).fit([TrainingRegion(image, classes)], progress=stop)
    assert len(steps) == 1
    assert steps[0].total == 10
