"""What a session leaves behind is offered, whole, once."""

from __future__ import annotations

import os
import time
import warnings
from datetime import UTC, datetime

import pytest

from wsinb.errors import Conflict, StorageError
from wsinb.testing.journals import IDS, journals, points, staged_of
from wsinb.versions.journal.files import InUse


def test_a_session_that_is_dropped_leaves_a_draft_and_a_living_one_does_not(project):
    session = project.session(author="ann")
    session["one"].upsert(points(3))
    session["two"].upsert(points(2))
    session["one"].delete(IDS[:2])
    expected = staged_of(session)
    assert project.recover() == []
    base = session.base
    del session
    (draft,) = project.recover()
    assert (draft.author, draft.branch, draft.base, draft.damage) == ("ann", "main", base, [])
    assert draft.changes == {
        "one": {"added": 3, "updated": 0, "deleted": 2},
        "two": {"added": 2, "updated": 0, "deleted": 0},
    }
    assert "ann" in repr(draft)
    assert "7 uncommitted edits" in repr(draft)
    assert datetime.now(UTC) >= draft.last_edit >= draft.time
    again = draft.open()
    assert staged_of(again) == expected
    assert (again.base, again.author, again.journal) == (base, "ann", draft.id)
    assert project.recover() == []
    with pytest.raises(InUse, match="close that session"):
        draft.open()
    again.commit("at last")
    assert journals(project) == []
    assert len(project.read("one")) == 5
    with pytest.raises(StorageError, match="is committed or discarded"):
        draft.open()


def test_a_draft_that_is_opened_goes_on_with_its_journal(project):
    session = project.session()
    session["one"].upsert(points(1, id=IDS[5]))
    del session
    session = project.recover()[0].open()
    session["one"].upsert(points(1, id=IDS[6]))
    session["one"].delete(IDS[5])
    expected = staged_of(session)
    del session
    (draft,) = project.recover()
    assert staged_of(draft.open()) == expected


def test_a_discarded_draft_is_gone(project):
    session = project.session()
    session["one"].upsert(points(1500))
    del session
    (draft,) = project.recover()
    draft.discard()
    assert journals(project) == []
    assert project.recover() == []


def test_drafts_of_one_branch_only(project):
    project.branch("side")
    for branch in ("main", "side"):
        project.session(branch)["one"].upsert(points(1))
    assert len(project.recover()) == 2
    (draft,) = project.recover("side")
    assert draft.branch == "side"
    draft.open().commit("on the side")
    assert len(project.read("one", "side")) == 5


def test_others_commit_before_a_draft_is_opened(project):
    session = project.session()
    session["one"].upsert(points(1, id=IDS[0], label="stroma"))
    session["one"].upsert(points(1, id=IDS[6]))
    del session
    other = project.session()
    other["one"].upsert(points(1, id=IDS[7]))
    other.commit("disjoint")
    draft = project.recover()[0].open()
    draft.commit("both")
    assert set(project.read("one")["id"]) == {*IDS[:4], *IDS[6:8]}
    session = project.session()
    session["one"].upsert(points(1, l0_y=5, id=IDS[0]))
    del session
    other = project.session()
    other["one"].upsert(points(1, l0_y=9, id=IDS[0]))
    other.commit("the same")
    draft = project.recover()[0].open()
    with pytest.raises(Conflict):
        draft.commit("meets")
    assert len(journals(project)) == 1
    draft.commit("mine", resolve="ours")
    assert journals(project) == []


def test_what_is_no_journal_is_said_and_left_alone(project):
    session = project.session()
    session["one"].upsert(points(1))
    del session
    folder = project.repository.journals
    bad = folder / f"{'0' * 32}.jsonl"
    bad.write_bytes(b"nonsense\n")
    (folder / "notes.txt").write_text("mine")
    with pytest.warns(UserWarning, match="is damaged"):
        assert len(project.recover()) == 1
    assert {bad.name, "notes.txt"} <= set(journals(project))


def test_a_journal_that_is_being_begun_is_no_draft_and_no_damage(project):
    """Whoever looks while another makes its journal would else be told to move it away."""
    folder = project.repository.journals
    folder.mkdir(exist_ok=True)
    begun = folder / f"{'0' * 32}.jsonl"
    for text in (b"", b'{"kind": "ses'):
        begun.write_bytes(text)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert project.recover() == []
            assert project.status().drafts == ()
            assert project.verify().ok
    hours_ago = time.time() - 7200
    os.utime(begun, (hours_ago, hours_ago))
    with pytest.warns(UserWarning, match="its first line is not whole"):
        assert project.recover() == []
