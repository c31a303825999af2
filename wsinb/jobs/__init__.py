"""Notebooks as jobs: typed parameters, execution by papermill, a record of every run."""

from __future__ import annotations

from wsinb.jobs.messages import progress, result
from wsinb.jobs.outcome import JobResult
from wsinb.jobs.parameters import Parameter, parameters
from wsinb.jobs.pictures import draw_outlines, show_outlines
from wsinb.jobs.registry import find_job, job_names, notebooks_folder
from wsinb.jobs.run import run
from wsinb.jobs.select import select_slides
from wsinb.jobs.units import l0_area

__all__ = [
    "JobResult",
    "Parameter",
    "draw_outlines",
    "find_job",
    "job_names",
    "l0_area",
    "notebooks_folder",
    "parameters",
    "progress",
    "result",
    "run",
    "select_slides",
    "show_outlines",
]
