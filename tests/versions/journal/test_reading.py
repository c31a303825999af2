"""Nothing in a journal is trusted: what is damaged is named, and the rest kept."""

from __future__ import annotations

import json
import os
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wsinb.testing.journals import IDS, journal_file, make_project, points, staged_of


@pytest.mark.parametrize("cut", [1, 30])
def test_a_torn_last_line_is_left_out_and_cut_off_when_it_goes_on(project, cut):
    session = project.session()
    session["one"].upsert(points(1, id=IDS[5]))
    before = staged_of(session)
    session["one"].upsert(points(1, id=IDS[6]))
    del session
    path = journal_file(project)
    os.truncate(path, path.stat().st_size - cut)
    (draft,) = project.recover()
    assert draft.damage == []
    again = draft.open()
    assert staged_of(again) == before
    again["one"].upsert(points(1, id=IDS[7]))
    after = staged_of(again)
    del again
    (draft,) = project.recover()
    assert draft.damage == []
    assert staged_of(draft.open()) == after


def test_a_damaged_line_is_named_and_the_rest_is_kept(project):
    session = project.session()
    for id_ in IDS[5:8]:
        session["one"].upsert(points(1, id=id_))
    del session
    path = journal_file(project)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"layer":"manual"', b'"layer":"manuel"')
    path.write_bytes(b"".join(lines))
    (draft,) = project.recover()
    (sentence,) = draft.damage
    assert f"Line 3 of the journal {path} is damaged (its sum is wrong)" in sentence
    assert "damaged" in repr(draft)
    with pytest.warns(UserWarning, match="Line 3"):
        session = draft.open()
    assert set(session["one"].edits()["id"]) == {IDS[5], IDS[7]}


@pytest.mark.parametrize("spoil", ["flip", "remove"])
def test_a_damaged_table_is_named_and_the_rest_is_kept(project, spoil):
    session = project.session()
    session["one"].upsert(points(1200))
    session["one"].upsert(points(1, id=IDS[5]))
    del session
    (path,) = project.repository.journals.glob("*.arrow")
    if spoil == "flip":
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    else:
        path.unlink()
    (draft,) = project.recover()
    assert len(draft.damage) == 1
    assert path.name in draft.damage[0]
    assert draft.changes == {"one": {"added": 1, "updated": 0, "deleted": 0}}


ROW = {
    "id": IDS[5],
    "shape": "point",
    "layer": "manual",
    "z": 0,
    "t": 0,
    "geometry": "0101000000" + "00" * 16,
}


@pytest.mark.parametrize(
    "entry",
    [
        {"slide": 3, "upsert": [ROW]},
        {"slide": "none", "upsert": [ROW]},
        {"slide": "one", "upsert": ROW},
        {"slide": "one", "upsert": [3]},
        {"slide": "one", "upsert": [{**ROW, "id": "../../etc/passwd"}]},
        {"slide": "one", "upsert": [{**ROW, "id": None}]},
        {"slide": "one", "upsert": [{**ROW, "geometry": "zz"}]},
        {"slide": "one", "upsert": [{**ROW, "geometry": "0101"}]},
        {"slide": "one", "upsert": [{**ROW, "geometry": 7}]},
        {"slide": "one", "upsert": [{**ROW, "shape": "polygon"}]},
        {"slide": "one", "upsert": [{**ROW, "score": "high"}]},
        {"slide": "one", "upsert": [{**ROW, "z": 10**30}]},
        {"slide": "one", "upsert": [{**ROW, "_op": "forget"}]},
        {"slide": "one", "upsert": [{**ROW, "c_unheard": 1}]},
        {"slide": "one", "upsert": [{**ROW, "properties": "[1]"}]},
        {"slide": "one", "delete": [None]},
        {"slide": "one", "delete": ["x"]},
        {"slide": "one", "rows": 7},
        {"slide": "one", "rows": {"file": "../format.json", "sha256": "0", "n": 1}},
        {"slide": "one", "rows": {"file": 7}},
    ],
    ids=lambda entry: json.dumps(entry)[:70],
)
def test_nothing_in_a_journal_is_trusted(project, entry):
    """Lines whose sums are right, as somebody might write who shares the disk."""
    session = project.session()
    session["one"].upsert(points(1, id=IDS[6]))
    session._keeper._journal.append(entry)
    del session
    (draft,) = project.recover()
    assert len(draft.damage) == 1
    assert draft.changes == {"one": {"added": 1, "updated": 0, "deleted": 0}}
    with pytest.warns(UserWarning, match="left out"):
        session = draft.open()
    assert list(session["one"].edits()["id"]) == [IDS[6]]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_bytes_in_a_journal_are_survived(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("any")
    project = make_project(folder / "study")
    session = project.session()
    for id_ in IDS[4:7]:
        session["one"].upsert(points(1, id=id_))
    del session
    path = journal_file(project)
    good = bytearray(path.read_bytes())
    start = data.draw(st.integers(good.index(b"\n") + 1, len(good)))
    stop = data.draw(st.integers(start, len(good)))
    good[start:stop] = data.draw(st.binary(max_size=60))
    path.write_bytes(good)
    (draft,) = project.recover()
    assert draft.changes.keys() <= {"one"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # says what was left out
        session = draft.open()
    assert set(session["one"].edits()["id"]) <= set(IDS[4:7])
