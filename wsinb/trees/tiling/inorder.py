"""Calls on threads whose results come in order, a few at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from wsinb.trees.threads import usable_cores

__all__ = ["in_order", "usable_cores"]

Item = TypeVar("Item")
Result = TypeVar("Result")


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
