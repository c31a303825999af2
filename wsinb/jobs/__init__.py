"""Notebooks as jobs: typed parameters, execution by papermill, a record of every run."""

from __future__ import annotations

from wsinb.jobs.messages import progress, result
from wsinb.jobs.parameters import Parameter, parameters
from wsinb.jobs.registry import find_job, job_names, notebooks_folder
from wsinb.jobs.run import JobResult, run
from wsinb.jobs.select import select_slides

__all__ = [
    "JobResult",
    "Parameter",
    "find_job",
    "job_names",
    "notebooks_folder",
    "parameters",
    "progress",
    "result",
    "run",
    "select_slides",
]
