"""A project at a glance, the projects of a folder, the slide files below it, and metadata over HTTP."""

from __future__ import annotations

import concurrent.futures
import json
import subprocess
import sys
import threading
import uuid

import pytest

import wsinb
from wsinb.annotate import from_features
from wsinb.serve import Core, Request, Settings
from wsinb.serve.handlers import Workers
from wsinb.serve.routes import LANES
from wsinb.testing import synthetic_slide
from wsinb.testing.features import square_feature as feature


@pytest.fixture
def folder(server):
    name = f"panel-{uuid.uuid4().hex[:8]}"
    (server.root / name).mkdir()
    return name


def new_project(server, folder, *names):
    project = wsinb.create_project(server.root / folder)
    for name in names:
        project.slides.add(synthetic_slide(server.root / folder / f"{name}.tiff", size=(512, 384)))
    return project


def overview(server, folder, **query):
    answer = server.get("project", {"project": folder, **query})
    assert answer.status == 200, answer.body
    return answer.json


def test_a_project_tells_its_slides(server, folder):
    project = new_project(server, folder, "b", "a")
    project.slides.set_metadata("a", {"patient": "p1", "progress": "in work"})
    project.labels.add(wsinb.Label("tumor"))
    project.branch("second")
    study = {"project": folder, "slide": "a"}
    assert server.commit(study, [feature(10, 10), feature(50, 50)]).status == 200
    told = overview(server, folder)
    assert (told["name"], told["branch"], told["head"]) == (folder, "main", project.head())
    assert (told["path"], told["branches"]) == (str(server.root / folder), ["main", "second"])
    assert [label["name"] for label in told["labels"]] == ["tumor"]
    first, second = told["slides"]
    assert first == {
        "name": "a",
        "path": f"{folder}/a.tiff",
        "file": "a.tiff",
        "width": 512,
        "height": 384,
        "mpp": list(project.slides["a"].mpp),
        "metadata": {"patient": "p1", "progress": "in work"},
        "n": 2,
        "progress": "in work",
    }
    assert (second["name"], second["n"], second["progress"]) == ("b", 0, "to do")
    assert [slide["n"] for slide in overview(server, folder, branch="second")["slides"]] == [0, 0]


def test_a_progress_that_is_none_counts_as_to_do(server, folder):
    project = new_project(server, folder, "a")
    project.slides.set_metadata("a", {"progress": ["done"]})
    assert overview(server, folder)["slides"][0]["progress"] == "to do"


def test_only_slides_that_a_tab_would_show_as_such_have_a_path(server, folder, tmp_path):
    project = new_project(server, folder, "a")
    (server.root / folder / ".hidden").mkdir()
    other = server.root / folder / "other"
    wsinb.create_project(other)
    for name, file in {
        "again": server.root / folder / "a.tiff",
        "hidden": synthetic_slide(server.root / folder / ".hidden" / "h.tiff", size=(512, 384)),
        "of another project": synthetic_slide(other / "o.tiff", size=(512, 384)),
        "outside": synthetic_slide(tmp_path / "x.tiff", size=(512, 384)),
        "of no project": synthetic_slide(server.root / f"{folder}.tiff", size=(512, 384)),
    }.items():
        project.slides.add(file, name=name)
    paths = {slide["name"]: slide["path"] for slide in overview(server, folder)["slides"]}
    assert paths.pop("a") == f"{folder}/a.tiff"
    assert set(paths.values()) == {None}
    for name in ("again", "of another project"):
        assert server.get("slide", {"project": folder, "slide": name}).json["name"] == name
    assert server.get("slide", {"project": folder, "slide": "outside"}).status == 403


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"project": "nowhere"}, 404),
        ({"project": "../etc"}, 400),
        ({"project": "/etc"}, 403),
        ({"project": "slides", "branch": "none"}, 404),
    ],
)
def test_projects_that_cannot_be_told(server, slide_file, query, status):
    assert server.get("project", query).status == status


def test_an_unknown_branch_is_not_found(server, study):
    answer = server.get("project", {"project": study["project"], "branch": "mein"})
    assert (answer.status, answer.json["kind"]) == (404, "UnknownVersion")
    assert "main" in answer.json["error"]


def test_the_projects_of_a_folder(server, folder):
    outer = new_project(server, folder)
    inner = wsinb.create_project(server.root / folder / "inner", name="Inner <study>")
    wsinb.create_project(server.root / folder / "deep" / "deeper")
    (server.root / folder / "plain").mkdir()

    def found(place):
        answer = server.get("projects", {"folder": place})
        assert answer.status == 200, answer.body
        return [(each["path"], each["name"]) for each in answer.json["projects"]]

    here = (str(outer.path), folder)
    assert found(folder) == [here, (str(inner.path), "Inner <study>")]
    assert found(f"{folder}/plain") == [here]
    assert found(f"{folder}/inner") == [(str(inner.path), "Inner <study>")]
    assert here in found("")
    assert found(f"{folder}/none") == [here]


def test_a_damaged_project_hides_no_other(server, folder):
    (server.root / folder / "bad" / ".wsinb").mkdir(parents=True)
    (server.root / folder / "bad" / ".wsinb" / "format.json").write_text("{")
    good = wsinb.create_project(server.root / folder / "good")
    answer = server.get("projects", {"folder": folder}).json
    assert [each["path"] for each in answer["projects"]] == [str(good.path)]


def test_projects_outside_the_roots_are_not_told(server, folder, tmp_path):
    wsinb.create_project(tmp_path / "secret")
    (server.root / folder / "link").symlink_to(tmp_path / "secret")
    assert server.get("projects", {"folder": folder}).json == {"projects": []}
    assert server.get("projects", {"folder": str(tmp_path)}).status == 403


def test_the_slide_files_below_a_folder(server, folder):
    place = server.root / folder
    new_project(server, folder, "known")
    for name in ("one.svs", "notes.txt", ".hidden.svs", "photo.JPG", "sub/one.ndpi", "series/1.dcm"):
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_bytes(b"x")
    (place / "series" / "2.dcm").write_bytes(b"larger")
    wsinb.create_project(place / "inner")
    (place / "inner" / "theirs.svs").write_bytes(b"x")
    answer = server.get("slide/files", {"folder": folder, "project": folder}).json
    assert (answer["folder"], answer["more"]) == (str(place), False)
    files = {each.pop("file"): each for each in answer["files"]}
    assert set(files) == {
        *("known.tiff", "one.svs", "photo.JPG", "sub/one.ndpi", "series/1.dcm", "series/2.dcm")
    }
    assert files["known.tiff"]["slide"] == "known"
    assert files["one.svs"] == {
        "path": str(place / "one.svs"),
        "name": "one",
        "bytes": 1,
        "slide": None,
        "suggested": True,
    }
    assert files["sub/one.ndpi"]["name"] == "sub/one"
    assert [name for name, each in sorted(files.items()) if each["suggested"]] == [
        *("one.svs", "series/2.dcm", "sub/one.ndpi")
    ]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"folder": "nowhere"}, 400),
        ({"folder": "/etc"}, 403),
        ({"folder": "slides", "project": "nowhere"}, 404),
        ({"folder": "slides/example.tif"}, 400),
    ],
)
def test_folders_whose_files_cannot_be_told(server, slide_file, query, status):
    assert server.get("slide/files", query).status == status


def test_files_outside_the_roots_are_not_told(server, folder, tmp_path):
    (tmp_path / "secret.svs").write_bytes(b"x")
    (server.root / folder / "link.svs").symlink_to(tmp_path / "secret.svs")
    assert server.get("slide/files", {"folder": folder}).json["files"] == []


def test_a_project_is_made_without_a_slide(server, folder):
    answer = server.post("project", {"folder": folder, "name": "Empty"})
    assert answer.status == 200, answer.body
    assert (answer.json["name"], answer.json["slides"]) == ("Empty", [])
    again = server.post("project", {"folder": folder, "name": "Other"}).json
    assert (again["name"], again["head"]) == ("Empty", answer.json["head"])


def test_progress_is_a_commit_that_leaves_other_metadata(server, folder):
    project = new_project(server, folder, "a")
    project.slides.set_metadata("a", {"patient": "p1"})
    body = {"project": folder, "slide": "a", "branch": "main", "metadata": {"progress": "done"}}
    answer = server.post("slide/metadata", body)
    assert answer.status == 200, answer.body
    assert answer.json == {"commit": project.head()}
    assert project.slides["a"].metadata == {"patient": "p1", "progress": "done"}
    assert project.log(limit=1)[0].author == "owner-of-the-server"
    assert overview(server, folder)["slides"][0]["progress"] == "done"
    assert server.post("slide/metadata", body).json == answer.json, "no commit where nothing changes"


def test_metadata_of_a_branch(server, folder):
    project = new_project(server, folder, "a")
    project.branch("second")
    body = {"project": folder, "slide": "a", "branch": "second", "metadata": {"progress": "done"}}
    assert server.post("slide/metadata", body).status == 200
    assert project.slides["a"].metadata == {}
    assert overview(server, folder, branch="second")["slides"][0]["progress"] == "done"


@pytest.mark.parametrize(
    ("members", "status"),
    [
        ({"metadata": None}, 400),
        ({"metadata": []}, 400),
        ({"metadata": {}}, 400),
        ({"metadata": {"progress": "finished"}}, 400),
        ({"metadata": {"progress": True}}, 400),
        ({"metadata": {"progress": ["done"]}}, 400),
        ({"metadata": {f"m{i}": i for i in range(300)}}, 413),
        ({"slide": "two"}, 404),
        ({"slide": None}, 400),
        ({"branch": "none"}, 404),
        ({"project": "nowhere"}, 404),
        ({"project": "/etc"}, 403),
    ],
)
def test_metadata_that_cannot_be_set(server, study, members, status):
    before = server.head(study)
    answer = server.post("slide/metadata", {**study, "metadata": {"a": 1}, **members})
    assert answer.status == status, answer.body
    assert server.head(study) == before


def test_counting_reads_no_table(tmp_path, monkeypatch):
    project = wsinb.create_project(tmp_path)
    project.slides.add(synthetic_slide(tmp_path / "a.tiff", size=(512, 384)))
    project.labels.add(wsinb.Label("tumor"))
    session = project.session()
    session["a"].upsert(from_features([feature(10, 10)]))
    session.commit("one")
    for file in (tmp_path / ".wsinb").rglob("*.parquet"):
        file.unlink()
    core = Core(Settings(tmp_path))
    answer = core.handle(Request("GET", "project", {"project": "."}))
    core.close()
    assert json.loads(answer.body)["slides"][0]["n"] == 1


START = """
import json, sys, time
from pathlib import Path
from jupyter_server.serverapp import ServerApp
from wsinb.serve import Request
options = ["--no-browser", "--allow-root", "--port=0", "--ServerApp.jpserver_extensions", "wsinb=True"]
app = ServerApp()
app.initialize([*options, f"--ServerApp.root_dir={sys.argv[1]}"], new_httpserver=False)
workers = app.extension_manager.extensions["wsinb"].extension_points["wsinb"].app.workers
"""
ASK = """
answer = workers.submit("data", Request("GET", "projects", {"folder": "."})).result()
heavy = ["numpy", "pandas", "pyarrow", "geopandas", "shapely"]
print("RESULT", answer.body.decode(), [name for name in heavy if name in sys.modules])
"""
WAIT = """
for _ in range(2400):
    if "wsinb.project" in sys.modules: break
    time.sleep(0.05)
print("RESULT", "wsinb.project" in sys.modules)
"""


def started(root, then):
    """What a new server process tells of itself."""
    done = subprocess.run(
        [sys.executable, "-c", START + then, str(root)],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return next(line for line in done.stdout.splitlines() if line.startswith("RESULT")).split(" ", 1)[1]


def test_where_there_are_no_projects_nothing_is_loaded_to_tell_so(tmp_path):
    assert started(tmp_path, ASK) == '{"projects":[]} []'


@pytest.mark.parametrize("place", [".", "study"])
def test_a_server_with_projects_readies_what_reads_them_before_it_is_asked(tmp_path, place):
    wsinb.create_project(tmp_path / place)
    assert started(tmp_path, WAIT) == "True"


def test_requests_wait_for_what_is_being_loaded(tmp_path):
    """Two threads that load a package from different ends would find it half loaded."""
    wsinb.create_project(tmp_path)
    workers = Workers(Core(Settings(tmp_path)), threads=2)
    begun, go_on = threading.Event(), threading.Event()

    def slow(core):
        begun.set()
        assert go_on.wait(60)
        raise RuntimeError("it fails as well")

    workers.load(slow)
    assert begun.wait(60)
    answers = [workers.submit(lane, Request("GET", "projects", {"folder": "."})) for lane in LANES]
    assert not concurrent.futures.wait(answers, timeout=0.2).done
    go_on.set()
    assert [answer.result(60).status for answer in answers] == [200] * len(LANES)
    workers.close()
