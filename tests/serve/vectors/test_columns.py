"""Columns to colour by: their values are those of the table, in the order of rows."""

from __future__ import annotations

import gzip
import json
import struct
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import shapely

import wsinb
from tests.serve.vectors.study import STUDY, ask
from wsinb.annotate import new_annotations
from wsinb.serve import Core, Request, Settings
from wsinb.serve.vectors import columns as column_values
from wsinb.testing import synthetic_slide
from wsinb.testing.vector_tiles import decode_vector_tile

VERDICTS = [
    (None, "unverified"),
    ("[]", "unverified"),
    ('[{"by": "eve", "ok": true}]', "confirmed"),
    ('[{"by": "eve", "ok": false}, {"by": "bob", "ok": false}]', "rejected"),
    ('[{"by": "eve", "ok": true}, {"by": "bob", "ok": false}]', "disputed"),
    ('[{"by": "eve", "ok": false}, {"by": "eve", "ok": true}]', "confirmed"),
    ('[{"by": "eve", "ok": "yes"}, 3]', "unverified"),
]


@pytest.fixture
def project(tmp_path):
    project = wsinb.create_project(tmp_path / "study")
    project.slides.add(synthetic_slide(tmp_path / "one.tiff", size=(512, 384)), name="one")
    project.labels.add([wsinb.Label("tumor"), wsinb.Label("stroma")])
    project.columns.add("area", "float", unit="µm²")
    project.columns.add("cells", "int")
    project.columns.add("grade", "text")
    project.columns.add("sure", "bool")
    project.columns.add("seen", "time")
    return project


@pytest.fixture
def core(tmp_path):
    core = Core(Settings(tmp_path))
    yield core
    core.close()


def rows(n, seed=0):
    random = np.random.default_rng(seed)
    shapes = [shapely.Point(*random.uniform(0, 500, 2)).buffer(4) for _ in range(n - 1)]
    frame = new_annotations(
        [*shapes, None],
        shape=[None] * (n - 1) + ["image"],
        label=np.array(["tumor", "stroma"], object)[random.integers(0, 2, n)],
        created_by=np.array(["ann", "bob"], object)[random.integers(0, 2, n)],
    )
    frame["verifications"] = [VERDICTS[i % len(VERDICTS)][0] for i in range(n)]
    frame["area"] = np.where(random.random(n) < 0.2, np.nan, random.uniform(-5, 5, n))
    frame["cells"] = pd.array([None if i % 5 == 0 else i for i in range(n)], "Int64")
    frame["grade"] = [None if i % 4 == 0 else f"G{i % 3}" for i in range(n)]
    frame["sure"] = pd.array([None if i % 3 == 0 else i % 2 == 0 for i in range(n)], "boolean")
    frame["seen"] = pd.to_datetime(
        [None if i % 6 == 0 else 1_700_000_000 + i for i in range(n)], unit="s", utc=True
    )
    return frame


def meta(core, **query):
    answer = ask(core, "vector/meta", **query)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def column(core, version, name):
    answer = ask(core, f"vector/{version}/column/{name}")
    assert answer.status == 200, answer.body
    assert "immutable" in answer.headers["Cache-Control"]
    magic, kind, n, size = struct.unpack("<4sB3xII", answer.body[:16])
    assert magic == b"WVC1"
    assert size % 4 == 0
    about = json.loads(answer.body[16 : 16 + size])
    dtype = {1: "<u2", 2: "<f4"}[kind]
    values = np.frombuffer(answer.body, dtype, n, 16 + size)
    assert len(answer.body) == 16 + size + values.nbytes
    if kind == 2:
        return about, values
    return about, [None if code == 65535 else about["categories"][code] for code in values]


def expected(frame, name):
    """A column of a table in the order of ids, as a browser is told it."""
    frame = frame.sort_values("id")
    if name == "verified":
        said = {None if text is None else json.dumps(json.loads(text)): state for text, state in VERDICTS}
        texts = frame["verifications"].astype(object).where(frame["verifications"].notna(), None)
        return [said[None if text is None else json.dumps(json.loads(text))] for text in texts]
    if name in ("area", "cells"):
        return frame[name].to_numpy(dtype=float, na_value=np.nan).astype(np.float32)
    if name == "seen":
        seconds = (frame[name] - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
        return (seconds / 86400).to_numpy(np.float32)
    values = frame[name].astype(object).where(frame[name].notna(), None).tolist()
    return [str(value).lower() if isinstance(value, bool) else value for value in values]


NAMES = ["created_by", "updated_by", "shape", "verified", "change", "area", "cells", "grade", "sure", "seen"]


def assert_columns(core, project, version="main"):
    found = meta(core, version=version)
    assert [each["name"] for each in found["columns"]] == NAMES
    frame = project.read("one", version=version)
    for each in found["columns"]:
        if each["name"] == "change":
            continue  # which no table has: tests of its own
        about, values = column(core, found["version"], each["name"])
        wanted = expected(frame, each["name"])
        assert each["kind"] == ("number" if "min" in about else "category")
        if each["kind"] == "category":
            assert values == wanted, each
            assert about["categories"] == sorted({value for value in wanted if value is not None})
        else:
            np.testing.assert_array_equal(values, wanted)
            low, high = (None, None) if np.isnan(wanted).all() else (np.nanmin(wanted), np.nanmax(wanted))
            assert (about["min"], about["max"]) == (low, high)
            assert about["unit"] == each["unit"]


def test_columns_are_those_of_the_table_also_after_small_commits(core, project):
    session = project.session()
    ids = session["one"].upsert(rows(60))
    session.commit("many")
    assert_columns(core, project)
    first = project.head()
    changed = rows(3, seed=5).assign(id=[ids[4], ids[9], None])
    changed["created_by"], changed["grade"] = "zoe", "G9"
    session["one"].upsert(changed)
    session["one"].delete(ids[20])
    session.commit("few")
    assert_columns(core, project)
    assert_columns(core, project, first)


def test_columns_of_a_slide_without_annotations(core, project):
    assert_columns(core, project)


def test_a_renamed_column_is_known_by_its_new_name(core, project):
    session = project.session()
    session["one"].upsert(rows(8))
    session.commit("some")
    before = meta(core)["version"]
    project.columns.rename("grade", "degree")
    project.columns.remove("sure")
    found = meta(core)
    names = [each["name"] for each in found["columns"]]
    assert ("degree" in names, "grade" in names, "sure" in names) == (True, False, False)
    assert column(core, found["version"], "degree") == column(core, before, "grade")


@pytest.mark.parametrize(("name", "near"), [("creatd_by", "created_by"), ("gread", "grade"), ("id", "")])
def test_an_unknown_column_suggests_near_ones(core, project, name, near):
    version = meta(core)["version"]
    for answer in (
        ask(core, f"vector/{version}/column/{name}"),
        ask(core, f"vector/{version}/0/0/0", by=name),
    ):
        # nothing is counted at zoom 0, but what is asked for is still a mistake
        said = json.loads(answer.body)
        assert (answer.status, said["kind"]) == (404, "UnknownColumn")
        assert near in said["error"]


@pytest.fixture
def counted(monkeypatch):
    monkeypatch.setattr("wsinb.serve.vectors.zooms.DENSITY_MIN_PER_TILE", 10)


@pytest.mark.parametrize("name", ["created_by", "verified", "grade", "sure", "label"])
def test_density_counts_by_a_column(core, project, counted, name):
    session = project.session()
    session["one"].upsert(rows(80))
    session.commit("many")
    found = meta(core)
    tile = decode_vector_tile(ask(core, f"vector/{found['version']}/-6/0/0", by=name).body)
    assert tile.kind == 2
    names = found["labels"] if name == "label" else column(core, found["version"], name)[0]["categories"]
    counts = Counter()
    for code, count in zip(tile.cell_label.tolist(), tile.cell_count.tolist(), strict=True):
        counts[None if code == 65535 else names[code]] += count
    frame = project.read("one")
    assert counts == Counter(expected(frame[frame["shape"] != "image"], name))


def test_density_does_not_count_by_numbers(core, project, counted):
    session = project.session()
    session["one"].upsert(rows(80))
    session.commit("many")
    answer = ask(core, f"vector/{meta(core)['version']}/-6/0/0", by="area")
    assert answer.status == 400
    assert "area" in json.loads(answer.body)["error"]


def test_of_very_many_categories_those_that_occur_most_are_told(core, project, monkeypatch):
    monkeypatch.setattr(column_values, "MAX_CATEGORIES", 2)
    session = project.session()
    frame = rows(20)
    frame["grade"] = ["rare", "once", *["often"] * 10, *["more"] * 8]
    session["one"].upsert(frame)
    session.commit("many")
    about, values = column(core, meta(core)["version"], "grade")
    assert about == {"categories": ["more", "often"]}
    assert Counter(values) == {"often": 10, "more": 8, None: 2}


def test_a_column_is_sent_as_gzip_and_not_again(core, project):
    session = project.session()
    session["one"].upsert(rows(20))
    session.commit("many")
    route = f"vector/{meta(core)['version']}/column/shape"
    plain = ask(core, route)
    packed = core.handle(Request("GET", route, STUDY, accepts_gzip=True))
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    again = core.handle(Request("GET", route, STUDY, if_none_match=plain.headers["ETag"]))
    assert again.status == 304
