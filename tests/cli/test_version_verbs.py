"""The verbs of versions: what they print, as text and as JSON, and their exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

import wsinb
from wsinb import errors
from wsinb.cli import main
from wsinb.testing.entries import add_slides


class Shell:
    """Calls verbs on one project."""

    def __init__(self, project: wsinb.Project, capsys: pytest.CaptureFixture[str]) -> None:
        self.project = project
        self._capsys = capsys

    def __call__(self, verb: str, *words: object, code: int = 0) -> str:
        with pytest.raises(SystemExit) as left:
            main([verb, *map(str, words), "--project", str(self.project.path)])
        out, err = self._capsys.readouterr()
        assert int(left.value.code or 0) == code, err
        return out if code in (0, errors.Conflict.exit_code, errors.StorageError.exit_code) else err

    def json(self, verb: str, *words: object, code: int = 0) -> Any:
        value = json.loads(self(verb, *words, "-o", "json", code=code))
        assert list(value) == [f"wsinb.{verb}/1"]
        return value[f"wsinb.{verb}/1"]


@pytest.fixture
def wsi(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    project = wsinb.create_project(tmp_path / "study")
    add_slides(project, "one")
    project.labels.add([wsinb.Label("tumor"), wsinb.Label("stroma")])
    session = project.session(author="ada")
    session["one"].upsert(wsinb.new_annotations([shapely.Point(x, 0) for x in (1, 2, 3)], label="tumor"))
    session.commit("three points")
    project.tag("v1")
    return Shell(project, capsys)


def relabel(project: wsinb.Project, branch: str, label: str, author: str) -> str:
    session = project.session(branch, author=author)
    rows = session["one"].read()
    row = rows[rows.geometry.x == 1].copy()
    row["label"] = label
    row["score"] = None if branch == "main" else 0.5
    session["one"].upsert(row)
    return session.commit(f"now {label}").id


def test_diff_counts_and_names_changes(wsi):
    relabel(wsi.project, "main", "stroma", "ben")
    assert "1 updated" in wsi("diff", "v1")
    assert "(label)" in wsi("diff", "v1", "--changes")
    value = wsi.json("diff", "v1", "main", "--changes")
    assert value["counts"] == {"one": {"added": 0, "deleted": 0, "updated": 1}}
    change = value["changes"][0]
    assert (change["kind"], change["fields"]) == ("updated", ["label"])
    assert (change["old"]["label"], change["new"]["label"]) == ("tumor", "stroma")
    assert change["new"]["geometry"] == "POINT (1 0)"


def test_diff_of_equal_versions_says_so(wsi):
    assert "equal" in wsi("diff", "v1", "main")


def test_show_tells_all_of_a_commit(wsi):
    wsi.project.attach("v1", "scores.json", b"{}")
    text = wsi("show", "v1")
    for word in ("ada", "three points", "one: 3 added", "scores.json"):
        assert word in text
    assert wsi.json("show", "v1")["artifacts"][0]["size"] == 2


@pytest.mark.parametrize("verb", ["branch", "tag"])
def test_names_are_made_listed_and_refused_twice(wsi, verb):
    wsi(verb, "first", "v1")
    assert wsi.json(verb)["first"] == wsi.project.resolve("v1")
    assert "first" in wsi(verb)
    assert "first" in wsi(verb, "first", code=20)


def test_main_cannot_be_deleted_and_other_branches_can(wsi):
    wsi("branch", "review")
    wsi("branch", "-d", "review")
    assert list(wsi.json("branch")) == ["main"]
    assert "main" in wsi("branch", "-d", "main", code=20)


def test_merge_brings_a_branch_home(wsi):
    wsi("branch", "review")
    relabel(wsi.project, "review", "stroma", "ben")
    commit = wsi.json("merge", "review", "-m", "reviewed", "--author", "cy")
    assert (commit["message"], commit["author"], len(commit["parents"])) == ("reviewed", "cy", 2)
    assert sorted(wsi.project.read("one")["label"]) == ["stroma", "tumor", "tumor"]


def test_a_merge_with_conflicts_names_them_and_writes_nothing(wsi):
    wsi.project.labels.add(wsinb.Label("gland"))
    wsi("branch", "review")
    relabel(wsi.project, "review", "stroma", "ben")
    relabel(wsi.project, "main", "gland", "ada")
    head = wsi.project.head()
    assert "(label)" in wsi("merge", "review", code=60)
    item = wsi.json("merge", "review", code=60)["conflicts"][0]
    assert item["field"] == "label"
    assert [item[side]["label"] for side in ("base", "ours", "theirs")] == ["tumor", "gland", "stroma"]
    assert wsi.project.head() == head
    wsi("merge", "review", "--resolve", "theirs")
    assert sorted(wsi.project.read("one")["label"]) == ["stroma", "tumor", "tumor"]


def test_revert_undoes_one_commit(wsi):
    commit = relabel(wsi.project, "main", "stroma", "ben")
    wsi("revert", commit[:10])
    assert set(wsi.project.read("one")["label"]) == {"tumor"}


def test_restore_brings_one_annotation_back(wsi):
    session = wsi.project.session()
    gone = session["one"].read()["id"].iloc[0]
    session["one"].delete(gone)
    session.commit("a mistake")
    wsi("restore", "one", gone, "--at", "v1")
    assert gone in set(wsi.project.read("one")["id"])


def test_blame_lists_changes_newest_first(wsi):
    relabel(wsi.project, "main", "stroma", "ben")
    rows = wsi.project.read("one")
    changed = rows[rows.geometry.x == 1]["id"].iloc[0]
    entries = wsi.json("blame", "one", changed)
    assert [(entry["author"], entry["kind"]) for entry in entries] == [("ben", "updated"), ("ada", "added")]
    assert entries[0]["fields"] == ["label"]
    assert "now stroma" in wsi("blame", "one", changed)


def test_export_writes_files(wsi, tmp_path):
    wsi("export", "v1", tmp_path / "out")
    assert (tmp_path / "out" / "one.parquet").is_file()
    files = wsi.json("export", "v1", tmp_path / "json", "-f", "geojson")["files"]
    assert [Path(file).name for file in files] == ["one.geojson", "version.json"]


def test_compact_gc_and_status_report(wsi):
    relabel(wsi.project, "main", "stroma", "ben")
    before = wsi.project.read("one").sort_values("id").reset_index(drop=True)
    wsi("compact")
    assert wsi.json("compact") is not None
    assert wsi("gc", "--dry-run")
    assert wsi.json("gc", "--grace-days", "0") is not None
    assert "one" in wsi("status")
    assert wsi.json("status") is not None
    after = wsi.project.read("one").sort_values("id").reset_index(drop=True)
    assert before.equals(after)


@pytest.mark.parametrize("days", ["nan", "inf", "1e300"])
def test_a_grace_that_is_no_number_of_days_is_a_wrong_call(wsi, days):
    assert "is no number of days" in wsi("gc", "--grace-days", days, code=2)


def test_verify_names_a_damaged_file_and_fails(wsi):
    assert wsi.json("verify")["damage"] == []
    file = next((wsi.project.path / ".wsinb" / "objects").glob("*.changes.parquet"))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.chmod(0o644)
    file.write_bytes(data)
    assert file.name in wsi("verify", code=errors.StorageError.exit_code)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("diff", "v9"), 44),
        (("show", "v9"), 44),
        (("merge", "v9"), 44),
        (("merge", "v1"), 20),
        (("revert", "v9"), 44),
        (("blame", "two", "5f0c1c4e-0000-4000-8000-000000000000"), 42),
        (("blame", "one", "5f0c1c4e-0000-4000-8000-000000000000"), 46),
        (("blame", "one", "no-id"), 20),
        (("restore", "one", "5f0c1c4e-0000-4000-8000-000000000000", "--at", "v1"), 46),
        (("export", "v1", "out", "-f", "shapefile"), 20),
    ],
)
def test_what_does_not_exist_is_one_sentence_and_a_code(wsi, words, code):
    sentence = wsi(*words, code=code)
    assert sentence.startswith("wsinb: ")
    assert sentence.count("\n") == 1
