"""Every tutorial notebook is executed from the first cell to the last, and shows what it speaks of."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

from wsinb.jobs import notebooks_folder

FOLDER = notebooks_folder() / "tutorials"
NAMES = sorted(path.stem for path in FOLDER.glob("*.ipynb"))


@pytest.fixture(scope="module")
def executed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """The outputs of a tutorial, by MIME type."""
    notebook = nbformat.read(FOLDER / f"{request.param}.ipynb", as_version=4)
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
