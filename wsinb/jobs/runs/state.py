"""In which state a run is."""

from __future__ import annotations

import platform

import psutil

from wsinb.jobs.runs.plan import Plan
from wsinb.jobs.runs.runstore import End

__all__ = ["state_of"]


def state_of(plan: Plan, end: End | None) -> str:
    """Return the state of a run.

    Returns
    -------
    str
        ``"done"``, ``"failed"`` or ``"cancelled"`` as it ended; without an end ``"running"`` or
        ``"interrupted"`` where its coordinator was on this machine, ``"unknown"`` where it was on another.
    """
    if end is not None:
        return end.state
    if plan.host != platform.node():
        return "unknown"
    try:
        alive = abs(psutil.Process(plan.pid).create_time() - plan.born) < 1
    except psutil.Error:
        alive = False
    return "running" if alive else "interrupted"
