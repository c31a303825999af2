"""What a Dask worker does: tasks on warm kernels of its own."""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from wsinb.jobs.engine import Kernel
from wsinb.jobs.runs import Outcome, Plan
from wsinb.jobs.task import run_task
from wsinb.progress import Step

if TYPE_CHECKING:
    from wsinb.project import Project

__all__ = ["do_task", "kill_kernels"]


class _Kernels:
    """The warm kernels of this process: idle ones by the notebook that they know, busy ones by run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[str, list[Kernel]] = {}
        self._busy: dict[str, list[Kernel]] = {}
        atexit.register(self.close)

    @contextlib.contextmanager
    def take(self, plan: Plan) -> Iterator[Kernel]:
        """Lend a kernel that runs no other notebook; those that know others make way for it."""
        with self._lock:
            strangers = [self._idle.pop(source) for source in list(self._idle) if source != plan.source]
            idle = self._idle.setdefault(plan.source, [])
            kernel = idle.pop() if idle else Kernel()
            self._busy.setdefault(plan.id, []).append(kernel)
        for stranger in (kernel for kernels in strangers for kernel in kernels):
            stranger.close()
        try:
            yield kernel
        finally:
            with self._lock:
                self._busy[plan.id].remove(kernel)
                if not kernel.retired:
                    self._idle.setdefault(plan.source, []).append(kernel)

    def kill(self, run: str) -> None:
        """End the kernels that work on a run."""
        with self._lock:
            busy = list(self._busy.get(run, ()))
        for kernel in busy:
            kernel.retire()

    def close(self) -> None:
        """End all kernels."""
        with self._lock:
            kernels = [
                kernel for several in (*self._idle.values(), *self._busy.values()) for kernel in several
            ]
            self._idle.clear()
        for kernel in kernels:
            kernel.kill()


_kernels = _Kernels()


def do_task(project: Project, plan: Plan, task: int, attempt: int) -> Outcome:
    """Do a task on a Dask worker; its progress is told as events of the topic that the run is called."""
    from distributed import get_worker

    worker: Any = get_worker()

    def on_step(step: Step) -> None:
        worker.log_event(plan.id, {"task": task, **asdict(step)})

    with _kernels.take(plan) as kernel:
        return run_task(project, plan, task, attempt, kernel, on_step)


def kill_kernels(run: str) -> None:
    """End the kernels of this process that work on a run."""
    _kernels.kill(run)
