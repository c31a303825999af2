"""`project.models`: models kept with commits, found again, listed."""

from __future__ import annotations

import numpy as np
import pytest

from wsinb import Label
from wsinb.errors import InvalidInput, UnknownVersion
from wsinb.project import create_project
from wsinb.trees import DirectClassifier, PixelForest


@pytest.fixture
def project(tmp_path):
    return create_project(tmp_path / "study")


@pytest.fixture(scope="module")
def classifier():
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (8, 20, 20, 3), dtype=np.uint8)
    return DirectClassifier(n_windows=4, n_trees=3).fit(pictures, ["cell", "<b>dirt</b>"] * 4)


@pytest.fixture(scope="module")
def pixels():
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    strokes = np.full((40, 50), -1, np.int16)
    strokes[:5], strokes[-5:] = 0, 1
    return PixelForest(n_trees=3, scales=(1,)).fit([picture], [strokes], ["glass", "tissue"])


def test_a_model_is_kept_with_a_commit_and_comes_back(project, classifier):
    picture = np.zeros((1, 20, 20, 3), np.uint8)
    kept = project.models.add("cells", classifier)
    assert kept.commit == project.head()
    found = project.models["cells"]
    assert found == kept
    assert found.header["kind"] == "direct"
    np.testing.assert_array_equal(found.load().predict_proba(picture), classifier.predict_proba(picture))
    assert [artifact.name for artifact in project.artifacts("main")] == ["cells.npz"]


def test_a_name_stands_for_the_newest_model_up_to_a_version(project, classifier, pixels):
    first = project.head()
    project.models.add("m", classifier)
    project.labels.add(Label("cell"))
    project.models.add("m.npz", pixels)
    project.models.add("old", classifier, first)
    assert project.models["m"].header["kind"] == "pixels"
    assert project.models.find("m", first).header["kind"] == "direct"
    assert [entry.name for entry in project.models.at(first)] == ["m", "old"]
    assert list(project.models) == ["m", "old"]
    assert len(project.models) == 2
    assert "m" in project.models
    assert "old.npz" in project.models
    assert "x" not in project.models


def test_the_same_model_twice_is_one_and_another_of_its_name_is_refused(project, classifier, pixels):
    assert project.models.add("m", classifier) == project.models.add("m", classifier)
    with pytest.raises(InvalidInput, match=r"another artifact 'm\.npz'"):
        project.models.add("m", pixels)


def test_a_model_of_another_kind_than_is_needed_is_named(project, classifier):
    kept = project.models.add("cells", classifier)
    assert isinstance(kept.load("leaves", "direct"), DirectClassifier)
    with pytest.raises(InvalidInput, match=r"model cells of version \w+ is of kind 'direct', and 'pixels'"):
        kept.load("pixels")


def test_a_name_is_free_unless_the_same_commit_has_another_model_under_it(project, classifier):
    project.models.add("cells", classifier)
    asked = {"kind": "direct", "labels": ["<b>dirt</b>", "cell"], "parameters": {"n_trees": 3}}
    project.models.check_name("cells", "main", **asked)
    project.models.check_name("others", "main", kind="pixels")
    for other in ({"kind": "leaves"}, {"parameters": {"n_trees": 4}}, {"labels": {"a": 1}}):
        with pytest.raises(InvalidInput, match="'cells' that was trained otherwise; choose another name"):
            project.models.check_name("cells.npz", "main", **{**asked, **other})
    project.labels.add(Label("cell"))
    project.models.check_name("cells", "main", kind="pixels")
    with pytest.raises(UnknownVersion):
        project.models.check_name("cells", "nowhere")


def test_unknown_names_and_versions_are_told(project, classifier):
    with pytest.raises(InvalidInput, match="no version before it has one"):
        project.models["cells"]
    project.models.add("cells", classifier)
    with pytest.raises(InvalidInput, match="did you mean 'cells'"):
        project.models["cell"]
    with pytest.raises(UnknownVersion):
        project.models.add("cells", classifier, "nowhere")
    with pytest.raises(InvalidInput, match="text"):
        project.models[3]


def test_the_list_tells_what_each_was_trained_for(project, classifier):
    assert "no models yet" in repr(project.models)
    project.models.add("cells", classifier)
    project.attach(project.head(), "broken.npz", b"no model")
    project.attach(project.head(), "notes.txt", b"no model either")
    text, html = repr(project.models), project.models._repr_html_()
    assert "direct" in text
    assert "not a model of wsinb" in text
    assert "notes" not in text
    assert "&lt;b&gt;dirt&lt;/b&gt;" in html
    assert "<b>" not in html
    with pytest.raises(InvalidInput, match="broken"):
        project.models["broken"].load()
