"""Runs of jobs: what is planned, what came of each task, and how it ended, kept in the project's store."""

from __future__ import annotations

from wsinb.jobs.runs.end import End
from wsinb.jobs.runs.outcome import Outcome, StoredFile, StoredTable
from wsinb.jobs.runs.plan import Plan
from wsinb.jobs.runs.runstore import RunStore
from wsinb.jobs.runs.start import Start
from wsinb.jobs.runs.state import state_of

__all__ = ["End", "Outcome", "Plan", "RunStore", "Start", "StoredFile", "StoredTable", "state_of"]
