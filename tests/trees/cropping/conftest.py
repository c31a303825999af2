"""A project of two slides, with annotations of all kinds."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from wsinb.annotate import Label, new_annotations
from wsinb.project import create_project
from wsinb.testing import synthetic_image, synthetic_slide

SIZE = (400, 300)


@pytest.fixture(scope="session")
def pixels():
    """The pixels of slide b as written, before compression."""
    return synthetic_image(SIZE, 1)


@pytest.fixture(scope="session")
def crops_project(tmp_path_factory):
    """Slide a at 0.5 um a pixel, slide b at 1.0; patients p1 and p2."""
    folder = tmp_path_factory.mktemp("crops")
    project = create_project(folder, author="tester")
    for number, (name, mpp) in enumerate({"a": 0.5, "b": 1.0}.items()):
        synthetic_slide(folder / f"{name}.tif", SIZE, mpp, seed=number)
        project.slides.add(folder / f"{name}.tif", metadata={"patient": f"p{number + 1}"}, author="tester")
    project.labels.add([Label(name) for name in ("cell", "blob", "edge", "dot", "far")], author="tester")
    session = project.session(author="tester")
    said = [None, '[{"by":"x","ok":true}]', '[{"by":"x","ok":false}]', None]
    session["a"].upsert(
        new_annotations(
            [
                shapely.box(10, 20, 50, 40),
                shapely.box(100, 100, 140, 180),
                shapely.Point(200, 150).buffer(20),
                shapely.box(380, 10, 440, 50),
            ],
            label=["cell", "cell", "blob", "edge"],
            layer=["manual", "job", "manual", "manual"],
            verifications=said,
        )
    )
    session["b"].upsert(
        new_annotations(
            [
                shapely.box(30, 30, 70, 70),
                shapely.Point(100, 60),
                shapely.box(1000, 1000, 1010, 1010),
                shapely.box(0, 0, 5, 5),
            ],
            label=["cell", "dot", "far", None],
        )
    )
    session.commit("annotated")
    return project


@pytest.fixture
def rng():
    return np.random.default_rng(0)
