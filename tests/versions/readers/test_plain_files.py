"""A version as plain files: geopandas, pyarrow, DuckDB and Polars read what the project reads."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import dask_geopandas
import duckdb
import geopandas as gpd
import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
import shapely

from wsinb.annotate import Label, new_annotations
from wsinb.errors import InvalidInput, StorageError, UnknownSlide, UnknownVersion
from wsinb.project import create_project
from wsinb.testing.entries import add_slides
from wsinb.testing.model_store import rows_of


@pytest.fixture
def project(tmp_path):
    made = create_project(tmp_path / "study")
    add_slides(made, "one", "it's two", "no", size=(9000, 9000))
    made.labels.add([Label("tumor", color="#102030"), Label("stroma")])
    session = made.session(author="reader-1")
    shapes = [shapely.box(x, x, x + 9, x + 9) for x in range(0, 900, 30)]
    session["one"].upsert(new_annotations([*shapes, shapely.Point(5, 5)], label="tumor", score=0.25))
    session["one"].upsert(new_annotations([None], shape="image", label="stroma"))
    session["it's two"].upsert(new_annotations([shapely.LineString([(0, 0), (7, 7)])], shape="line"))
    session.commit("drawn")
    first = made.read("one")
    session["one"].delete([first["id"].iloc[0]])
    session.commit("one less")
    return made


def same(project, frame, version="main", slide="one"):
    assert rows_of(frame) == rows_of(project.read(slide, version))


def test_geopandas_reads_it(project):
    frame = gpd.read_parquet(project.path_of("main", "one"))
    assert frame.crs is None
    same(project, frame)


def test_geopandas_reads_a_region_by_the_covering(project):
    found = gpd.read_parquet(project.path_of("main", "one"), bbox=(100, 100, 200, 200))
    assert sorted(found["id"]) == sorted(project.read("one", bbox=(100, 100, 200, 200))["id"])
    assert 0 < len(found) < 10


def test_pyarrow_reads_it_as_geoparquet_1_1(project):
    table = pq.read_table(project.path_of("main", "one"))
    geo = json.loads(table.schema.metadata[b"geo"])
    assert geo["version"] == "1.1.0"
    assert geo["columns"]["geometry"]["geometry_types"] == ["Point", "Polygon"]
    bounds = project.read("one").total_bounds
    assert geo["columns"]["geometry"]["bbox"] == bounds.tolist()
    assert table.num_rows == 31


def test_polars_reads_it(project):
    frame = pl.read_parquet(project.path_of("main", "one"))
    assert sorted(frame["id"].to_list()) == sorted(project.read("one")["id"])
    wkb = frame.filter(pl.col("geometry").is_not_null())["geometry"].to_list()
    assert shapely.area(shapely.from_wkb(wkb)).sum() == project.read("one").area.sum()


def test_duckdb_reads_it(project):
    path = project.path_of("main", "one")
    rows = duckdb.sql(f"SELECT id, label, bbox.xmin FROM read_parquet('{path}')").fetchall()
    frame = project.read("one")
    expected = zip(frame["id"], frame["label"], frame.bounds["minx"], strict=True)
    assert {row[:2] for row in rows} == {(i, label) for i, label, _ in expected}
    assert np.nansum([row[2] or 0 for row in rows]) == frame.bounds["minx"].sum()


def test_an_earlier_version_stays_what_it_was(project):
    before = project.log()[1].id
    assert len(gpd.read_parquet(project.path_of(before, "one"))) == 32
    assert len(gpd.read_parquet(project.path_of("main", "one"))) == 31


def test_a_file_is_made_once_and_changing_it_does_not_touch_the_project(project):
    path = project.path_of("main", "one")
    made = path.stat().st_ino
    assert project.path_of("main", "one").stat().st_ino == made
    path.write_bytes(b"broken")
    assert len(project.read("one")) == 31


def test_a_slide_without_annotations_is_an_empty_file(project):
    assert len(gpd.read_parquet(project.path_of("main", "no"))) == 0


def test_the_duckdb_view_holds_all_slides(project):
    view = project.duckdb()
    counts = dict(view.sql("SELECT slide, count(*) FROM annotations GROUP BY slide").fetchall())
    assert counts == {"one": 31, "it's two": 1}
    only = project.duckdb(slides=["it's two"]).sql("SELECT DISTINCT slide FROM annotations").fetchall()
    assert only == [("it's two",)]


def test_the_dask_table_holds_all_slides(project):
    table = project.dask()
    assert isinstance(table, dask_geopandas.GeoDataFrame)
    assert table.columns[0] == "slide"
    computed = table.compute()
    assert computed.groupby("slide", observed=True).size().to_dict() == {"one": 31, "it's two": 1}
    assert computed.geometry.area.sum() == project.read("one").area.sum()


def test_export_writes_each_slide_and_what_it_belongs_to(project, tmp_path):
    files = project.export("main", tmp_path / "out")
    assert [file.name for file in files] == [
        "it%27s%20two.parquet",
        "no.parquet",
        "one.parquet",
        "version.json",
    ]
    same(project, gpd.read_parquet(files[2]))
    manifest = json.loads(files[3].read_text())["wsinb.export/1"]
    assert manifest["commit"] == project.head()
    assert manifest["slides"]["one"]["file"] == "one.parquet"
    assert [label["name"] for label in manifest["labels"]] == ["stroma", "tumor"]


def test_export_as_geojson_keeps_geometry_and_label(project, tmp_path):
    path = project.export("main", tmp_path / "out", "geojson", slides=["one"])[0]
    collection = json.loads(path.read_text())
    assert collection["type"] == "FeatureCollection"
    by_id = {feature["id"]: feature for feature in collection["features"]}
    frame = project.read("one")
    assert by_id.keys() == set(frame["id"])
    for row in frame.itertuples():
        feature = by_id[row.id]
        assert feature["properties"]["label"] == row.label
        assert (feature["geometry"] is None) == (row.geometry is None)
        if row.geometry is not None:
            assert shapely.from_geojson(json.dumps(feature["geometry"])).equals(row.geometry)
    tumor = next(f for f in collection["features"] if f["properties"]["label"] == "tumor")
    assert tumor["properties"]["classification"] == {"name": "tumor", "color": [16, 32, 48]}


def test_export_overwrites_nothing(project, tmp_path):
    project.export("main", tmp_path / "out")
    before = (tmp_path / "out" / "one.parquet").read_bytes()
    with pytest.raises(InvalidInput, match="another folder"):
        project.export("main", tmp_path / "out")
    assert (tmp_path / "out" / "one.parquet").read_bytes() == before


def test_export_leaves_no_half_written_file(project, tmp_path, monkeypatch):
    def stop(step):
        if step.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        project.export("main", tmp_path / "out", progress=stop)
    left = [path.name for path in Path(tmp_path / "out").iterdir()]
    assert all(name.endswith(".parquet") and not name.startswith(".") for name in left)


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (("main", "out", "geoparqet"), InvalidInput, "geoparquet"),
        (("v1", "out"), UnknownVersion, "v1"),
        (("main", "out", "geojson", ["ones"]), UnknownSlide, "one"),
    ],
)
def test_export_refuses_what_it_does_not_know(project, tmp_path, arguments, error, sentence):
    version, folder, *rest = arguments
    with pytest.raises(error, match=sentence):
        project.export(version, tmp_path / folder, *rest)
    assert not (tmp_path / folder).exists()


def test_a_place_that_cannot_be_written_is_named(project, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="file"):
        project.export("main", tmp_path / "file" / "out")


def test_an_unknown_slide_suggests_near_names(project):
    with pytest.raises(UnknownSlide, match="'one'"):
        project.path_of("main", "onee")


def test_own_columns_are_read_everywhere_by_name_with_their_units(project, tmp_path):
    project.columns.add("area", "float", unit="µm²", description="Area of the outline")
    project.columns.add("nuclei", "int")
    session = project.session()
    session["one"].upsert(session["one"].read().assign(area=81.0, nuclei=3))
    session.commit("measured")
    path = project.path_of("main", "one")
    assert set(gpd.read_parquet(path)["area"]) == set(pl.read_parquet(path)["area"]) == {81.0}
    field = pq.read_schema(path).field("area")
    assert field.metadata[b"unit"].decode() == "µm²"
    assert field.metadata[b"description"] == b"Area of the outline"
    counts = dict(
        project.duckdb("main").sql("SELECT slide, sum(nuclei) FROM annotations GROUP BY slide").fetchall()
    )
    assert counts == {"one": 3 * len(project.read("one")), "it's two": None}
    lazy = project.dask("main").compute()
    assert lazy["nuclei"].dtype == "Int64"
    assert lazy.groupby("slide")["nuclei"].sum().to_dict() == {"one": counts["one"], "it's two": 0}
    assert pq.read_schema(project.path_of("main", "no")).names[-2:] == ["area", "nuclei"]
    collection = json.loads(
        project.export("main", tmp_path / "out", "geojson", slides=["one"])[0].read_text()
    )
    assert {feature["properties"]["area"] for feature in collection["features"]} == {81.0}
    project.columns.rename("area", "size")
    assert "size" in gpd.read_parquet(project.path_of("main", "one")).columns


def test_plain_files_that_nobody_asked_for_are_cleared_away(project):
    old, new = project.path_of(project.log()[1].id, "one"), project.path_of("main", "one")
    two_weeks_ago = time.time() - 14 * 86_400
    os.utime(old, (two_weeks_ago, two_weeks_ago))
    assert project.gc(dry_run=True).removed["plain files"] == (1, old.stat().st_size)
    assert old.exists()
    project.gc()
    assert not old.exists()
    assert new.exists()
    assert len(gpd.read_parquet(project.path_of(project.log()[1].id, "one"))) == 32
