"""`Job`: a notebook that can be run with parameters."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from wsinb.jobs.parameters import Parameter, parse_notebook, read_notebook

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["Job"]

PER_SLIDE = "per-slide"


@dataclass(frozen=True)
class Job:
    """A notebook with a cell tagged ``parameters``; nothing is read before it is asked for.

    Attributes
    ----------
    name : str
        What it is called by.
    path : Path
        The notebook.
    origin : str
        ``"wsinb"`` for shipped jobs, ``"project"``, the name of another package, or ``"path"``.
    """

    name: str
    path: Path
    origin: str

    @cached_property
    def notebook(self) -> NotebookNode:
        """The notebook.

        Raises
        ------
        InvalidParameter
            If the file is no notebook; so do all that follow, which read it.
        """
        return read_notebook(self.path)

    @cached_property
    def parameters(self) -> list[Parameter]:
        """Its typed parameters, in the order of the cell.

        Raises
        ------
        InvalidParameter
            If there is not one cell of parameters, or it holds anything but typed assignments.
        """
        return parse_notebook(self.notebook, str(self.path))[0]

    @cached_property
    def per_slide(self) -> bool:
        """Whether it works on each slide alone: its cell of parameters is also tagged ``per-slide``."""
        return PER_SLIDE in parse_notebook(self.notebook, str(self.path))[1]

    @cached_property
    def title(self) -> str:
        """The first heading of the notebook; the name of the job where there is none."""
        lines = [line for line in self._introduction.splitlines() if line.startswith("#")]
        return lines[0].lstrip("# ").strip() if lines else self.name

    @cached_property
    def help(self) -> str:
        """The first paragraph below the heading, as it is written (Markdown); it may be empty."""
        paragraphs = [part.strip() for part in self._introduction.split("\n\n")]
        texts = [part for part in paragraphs if part and not part.startswith("#")]
        return " ".join(texts[0].split()) if texts else ""

    @cached_property
    def source_sha256(self) -> str:
        """Hash of the notebook file."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    @property
    def _introduction(self) -> str:
        cells = self.notebook.cells
        first = cells[0] if cells else None
        return str(first.source) if first is not None and first.cell_type == "markdown" else ""
