"""First-parent chains by skip pointers, against walks one by one."""

from __future__ import annotations

import random

import pytest
import shapely

from wsinb.annotate import new_annotations
from wsinb.project import create_project
from wsinb.testing.entries import add_slides


@pytest.fixture(scope="module")
def forest(tmp_path_factory):
    """A project of some hundred commits on branches that begin anywhere, and all commits."""
    project = create_project(tmp_path_factory.mktemp("forest"))
    add_slides(project, "one")
    chance = random.Random(7)
    commits, branches = [project.head()], ["main"]
    for number in range(130):
        if chance.random() < 0.06:
            branches.append(f"b{number}")
            project.branch(branches[-1], at=chance.choice(commits))
        # mostly the newest two, so that chains grow long
        session = project.session(chance.choice(branches[-2:]))
        session["one"].upsert(new_annotations([shapely.Point(number, 0)]))
        commits.append(session.commit("point").id)
    return project.repository.ancestry, [project.repository.record(commit) for commit in commits]


def chain(ancestry, record):
    """Return a commit and its first parents, newest first."""
    records = [record]
    while records[-1].parents:
        records.append(ancestry.record(records[-1].parents[0]))
    return records


def test_an_ancestor_of_any_depth_is_found(forest):
    ancestry, records = forest
    for record in records[::9]:
        for expected in chain(ancestry, record):
            assert ancestry.upward(record, expected.depth).id == expected.id


def test_the_fork_is_the_newest_commit_that_both_have(forest):
    ancestry, records = forest
    assert max(record.depth for record in records) > 40
    ids = {record.id: [each.id for each in chain(ancestry, record)] for record in records}
    for first in records[::5]:
        for second in records[::3]:
            theirs = set(ids[second.id])
            expected = next(commit for commit in ids[first.id] if commit in theirs)
            assert ancestry.fork(first, second).id == expected


def test_few_commits_are_read_on_the_way(forest, monkeypatch):
    ancestry, records = forest
    deepest = max(records, key=lambda record: record.depth)
    read, record = set(), ancestry.record
    monkeypatch.setattr(ancestry, "record", lambda commit: read.add(commit) or record(commit))
    ancestry.upward(deepest, 1)
    bits = deepest.depth.bit_length()
    assert len(read) <= bits * (bits + 1) / 2 < deepest.depth / 2
    read.clear()
    assert ancestry.fork(record(deepest.parents[0]), deepest).id == deepest.parents[0]
    assert len(read) == 1
