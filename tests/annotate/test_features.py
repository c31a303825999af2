"""Annotations as the browser sees them."""

from __future__ import annotations

import json

import pytest
import shapely
from hypothesis import given, settings

from wsinb.annotate import from_features, new_annotations, to_features
from wsinb.errors import InvalidAnnotation
from wsinb.testing.annotations import annotation_tables
from wsinb.testing.model_store import COMPARED

SHARED = [name for name in COMPARED if name not in ("z", "t", "c", "created_by", "properties")]


@given(annotation_tables())
@settings(deadline=None, max_examples=50)
def test_features_survive_json_and_come_back(gdf):
    features = json.loads(json.dumps(to_features(gdf), allow_nan=False))
    back = from_features(features)
    assert list(back["id"]) == list(gdf["id"])
    if len(gdf):
        assert back[SHARED].equals(gdf[SHARED])
        assert back.geometry.geom_equals_exact(gdf.geometry, 1e-9).where(gdf.geometry.notna(), True).all()


def test_a_feature_without_id_gets_one_and_a_circle_its_polygon():
    params = {"cx": 5, "cy": 5, "r": 3}
    gdf = from_features([{"id": None, "shape": "circle", "shape_params": params, "geometry": None}])
    assert len(gdf["id"][0]) == 36
    assert gdf.geometry[0].contains(shapely.Point(5, 5))


def test_columns_that_no_feature_names_are_left_out():
    gdf = from_features([{"geometry": {"type": "Point", "coordinates": [1, 2]}, "label": "a"}])
    assert set(gdf.columns) == {"id", "geometry", "shape", "shape_params", "label"}


def test_no_features_are_no_rows():
    assert len(from_features([])) == 0
    assert to_features(new_annotations([])) == []


@pytest.mark.parametrize(
    "features",
    [
        {},
        "[]",
        [1],
        [{"geometry": 5}],
        [{"geometry": {"type": "Point"}}],
        [{"geometry": {"type": "Banana", "coordinates": []}}],
        [{"geometry": {"type": "Point", "coordinates": [float("nan"), 0]}}],
        [{"geometry": {"type": "Point", "coordinates": [1, 2]}, "label": 5}],
        [{"geometry": {"type": "Point", "coordinates": [1, 2]}, "score": "x"}],
        [{"geometry": {"type": "Point", "coordinates": [1, 2]}, "score": float("nan")}],
        [{"geometry": {"type": "Point", "coordinates": [1, 2]}, "score": True}],
        [{"geometry": {"type": "Point", "coordinates": [1, 2]}, "properties": []}],
        [{"geometry": {"type": "Point", "coordinates": [1, 2]}, "created_by": "me"}],
        [{"geometry": {"type": "Point", "coordinates": [1, 2]}, "id": "x"}],
        [{"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [9, 9], [9, 0], [0, 9], [0, 0]]]}}],
        [{"geometry": None}],
    ],
)
def test_nothing_from_the_browser_is_trusted(features):
    with pytest.raises(InvalidAnnotation):
        from_features(features)


@pytest.mark.parametrize("number", [10**400, "1", None, float("nan"), float("inf")])
def test_coordinates_that_are_no_numbers_are_explained_shortly(number):
    feature = {"geometry": {"type": "Point", "coordinates": [number, 1]}}
    with pytest.raises(
        InvalidAnnotation, match=r"Feature 1 has no readable geometry.*finite numbers"
    ) as caught:
        from_features([{"geometry": {"type": "Point", "coordinates": [1, 1]}}, feature])
    assert len(str(caught.value)) < 300


def test_a_number_of_hundreds_of_digits_is_not_repeated():
    params = {"cx": 10**400, "cy": 0, "r": 1}
    with pytest.raises(InvalidAnnotation, match="cx of a circle must be a finite number") as caught:
        from_features([{"shape": "circle", "shape_params": params}])
    assert len(str(caught.value)) < 300
