"""What the coordinator of a run asks of a scheduler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from wsinb.jobs.runs import Outcome
from wsinb.progress import Step

__all__ = ["Scheduler", "TaskStep"]


@dataclass(frozen=True)
class TaskStep:
    """Progress inside a task."""

    task: int
    step: Step


class Scheduler(Protocol):
    """Does tasks somewhere, several at a time; used by one thread."""

    def submit(self, task: int, attempt: int) -> None:
        """Have a task done once there is a worker for it."""
        ...

    def next(self) -> TaskStep | Outcome:
        """Wait for what happens next: progress, or the outcome of a task that was submitted."""
        ...

    def close(self) -> None:
        """End all kernels, at once, whatever they do, and free the workers."""
        ...
