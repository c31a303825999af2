"""Progress and cancellation, the same in a cell, a terminal and a log.

A long function takes ``progress``: True shows a bar (a widget in a notebook, a bar
in a terminal, a line every few seconds in a log), a callable receives `Step` values,
None and False are silent. A callable cancels the work by raising `Cancelled`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar

from wsinb.errors import WsinbError

__all__ = ["Cancelled", "Progress", "Step", "Tracker", "track"]

T = TypeVar("T")
LOG_INTERVAL_S = 5.0


class Cancelled(WsinbError, RuntimeError):
    """The work was cancelled; nothing was stored."""

    exit_code = 130


@dataclass(frozen=True)
class Step:
    """One report of progress: `done` of `total` units of the work called `label`."""

    label: str
    done: int
    total: int
    seconds: float

    @property
    def fraction(self) -> float:
        """Part that is done, from 0 to 1."""
        return self.done / self.total if self.total else 1.0

    @property
    def eta_s(self) -> float | None:
        """Seconds left at the mean speed so far, or None before the first unit."""
        return self.seconds / self.done * (self.total - self.done) if self.done else None

    def __str__(self) -> str:
        eta = "" if self.eta_s is None else f", {self.eta_s:.0f} s left"
        return f"{self.label}: {self.done}/{self.total} ({self.fraction:.0%}{eta})"


Progress = bool | Callable[[Step], object] | None


class Tracker:
    """Counts finished units and reports them; use as a context manager."""

    def __init__(self, total: int, label: str, progress: Progress = None) -> None:
        self.total = total
        self.label = label
        self.done = 0
        self._start = time.perf_counter()
        self._report = _reporter(total, label, progress)

    def update(self, n: int = 1) -> None:
        """Count `n` more units as done."""
        self.done += n
        self._report(Step(self.label, self.done, self.total, time.perf_counter() - self._start))

    def __enter__(self) -> Tracker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        close = getattr(self._report, "close", None)
        if close is not None:
            close()


def track(items: Collection[T], label: str, progress: Progress = None) -> Iterator[T]:
    """Yield `items`, reporting each one as done when the next is asked for.

    Parameters
    ----------
    items : collection
        What is worked on; its length is the total.
    label : str
        What the work is called.
    progress : bool, callable or None
        See the module.
    """
    with Tracker(len(items), label, progress) as tracker:
        for item in items:
            yield item
            tracker.update()


def _reporter(total: int, label: str, progress: Progress) -> Callable[[Step], object]:
    if callable(progress):
        return progress
    if not progress:
        return lambda step: None
    if _in_notebook() or sys.stderr.isatty():
        return _Bar(total, label)
    return _LogLines()


def _in_notebook() -> bool:
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


class _Bar:
    """A tqdm bar: a widget in a notebook, text in a terminal."""

    def __init__(self, total: int, label: str) -> None:
        from tqdm.auto import tqdm

        self._bar = tqdm(total=total, desc=label)

    def __call__(self, step: Step) -> None:
        self._bar.update(step.done - self._bar.n)

    def close(self) -> None:
        self._bar.close()


class _LogLines:
    """A line on stderr at most every `LOG_INTERVAL_S` seconds, and one at the end."""

    def __init__(self) -> None:
        self._last = time.perf_counter()

    def __call__(self, step: Step) -> None:
        now = time.perf_counter()
        if now - self._last >= LOG_INTERVAL_S or step.done >= step.total:
            self._last = now
            sys.stderr.write(f"{step}\n")
            sys.stderr.flush()
