"""What became of annotations since a version: what the difference of the two versions says."""

from __future__ import annotations

import json
import struct
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

import wsinb
from tests.serve.vectors.study import STUDY, ask, squares
from wsinb.serve import Core, Request, Settings
from wsinb.testing import synthetic_slide
from wsinb.testing.features import square_feature
from wsinb.testing.vector_tiles import decode_vector_tile
from wsinb.versions.tables import reading, staging
from wsinb.versions.tables.ids import id_texts

STATES = ["added", "changed", "unchanged"]


def make_study(folder):
    project = wsinb.create_project(folder / "study")
    project.slides.add(synthetic_slide(folder / "one.tiff", size=(512, 384)), name="one")
    project.labels.add([wsinb.Label("tumor"), wsinb.Label("stroma")])
    project.columns.add("grade", "text")
    return project


@pytest.fixture
def study(tmp_path):
    project = make_study(tmp_path)
    core = Core(Settings(tmp_path))
    yield core, project
    core.close()


def meta(core, **query):
    answer = ask(core, "vector/meta", **query)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def live(core, session):
    return meta(core, draft=session.journal)["version"]


def changes(core, version, **query):
    """What the column says of each row of a version."""
    answer = ask(core, f"vector/{version}/column/change", **query)
    assert answer.status == 200, answer.body
    assert "immutable" in answer.headers["Cache-Control"]
    _, kind, n, size = struct.unpack("<4sB3xII", answer.body[:16])
    assert kind == 1
    assert json.loads(answer.body[16 : 16 + size]) == {"categories": STATES}
    return [STATES[code] for code in np.frombuffer(answer.body, "<u2", n, 16 + size).tolist()]


def told(diff, ids):
    """What a difference says of ids."""
    part = diff["one"]
    kinds = dict(zip(id_texts(part.ids), part.kinds.tolist(), strict=True))
    return [{"added": "added", "updated": "changed"}.get(kinds.get(id_), "unchanged") for id_ in ids]


def ids_at(project, version):
    return sorted(project.read("one", version)["id"])


def commit(session, message="more"):
    return session.commit(message).id


class Sessions(RuleBasedStateMachine):
    """Whatever is edited on two branches, the column says what the difference of two versions says."""

    def __init__(self):
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self.project = make_study(folder)
        self.core = Core(Settings(folder))
        self._bulk, staging.BULK_ROWS = staging.BULK_ROWS, 6
        self.versions = [self.project.head()]
        self.session = self.project.session()
        self.session["one"].upsert(squares(range(9)))
        self.commit()

    def teardown(self):
        staging.BULK_ROWS = self._bulk
        self.core.close()
        self._folder.cleanup()

    def some_ids(self, number, n):
        ids = sorted(self.session["one"].read()["id"])
        return sorted({ids[(number + k) % len(ids)] for k in range(n)}) if ids else []

    @rule(places=st.lists(st.integers(0, 40), min_size=1, max_size=12))
    def add(self, places):
        self.session["one"].upsert(squares(places))

    @rule(
        number=st.integers(0, 99),
        n=st.integers(1, 8),
        place=st.integers(0, 2),
        grade=st.sampled_from([None, "G1"]),
    )
    def edit(self, number, n, place, grade):
        if ids := self.some_ids(number, n):
            rows = squares([place] * len(ids), id=ids)
            self.session["one"].upsert(rows.assign(grade=grade))

    @rule(number=st.integers(0, 99), n=st.integers(1, 4))
    def delete(self, number, n):
        if ids := self.some_ids(number, n):
            self.session["one"].delete(ids)

    @rule(number=st.integers(0, 99), of=st.integers(0, 99))
    def bring_back(self, number, of):
        at = self.versions[of % len(self.versions)]
        if stored := ids_at(self.project, at):
            self.session["one"].restore(stored[number % len(stored)], at)

    @rule()
    def commit(self):
        if not self.session.changes:
            return
        version = live(self.core, self.session)
        said = [changes(self.core, version, since=since) for since in self.versions]
        newest = commit(self.session)
        ids = ids_at(self.project, newest)
        for since, states in zip(self.versions, said, strict=True):
            assert states == told(self.project.diff(since, newest), ids)
        self.versions.append(newest)

    @rule(of=st.integers(0, 99))
    def go_on_elsewhere(self, of):
        self.session.discard()
        name = f"branch-{len(self.project.branches)}"
        self.project.branch(name, at=self.versions[of % len(self.versions)])
        self.session = self.project.session(name)

    @rule()
    def remove_and_add_the_slide(self):
        if self.session.branch == "main" and not self.session.changes:
            path = self.project.slides.path("one")
            self.project.slides.remove("one")
            self.project.slides.add(path, name="one")
            self.session = self.project.session()
            self.versions.append(self.project.head())

    @rule(a=st.integers(0, 99), b=st.integers(0, 99))
    def compare(self, a, b):
        since, version = (self.versions[k % len(self.versions)] for k in (a, b))
        said = changes(self.core, version, since=since)
        assert said == told(self.project.diff(since, version), ids_at(self.project, version))

    @invariant()
    def by_default_it_is_what_the_commit_or_the_session_did(self):
        newest = self.versions[-1]
        assert changes(self.core, newest) == told(
            self.project.show(newest).diff, ids_at(self.project, newest)
        )
        if self.session.journal is not None and self.session.changes:
            version = live(self.core, self.session)
            said = Counter(changes(self.core, version))
            counts = self.session.changes["one"]
            assert (said["added"], said["changed"]) == (counts["added"], counts["updated"])
            assert changes(self.core, version) == changes(self.core, version, since=self.session.base)


Sessions.TestCase.settings = settings(max_examples=8, stateful_step_count=12, deadline=None)
test_the_column_is_the_difference = Sessions.TestCase


def test_a_version_without_the_slide_had_none_of_it(study):
    core, project = study
    session = project.session()
    session["one"].upsert(squares(range(3)))
    newest = commit(session)
    (first,) = (each.id for each in project.log() if not each.parents)
    assert changes(core, newest, since=first) == ["added"] * 3


def test_edits_that_came_to_nothing_are_no_change(study):
    core, project = study
    session = project.session()
    ids = session["one"].upsert(squares(range(4)))
    commit(session)
    session["one"].upsert(squares([9], id=ids[:1]))
    session["one"].upsert(squares([2], "stroma"))
    session["one"].upsert(squares([0], id=ids[:1]))
    assert Counter(changes(core, live(core, session))) == {"unchanged": 4, "added": 1}


def test_a_persons_unsaved_shapes_are_changes(study):
    core, project = study
    session = project.session()
    ids = session["one"].upsert(squares(range(3)))
    base = commit(session)
    moved = {**square_feature(300, 200), "id": ids[0], "label": "tumor"}
    body = {"slide": "one", "project": "study", "base": base, "branch": "main", "delete": [ids[1]]}
    body["set"] = [moved, {**square_feature(100, 200), "key": "new-1"}]
    draft = json.loads(ask(core, "draft", "POST", json.dumps(body).encode()).body)["draft"]
    version = meta(core, draft=draft)["version"]
    assert Counter(changes(core, version)) == {"added": 1, "changed": 1, "unchanged": 1}


def test_density_counts_by_it(study, monkeypatch):
    monkeypatch.setattr("wsinb.serve.vectors.zooms.DENSITY_MIN_PER_TILE", 10)
    core, project = study
    first = project.head()
    session = project.session()
    ids = session["one"].upsert(squares(range(30)))
    second = commit(session)
    session["one"].upsert(squares([3, 4], "stroma", id=ids[:2]))
    session["one"].upsert(squares(range(5)))
    version = live(core, session)
    for since, expected in (
        ({}, {"added": 5, "changed": 2, "unchanged": 28}),
        ({"since": second}, {"added": 5, "changed": 2, "unchanged": 28}),
        ({"since": first}, {"added": 35}),
    ):
        answer = ask(core, f"vector/{version}/-6/0/0", by="change", **since)
        tile = decode_vector_tile(answer.body)
        assert tile.kind == 2
        counts = Counter()
        for code, n in zip(tile.cell_label.tolist(), tile.cell_count.tolist(), strict=True):
            counts[STATES[code]] += n
        assert counts == expected == Counter(changes(core, version, **since))


def test_no_row_is_read_where_hashes_are_stored(study, monkeypatch):
    core, project = study
    session = project.session()
    ids = session["one"].upsert(squares(range(8)))
    first = commit(session)
    session["one"].upsert(squares([5], "stroma", id=ids[:1]))
    session["one"].upsert(squares([7]))
    newest = commit(session)
    meta(core, version=newest)  # which reads what is drawn

    def refuse(*_):
        raise AssertionError("a row was read")

    for name in ("lookup", "read", "rows_in_parts"):
        monkeypatch.setattr(reading.Tables, name, refuse)
    assert Counter(changes(core, newest, since=first)) == {"added": 1, "changed": 1, "unchanged": 7}


@pytest.mark.parametrize("since", ["main", "0" * 63, "A" * 64, "../../format"])
def test_since_is_a_whole_commit_id(study, since):
    core, project = study
    for route, query in (("column/change", {}), ("0/0/0", {"by": "change"})):
        answer = ask(core, f"vector/{project.head()}/{route}", since=since, **query)
        said = json.loads(answer.body)
        assert (answer.status, said["kind"]) == (400, "InvalidInput")
        assert "whole commit id" in said["error"]


def test_an_unknown_commit_is_told(study):
    core, project = study
    answer = ask(core, f"vector/{project.head()}/column/change", since="0" * 64)
    assert (answer.status, json.loads(answer.body)["kind"]) == (404, "UnknownVersion")


def test_each_comparison_has_a_tag_of_its_own(study):
    core, project = study
    session = project.session()
    session["one"].upsert(squares(range(3)))
    first = commit(session)
    session["one"].upsert(squares(range(2)))
    newest = commit(session)
    route = f"vector/{newest}/column/change"
    tags = {ask(core, route, **query).headers["ETag"] for query in ({}, {"since": first}, {"since": newest})}
    assert len(tags) == 3
    again = core.handle(Request("GET", route, {**STUDY, "since": first}, if_none_match=max(tags)))
    assert (again.status == 304) == (ask(core, route, since=first).headers["ETag"] == max(tags))


def test_a_column_of_the_project_of_that_name_takes_its_place(study):
    core, project = study
    project.columns.add("change", "text")
    session = project.session()
    session["one"].upsert(squares(range(2)).assign(change=["better", None]))
    commit(session)
    answer = ask(core, f"vector/{project.head()}/column/change")
    assert b"better" in answer.body
