"""Reading some columns of a table piece by piece."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely

import wsinb
from wsinb.annotate import new_annotations
from wsinb.annotate.schema import SCHEMA
from wsinb.testing import synthetic_slide
from wsinb.versions.tables import staging
from wsinb.versions.tables.lean import Piece, lean_pieces


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A slide in several parts, with change sets over them, and an own column in the last ones only."""
    monkeypatch.setattr(staging, "BULK_ROWS", 50)
    monkeypatch.setattr(staging, "PART_ROWS", 60)
    project = wsinb.create_project(tmp_path / "study")
    project.slides.add(synthetic_slide(tmp_path / "one.tiff", size=(512, 384)), name="one")
    session = project.session()
    ids = session["one"].upsert(
        new_annotations(shapely.points(np.random.default_rng(0).uniform(0, 500, (200, 2))))
    )
    session.commit("many")
    project.columns.add("area", "float")
    session = project.session()
    changed = new_annotations(shapely.points([(1, 1), (2, 2)]), id=ids[5:7])
    changed["area"] = [3.0, 4.0]
    session["one"].upsert(changed)
    session["one"].delete(ids[50:60])
    session["one"].upsert(new_annotations([shapely.Point(3, 3), None], shape=["point", "image"]))
    session.commit("few")
    return project


def state_of(project):
    repository = project.repository
    return repository.tables, repository.committer.state(repository.version("main"), "one")


def test_pieces_together_are_the_table(project):
    tables, state = state_of(project)
    (column,) = project.columns.values()
    schema = pa.schema([SCHEMA.field("id"), SCHEMA.field("geometry"), column.field])
    whole = tables.read(state).select(schema.names)
    pieces = lean_pieces(tables, state)
    assert len(pieces) > 3
    read = [piece.read(schema) for piece in pieces]
    assert [table.num_rows for table in read] == [len(piece) for piece in pieces]
    assert all(table.schema == schema for table in read)
    assert pa.concat_tables(read).sort_by("id").equals(whole.sort_by("id"))
    # the rows of a piece are the same whatever is read of them
    for piece, table in zip(pieces, read, strict=True):
        assert piece.read(pa.schema([column.field])).column(0).equals(table.column(2))
        assert piece.read(schema.remove(1)).equals(table.drop_columns(["geometry"]))


@pytest.mark.parametrize("wanted", [[0], [0, 2], [1]])
def test_some_rows_of_a_piece(project, wanted):
    tables, state = state_of(project)
    schema = pa.schema([SCHEMA.field("id")])
    for piece in lean_pieces(tables, state):
        places = np.array([place for place in wanted if place < len(piece)])
        assert piece.read(schema, places).equals(piece.read(schema).take(pa.array(places)))


def test_a_table_in_memory_is_a_piece(project):
    tables, state = state_of(project)
    table = tables.read(state)
    piece = Piece.of(table)
    assert len(piece) == table.num_rows
    assert piece.read(SCHEMA).equals(table.select(SCHEMA.names))
