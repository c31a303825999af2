"""Limits of a notebook's time and memory, watched from outside its kernel."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil

from wsinb.errors import JobFailed

__all__ = ["Limits", "watched"]

LOOK_S = 0.2


@dataclass(frozen=True)
class Limits:
    """What a notebook may take.

    Attributes
    ----------
    seconds : float, optional
        From the start of its first cell to the end of its last.
    memory : int, optional
        Bytes that its kernel and the processes it started hold together.
    """

    seconds: float | None = None
    memory: int | None = None

    def __bool__(self) -> bool:
        return self.seconds is not None or self.memory is not None


@contextlib.contextmanager
def watched(
    limits: Limits, process: psutil.Process | None, stop: Callable[[BaseException], None]
) -> Iterator[None]:
    """Watch a process while the block runs, and call `stop` with the reason once it takes too much."""
    if not limits or process is None:
        yield
        return
    over = threading.Event()
    thread = threading.Thread(target=_watch, args=(limits, process, stop, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _watch(
    limits: Limits, process: psutil.Process, stop: Callable[[BaseException], None], over: threading.Event
) -> None:
    start = time.monotonic()
    while not over.wait(LOOK_S):
        seconds = time.monotonic() - start
        if limits.seconds is not None and seconds > limits.seconds:
            stop(JobFailed(f"it took longer than its limit of {limits.seconds:g} s: raise time_limit"))
            return
        if limits.memory is not None and (held := _memory(process)) > limits.memory:
            stop(
                JobFailed(
                    f"it held {held / 1e9:.2f} GB, more than its limit of {limits.memory / 1e9:.2f} GB: "
                    "raise memory_limit or take smaller tiles"
                )
            )
            return


def _memory(process: psutil.Process) -> int:
    held = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        for one in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                held += one.memory_info().rss
    return held
