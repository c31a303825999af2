"""What a session tells its journal: every edit at once, until they are committed."""

from __future__ import annotations

import pytest

from wsinb.testing.journals import IDS, journal_file, journals, points, staged_of
from wsinb.versions.journal.reading import read_journal
from wsinb.versions.storage.posix import PosixStore


def test_a_session_without_edits_writes_nothing(project):
    session = project.session()
    session["one"].read()
    session["one"].upsert(session["one"].read())
    assert session.journal is None
    assert journals(project) == []


def test_an_edit_is_in_the_journal_when_upsert_returns(project):
    session = project.session(author="ann")
    (id_,) = session["one"].upsert(points(1, label="tumor"))
    written = read_journal(journal_file(project))
    header = written.header
    assert (header.id, header.author, header.branch, header.base) == (
        session.journal,
        "ann",
        "main",
        session.base,
    )
    (entry,) = written.entries
    assert entry["slide"] == "one"
    assert [row["id"] for row in entry["upsert"]] == [id_]
    session["one"].delete(id_)
    assert read_journal(journal_file(project)).entries[-1] == {"slide": "one", "forget": [id_]}
    session["one"].delete(IDS[0])
    assert read_journal(journal_file(project)).entries[-1] == {"slide": "one", "delete": [IDS[0]]}


def test_a_journal_is_gone_after_commit_and_discard_and_a_new_one_begins(project):
    session = project.session()
    session["one"].upsert(points(1))
    first = session.journal
    commit = session.commit("first")
    assert (journals(project), session.journal) == ([], None)
    assert project.repository.record(commit.id).data["journal"] == first
    session["one"].upsert(points(2000))
    assert len(journals(project)) == 2
    assert session.journal != first
    session.discard()
    assert (journals(project), session.journal, session.changes) == ([], None, {})


def test_a_session_may_do_without(project):
    session = project.session(journal=False)
    session["one"].upsert(points(1))
    commit = session.commit("no journal")
    assert journals(project) == []
    assert project.repository.record(commit.id).data["journal"] is None


def test_a_journal_that_somebody_deleted_is_begun_anew_with_all_edits(project):
    session = project.session()
    session["one"].upsert(points(1, id=IDS[5]))
    journal_file(project).unlink()
    session["one"].upsert(points(1, id=IDS[6]))
    expected = staged_of(session)
    del session
    assert staged_of(project.recover()[0].open()) == expected


class Interrupted(BaseException):
    """Stands for a person who presses a key, or the end of the process."""


@pytest.fixture
def interrupted_commit(monkeypatch):
    """Commit, and be interrupted when the ref is written, before anybody is told."""

    def commit(session, message="made"):
        original = PosixStore.copy_if_absent

        def link(self, source, target):
            original(self, source, target)
            raise Interrupted

        with monkeypatch.context() as patch:
            patch.setattr(PosixStore, "copy_if_absent", link)
            with pytest.raises(Interrupted):
                session.commit(message)

    return commit


def test_committing_again_gives_the_commit_that_was_made(project, interrupted_commit):
    session = project.session()
    session["one"].upsert(points(1, id=IDS[0], label="stroma"))
    interrupted_commit(session)
    head = project.head()
    assert head != session.base
    commit = session.commit("again")
    assert (commit.id, commit.message, project.head()) == (head, "made", head)
    assert (session.base, session.changes, journals(project)) == (head, {}, [])


def test_an_edit_after_such_a_commit_builds_on_it(project, interrupted_commit):
    session = project.session()
    session["one"].upsert(points(1, id=IDS[0], label="stroma"))
    interrupted_commit(session)
    session["one"].upsert(points(1, id=IDS[0], label="tumor", l0_y=3))
    assert session.base == project.head()
    session.commit("more")
    assert [commit.message for commit in project.log(limit=2)] == ["more", "made"]


def test_an_interrupt_before_the_commit_leaves_it_to_be_made(project, monkeypatch):
    session = project.session()
    session["one"].upsert(points(1, id=IDS[0], label="stroma"))

    def never(self, source, target):
        raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(PosixStore, "copy_if_absent", never)
        with pytest.raises(Interrupted):
            session.commit("first try")
    assert session.commit("second try").message == "second try"


def test_a_journal_in_a_commit_offers_nothing(project, interrupted_commit):
    session = project.session()
    session["one"].upsert(points(3))
    interrupted_commit(session)
    other = project.session()
    other["two"].upsert(points(1))
    other.commit("meanwhile")
    del session
    assert len(journals(project)) == 1
    assert project.recover() == []
    assert journals(project) == []  # and is cleared away
