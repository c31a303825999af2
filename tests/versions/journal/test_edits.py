"""The edits of a session as lines of a journal, and back: all of them, as they were."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wsinb.annotate import new_annotations
from wsinb.testing.annotations import annotation_tables
from wsinb.testing.journals import IDS, journal_file, journals, make_project, points, staged_of
from wsinb.versions.journal import edits
from wsinb.versions.journal.files import Journal
from wsinb.versions.journal.lines import Header
from wsinb.versions.tables import staging

WHERE = st.sampled_from(["one", "two"])

EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("upsert"), WHERE, annotation_tables(ids=IDS, min_size=1, max_size=4)),
        st.tuples(st.just("delete"), WHERE, st.lists(st.sampled_from(IDS), max_size=3, unique=True)),
        st.tuples(st.just("back"), WHERE, st.none()),
        st.tuples(st.just("reopen"), WHERE, st.none()),
    ),
    max_size=12,
)


def do(session, word, slide, what):
    here = session[slide]
    if word == "upsert":
        here.upsert(what)
    elif word == "delete":
        here.delete([id_ for id_ in what if id_ in set(here.read()["id"])])
    elif word == "back":
        here.upsert(here.read(version=session.base))


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(wanted=EDITS, many=st.sampled_from([1, 1000]), bulk=st.sampled_from([1, 2, 20_000]))
def test_replaying_a_journal_gives_the_edits(wanted, many, bulk):
    folder = Path(tempfile.mkdtemp())
    patch = pytest.MonkeyPatch()
    patch.setattr(edits, "MANY_ROWS", many)
    patch.setattr(staging, "BULK_ROWS", bulk)
    try:
        project = make_project(folder)
        session = project.session()
        for word, slide, what in wanted:
            if word == "reopen" and session.journal is not None:
                del session
                session = project.recover()[0].open()
            do(session, word, slide, what)
        expected, journal = staged_of(session), session.journal
        del session
        drafts = project.recover()
        assert len(drafts) == (journal is not None)
        for draft in drafts:
            assert draft.damage == []
            assert staged_of(draft.open()) == expected
    finally:
        patch.undo()
        shutil.rmtree(folder)


def test_many_rows_lie_in_a_file_beside(project):
    session = project.session()
    session["one"].upsert(points(1001))
    session["one"].delete(IDS[0])
    angles = np.linspace(0, 2 * np.pi, 80_000)
    outline = 1e6 * np.column_stack([np.cos(angles), np.sin(angles)])
    session["two"].upsert(new_annotations([shapely.Polygon(outline)]))  # one large shape
    assert [Path(name).suffix for name in journals(project)].count(".arrow") == 2
    expected = staged_of(session)
    del session
    (draft,) = project.recover()
    assert staged_of(draft.open()) == expected


def test_own_columns_and_all_others_come_back(project):
    project.columns.add("area", "float", unit="µm²")
    project.columns.add("seen", "time")
    project.columns.add("n", "int")
    session = project.session()
    given = points(
        2, label="tumor", score=[0.5, None], z=[1, 2], c=[None, 3], properties=['{"a": "ä"}', None]
    )
    given["area"] = [1.5, None]
    given["seen"] = pd.to_datetime(["2026-01-31T12:00:00.000001Z", None])
    given["n"] = pd.array([2**60, None], dtype="Int64")
    session["one"].upsert(given)
    expected, table = staged_of(session), session["one"].edits()
    del session
    again = project.recover()[0].open()
    assert staged_of(again) == expected
    pd.testing.assert_frame_equal(pd.DataFrame(again["one"].edits()), pd.DataFrame(table))


def test_a_frame_of_geopandas_is_what_is_edited(project):
    """The journal keeps what the session keeps: rounded coordinates, not those that were given."""
    session = project.session()
    given = gpd.GeoDataFrame(geometry=[shapely.Point(1 / 3, 2 / 3)])
    session["one"].upsert(given)
    expected = staged_of(session)
    del session
    again = project.recover()[0].open()
    assert staged_of(again) == expected
    (point,) = again["one"].edits().geometry
    assert (point.x * 64) % 1 == 0


def test_rows_in_bulk_lie_in_parts_that_the_journal_names(project):
    session = project.session()
    ids = session["one"].upsert(points(20_001))
    session["one"].delete(ids[0])
    session["one"].upsert(points(1, l0_y=9, id=ids[1]))
    assert [Path(name).suffix for name in journals(project)] == [".jsonl"]
    assert journal_file(project).stat().st_size < 4000
    expected = staged_of(session)
    assert len(expected) == 20_000
    del session
    (draft,) = project.recover()
    assert draft.changes == {"one": {"added": 20_000, "updated": 0, "deleted": 0}}
    session = draft.open()
    assert staged_of(session) == expected
    session.commit("bulk")
    assert len(project.read("one")) == 20_004


def test_parts_that_are_gone_or_hold_known_rows_are_said(project):
    session = project.session()
    session["one"].upsert(points(20_001))
    session["two"].upsert(points(1))
    (part,) = session._staged["one"].parts
    other = project.session(journal=False)
    other["one"].upsert(points(20_001))
    other.commit("known")
    (known,) = other._repository.tables.parts(other["one"]._state)
    del session
    header = Header.new("session", "main", project.head(), "mallory")
    forged = Journal.create(project.repository.journals, header)
    forged.append({"slide": "one", "parts": [known.sha256]})
    forged.append({"slide": "one", "parts": ["../../etc/passwd", "0" * 64]})
    forged.append({"slide": "two", "parts": [known.sha256]})  # that is a copy, which is fine
    forged.close()
    (project.path / ".wsinb" / "parts" / f"{part.sha256}.parquet").unlink()
    drafts = {draft.author: draft for draft in project.recover()}
    assert len(drafts["mallory"].damage) == 3
    assert drafts["mallory"].changes == {"two": {"added": 20_001, "updated": 0, "deleted": 0}}
    (mine,) = (draft for author, draft in drafts.items() if author != "mallory")
    assert part.sha256 in mine.damage[0]
    assert mine.changes.keys() == {"two"}
