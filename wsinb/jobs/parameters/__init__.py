"""The typed parameters of a notebook: what a job takes, and what is wrong with what it was given.

A notebook becomes a job by one code cell tagged ``parameters`` that holds nothing but assignments::

    um_per_px: float = 0.5  # resolution to work at [µm/px] 0.1..8
    kind: str = "leaves"  # how pictures are classified {leaves, direct}
    labels: list[str]  # labels to find

The comment is the help; a unit in brackets, choices in braces and a range may stand at its end, in any order.
Either end of a range may be missing. An assignment without a default is a parameter that must be given.
The cell is only parsed, never run: whatever is wrong with a value is said before a kernel starts.
"""

from __future__ import annotations

from wsinb.jobs.parameters.cell import parameters, parse_cell, parse_notebook, read_notebook
from wsinb.jobs.parameters.parameter import Parameter
from wsinb.jobs.parameters.types import Value
from wsinb.jobs.parameters.validate import unknown_name, validate

__all__ = [
    "Parameter",
    "Value",
    "parameters",
    "parse_cell",
    "parse_notebook",
    "read_notebook",
    "unknown_name",
    "validate",
]
