"""An index that is brought up to date is the one that would be built anew."""

from __future__ import annotations

import uuid

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import wsinb
from wsinb.annotate import empty_annotations, new_annotations
from wsinb.annotate.schema import SCHEMA
from wsinb.serve import Core, Request, Settings
from wsinb.serve.sources import annotation_table
from wsinb.serve.vectors import index as indexes
from wsinb.serve.vectors import update as updates
from wsinb.serve.vectors import zooms
from wsinb.serve.vectors.tile import encode_tile
from wsinb.serve.vectors.update import Delta
from wsinb.serve.vectors.within import rows_within
from wsinb.testing import synthetic_slide
from wsinb.testing.annotations import annotation_tables
from wsinb.testing.vector_tiles import frame_pieces
from wsinb.versions.tables.ids import id_texts, parse_ids

IDS = [str(uuid.UUID(int=n * 7919)) for n in range(12)]
ZOOMS = (0, -3, -6)


def build_index(frame):
    return indexes.build_index(frame_pieces(frame), at_once=True)


def update_index(index, ids, rows):
    """Bring an index up to date whose first sheet is as it was built."""
    pieces = frame_pieces(rows)
    table = pieces[0].read(SCHEMA) if pieces else SCHEMA.empty_table()
    return updates.update_index(index.sheets[0], Delta(parse_ids(list(ids)), table))


def all_ids(index):
    return id_texts(index.ids_of(np.arange(index.n_rows)))


def answers(index):
    """Everything that an index is asked for."""
    tiles = {
        (z, x, y): encode_tile(index, z, x, y) for z in ZOOMS for x in range(-1, 2) for y in range(-1, 2)
    }
    ids = all_ids(index)
    assert index.rows_of(parse_ids(ids)).tolist() == list(range(len(ids)))
    everywhere = rows_within(index, np.array([[-1e6, -1e6], [1e6, -1e6], [1e6, 1e6], [-1e6, 1e6]]))
    return {
        "tiles": tiles,
        "ids": ids,
        "lists": (index.labels, index.layer_names, index.counts, index.layer_counts),
        "about": (index.n, index.n_rows, index.bounds, index.density_max_zoom),
        "whole": index.whole_rows.tolist(),
        "within": everywhere.tolist(),
    }


def assert_equal(found, expected):
    found, expected = answers(found), answers(expected)
    for name, value in expected.items():
        assert found[name] == value, name


def applied(table, ids, rows):
    kept = table[~table["id"].isin(ids)]
    return pd.concat([kept, rows], ignore_index=True) if len(kept) else rows


@settings(max_examples=60, deadline=None)
@given(
    table=annotation_tables(ids=IDS, max_size=10),
    changed=annotation_tables(names=("tumor", "necrosis"), ids=IDS, max_size=5),
    deleted=st.lists(st.sampled_from(IDS), max_size=4),
    layers=st.lists(st.sampled_from(["manual", "model"]), min_size=10, max_size=10),
)
def test_an_update_is_what_is_built_anew(table, changed, deleted, layers):
    table = table.assign(layer=layers[: len(table)])
    ids = [*changed["id"], *(id_ for id_ in deleted if id_ not in set(changed["id"]))]
    found = update_index(build_index(table), ids, changed)
    assert_equal(found, build_index(applied(table, ids, changed)))


def test_many_updates_one_after_the_other(monkeypatch):
    monkeypatch.setattr(zooms, "DENSITY_MIN_PER_TILE", 50)
    random = np.random.default_rng(5)

    def some(n, label):
        centres = shapely.points(random.uniform(0, 4000, (n, 2)))
        shapes = shapely.buffer(centres, random.uniform(1, 400, n), quad_segs=3)
        return new_annotations(shapes, label=label)

    first = table = some(400, "tumor")
    index = build_index(first)
    touched = set()
    for round_ in range(8):
        moved = table.sample(20, random_state=round_).assign(label=f"label {round_}")
        moved["geometry"] = shapely.buffer(np.asarray(moved.geometry.array, dtype=object), 3, quad_segs=2)
        added, gone = some(10, "new"), list(table["id"].sample(15, random_state=round_ + 100))
        rows = pd.concat([moved[~moved["id"].isin(gone)], added], ignore_index=True)
        table = applied(table, [*rows["id"], *gone], rows)
        touched |= {*rows["id"], *gone}
        # an index is always brought up to date from the sheet that was read whole
        assert_equal(update_index(index, touched, table[table["id"].isin(touched)]), build_index(table))


@pytest.mark.parametrize("side", ["old", "new", "both"])
def test_empty_tables(side):
    points = new_annotations([shapely.Point(1, 1), shapely.Point(2, 2)], label="tumor")
    empty = empty_annotations()
    before = empty if side in ("old", "both") else points
    after = empty if side in ("new", "both") else points
    found = update_index(build_index(before), list(points["id"]), after)
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
    original = indexes.build_index

    def building(pieces, at_once=False):
        if not at_once:
            built.append(sum(map(len, pieces)))
        return original(pieces, at_once=at_once)

    monkeypatch.setattr(indexes, "build_index", building)

    def index():
        return core.vectors.index(annotation_table(core, Request("GET", "", study), "main"))

    index()
    assert built == [200]
    session["one"].delete(ids[:3])
    session["one"].upsert(new_annotations([shapely.Point(7, 7)], id=ids[5]))
    session.commit("few")
    assert_equal(index(), build_index(project.read("one")))
    session["one"].upsert(new_annotations([shapely.Point(9, 9)], id=ids[6]))
    session.commit("few more")
    assert_equal(index(), build_index(project.read("one")))
    assert built == [200]
    session["one"].delete(ids[10:60])
    session.commit("much")
    assert_equal(index(), build_index(project.read("one")))
    assert built == [200, 147]
    core.close()
