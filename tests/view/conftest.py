"""A small project to look at."""

from __future__ import annotations

import pytest

import wsinb
from wsinb.testing import synthetic_regions, synthetic_slide

SIZE = (1024, 768)


@pytest.fixture
def slide_path(tmp_path):
    (tmp_path / "study").mkdir()
    return synthetic_slide(tmp_path / "study" / "liver.tif", SIZE)


@pytest.fixture
def project(slide_path):
    project = wsinb.create_project(slide_path.parent)
    project.slides.add(slide_path)
    project.labels.add(wsinb.Label("tumor", color="#00ff00", key="t"))
    session = project.session(author="pathologist")
    session["liver"].upsert(wsinb.new_annotations(synthetic_regions(SIZE)["tumor"], label="tumor"))
    session.commit("the known regions")
    return project
