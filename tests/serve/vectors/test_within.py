"""Selection by an outline: the annotations whose boxes have their centre in a polygon."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import wsinb
from tests.serve.vectors.study import ask
from wsinb.annotate import new_annotations
from wsinb.serve import Core, Settings
from wsinb.serve.vectors import requests as vector
from wsinb.serve.vectors.index import build_index
from wsinb.serve.vectors.within import rows_within
from wsinb.testing import synthetic_slide
from wsinb.testing.vector_tiles import frame_pieces

RANDOM = np.random.default_rng(3)
SIDES = np.where(RANDOM.random(2000) < 0.02, RANDOM.uniform(500, 3000, 2000), RANDOM.uniform(0, 30, 2000))
CORNERS = RANDOM.uniform(-100, 5000, (2000, 2))
FRAME = new_annotations(shapely.box(*CORNERS.T, *(CORNERS + SIDES[:, None] + 1).T)).sort_values("id")
INDEX = build_index(frame_pieces(FRAME.sample(frac=1, random_state=1)), at_once=True)
BOXES = shapely.bounds(np.asarray(FRAME.geometry.array, dtype=object))
CENTRES = shapely.points((BOXES[:, :2] + BOXES[:, 2:]) / 2)

corner = st.tuples(st.floats(-500, 8000, width=32), st.floats(-500, 8000, width=32))


@settings(max_examples=80, deadline=None)
@given(st.lists(corner, min_size=3, max_size=60, unique=True))
def test_those_within_are_those_that_shapely_finds(corners):
    """By the even-odd rule, of which shapely knows where the outline does not cross itself."""
    places = np.array(corners, np.float64)
    order = np.argsort(np.arctan2(*(places - places.mean(axis=0)).T), kind="stable")
    outline = shapely.Polygon(places[order])
    if not outline.is_valid or outline.area == 0:
        return
    sure = shapely.distance(outline.boundary, CENTRES) > 1e-2
    found = np.isin(np.arange(len(FRAME)), rows_within(INDEX, places[order]))
    assert (found[sure] == shapely.contains(outline, CENTRES)[sure]).all()


def test_a_lasso_of_very_many_corners():
    angles = np.linspace(0, 2 * np.pi, 10_000, endpoint=False)
    radii = 1500 + 300 * np.sin(40 * angles)
    corners = 2500 + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    outline = shapely.Polygon(corners)
    sure = shapely.distance(outline.boundary, CENTRES) > 1e-2
    found = np.isin(np.arange(len(FRAME)), rows_within(INDEX, corners))
    assert (found[sure] == shapely.contains(outline, CENTRES)[sure]).all()
    assert 100 < found.sum() < 2000


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("root")
    project = wsinb.create_project(folder / "study")
    project.slides.add(synthetic_slide(folder / "one.tiff", size=(512, 384)), name="one")
    session = project.session()
    shapes = [shapely.Point(10 * i, 10) for i in range(50)]
    session["one"].upsert(new_annotations(shapes))
    session.commit("many")
    core = Core(Settings(folder))
    yield core, project
    core.close()


def ask_within(core, project, method="GET", body=b"", **query):
    return ask(core, f"vector/{project.head()}/within", method, body, **query)


def test_it_answers_with_rows_and_ids(study):
    core, project = study
    square = [-5, 0, 45, 0, 45, 20, -5, 20]
    answers = [
        ask_within(core, project, polygon=",".join(map(str, square))),
        ask_within(core, project, "POST", json.dumps({"polygon": square}).encode()),
    ]
    frame = project.read("one").sort_values("id").reset_index(drop=True)
    wanted = frame[frame.geometry.x < 45]
    for answer in answers:
        found = json.loads(answer.body)
        assert answer.status == 200
        assert found == {
            "version": project.head(),
            "rows": wanted.index.tolist(),
            "ids": wanted["id"].tolist(),
            "n": 5,
        }


def test_very_many_are_counted_and_not_all_named(study, monkeypatch):
    monkeypatch.setattr(vector, "MAX_SELECTED", 7)
    found = json.loads(ask_within(*study, polygon="-5,0,999,0,999,20,-5,20").body)
    assert (found["n"], len(found["ids"]), len(found["rows"])) == (50, 7, 7)


@pytest.mark.parametrize(
    "polygon",
    [
        "1,2,3,4",
        "1,2,3,4,5,6,7",
        "a,b,c,d,e,f",
        "nan,0,1,0,1,1",
        "inf,0,1,0,1,1",
        "1e300,0,1,0,1,1",
        ",,,,,",
    ],
)
def test_what_is_no_polygon_is_refused(study, polygon):
    answer = ask_within(*study, polygon=polygon)
    assert answer.status == 400
    assert "polygon" in json.loads(answer.body)["error"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"polygon": None},
        {"polygon": "1,2,3,4,5,6"},
        {"polygon": [[0, 0], [1, 0], [1, 1]]},
        {"polygon": [True] * 6},
        {"polygon": [0] * 20_002},
        {"polygon": [0, 0, 1, 0, 1, 10**400]},
    ],
)
def test_a_body_without_a_polygon_is_refused(study, body):
    assert ask_within(*study, "POST", json.dumps(body).encode()).status == 400
