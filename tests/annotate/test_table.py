"""The annotation table: making, validating, converting."""

from __future__ import annotations

import io
import json
import uuid

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings

from wsinb.annotate import COLUMNS, empty_annotations, from_arrow, new_annotations, snap, to_arrow, validate
from wsinb.errors import InvalidAnnotation
from wsinb.testing.annotations import annotation_tables, geometries

SQUARE = shapely.box(0, 0, 10, 10)
BOWTIE = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])


def square(**columns):
    return new_annotations([SQUARE], **columns)


def test_defaults_are_filled_in():
    row = square().iloc[0]
    assert uuid.UUID(row["id"]).version == 4
    assert (row["shape"], row["layer"], row["z"], row["t"]) == ("polygon", "manual", 0, 0)
    assert pd.isna(row["c"])
    assert pd.isna(row["label"])
    assert row["created_at"].tzname() == "UTC"


def test_a_table_has_all_columns_but_the_box_which_arrow_adds():
    gdf = square()
    assert tuple(gdf.columns) == tuple(name for name in COLUMNS if name != "bbox")
    assert tuple(to_arrow(gdf).schema.names) == COLUMNS
    assert to_arrow(gdf).column("bbox")[0].as_py() == {"xmin": 0, "ymin": 0, "xmax": 10, "ymax": 10}


def test_empty_table_has_the_same_dtypes_as_a_full_one():
    assert empty_annotations().dtypes.equals(square(label="a", properties={"a": 1}).dtypes)
    assert len(validate(empty_annotations())) == 0


@given(annotation_tables(max_size=5))
@settings(deadline=None, max_examples=50)
def test_arrow_round_trip_changes_nothing(gdf):
    back = from_arrow(to_arrow(gdf))
    pd.testing.assert_frame_equal(pd.DataFrame(back), pd.DataFrame(gdf))


@given(annotation_tables(max_size=5))
@settings(deadline=None, max_examples=50)
def test_validating_twice_changes_nothing(gdf):
    pd.testing.assert_frame_equal(pd.DataFrame(validate(gdf)), pd.DataFrame(gdf))


def test_values_of_every_column_can_be_set_without_touching_the_arrow_table():
    table = to_arrow(square(label="a", score=0.5, c=1))
    gdf = from_arrow(table)
    for name, value in {"label": "b", "score": 0.25, "z": 3, "c": 2}.items():
        gdf.loc[0, name] = value
        assert gdf[name][0] == value
    assert from_arrow(table)["score"][0] == 0.5


def test_arrow_is_ready_for_geoparquet(tmp_path):
    gdf = new_annotations([SQUARE, None], shape=[None, "image"], label="a")
    pq.write_table(to_arrow(gdf), tmp_path / "a.parquet")
    back = gpd.read_parquet(tmp_path / "a.parquet")
    assert back.crs is None
    assert back.geometry[0].equals(SQUARE)
    assert back.geometry[1] is None
    assert len(gpd.read_parquet(tmp_path / "a.parquet", bbox=(20, 20, 30, 30))) == 0


@pytest.mark.parametrize(
    ("geometry", "shape"),
    [
        (shapely.Point(1, 2), "point"),
        (shapely.LineString([(0, 0), (1, 1)]), "line"),
        (shapely.LineString([(0, 0), (1, 1), (2, 0)]), "polyline"),
        (SQUARE, "polygon"),
        (shapely.MultiPolygon([SQUARE, shapely.box(20, 20, 30, 30)]), "polygon"),
    ],
)
def test_shape_is_found_from_the_geometry(geometry, shape):
    assert new_annotations([geometry]).iloc[0]["shape"] == shape


def test_json_columns_take_objects_and_keep_them():
    gdf = square(properties={"grade": 3, "note": "µ"}, media=[["a.png"]])
    assert json.loads(gdf["properties"][0]) == {"grade": 3, "note": "µ"}
    assert json.loads(gdf["media"][0]) == ["a.png"]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"label": ""}, "its label is empty"),
        ({"layer": ""}, "its layer is empty"),
        ({"score": 1.01}, "score is not a number from 0 to 1"),
        ({"score": -0.1}, "score is not a number from 0 to 1"),
        ({"score": float("inf")}, "score is not a number from 0 to 1"),
        ({"z": -1}, "its z is below 0"),
        ({"c": -2}, "its c is below 0"),
        ({"id": "nonsense"}, "not a UUID"),
        ({"properties": "{"}, "not JSON"),
        ({"properties": "[]"}, "not a JSON object"),
        ({"properties": '{"a": NaN}'}, "no JSON number"),
        ({"media": "{}"}, "not a JSON list"),
        ({"properties": '{"a": "\\ud800"}'}, "half of a character"),
        ({"shape": "blob"}, "shape 'blob' is none of"),
        ({"shape": "point"}, "a polygon cannot be a point"),
        ({"shape": "image"}, "whole image has no geometry"),
        ({"shape": "circle"}, "needs shape_params"),
        ({"shape": "circle", "shape_params": {"cx": 0, "cy": 0}}, "lack r"),
        ({"shape": "circle", "shape_params": {"cx": 0, "cy": 0, "r": -1}}, "above 0"),
        ({"shape": "circle", "shape_params": {"cx": 500, "cy": 0, "r": 5}}, "do not describe its geometry"),
        ({"shape": "polygon", "shape_params": {"r": 1}}, "has no shape_params"),
        ({"shape_params": {"r": 1}}, "no shape"),
    ],
)
def test_bad_values_are_refused_with_the_row_and_the_reason(columns, reason):
    with pytest.raises(InvalidAnnotation, match="row 0") as caught:
        square(**columns)
    assert reason in str(caught.value)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"label": 3}, "'label' must hold text"),
        ({"label": "\ud800"}, "'label' must hold text"),
        ({"score": "high"}, "'score' must hold numbers"),
        ({"z": "one"}, "'z' must hold whole numbers"),
        ({"z": 1.5}, "'z' must hold whole numbers"),
        ({"t": 2**40}, "'t' must hold whole numbers"),
        ({"created_at": "2024-01-01"}, "has no time zone"),
        ({"created_at": "yesterday-ish"}, "times with a time zone"),
        ({"properties": 5}, "JSON columns hold"),
        ({"area": 5}, "no column 'area'"),
    ],
)
def test_wrong_types_are_refused_naming_the_column(columns, reason):
    with pytest.raises(InvalidAnnotation, match=r"column|Column|JSON") as caught:
        square(**columns)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        (BOWTIE, "Self-intersection"),
        (shapely.Point(float("nan"), 1), "not a finite number|is empty"),
        (shapely.LineString([(0, 0), (float("inf"), 1)]), "not a finite number"),
        (shapely.Polygon(), "is empty"),
        (shapely.Point(1, 2, 3), "third coordinate"),
        (shapely.GeometryCollection([shapely.Point(0, 0), SQUARE]), "of one kind"),
        (shapely.LineString([(1, 1), (1, 1)]), "points"),
        (None, "shape='image'"),
    ],
)
def test_bad_geometries_are_refused_with_the_reason(geometry, reason):
    with pytest.raises(InvalidAnnotation, match=reason):
        new_annotations([geometry])


def test_repair_is_named_as_the_remedy_and_mends():
    with pytest.raises(InvalidAnnotation, match="repair=True"):
        new_annotations([BOWTIE])
    mended = new_annotations([BOWTIE], repair=True)
    assert mended.geometry[0].is_valid
    assert mended.geometry[0].area == pytest.approx(50)
    with pytest.raises(InvalidAnnotation, match="nothing is left"):
        new_annotations([shapely.Polygon([(0, 0), (5, 5), (10, 10), (0, 0)])], repair=True)


def test_duplicate_ids_are_refused():
    id_ = str(uuid.uuid4())
    with pytest.raises(InvalidAnnotation, match=r"row 1.*occurs twice"):
        new_annotations([SQUARE, SQUARE], id=[id_, id_.upper()])


def test_labels_outside_the_set_are_refused_if_a_set_is_given():
    gdf = square(label="tumour")
    assert len(validate(gdf)) == 1
    with pytest.raises(InvalidAnnotation, match="'tumour' is not in the label set"):
        validate(gdf, labels=["tumor"])


def test_many_problems_are_counted():
    with pytest.raises(InvalidAnnotation, match=r"5 annotations are not valid: row 0.*and 2 more"):
        new_annotations([BOWTIE] * 5)


def test_frames_that_are_no_annotation_tables_are_refused():
    gdf = gpd.GeoDataFrame({"area": [1.0]}, geometry=[SQUARE])
    with pytest.raises(InvalidAnnotation, match=r"'area'.*properties"):
        validate(gdf)
    with pytest.raises(InvalidAnnotation, match="GeoDataFrame, not DataFrame"):
        validate(pd.DataFrame({"geometry": [SQUARE]}))
    with pytest.raises(InvalidAnnotation, match="rename_geometry"):
        validate(gpd.GeoDataFrame({"shape": ["polygon"]}, geometry=[SQUARE]).rename_geometry("shapes"))
    with pytest.raises(InvalidAnnotation, match="no CRS"):
        validate(gpd.GeoDataFrame(geometry=[SQUARE], crs=3857))
    with pytest.raises(InvalidAnnotation, match="2 values for 1 geometries"):
        new_annotations([SQUARE], label=["a", "b"])
    with pytest.raises(InvalidAnnotation, match="shapely"):
        new_annotations(["POINT (1 1)"])
    with pytest.raises(InvalidAnnotation, match="'id' is missing"):
        to_arrow(gpd.GeoDataFrame(geometry=[SQUARE]))


@given(geometries())
@settings(deadline=None, max_examples=50)
def test_snapping_moves_no_coordinate_by_more_than_half_a_step_and_stays_valid(geometry):
    snapped = snap([geometry])[0]
    assert snapped.is_valid
    before, after = shapely.get_coordinates(geometry), shapely.get_coordinates(snapped)
    assert np.abs(before - after).max() <= 1 / 128
    assert shapely.equals_identical(snap([snapped])[0], snapped)


def test_a_sliver_that_snapping_would_break_is_kept_exactly():
    sliver = shapely.Polygon([(0, 0), (10, 0), (10, 0.001)])
    assert shapely.equals_identical(snap([sliver, None])[0], sliver)


def test_parquet_written_from_arrow_by_anyone_is_read_back():
    sink = io.BytesIO()
    gdf = square(label="a", c=3)
    pq.write_table(to_arrow(gdf), sink)
    table = pq.read_table(io.BytesIO(sink.getvalue()))
    pd.testing.assert_frame_equal(pd.DataFrame(from_arrow(table)), pd.DataFrame(gdf))


@pytest.mark.parametrize(
    "geometry",
    [
        shapely.Point(2**30 + 1, 0),
        shapely.box(-(2.0**40), 0, 10, 10),
        shapely.LineString([(0, 0), (0, 1e300)]),
    ],
)
def test_coordinates_too_far_to_be_drawn_are_refused(geometry):
    with pytest.raises(InvalidAnnotation, match=r"row 1 .*beyond \+-1073741824 px") as caught:
        new_annotations([shapely.Point(1, 1), geometry])
    assert "not a finite number" not in str(caught.value)


def test_shapes_too_large_to_be_drawn_are_refused():
    with pytest.raises(InvalidAnnotation, match="beyond"):
        new_annotations([None], shape="circle", shape_params={"cx": 0, "cy": 0, "r": 1e300})


def test_the_furthest_coordinates_are_taken():
    far = shapely.box(-(2**30), -(2**30), 2**30, 2**30)
    assert new_annotations([far]).geometry[0].equals(far)


def test_what_is_wrong_is_said_in_one_sentence():
    for bad in (BOWTIE, shapely.Point(float("nan"), 0), shapely.Point(1e99, 0)):
        with pytest.raises(InvalidAnnotation) as caught:
            new_annotations([bad])
        assert str(caught.value).endswith(".")
        assert ". " not in str(caught.value)
