"""`LocalScheduler`: tasks on this machine, each worker a thread with a warm kernel of its own."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

from wsinb.jobs.engine import Kernel
from wsinb.jobs.runs import Outcome
from wsinb.jobs.runs.outcome import FAILED
from wsinb.jobs.schedule.scheduler import TaskStep
from wsinb.jobs.task import run_task
from wsinb.progress import Cancelled, Step

if TYPE_CHECKING:
    from wsinb.jobs.runs import Plan
    from wsinb.project import Project

__all__ = ["LocalScheduler"]

KERNEL_TASKS = 100
"""A kernel does so many tasks and makes way for a new one, in case notebooks leave memory behind."""


class LocalScheduler:
    """Threads that hand tasks to kernels, which are processes; see `Scheduler`."""

    def __init__(self, project: Project, plan: Plan) -> None:
        self._project, self._plan = project, plan
        self._todo: queue.SimpleQueue[tuple[int, int] | None] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[TaskStep | Outcome] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._kernels: list[Kernel] = []
        workers = min(plan.workers, max(1, len(plan.tasks)))
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    def submit(self, task: int, attempt: int) -> None:
        """Put a task into the queue."""
        self._todo.put((task, attempt))

    def next(self) -> TaskStep | Outcome:
        """Return the next event, in the order in which the workers told them."""
        return self._events.get()

    def close(self) -> None:
        """End all kernels and wait for the threads."""
        self._closed.set()
        for _ in self._threads:
            self._todo.put(None)
        for kernel in list(self._kernels):
            kernel.retire()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        kernel, done = Kernel(), 0
        self._kernels.append(kernel)
        try:
            while (item := self._todo.get()) is not None and not self._closed.is_set():
                self._do(*item, kernel)
                done += 1
                if done % KERNEL_TASKS == 0:
                    kernel.close()
        finally:
            kernel.close()

    def _do(self, task: int, attempt: int, kernel: Kernel) -> None:
        def on_step(step: Step) -> None:
            if self._closed.is_set():
                raise _Closed
            self._events.put(TaskStep(task, step))

        try:
            outcome = run_task(self._project, self._plan, task, attempt, kernel, on_step)
        except (_Closed, Cancelled):
            return
        except Exception as error:  # noqa: BLE001 - a worker that is gone would be waited for
            outcome = Outcome(task, attempt, FAILED, f"{type(error).__name__}: {error}")
        self._events.put(outcome)


class _Closed(BaseException):
    """Ends a task whose scheduler was closed."""
