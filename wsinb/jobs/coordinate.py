"""`carry_out`: has the tasks of a plan done, and ends the run."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from wsinb.errors import JobFailed
from wsinb.jobs.finish import finish
from wsinb.jobs.outcome import JobResult
from wsinb.jobs.partial import keep_notebooks
from wsinb.jobs.relay import Relay
from wsinb.jobs.runs import End, Outcome, Plan, RunStore
from wsinb.jobs.runs.outcome import DONE, LOST
from wsinb.jobs.schedule import TaskStep, open_scheduler
from wsinb.progress import Progress, Step

if TYPE_CHECKING:
    from wsinb.project import Project

__all__ = ["carry_out"]

SHOWN = 3


def carry_out(project: Project, plan: Plan, progress: Progress = None) -> JobResult:
    """Do the tasks of a plan that are not done, and end the run; see `wsinb.jobs.run`."""
    runs, begun = RunStore(project.repository.store), time.perf_counter()
    former = runs.latest(plan.id)
    before = sum(outcome.seconds for outcome in former.values())
    try:
        with Relay(progress) as relay, _interruptible():
            outcomes = _do_tasks(project, plan, former, runs.attempts(plan.id), relay)
    except BaseException as error:
        seconds = before + time.perf_counter() - begun
        runs.end(plan.id, End("cancelled", str(error), seconds=seconds, ended_at=_now()))
        raise
    seconds = before + time.perf_counter() - begun
    failed = {task: outcome for task, outcome in outcomes.items() if outcome.state != DONE}
    if failed:
        message = _failure(project, plan, failed)
        messages = {_called(plan, task): outcome.message for task, outcome in failed.items()}
        runs.end(plan.id, End("failed", message, messages, seconds=seconds, ended_at=_now()))
        raise JobFailed(message)
    return finish(project, plan, [outcomes[task] for task in sorted(outcomes)], seconds)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C stop the run also where this process was started in the background, which ignores it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def _do_tasks(
    project: Project, plan: Plan, former: dict[int, Outcome], attempts: dict[int, int], relay: Relay
) -> dict[int, Outcome]:
    """Return the outcome of each task; those that are done already are not done again."""
    outcomes = {task: outcome for task, outcome in former.items() if outcome.state == DONE}
    todo = [task for task in range(len(plan.tasks)) if task not in outcomes]
    if not todo:
        return outcomes
    begun, chances = time.perf_counter(), dict.fromkeys(todo, plan.retries)
    scheduler = open_scheduler(project, plan)
    try:
        for task in todo:
            scheduler.submit(task, attempts.get(task, 0))
        open_tasks = set(todo)
        while open_tasks:
            event = scheduler.next()
            if isinstance(event, TaskStep):
                relay(_named(plan, event))
                continue
            if event.state == LOST and chances[event.task] > 0:
                chances[event.task] -= 1
                scheduler.submit(event.task, event.attempt + 1)
                continue
            outcomes[event.task] = event
            open_tasks.discard(event.task)
            if plan.per_slide:
                done, seconds = len(todo) - len(open_tasks), time.perf_counter() - begun
                relay(Step(plan.job, done, len(todo), seconds))
    finally:
        scheduler.close()
    return outcomes


def _named(plan: Plan, event: TaskStep) -> Step:
    """Return a step of a task, with the slide's name where there are several tasks."""
    step = event.step
    if not plan.per_slide:
        return step
    return Step(f"{_called(plan, event.task)}: {step.label}", step.done, step.total, step.seconds)


def _called(plan: Plan, task: int) -> str:
    return ", ".join(plan.tasks[task]) or plan.job


def _failure(project: Project, plan: Plan, failed: dict[int, Outcome]) -> str:
    """Return the sentence that says what failed, after the notebooks were put where people find them."""
    kept = keep_notebooks(project, plan, failed)
    first = min(failed)
    if not plan.per_slide:
        return f"Job {plan.job!r} {_what(failed[first])} (the notebook as far as it ran: {kept.get(first)})."
    told = "; ".join(f"{_called(plan, task)}: {_what(failed[task])}" for task in sorted(failed)[:SHOWN])
    more = f" and {len(failed) - SHOWN} more" if len(failed) > SHOWN else ""
    return (
        f"Job {plan.job!r} failed on {len(failed)} of {len(plan.tasks)} slides ({told}{more}; "
        f"the notebook as far as it ran: {kept.get(first)}): "
        f"project.resume({plan.id!r}) tries only these again."
    )


def _what(outcome: Outcome) -> str:
    where = "" if outcome.cell is None else f" in cell {outcome.cell}"
    return f"failed{where}: {outcome.message.removesuffix('.')}"


def _now() -> str:
    return datetime.now(UTC).isoformat()
