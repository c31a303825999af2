"""How many threads to use, and work on them that releases the interpreter lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from wsinb.errors import InvalidInput

__all__ = ["run_threads", "thread_count", "usable_cores"]

T = TypeVar("T")


def usable_cores(threads: int | None = None) -> int:
    """Return how many threads to use: what was asked for, or one for each core that this process may use.

    Raises
    ------
    InvalidInput
        If it is no whole number from 1 on.
    """
    if threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise InvalidInput(f"threads must be a whole number from 1 on, not {threads!r}")
    return threads


def thread_count(n_jobs: int | None) -> int:
    """Return a number of threads as scikit-learn counts: None and -1 are `usable_cores`, -2 one fewer.

    Raises
    ------
    InvalidInput
        If it is 0 or no whole number.
    """
    if n_jobs is None:
        return usable_cores()
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, int | np.integer) or n_jobs == 0:
        raise InvalidInput(f"n_jobs must be a number of threads, -1 or None for all cores, not {n_jobs!r}")
    return int(n_jobs) if n_jobs > 0 else max(1, usable_cores() + 1 + int(n_jobs))


def run_threads(work: Callable[[T], object], pieces: Sequence[T], n_jobs: int | None) -> None:
    """Do `work` on each piece; the first that raises stops those that have not begun."""
    workers = min(thread_count(n_jobs), len(pieces))
    if workers <= 1:
        for piece in pieces:
            work(piece)
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="wsinb-trees") as pool:
        futures = [pool.submit(work, piece) for piece in pieces]
        try:
            for future in futures:
                future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
