"""Writers that are killed at any moment: all is there that they were promised, and nothing by halves."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field

import shapely

from wsinb.annotate import new_annotations
from wsinb.project import Project, create_project, open_project
from wsinb.testing.entries import add_slides

__all__ = ["Round", "kill_writers", "new_project"]

ROWS = 3
WRITER = f"""
import json, sys, shapely
from wsinb.annotate import new_annotations
from wsinb.project import open_project
project = open_project(sys.argv[1])
session = project.session(author=sys.argv[2])
n = 0
while True:
    n += 1
    rows = new_annotations([shapely.Point(n, i) for i in range({ROWS})], properties={{"commit": n}})
    ids = session["one"].upsert(rows)
    message = f"{{sys.argv[2]}} {{n}}"
    commit = session.commit(message, artifacts={{"n.txt": message.encode()}})
    print(json.dumps([commit.id, ids]), flush=True)
    if n == 1:
        sys.stdin.readline()
"""


@dataclass
class Round:
    """What one round of kills found.

    Attributes
    ----------
    acknowledged
        Commits that a writer was told are made.
    landed
        Commits that are on the branch; the kill may have cut off what their writers were told.
    lost, torn
        Commits that were acknowledged and are not there; commits of which only a part is.
    """

    acknowledged: int
    landed: int
    lost: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)


def new_project(url: str) -> Project:
    """Make a project with one slide that has no file."""
    project = create_project(url, "Kills")
    add_slides(project, "one")
    return project


def kill_writers(url: str, writers: int, seconds: float) -> Round:
    """Let several processes commit to a project for a while, kill all, and look at what is there."""
    before = open_project(url).head()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, url, f"writer-{number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(writers)
    ]
    lines: list[str] = []
    try:
        for process in processes:  # all are up and have committed once
            assert process.stdout is not None
            lines.append(process.stdout.readline())
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        time.sleep(seconds)
    finally:
        for process in processes:
            os.kill(process.pid, signal.SIGKILL)
        for process in processes:
            assert process.stdout is not None
            lines += process.stdout.readlines()
            process.wait()
    told = [json.loads(line) for line in lines if line.startswith("[") and line.endswith("]\n")]
    return _look(open_project(url), before, told)


def _look(project: Project, before: str, told: list[tuple[str, list[str]]]) -> Round:
    """Compare what is there with what was acknowledged."""
    stored = set(project.read("one")["id"])
    on_branch = {}
    for commit in project.log():
        if commit.id == before:
            break
        on_branch[commit.id] = commit
    lost = [commit for commit, ids in told if commit not in on_branch or not stored.issuperset(ids)]
    torn = [] if len(stored) % ROWS == 0 else [f"{len(stored)} rows"]
    for commit in on_branch.values():
        whole = commit.changes.get("one", {}).get("added") == ROWS
        with contextlib.suppress(OSError, ValueError):
            whole = whole and project.read_artifact(commit.id, "n.txt").decode() == commit.message
            if whole:
                continue
        torn.append(commit.id)
    _still_writable(project)
    return Round(len(told), len(on_branch), lost, torn)


def _still_writable(project: Project) -> None:
    session = project.session(author="afterwards")
    session["one"].upsert(new_annotations([shapely.Point(i, 9) for i in range(ROWS)]))
    commit = session.commit("writable still")
    assert project.head() == commit.id
