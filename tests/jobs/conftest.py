"""A small project, and notebooks written for one test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest

import wsinb
from wsinb.testing import synthetic_slide

INPUTS = 'project: str = "."\nslides: list[str] = []\nversion: str = "main"\nbranch: str = "main"\n'


@pytest.fixture
def study(tmp_path: Path) -> Any:
    """A project with two small slides and a label."""
    project = wsinb.create_project(tmp_path / "study")
    for number, name in enumerate(("case-1", "case-2")):
        path = synthetic_slide(tmp_path / "study" / f"{name}.tiff", size=(512, 384), seed=number)
        project.slides.add(path)
    project.labels.add(wsinb.Label("tumor"))
    return project


@pytest.fixture
def write_job(tmp_path: Path) -> Callable[..., str]:
    """Write a notebook with a parameters cell and code cells, and return its path."""

    def write(parameters: str, *cells: str, name: str = "job", per_slide: bool = False) -> str:
        notebook = nbformat.v4.new_notebook(
            metadata={"kernelspec": {"name": "elsewhere", "display_name": "x"}}
        )
        first = nbformat.v4.new_code_cell(parameters)
        first.metadata["tags"] = ["parameters", "per-slide"] if per_slide else ["parameters"]
        notebook.cells = [first, *map(nbformat.v4.new_code_cell, cells)]
        path = tmp_path / f"{name}.ipynb"
        nbformat.write(notebook, path)
        return str(path)

    return write


@pytest.fixture
def no_kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail if a kernel is started, and check that no process was."""
    from jupyter_client.manager import KernelManager

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a kernel was started")

    monkeypatch.setattr(KernelManager, "_async_start_kernel", refuse)
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    yield
    assert {process.pid for process in psutil.Process().children(recursive=True)} <= before
