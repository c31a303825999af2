"""Every tutorial notebook is executed from the first cell to the last, and shows what it speaks of."""

from __future__ import annotations

import re

import nbformat
import pytest
from nbclient import NotebookClient

from wsinb.jobs import notebooks_folder

FOLDER = notebooks_folder() / "tutorials"
NAMES = sorted(path.stem for path in FOLDER.glob("*.ipynb"))


@pytest.fixture(scope="module")
def runs():
    """The outputs of tutorials that were executed before: each is executed once."""
    return {}


@pytest.fixture
def executed(request: pytest.FixtureRequest, runs, tmp_path_factory: pytest.TempPathFactory):
    """The outputs of a tutorial, by MIME type."""
    if request.param not in runs:
        runs[request.param] = execute(request.param, tmp_path_factory)
    return runs[request.param]


def execute(name: str, tmp_path_factory: pytest.TempPathFactory):
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    place = {"metadata": {"path": str(tmp_path_factory.mktemp("tutorial"))}}
    NotebookClient(notebook, timeout=120, resources=place).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return [output["data"] for output in outputs if "data" in output]


@pytest.mark.parametrize("executed", NAMES, indirect=True)
def test_it_runs_from_first_to_last_and_paints_a_slide(executed):
    assert any("image/png" in data for data in executed)


@pytest.mark.parametrize("executed", ["versions"], indirect=True)
def test_versions_shows_differences_and_conflicts(executed):
    shown = "\n".join(str(data.get("text/plain", "")) for data in executed)
    for word in ("outlined by hand", "review brought home", "geometry", "label", "ben"):
        assert word in shown


@pytest.mark.parametrize(
    ("executed", "words"),
    [
        ("classify", ["labels corrected", "accuracy 1.000", "91 of 91 cells are named as they are"]),
        ("find-and-sort", ["45 pictures", "painted", "sort_objects"]),
        ("workflows", ["155 objects on 20 tiles", "the disk is away", "parent"]),
    ],
    indirect=["executed"],
)
def test_a_tutorial_shows_what_it_speaks_of(executed, words):
    shown = "\n".join(str(data.get("text/plain", "")) for data in executed)
    assert [word for word in words if word not in shown] == []


@pytest.mark.parametrize("executed", ["segment"], indirect=True)
def test_segment_validates_and_finds_the_tumours_it_was_not_shown(executed):
    shown = "\n".join(str(data.get("text/plain", "")) for data in executed)
    for word in ("3 regions of 3 slides, 3 folds by slide", "case-4-tumor.tiff", "'segment_apply'"):
        assert word in shown
    assert float(re.search(r"Dice (\d\.\d+)", shown)[1]) > 0.9


@pytest.mark.parametrize("executed", ["pixels"], indirect=True)
def test_pixels_finds_tumours_of_faint_slides_after_strokes_there(executed):
    table = str(executed[-1]["text/plain"])
    assert table.count("case-") == 4
    assert all(float(line.split()[-1]) > 0.85 for line in table.splitlines() if "case-" in line)
