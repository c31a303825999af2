"""What a viewer keeps of what was drawn, opened in Python."""

from __future__ import annotations

import os
import time

import pytest
import shapely

from wsinb.annotate import new_annotations, to_features
from wsinb.testing.journals import IDS, staged_of
from wsinb.versions.journal import reading
from wsinb.versions.journal.files import Journal
from wsinb.versions.journal.lines import Header


def viewer_journal(project, *entries, slide="one", age=reading.LONELY_S + 1):
    header = Header.new("viewer", "main", project.head(), "ann", slide)
    journal = Journal.create(project.repository.journals, header)
    for entry in entries:
        journal.append(entry)
    journal.close()
    past = time.time() - age
    os.utime(journal.path, (past, past))
    return journal.path


def feature(geometry, **members):
    (made,) = to_features(new_annotations([geometry]))
    return {**made, "id": None, **members}


BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [9, 9], [9, 0], [0, 9], [0, 0]]]}


def test_what_a_viewer_left_behind_opens_in_python_too(project):
    path = viewer_journal(
        project,
        {"set": [feature(shapely.Point(1, 1), key="new-1"), feature(shapely.Point(2, 2), key="new-2")]},
        {"set": [feature(shapely.Point(7, 7), id=IDS[0], label="stroma")], "delete": IDS[1:3]},
        {"unset": ["new-1"], "undelete": [IDS[2]]},
    )
    (draft,) = project.recover()
    assert draft.changes == {"one": {"added": 1, "updated": 1, "deleted": 1}}
    session = draft.open()
    assert not path.exists()
    assert session.journal is not None
    assert session["one"].deleted() == [IDS[1]]
    edited = session["one"].edits().set_index("id")
    assert edited.loc[IDS[0], "label"] == "stroma"
    expected = staged_of(session)
    del session
    assert staged_of(project.recover()[0].open()) == expected


def test_shapes_that_cannot_be_stored_are_named_and_stay_in_the_journal(project):
    good, bad = feature(shapely.Point(1, 1), key="a"), feature(shapely.Point(1, 1), key="b")
    bad |= {"shape": "polygon", "geometry": BOW_TIE}
    path = viewer_journal(project, {"set": [good, bad]})
    (draft,) = project.recover()
    with pytest.warns(UserWarning, match="cannot be used"):
        session = draft.open()
    assert len(session["one"].edits()) == 1
    assert path.exists()


def test_a_viewer_at_work_is_not_asked_by_python(project):
    viewer_journal(project, {"delete": [IDS[0]]}, age=0)
    assert project.recover() == []
