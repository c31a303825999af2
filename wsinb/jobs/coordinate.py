"""`carry_out`: has the tasks of a plan done, and ends the run."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from wsinb.errors import JobFailed
from wsinb.jobs.finish import finish
from wsinb.jobs.live import Live
from wsinb.jobs.outcome import JobResult
from wsinb.jobs.partial import keep_notebooks
from wsinb.jobs.relay import Relay
from wsinb.jobs.runs import End, Outcome, Plan, RunStore
from wsinb.jobs.runs.outcome import DONE, LOST
from wsinb.jobs.schedule import Scheduler, TaskStep, open_scheduler
from wsinb.progress import Cancelled, Progress, Step

if TYPE_CHECKING:
    from wsinb.project import Project

__all__ = ["carry_out"]

SHOWN = 3


def carry_out(project: Project, plan: Plan, progress: Progress = None) -> JobResult:
    """Do the tasks of a plan that are not done, and end the run; see `wsinb.jobs.run`."""
    runs = RunStore(project.repository.store)
    start, begun = runs.start(plan.id), time.perf_counter()
    former = runs.latest(plan.id)
    before = sum(outcome.seconds for outcome in former.values())

    def end(state: str, message: str = "", failed: dict[str, str] | None = None) -> None:
        live.state(state, message)
        seconds = before + time.perf_counter() - begun
        log = project.repository.artifacts.put(f"{plan.id}.log", live.log()).sha256
        told = End(state, message, failed or {}, log=log, seconds=seconds, ended_at=_now())
        runs.end(plan.id, start, told)

    with Live(plan) as live:
        live.state("started", f"{plan.job}, {len(plan.tasks)} tasks, {plan.scheduler}")
        try:
            with Relay(progress) as relay, _interruptible():
                tasks = _Tasks(project, plan, former, runs.attempts(plan.id))
                outcomes = tasks.do(relay, live)
        except BaseException as error:
            stopped = isinstance(error, Cancelled | KeyboardInterrupt)
            end("cancelled" if stopped else "failed", str(error) or type(error).__name__)
            raise
        failed = {task: outcome for task, outcome in outcomes.items() if outcome.state != DONE}
        if failed:
            message = _failure(project, plan, failed)
            end("failed", message, {_called(plan, task): o.message for task, o in failed.items()})
            raise JobFailed(message)
        seconds = before + time.perf_counter() - begun
        return finish(project, plan, start, [outcomes[task] for task in sorted(outcomes)], seconds, live)


class _Tasks:
    """The tasks of a plan that are not done: hands them to a scheduler and collects what comes of them."""

    def __init__(
        self, project: Project, plan: Plan, former: dict[int, Outcome], attempts: dict[int, int]
    ) -> None:
        self._project, self._plan = project, plan
        self._attempts = attempts
        self._outcomes = {task: outcome for task, outcome in former.items() if outcome.state == DONE}
        self._todo = [task for task in range(len(plan.tasks)) if task not in self._outcomes]
        self._chances = dict.fromkeys(self._todo, plan.retries)

    def do(self, relay: Relay, live: Live) -> dict[int, Outcome]:
        """Return the outcome of each task; those that are done already are not done again."""
        if not self._todo:
            return self._outcomes
        scheduler = open_scheduler(self._project, self._plan)
        try:
            for task in self._todo:
                scheduler.submit(task, self._attempts.get(task, 0))
            begun, left = time.perf_counter(), set(self._todo)
            while left:
                event = scheduler.next()
                if isinstance(event, TaskStep):
                    self._tell(_named(self._plan, event), relay, live)
                elif not self._tried_again(event, scheduler, live):
                    self._take(event, left, live)
                    if self._plan.per_slide:
                        done = len(self._todo) - len(left)
                        step = Step(self._plan.job, done, len(self._todo), time.perf_counter() - begun)
                        self._tell(step, relay, live)
        finally:
            scheduler.close()
        return self._outcomes

    def _tell(self, step: Step, relay: Relay, live: Live) -> None:
        live.step(step)
        relay(step)

    def _tried_again(self, outcome: Outcome, scheduler: Scheduler, live: Live) -> bool:
        """Hand a lost task out again, if it has another chance."""
        if outcome.state != LOST or self._chances[outcome.task] <= 0:
            return False
        self._chances[outcome.task] -= 1
        live.state("lost", f"{_called(self._plan, outcome.task)}: {outcome.message}; tried again")
        scheduler.submit(outcome.task, outcome.attempt + 1)
        return True

    def _take(self, outcome: Outcome, left: set[int], live: Live) -> None:
        self._outcomes[outcome.task] = outcome
        left.discard(outcome.task)
        states = Counter(one.state for one in self._outcomes.values())
        took = f"{_called(self._plan, outcome.task)}, {outcome.seconds:.1f} s"
        live.state(outcome.state, f"{took}: {outcome.message}" if outcome.message else took, states)


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
