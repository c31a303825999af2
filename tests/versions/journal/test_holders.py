"""Who holds a journal: processes that are killed or forked, other hosts, no locks."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time

import pytest

from wsinb.testing.journals import IDS, journal_file, journals, points
from wsinb.versions.journal import reading
from wsinb.versions.journal.lines import encode_line

EDITOR = """
import sys, shapely
from wsinb.annotate import new_annotations
from wsinb.project import open_project
project = open_project(sys.argv[1])
drafts = project.recover()
session = drafts[0].open() if drafts else project.session()
n = 0
while True:
    n += 1
    many = 1100 if n % 7 == 0 else 3
    ids = session["one"].upsert(new_annotations([shapely.Point(n, i) for i in range(many)]))
    if n % 3 == 0:
        session["one"].delete(ids[-1])
        ids.pop()
    print(*ids, flush=True)
"""

KILLS = 6


@pytest.mark.slow
def test_kill_at_any_moment_loses_no_acknowledged_edit(project):
    acknowledged = set()
    for kill in range(KILLS):
        editor = subprocess.Popen(
            [sys.executable, "-c", EDITOR, str(project.path)], stdout=subprocess.PIPE, text=True
        )
        assert editor.stdout is not None
        lines = [editor.stdout.readline()]
        time.sleep(0.03 * kill)
        assert project.recover() == []  # it is alive
        os.kill(editor.pid, signal.SIGKILL)
        lines += editor.stdout.readlines()
        editor.wait()
        acknowledged |= {id_ for line in lines if line.endswith("\n") for id_ in line.split()}
        (draft,) = project.recover()
        assert draft.damage == []
        session = draft.open()
        assert acknowledged <= set(session["one"].edits()["id"])
        del session
    project.recover()[0].open().commit("recovered")
    assert acknowledged <= set(project.read("one")["id"])
    assert journals(project) == []


def test_two_processes_at_once_have_a_journal_each(project):
    editors = [
        subprocess.Popen([sys.executable, "-c", EDITOR, str(project.path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for editor in editors:
        assert editor.stdout is not None
        assert editor.stdout.readline()
    assert project.recover() == []
    editors[0].kill()
    editors[0].communicate()
    (draft,) = project.recover()
    editors[1].kill()
    editors[1].communicate()
    assert len(project.recover()) == 2
    draft.discard()
    assert [other.id == draft.id for other in project.recover()] == [False]


def test_a_child_of_a_fork_begins_a_journal_of_its_own(project):
    session = project.session()
    session["one"].upsert(points(1, id=IDS[5]))

    def child():
        session["one"].upsert(points(1, id=IDS[6]))
        os._exit(0 if len(journals(project)) == 2 else 1)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert list(session["one"].edits()["id"]) == [IDS[5]]
    (draft,) = project.recover()  # that of the child, with what it took over
    assert draft.id != session.journal
    assert set(draft.open()["one"].edits()["id"]) == {IDS[5], IDS[6]}


def test_a_journal_of_another_host_is_offered_after_a_while(project, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "elsewhere")
    session = project.session()
    session["one"].upsert(points(1))
    del session
    monkeypatch.undo()
    assert project.recover() == []
    path = journal_file(project)
    past = time.time() - reading.LONELY_S - 1
    os.utime(path, (past, past))
    assert len(project.recover()) == 1


def test_without_locks_the_process_tells_whether_it_is_there(project, monkeypatch):
    def no_locks(handle, operation):
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr("fcntl.flock", no_locks)
    session = project.session()
    session["one"].upsert(points(1))
    path = journal_file(project)
    past = time.time() - reading.LONELY_S - 1
    os.utime(path, (past, past))
    assert project.recover() == []  # this process runs
    del session
    lines = path.read_bytes().splitlines(keepends=True)
    header = json.loads(lines[0])
    header["pid"] = 2**22 + 5  # beyond the largest number of a process
    header.pop("sum")
    path.write_bytes(encode_line(header) + b"".join(lines[1:]))
    os.utime(path, (past, past))
    (draft,) = project.recover()
    assert len(draft.open()["one"].edits()) == 1
