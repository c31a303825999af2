"""Where the tasks of a run are done: on this machine, or on Dask workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wsinb.errors import InvalidInput
from wsinb.jobs.schedule.scheduler import Scheduler, TaskStep

if TYPE_CHECKING:
    from wsinb.jobs.runs import Plan
    from wsinb.project import Project

__all__ = ["SCHEDULERS", "Scheduler", "TaskStep", "check_scheduler", "open_scheduler"]

SCHEDULERS = ("threads", "processes", "gateway", "tcp://...")


def check_scheduler(name: object) -> str:
    """Return the name of a scheduler.

    Raises
    ------
    InvalidInput
        If it is none of `SCHEDULERS`, the last of which stands for the address of a Dask scheduler.
    """
    if isinstance(name, str) and (name in SCHEDULERS[:3] or name.startswith(("tcp://", "tls://"))):
        return name
    raise InvalidInput(f"A scheduler is one of {', '.join(SCHEDULERS)}, not {name!r}.")


def open_scheduler(project: Project, plan: Plan) -> Scheduler:
    """Return the scheduler of a plan; it is closed by its user."""
    if plan.scheduler == "threads":
        from wsinb.jobs.schedule.local import LocalScheduler

        return LocalScheduler(project, plan)
    from wsinb.jobs.schedule.dask import DaskScheduler

    return DaskScheduler(project, plan)
