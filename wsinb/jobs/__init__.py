"""Notebooks as jobs: typed parameters, execution by papermill, a record of every run."""

from __future__ import annotations

from wsinb.jobs.checkpoints import checkpoint_folder
from wsinb.jobs.compare import Comparison, rerun
from wsinb.jobs.job import Job
from wsinb.jobs.layers import check_layer, copies, replace_layer
from wsinb.jobs.listing import list_runs
from wsinb.jobs.messages import progress, result
from wsinb.jobs.outbox import keep
from wsinb.jobs.outcome import JobResult
from wsinb.jobs.parameters import Parameter, parameters
from wsinb.jobs.pictures import draw_outlines, show_labelled, show_outlines
from wsinb.jobs.pipeline import Pipeline, PipelineResult, read_pipeline, run_pipeline
from wsinb.jobs.registry import all_jobs, find_job, job_names, notebooks_folder
from wsinb.jobs.rules import AreaRule, area_rules
from wsinb.jobs.run import resume, run
from wsinb.jobs.select import groups_of, select_slides
from wsinb.jobs.units import l0_area
from wsinb.jobs.verify import RunCheck, verify_run

__all__ = [
    "AreaRule",
    "Comparison",
    "Job",
    "JobResult",
    "Parameter",
    "Pipeline",
    "PipelineResult",
    "RunCheck",
    "all_jobs",
    "area_rules",
    "check_layer",
    "checkpoint_folder",
    "copies",
    "draw_outlines",
    "find_job",
    "groups_of",
    "job_names",
    "keep",
    "l0_area",
    "list_runs",
    "notebooks_folder",
    "parameters",
    "progress",
    "read_pipeline",
    "replace_layer",
    "rerun",
    "result",
    "resume",
    "run",
    "run_pipeline",
    "select_slides",
    "show_labelled",
    "show_outlines",
    "verify_run",
]
