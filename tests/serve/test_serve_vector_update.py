"""An index that is brought up to date is the one that would be built anew."""

from __future__ import annotations

import dataclasses
import uuid

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import wsinb
from wsinb.annotate import empty_annotations, new_annotations
from wsinb.serve import Core, Request, Settings, vector_index
from wsinb.serve.sources import annotation_table
from wsinb.serve.vector_index import build_index
from wsinb.serve.vector_update import Delta, update_index
from wsinb.testing import synthetic_slide
from wsinb.testing.annotations import annotation_tables

IDS = [str(uuid.UUID(int=n * 7919)) for n in range(12)]


def assert_equal(found, expected, name="index"):
    if dataclasses.is_dataclass(expected):
        for field in dataclasses.fields(expected):
            assert_equal(getattr(found, field.name), getattr(expected, field.name), field.name)
    elif isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype, name
        np.testing.assert_array_equal(found, expected, err_msg=name)
    else:
        assert found == expected, name


def applied(table, ids, rows):
    kept = table[~table["id"].isin(ids)]
    return pd.concat([kept, rows], ignore_index=True) if len(kept) else rows


@settings(max_examples=150, deadline=None)
@given(
    table=annotation_tables(ids=IDS, max_size=10),
    changed=annotation_tables(names=("tumor", "necrosis"), ids=IDS, max_size=5),
    deleted=st.lists(st.sampled_from(IDS), max_size=4),
    layers=st.lists(st.sampled_from(["manual", "model"]), min_size=10, max_size=10),
)
def test_an_update_is_what_is_built_anew(table, changed, deleted, layers):
    table = table.assign(layer=layers[: len(table)])
    ids = [*changed["id"], *(id_ for id_ in deleted if id_ not in set(changed["id"]))]
    old = build_index(table)
    found = update_index(old, Delta(ids, changed))
    undrawn = set(old.ids) - {old.ids[row] for row in old.rows}
    if found is None:
        assert undrawn  # only then does the index not know enough
        return
    assert not undrawn & set(ids)
    assert_equal(found, build_index(applied(table, ids, changed)))


def test_many_updates_one_after_the_other(monkeypatch):
    monkeypatch.setattr(vector_index, "DENSITY_MIN_PER_TILE", 50)
    random = np.random.default_rng(5)

    def some(n, label):
        centres = shapely.points(random.uniform(0, 4000, (n, 2)))
        shapes = shapely.buffer(centres, random.uniform(1, 400, n), quad_segs=3)
        return new_annotations(shapes, label=label)

    table = some(400, "tumor")
    index = build_index(table)
    for round_ in range(8):
        moved = table.sample(20, random_state=round_).assign(label=f"label {round_}")
        moved["geometry"] = shapely.buffer(np.asarray(moved.geometry.array, dtype=object), 3, quad_segs=2)
        added, gone = some(10, "new"), list(table["id"].sample(15, random_state=round_ + 100))
        rows = pd.concat([moved[~moved["id"].isin(gone)], added], ignore_index=True)
        ids = [*rows["id"], *gone]
        index = update_index(index, Delta(ids, rows))
        table = applied(table, ids, rows)
        assert_equal(index, build_index(table))


@pytest.mark.parametrize("side", ["old", "new", "both"])
def test_empty_tables(side):
    points = new_annotations([shapely.Point(1, 1), shapely.Point(2, 2)], label="tumor")
    empty = empty_annotations()
    before = empty if side in ("old", "both") else points
    after = empty if side in ("new", "both") else points
    found = update_index(build_index(before), Delta(list(points["id"]), after))
    assert_equal(found, build_index(after))


def test_the_server_brings_its_index_up_to_date_after_a_commit(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    project = wsinb.create_project(tmp_path / "study")
    project.slides.add(synthetic_slide(tmp_path / "a" / "one.tiff", size=(512, 384)), name="one")
    session = project.session()
    ids = session["one"].upsert(new_annotations(shapely.points(np.arange(200), 5)))
    session.commit("many")
    core = Core(Settings(tmp_path))
    study = {"project": "study", "slide": "one"}
    built = []
    original = vector_index.build_index
    monkeypatch.setattr(
        vector_index, "build_index", lambda table: built.append(len(table)) or original(table)
    )

    def index():
        return core.vectors.index(annotation_table(core, Request("GET", "", study), "main"))

    index()
    assert built == [200]
    session["one"].delete(ids[:3])
    session["one"].upsert(new_annotations([shapely.Point(7, 7)], id=ids[5]))
    session.commit("few")
    assert_equal(index(), original(project.read("one")))
    assert built == [200]
    session["one"].delete(ids[10:60])
    session.commit("much")
    assert_equal(index(), original(project.read("one")))
    assert built == [200, 147]
    core.close()
