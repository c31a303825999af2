"""Checking: any flipped bit in any file is found and named, and so is any missing file."""

from __future__ import annotations

import json
import random

import pytest
import shapely

from wsinb.annotate import Label, new_annotations
from wsinb.errors import StorageError
from wsinb.progress import Cancelled
from wsinb.project import create_project, open_project
from wsinb.testing.entries import add_slides
from wsinb.testing.model_store import rows_of
from wsinb.versions.tables import staging
from wsinb.versions.upkeep import fold, runs, tend

FLIPS = 400


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """A small project with a file of every kind."""
    folder = tmp_path_factory.mktemp("everything") / "study"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staging, "BULK_ROWS", 20)
        patch.setattr(staging, "PART_ROWS", 15)
        for module in (runs, tend):
            patch.setattr(module, "MERGE_AT", 3)
        for module in (fold, tend):
            patch.setattr(module, "FOLD_AT", 8)
        project = create_project(folder, author="a")
        project.labels.add(Label("tumor"))
        for name in ("one", *(f"slide {i}" for i in range(20))):
            add_slides(project, name)
        session = project.session(author="a")
        ids = session["one"].upsert(new_annotations([shapely.Point(i, i) for i in range(40)], label="tumor"))
        session.commit("in bulk", artifacts={"model.npz": b"weights" * 30})
        for i in range(8):
            session["one"].upsert(session["one"].read().iloc[[i, i + 20]].assign(score=i / 10))
            session["slide 1"].upsert(new_annotations([shapely.Point(i, 1)]))
            session.commit(f"edit {i}")
            if i == 4:
                project.tag("v1")
                project.branch("other", "v1")
        session["one"].delete(ids[30:32])
        session.commit("less")
        project.attach("v1", "metrics.json", b"{}")
        project.branch("gone")
        project.delete_branch("gone")
    return project


def files_of(project):
    root = project.path / ".wsinb"
    kinds = ("refs", "objects", "parts", "keys", "runs", "history", "artifacts", "attachments", "format.json")
    paths = [path for path in sorted(root.rglob("*")) if path.is_file()]
    return {
        path.relative_to(root).as_posix(): path for path in paths if path.relative_to(root).parts[0] in kinds
    }


def test_the_project_has_every_kind_of_file(everything):
    files = files_of(everything)
    kinds = {key.split("/")[0] for key in files}
    assert len(kinds) == 9
    entries = [json.loads(path.read_bytes()) for key, path in files.items() if key.startswith("refs/")]
    assert {tuple(sorted(entry)) for entry in entries if "parents" not in entry} == {
        ("check", "commit", "states"),
        ("check", "deleted"),
    }
    report = everything.verify()
    assert report.ok
    assert report.damage == ()
    assert report.files == len(files)
    assert "no damaged" in repr(report)


@pytest.mark.slow
def test_any_flipped_bit_is_found_and_named(everything):
    chance = random.Random(3)
    files = files_of(everything)
    by_kind = {}
    for key in files:
        by_kind.setdefault(key.split("/")[0] + key[-10:].partition(".")[2], []).append(key)
    for i in range(FLIPS):
        kind = sorted(by_kind)[i % len(by_kind)]
        key = chance.choice(by_kind[kind])
        data = files[key].read_bytes()
        bit = chance.randrange(8 * len(data))
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        files[key].write_bytes(flipped)  # in place: both names of an entry that is a commit
        try:
            report = everything.verify()
            assert not report.ok, (key, bit)
            assert key in {damage.key for damage in report.damage}, (key, bit)
            damage = next(damage for damage in report.damage if damage.key == key)
            assert damage.problem == "damaged"
            assert damage.belongs
            assert damage.remedy
            assert key in str(damage)
            assert key in repr(report)
            assert key in report._repr_html_()
        finally:
            files[key].write_bytes(data)
    assert everything.verify().ok


def test_any_missing_file_is_named_with_what_needs_it(everything):
    files = files_of(everything)
    for key in files:
        if key.startswith(("refs/", "attachments/")):
            continue  # nothing names them
        data = files[key].read_bytes()
        files[key].unlink()
        try:
            report = everything.verify()
            if key.startswith("objects/") and key.endswith(".commit.json"):
                # the entry of the branch is the same commit
                assert {damage.problem for damage in report.damage} <= {"missing", "damaged"}
                assert not report.ok
            else:
                assert (key, "missing") in {(damage.key, damage.problem) for damage in report.damage}
        finally:
            files[key].write_bytes(data)


def test_a_missing_entry_of_a_branch_is_named_and_nothing_is_cleared_away(everything):
    """Only the newest cannot be missed: nothing says that it was there."""
    keys = sorted(key for key in files_of(everything) if key.startswith("refs/heads/main/"))
    for key in (keys[1], keys[-1]):
        file = files_of(everything)[key]
        data = file.read_bytes()
        file.unlink()
        try:
            (damage,) = everything.verify().damage
            assert (damage.key, damage.problem, damage.belongs) == (key, "missing", "branch 'main'")
            with pytest.raises(StorageError, match=key):
                everything.gc()
        finally:
            file.write_bytes(data)
    assert everything.verify().ok


def test_damage_says_which_slide_and_commit(everything):
    files = files_of(everything)
    key = next(key for key in files if key.startswith("runs/"))
    data = files[key].read_bytes()
    files[key].write_bytes(b"?" + data[1:])
    try:
        (damage,) = everything.verify().damage
    finally:
        files[key].write_bytes(data)
    assert damage.key == key
    assert "slide 'one' at" in damage.belongs or "slide 'slide 1' at" in damage.belongs
    assert "backup" in damage.remedy


def test_a_damaged_marker_of_the_format_is_refused_and_named(everything):
    marker = everything.path / ".wsinb" / "format.json"
    data = marker.read_bytes()
    marker.write_bytes(data.replace(b'"format":1', b'"format":3'))
    try:
        with pytest.raises(StorageError, match=r"format\.json .* is damaged: it must hold"):
            open_project(everything.path)
        (damage,) = everything.verify().damage
        assert damage.key == "format.json"
        assert data.decode() in damage.remedy
    finally:
        marker.write_bytes(data)


def test_wrong_counts_are_named(everything, tmp_path):
    repository = everything.repository
    head = repository.branch_head("main")
    state = repository.committer.state(head, "one").to_json()
    entry = {"commit": head.record.id, "states": {"one": {**state, "rows": state["rows"] + 1}}}
    assert repository.refs.put("heads", "wrong", 0, entry)
    try:
        (damage,) = everything.verify().damage
        assert "rows" in damage.problem
        assert "'wrong'" in damage.belongs
    finally:
        repository.naming.delete_branch("wrong")


def test_leftovers_that_are_damaged_are_left_to_clearing_away(everything):
    stray = everything.path / ".wsinb" / "objects" / f"{'0' * 64}.json"
    stray.write_bytes(b"{}")
    try:
        (damage,) = everything.verify().damage
        assert "nothing" in damage.belongs
        assert "gc()" in damage.remedy
    finally:
        stray.unlink()


def test_checking_can_be_watched_and_cancelled(everything):
    steps = []
    everything.verify(progress=steps.append)
    assert steps[-1].done == steps[-1].total > 10

    def cancel(step):
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        everything.verify(progress=cancel)


def test_tables_are_the_same_after_all_that(everything):
    assert rows_of(everything.read("one")) == rows_of(open_project(everything.path).read("one"))


def test_a_flipped_bit_in_a_journal_is_found_and_named(tmp_path):
    project = create_project(tmp_path / "study")
    add_slides(project, "one")
    session = project.session()
    session["one"].upsert(new_annotations([shapely.Point(1, 1)]))
    session["one"].upsert(new_annotations([shapely.Point(i, 2) for i in range(1500)]))  # beside the lines
    journals = sorted(path for path in (project.path / ".wsinb" / "journals").iterdir() if path.is_file())
    assert {path.suffix for path in journals} == {".jsonl", ".arrow"}
    assert project.verify().ok
    chance = random.Random(3)
    for path in journals * 20:
        whole = path.read_bytes()
        torn = whole.rstrip(b"\n") if path.suffix == ".jsonl" else whole  # without it a line never counted
        at = chance.randrange(len(torn))
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :])
        report = project.verify()
        path.write_bytes(whole)
        assert {damage.key for damage in report.damage} == {f"journals/{session.journal}.jsonl"}
        assert "recover" in report.damage[0].remedy
