"""Calls on threads whose results come in order, a few at a time."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from wsinb.errors import InvalidInput

__all__ = ["in_order", "usable_cores"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def usable_cores(threads: int | None = None) -> int:
    """Return how many threads to use: what was asked for, or one for each core that may be used.

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


def in_order(
    run: Callable[[Item], Result], items: Iterable[Item], threads: int, name: str = "wsinb-tiles"
) -> Generator[Result]:
    """Yield ``run(item)`` for each item, in order; at most `threads` and one more are held at a time.

    One thread is the caller's own. Close the generator (`contextlib.closing`) to stop early: what has not
    begun is not begun.
    """
    if threads == 1:
        yield from map(run, items)
        return
    waiting: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
    try:
        for item in items:
            waiting.append(pool.submit(run, item))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
