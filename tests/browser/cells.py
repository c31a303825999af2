"""Notebooks of a few cells: writing, opening and running them, and reading what they print."""

from __future__ import annotations

import nbformat

__all__ = ["SHOW", "last_output", "once", "open_notebook", "show_viewer", "write_notebook"]

SHOW = "import wsinb\nproject = wsinb.open_project('.')\nviewer = project.view('liver')\nviewer"


def once(condition, *report):
    """Source of a cell that reports when the kernel has been told.

    JupyterLab sends what widgets say past the cells (by a subshell of the kernel): a cell that runs
    milliseconds after a click may come first.
    """
    wait = "import time\nfor _ in range(200):\n    if {}: break\n    time.sleep(0.05)"
    return "\n".join([wait.format(condition), *report])


def write_notebook(folder, *sources):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "cells.ipynb")


def open_notebook(lab, project, *sources):
    write_notebook(project.path, *sources)
    lab.open_folder(project.path.name)
    lab.double_click("cells.ipynb")
    lab.page.wait_for_selector(".jp-Notebook .jp-Cell")


def show_viewer(lab):
    lab.run_cell(0)
    lab.wait_for_viewer()


def last_output(lab):
    return lab.page.locator(".jp-OutputArea-output[data-mime-type$=stdout]").last.inner_text()
