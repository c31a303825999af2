"""Live versions: what an open session has edited, shown without a commit."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

import wsinb
from tests.serve.vectors.study import STUDY, ask, squares
from wsinb.serve import Core, Request, Settings
from wsinb.serve.sources import draft_table
from wsinb.serve.vectors.index import build_index
from wsinb.serve.vectors.tile import encode_tile
from wsinb.testing import synthetic_slide
from wsinb.testing.features import square_feature
from wsinb.testing.vector_tiles import decode_vector_tile, frame_pieces
from wsinb.versions.tables import staging
from wsinb.versions.tables.ids import id_texts


def make_study(folder):
    project = wsinb.create_project(folder / "study")
    project.slides.add(synthetic_slide(folder / "one.tiff", size=(512, 384)), name="one")
    project.slides.add(synthetic_slide(folder / "two.tiff", size=(512, 384)), name="two")
    project.labels.add([wsinb.Label("tumor"), wsinb.Label("stroma")])
    session = project.session()
    session["one"].upsert(squares(range(40)))
    session.commit("many")
    return project


@pytest.fixture
def study(tmp_path):
    project = make_study(tmp_path)
    core = Core(Settings(tmp_path))
    yield core, project
    core.close()


def meta(core, session, **query):
    answer = ask(core, "vector/meta", draft=session.journal, **query)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def tile(core, version, zxy="0/0/0"):
    answer = ask(core, f"vector/{version}/{zxy}")
    assert answer.status == 200, answer.body
    assert "immutable" in answer.headers["Cache-Control"]
    return answer.body


def assert_shown(core, session, slide="one"):
    """The live version is what the session itself reads."""
    frame = session[slide].read()
    found = meta(core, session, slide=slide)
    expected = build_index(frame_pieces(frame), at_once=True)
    assert (found["n"], found["labels"], found["counts"]) == (expected.n, expected.labels, expected.counts)
    assert found["version"].startswith(f"{session.base}+{session.journal}.")
    for zxy in ("0/0/0", "-2/0/0"):
        answer = ask(core, f"vector/{found['version']}/{zxy}", slide=slide)
        assert answer.body == encode_tile(expected, *map(int, zxy.split("/"))).data
    return found["version"]


OTHER_PROCESS = """
    import sys, numpy as np, shapely, wsinb
    from wsinb.annotate import new_annotations
    session = wsinb.open_project(sys.argv[1]).session()
    ids = list(session["one"].read().sort_values("id")["id"])
    for line in sys.stdin:
        if line.strip() == "upsert":
            session["one"].upsert(new_annotations([shapely.box(100, 100, 120, 120)], label="stroma"))
        else:
            session["one"].delete(ids.pop())
        print(session.journal, flush=True)
"""


def test_edits_of_another_process_are_seen_at_once(study):
    core, project = study
    command = [sys.executable, "-c", textwrap.dedent(OTHER_PROCESS), str(project.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def do(word):
            process.stdin.write(word + "\n")
            process.stdin.flush()
            return process.stdout.readline().strip()

        draft = do("upsert")
        first = json.loads(ask(core, "vector/meta", draft=draft).body)
        assert (first["n"], first["counts"]) == (41, {"stroma": 1, "tumor": 40})
        before = tile(core, first["version"])
        assert len(decode_vector_tile(before).id) == 41
        assert do("delete") == draft
        second = json.loads(ask(core, "vector/meta", draft=draft).body)
        assert second["version"] != first["version"]
        assert int(second["version"].rpartition(".")[2]) > int(first["version"].rpartition(".")[2])
        assert len(decode_vector_tile(tile(core, second["version"])).id) == 40
        # what was said of a revision stays so, also to a server that has not seen it before
        assert tile(core, first["version"]) == before
        another = Core(Settings(project.path.parent))
        assert tile(another, first["version"]) == before
        assert tile(another, second["version"]) == tile(core, second["version"])
        another.close()
        process.stdin.close()


class Sessions(RuleBasedStateMachine):
    """Whatever a session does, the server shows what the session itself reads."""

    def __init__(self):
        super().__init__()
        import tempfile
        from pathlib import Path

        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self.project = make_study(folder)
        self.core = Core(Settings(folder))
        self.session = self.project.session()
        self.old = {}
        self._bulk = staging.BULK_ROWS
        staging.BULK_ROWS = 6

    def teardown(self):
        staging.BULK_ROWS = self._bulk
        self.core.close()
        self._folder.cleanup()

    def ids(self):
        return sorted(self.session["one"].read()["id"])

    @rule(
        places=st.lists(st.integers(0, 40), min_size=1, max_size=12),
        label=st.sampled_from(["tumor", "stroma"]),
    )
    def add(self, places, label):
        self.session["one"].upsert(squares(places, label))

    @rule(number=st.integers(0, 99), place=st.integers(0, 40), n=st.integers(1, 3))
    def move(self, number, place, n):
        ids = self.ids()
        if ids:
            chosen = {ids[(number + k) % len(ids)] for k in range(n)}
            self.session["one"].upsert(squares([place] * len(chosen), "stroma", id=sorted(chosen)))

    @rule(number=st.integers(0, 99), n=st.integers(1, 4))
    def delete(self, number, n):
        ids = self.ids()
        if ids:
            self.session["one"].delete({ids[(number + k) % len(ids)] for k in range(n)})

    @rule(number=st.integers(0, 99))
    def put_back(self, number):
        stored = sorted(self.project.read("one", self.session.base)["id"])
        if stored:
            self.session["one"].restore(stored[number % len(stored)], self.session.base)

    @rule()
    def edit_another_slide(self):
        self.session["two"].upsert(squares([1]))

    @rule()
    def commit(self):
        if self.session.changes:
            self.session.commit("so far")
            self.old.clear()

    @rule()
    def ask_anew(self):
        self.core.vectors.clear()

    @invariant()
    def what_is_shown_is_what_the_session_reads(self):
        if self.session.journal is None or not self.session.changes:
            return
        version = assert_shown(self.core, self.session)
        for known, body in self.old.items():
            assert tile(self.core, known) == body
        self.old[version] = tile(self.core, version)


Sessions.TestCase.settings = settings(max_examples=8, stateful_step_count=12, deadline=None)
test_a_live_version_is_what_the_session_reads = Sessions.TestCase


def test_bulk_rows_that_are_stored_at_once_are_shown(study, monkeypatch):
    core, project = study
    monkeypatch.setattr(staging, "BULK_ROWS", 100)
    session = project.session()
    ids = session["one"].upsert(squares(range(500)))
    assert session._staged["one"].parts
    first = assert_shown(core, session)
    session["one"].delete(ids[:50])
    session["one"].upsert(squares([3], "stroma", id=ids[60:61]))
    second = assert_shown(core, session)
    session["one"].upsert(squares(range(300), "stroma"))
    third = assert_shown(core, session)
    assert len({first, second, third}) == 3


def test_exact_shapes_columns_and_selection_of_a_live_version(study):
    core, project = study
    session = project.session(author="eve")
    (id_,) = session["one"].upsert(squares([7], "stroma"))
    version = meta(core, session)["version"]
    (feature,) = json.loads(ask(core, "annotations", version=version, ids=id_).body)["features"]
    # a plus that the browser did not escape is read as a space
    again = json.loads(
        ask(core, "annotations", version=version.replace("+", " "), rows=str(feature["row"])).body
    )
    assert (feature["label"], again["version"], again["features"]) == ("stroma", version, [feature])
    within = json.loads(ask(core, f"vector/{version}/within", polygon="69,4,79,4,79,14,69,14").body)
    assert within["n"] == 2
    assert id_ in within["ids"]
    assert b"eve" in ask(core, f"vector/{version}/column/created_by").body


def test_a_draft_of_this_persons_viewer_is_shown(study):
    core, project = study
    ids = sorted(project.read("one")["id"])
    shape = square_feature(300, 200)
    body = {"slide": "one", "project": "study", "base": project.head(), "branch": "main", "delete": [ids[0]]}
    body["set"] = [{**shape, "key": "new-1"}]
    draft = json.loads(ask(core, "draft", "POST", json.dumps(body).encode()).body)["draft"]
    found = json.loads(ask(core, "vector/meta", draft=draft).body)
    assert found["n"] == 40
    first = tile(core, found["version"])
    table = draft_table(core, Request("GET", "", STUDY), draft)
    index = core.vectors.index(table)
    assert ids[0] not in id_texts(index.ids_of(np.arange(index.n_rows)))
    # what has no id yet is called the same wherever it is asked for
    another = Core(Settings(project.path.parent))
    assert tile(another, found["version"]) == first
    another.close()
    stranger = Request("GET", "vector/meta", {**STUDY, "draft": draft}, user="mallory")
    assert core.handle(stranger).status == 404


def test_what_is_not_shown_any_more_is_told_in_a_sentence(study):
    core, project = study
    session = project.session()
    session["one"].upsert(squares([1]))
    version = meta(core, session)["version"]
    body, draft = tile(core, version), session.journal
    session.commit("done")
    answers = [ask(core, "vector/meta", draft=draft)]
    answers.append(ask(Core(Settings(project.path.parent)), f"vector/{version}/0/0/0"))
    for answer in answers:
        assert answer.status == 404
        assert "saved or discarded" in json.loads(answer.body)["error"]
    # who has shown it goes on: it is the same for ever
    assert tile(core, version) == body


@pytest.mark.parametrize("draft", ["0" * 32, "x", "../../format", "0" * 31 + "G"])
def test_an_unknown_draft_is_refused(study, draft):
    assert ask(study[0], "vector/meta", draft=draft).status == 404


def test_a_revision_that_never_was_is_refused(study):
    core, project = study
    session = project.session()
    session["one"].upsert(squares([1]))
    version = meta(core, session)["version"]
    place, _, revision = version.rpartition(".")
    for other in (int(revision) + 1, int(revision) - 1, 0, 1):
        assert ask(core, f"vector/{place}.{other}/0/0/0").status == 404
    assert ask(core, f"vector/{'0' * 64}+{session.journal}.{revision}/0/0/0").status == 404


def test_many_ask_while_a_session_edits(study):
    core, project = study
    session = project.session()
    session["one"].upsert(squares([1]))
    failed, done = [], threading.Event()

    def look():
        while not done.is_set():
            found = meta(core, session)
            shown = len(decode_vector_tile(tile(core, found["version"])).id)
            if shown != found["n"]:
                failed.append((shown, found["n"]))

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for place in range(15):
        session["one"].upsert(squares([place]))
    done.set()
    for thread in threads:
        thread.join()
    assert not failed
    assert_shown(core, session)
