"""Classifiers on the crops of a project: how they see annotations, and groups."""

from __future__ import annotations

import json

import pytest

import wsinb
from wsinb.errors import InvalidInput
from wsinb.testing import CELL_KINDS, synthetic_cell_slide, synthetic_cells
from wsinb.trees import DirectClassifier, crops, cross_validate

SIZE = (512, 384)
SMALL = {"n_windows": 8, "n_trees": 10}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cells") / "study"
    project = wsinb.create_project(folder)
    project.slides.add(synthetic_cell_slide(folder / "a.tiff", SIZE))
    project.labels.add([wsinb.Label(kind) for kind in CELL_KINDS])
    session = project.session()
    for kind, cells in synthetic_cells(SIZE).items():
        session["a"].upsert(wsinb.new_annotations(cells, label=kind))
    session.commit("known cells")
    return project


def test_a_classifier_keeps_how_annotations_were_seen(project, tmp_path):
    seen = {"um_per_px": 0.5, "context": 0.25, "size": None, "background": "#ffffff"}
    trained = DirectClassifier(**SMALL).fit(crops(project, **seen))
    assert trained.view == {**seen, "background": [255, 255, 255]}
    trained.save(tmp_path / "cells.npz")
    loaded = DirectClassifier.load(tmp_path / "cells.npz")
    assert loaded.view == trained.view
    assert json.loads(json.dumps(loaded.header)) == trained.header
    assert crops(project, **loaded.view)[3].shape == crops(project, **seen)[3].shape


def test_one_that_learned_from_arrays_saw_nothing_particular(pictures):
    images, names, _ = pictures
    trained = DirectClassifier(**SMALL).fit(images, names)
    assert trained.view == {"um_per_px": None, "context": 0.0, "size": None, "background": None}
    trained.header["view"] = "nonsense"
    assert trained.view["size"] is None


def test_cells_of_one_slide_are_validated_only_when_groups_are_left_aside(project):
    chosen = crops(project, um_per_px=0.5, context=0.2)
    with pytest.raises(InvalidInput, match="one group, 'a'"):
        cross_validate(DirectClassifier(**SMALL), chosen, n_splits=3)
    validation = cross_validate(DirectClassifier(**SMALL), chosen, groups=False, n_splits=3)
    assert not validation.grouped
    assert validation.accuracy > 0.9
