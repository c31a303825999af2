"""Time without fsync, calls of fsync, and figures against what is asked."""

from __future__ import annotations

import contextlib
import gc
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks._report import report

__all__ = ["Clock", "asked", "drop_page_cache", "median_ms", "told", "without_fsync"]


@dataclass
class Clock:
    """Times a block: `seconds` without those of `flushes`, the calls of fsync, one after the other.

    `processor` are the seconds that all threads of the process computed: what a busy machine does not change.
    """

    seconds: float = 0.0
    processor: float = 0.0
    flushes: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Clock:
        self._fsync = os.fsync
        setattr(os, "fsync", self._timed)  # noqa: B010  mypy wants no assignment to a function
        gc.collect()
        self._start, self._processor = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._start - sum(self.flushes)
        self.processor = time.process_time() - self._processor
        os.fsync = self._fsync

    def _timed(self, handle: int) -> None:
        start = time.perf_counter()
        self._fsync(handle)
        with self._lock:
            self.flushes.append(time.perf_counter() - start)

    @property
    def ms(self) -> float:
        """Milliseconds without fsync."""
        return self.seconds * 1e3


@contextlib.contextmanager
def without_fsync() -> Iterator[None]:
    """Leave fsync out: where several threads flush, its time cannot be taken off afterwards."""
    original = os.fsync
    setattr(os, "fsync", lambda _: None)  # noqa: B010
    try:
        yield
    finally:
        os.fsync = original


def asked(name: str, value: float, limit: float, unit: str) -> bool:
    """Report a figure that should be at most `limit`; return whether it is."""
    return report(
        name, ours=value, peer=limit, peer_name="asked", unit=unit, target=1, smaller_is_better=True
    )


def told(name: str, value: float, unit: str) -> None:
    """Report a figure for which nothing is asked."""
    report(name, ours=value, peer=value, peer_name="none", unit=unit, target=0)


def median_ms(call: Callable[[], object], runs: int = 9) -> float:
    """Return the median milliseconds of a call, after one that is not measured."""
    call()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds) * 1e3


def drop_page_cache(folder: Path) -> None:
    """Ask the system to forget the bytes of all files below a folder; it may decline."""
    for path in folder.rglob("*"):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(handle)
