"""Projects of every released format stay readable: each tells today what it told when it was made."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest
import shapely

from wsinb.annotate import new_annotations
from wsinb.project import open_project
from wsinb.testing.describing import describe, rows_digest
from wsinb.versions.graph.refs import LAST

DATA = Path(__file__).parent / "data"
FORMATS = sorted(path.stem for path in DATA.glob("format-*.zip"))


@pytest.fixture(scope="module", params=FORMATS)
def old(request, tmp_path_factory):
    """Return the folder of an old project and what it told; it must not be written to."""
    folder = tmp_path_factory.mktemp(request.param)
    with zipfile.ZipFile(DATA / f"{request.param}.zip") as archive:
        archive.extractall(folder)
    return folder / "project", json.loads((folder / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture
def copied(old, tmp_path):
    folder, expected = old
    return open_project(shutil.copytree(folder, tmp_path / "copy")), expected


def test_there_is_a_project_of_the_present_format():
    from wsinb.versions.storage.layout import FORMAT

    assert f"format-{FORMAT}" in FORMATS


def test_it_tells_what_it_told(old):
    folder, expected = old
    pairs = [tuple(name.split("..")) for name in expected["diffs"]]
    told = describe(open_project(folder), pairs, [tuple(box["box"]) for box in expected["boxes"]])
    assert told.keys() == expected.keys()
    for name in expected:
        assert told[name] == expected[name], name


def test_it_can_be_edited_compacted_and_read_on(copied):
    project, expected = copied
    session = project.session(author="later")
    session["edited"].upsert(session["edited"].read()[:3].assign(score=0.25))
    session["shapes"].upsert(new_annotations([shapely.Point(1, 2)], label="tumor"))
    session["bulk"].delete(session["bulk"].read()["id"][:5])
    commit = session.commit("Today")
    rows = {name: rows_digest(project.read(name)) for name in project.slides}
    project.compact()
    assert {name: rows_digest(project.read(name)) for name in project.slides} == rows
    assert project.head() == commit.id
    for version in list(expected["versions"])[::7]:
        told = {name: rows_digest(project.read(name, version)) for name in project.slides_at(version)}
        assert told == {name: digest for name, (_, digest) in expected["versions"][version]["rows"].items()}
    assert len(project.diff(expected["branches"]["main"])) == 9


def test_the_project_of_format_1_has_every_kind_of_file():
    with zipfile.ZipFile(DATA / "format-1.zip") as archive:
        names = [name.removeprefix("project/.wsinb/") for name in archive.namelist()]
        read = {name: archive.read(f"project/.wsinb/{name}") for name in names if name.startswith("refs/")}
    kinds = {name.split("/")[0] for name in names}
    assert kinds >= {
        "parts",
        "keys",
        "runs",
        "history",
        "objects",
        "artifacts",
        "attachments",
        "refs",
        "format.json",
    }
    endings = {name.split(".", 1)[1] for name in names if name.startswith("objects/")}
    assert endings == {"commit.json", "changes.parquet", "json"}
    entries = [json.loads(data) for data in read.values()]
    assert any(entry.get("deleted") for entry in entries)
    pointers = [entry["states"] for entry in entries if "commit" in entry]
    assert any(state["runs"] and state["history"] for states in pointers for state in states.values())
    assert any(state["bulk"] and not state["changes"] for states in pointers for state in states.values())
    assert any(len(entry.get("parents", [])) == 2 for entry in entries)
    numbers = sorted(LAST - int(name[-21:-5], 16) for name in names if name.startswith("refs/heads/main/"))
    assert numbers == list(range(len(numbers)))
    assert {name.split("/")[1] for name in names if name.startswith("refs/")} == {"heads", "tags"}
