"""Objects sorted by a classifier."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.svm import LinearSVC

from wsinb.annotate import new_annotations, validate
from wsinb.errors import InvalidInput
from wsinb.progress import Cancelled
from wsinb.trees.find import find_objects, sort_objects


@pytest.fixture
def objects(discs_slide):
    return find_objects(discs_slide, threshold=150, tolerance=0)


def is_ring(images):
    """Say whether the centre of a picture is bright: (n, h, w, 3) to (n, 2)."""
    size = images.shape[1]
    middle = images[:, size // 2, size // 2].mean(axis=1) / 255
    return np.stack([1 - middle, middle], axis=1)


def test_objects_get_labels_and_scores(discs_slide, objects):
    sorted_ = sort_objects(discs_slide, objects, is_ring, labels=["disc", "ring"], size=32)
    assert sorted_["id"].tolist() == objects["id"].tolist()
    holes = [len(polygon.interiors) for polygon in sorted_.geometry]
    assert sorted_["label"].tolist() == ["ring" if n else "disc" for n in holes]
    assert sorted_["score"].between(0.5, 1).all()
    assert len(validate(sorted_)) == len(objects)


@pytest.mark.parametrize("estimator", [ExtraTreesClassifier(10, random_state=0), LinearSVC(tol=0.1)])
def test_estimators_of_scikit_learn_sort(discs_slide, objects, estimator):
    names = np.array(["ring" if polygon.interiors else "disc" for polygon in objects.geometry])
    frames = [
        discs_slide.read(x - 8, y - 8, 16, 16).ravel()
        for x, y in shapely.get_coordinates(shapely.centroid(objects.geometry.to_numpy())).round()
    ]
    estimator.fit(frames, names)
    found = sort_objects(discs_slide, objects, estimator, size=16, um_per_px=0.5)
    assert found["label"].tolist() == names.tolist()
    assert found["score"].notna().all() == hasattr(estimator, "predict_proba")
    with pytest.raises(InvalidInput, match="takes 768 features"):
        sort_objects(discs_slide, objects, estimator, size=8)


def test_threads_change_nothing(discs_slide, objects):
    many = new_annotations(list(objects.geometry) * 30)
    one = sort_objects(discs_slide, many, is_ring, labels=["disc", "ring"], size=32, threads=1)
    other = sort_objects(discs_slide, many, is_ring, labels=["disc", "ring"], size=32, threads=3)
    assert one["label"].tolist() == other["label"].tolist()
    assert one["score"].tolist() == other["score"].tolist()


def test_the_background_can_be_hidden(discs_slide, objects):
    seen = []

    def look(images):
        seen.append(images)
        return np.zeros(len(images), int)

    sort_objects(discs_slide, objects, look, size=24, background="#00ff00", threads=1)
    assert (np.concatenate(seen)[:, 0, 0] == (0, 255, 0)).all()


def test_points_and_empty_tables_are_fine(discs_slide, objects):
    point = new_annotations([shapely.Point(60, 70)], label="old")
    bare = sort_objects(discs_slide, point, is_ring, size=32)
    assert bare["label"].isna().all()
    seen = sort_objects(discs_slide, point, is_ring, labels=["disc", "ring"], size=32, um_per_px=0.5)
    assert seen["label"].tolist() == ["disc"]
    assert len(sort_objects(discs_slide, objects.iloc[:0], is_ring)) == 0


def test_progress_counts_objects_and_cancels(discs_slide, objects):
    steps = []
    sort_objects(discs_slide, objects, is_ring, size=32, progress=steps.append)
    assert steps[-1].done == steps[-1].total == len(objects)

    def stop(step):
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        sort_objects(discs_slide, objects, is_ring, size=32, progress=stop)


@pytest.mark.parametrize(
    ("classifier", "message"),
    [
        (3, "a classifier is"),
        (ExtraTreesClassifier(), "not fitted"),
        (lambda images: np.zeros(len(images) + 1), r"returned float64 of shape \(\d+,\)"),
        (lambda images: np.full((len(images), 2), 7.0), "no probabilities"),
        (lambda images: np.full((len(images), 2), np.nan), "no probabilities"),
    ],
)
def test_what_is_no_classifier_is_refused(discs_slide, objects, classifier, message):
    with pytest.raises(InvalidInput, match=message):
        sort_objects(discs_slide, objects, classifier, size=16)


def test_pictures_of_one_size_are_asked_for(discs_slide, objects):
    with pytest.raises(InvalidInput, match="pictures of one size: give size"):
        sort_objects(discs_slide, objects, is_ring)
