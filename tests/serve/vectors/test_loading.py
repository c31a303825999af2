"""Boxes first, outlines in the background: what is answered meanwhile, and what fails."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import numpy as np
import pytest
import shapely

import wsinb
from tests.serve.vectors.study import ask
from wsinb.annotate import new_annotations
from wsinb.errors import StorageError
from wsinb.serve import Core, Settings
from wsinb.serve.lru import Lru
from wsinb.serve.vectors import loading, zooms
from wsinb.serve.vectors.index import build_index
from wsinb.serve.vectors.tile import encode_tile
from wsinb.testing import synthetic_slide
from wsinb.testing.vector_tiles import decode_vector_tile, frame_pieces
from wsinb.versions.tables.lean import Piece


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch):
    monkeypatch.setattr(zooms, "DENSITY_MIN_PER_TILE", 20)


class Gate:
    """Holds back the reading of some rows' geometry until it is opened."""

    def __init__(self, monkeypatch):
        self.all, self.some = threading.Event(), threading.Event()
        original = Piece.read

        def read(piece, schema, wanted=None):
            if schema.names == ["geometry"]:
                (self.all if wanted is None else self.some).wait(30)
            return original(piece, schema, wanted)

        monkeypatch.setattr(Piece, "read", read)


@pytest.fixture
def gate(monkeypatch):
    return Gate(monkeypatch)


def annotations(n=400, regions=2):
    random = np.random.default_rng(0)
    shapes = shapely.buffer(shapely.points(random.uniform(0, 8000, (n, 2))), 4, quad_segs=2)
    large = [shapely.Point(3000 * (i + 1), 4000).buffer(1000 + i) for i in range(regions)]
    return new_annotations([*shapes[: n // 2], *large, *shapes[n // 2 :]], label="tumor")


def decoded(index, z, x, y):
    return decode_vector_tile(encode_tile(index, z, x, y).data)


def test_density_does_not_wait_for_outlines(gate):
    frame = annotations(regions=0)
    index = build_index(frame_pieces(frame))
    tile = encode_tile(index, -5, 0, 0)
    assert not tile.preliminary  # nothing is large enough to be outlined
    assert decode_vector_tile(tile.data).cell_count.sum() == len(frame)
    gate.all.set()


def test_large_outlines_are_missing_at_first_and_come_before_the_others(gate, monkeypatch):
    monkeypatch.setattr(loading, "ROWS_OF_GROUP", 8)
    frame = annotations()
    index = build_index(frame_pieces(frame))
    first = decoded(index, -5, 0, 0)
    assert (first.preliminary, len(first.id), first.cell_count.sum()) == (True, 0, len(frame))
    gate.some.set()
    index.sheets[0].outlines._large.result(30)
    second = encode_tile(index, -5, 0, 0)
    assert not second.preliminary
    found = decode_vector_tile(second.data)
    ids = np.sort(frame["id"].to_numpy(str))
    areas = dict(zip(frame["id"], frame.geometry.area, strict=True))
    assert [round(areas[ids[row]]) for row in found.id] == sorted(map(round, areas.values()))[:-3:-1]
    assert not index.sheets[0].outlines._all.done()
    gate.all.set()
    index.sheets[0].outlines.all()
    assert encode_tile(index, -5, 0, 0) == second


def test_an_outline_elsewhere_is_waited_for(gate):
    index = build_index(frame_pieces(annotations()))
    found = []
    asking = threading.Thread(target=lambda: found.append(decoded(index, 0, 0, 0)))
    asking.start()
    asking.join(0.05)
    assert not found
    gate.some.set()
    gate.all.set()
    asking.join(30)
    assert len(found[0].id)


@pytest.fixture
def study(tmp_path):
    project = wsinb.create_project(tmp_path / "study")
    project.slides.add(synthetic_slide(tmp_path / "one.tiff", size=(512, 384)), name="one")
    project.labels.add(wsinb.Label("tumor"))
    session = project.session()
    session["one"].upsert(annotations())
    session.commit("many")
    core = Core(Settings(tmp_path))
    core.vectors._warm = True  # it would read pieces, too
    yield core, project
    core.close()


def test_a_preliminary_tile_is_not_kept_by_anybody(study, gate):
    core, project = study
    route = f"vector/{project.head()}/-5/0/0"
    first = ask(core, route)
    assert first.headers["Cache-Control"] == "no-store"
    assert "ETag" not in first.headers
    assert decode_vector_tile(first.body).preliminary
    gate.some.set()
    gate.all.set()
    core.vectors._indexes.kept()[0][1].index.sheets[0].outlines.all()
    second = ask(core, route)
    assert "immutable" in second.headers["Cache-Control"]
    assert "ETag" in second.headers
    assert len(decode_vector_tile(second.body).id) == 2


def test_meta_tells_how_many_there_are_before_any_outline_is_read(study, gate):
    found = json.loads(ask(study[0], "vector/meta").body)
    assert (found["n"], found["counts"], found["layer_counts"]) == (402, {"tumor": 402}, {"manual": 402})
    gate.some.set()
    gate.all.set()


@pytest.mark.parametrize("column", ["id", "geometry"])
def test_what_could_not_be_read_is_told_and_tried_again(study, monkeypatch, column):
    core, project = study
    original, broken = Piece.read, threading.Event()
    broken.set()

    def read(piece, schema, wanted=None):
        if broken.is_set() and schema.names == [column]:
            raise StorageError("The disk is not there: plug it in.")
        return original(piece, schema, wanted)

    monkeypatch.setattr(Piece, "read", read)
    route = f"vector/{project.head()}/0/0/0"
    for _ in range(2):
        answer = ask(core, route)
        assert answer.status == 500
        assert "plug it in" in json.loads(answer.body)["error"]
    broken.clear()
    assert ask(core, route).status == 200


def test_closing_the_core_ends_the_reading(study, gate):
    core, _ = study
    assert ask(core, "vector/meta").status == 200
    outlines = core.vectors._indexes.kept()[0][1].index.sheets[0].outlines
    core.close()
    gate.some.set()
    gate.all.set()
    assert outlines._all.exception(30) is None or isinstance(outlines._all.exception(), InterruptedError)


def test_weights_follow_what_becomes_heavier():
    cache = Lru(10, lambda value: value[0])
    first = cache.get("a", lambda: [1])
    cache.get("b", lambda: [2])
    first[0] = 7
    cache.weigh_again("a")
    assert cache.weight == 9
    first[0] = 9
    cache.weigh_again("a")
    assert [key for key, _ in cache.kept()] == ["b"]
    cache.weigh_again("a")
    cache.drop("b")
    cache.drop("b")
    assert (len(cache), cache.weight) == (0, 0)


def test_an_index_tells_what_it_takes():
    index = build_index(frame_pieces(annotations(2000)), at_once=True)
    per_annotation = index.nbytes / 2002
    assert 60 < per_annotation < 400
    assert replace(index, sheets=(index.sheets[1], index.sheets[1])).nbytes < index.nbytes
