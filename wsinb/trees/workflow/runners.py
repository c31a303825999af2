"""Where work is done: here, on threads, or on Dask; with the same results in the same order."""

from __future__ import annotations

import importlib
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, Protocol

from wsinb.errors import InvalidInput
from wsinb.progress import Cancelled
from wsinb.trees.tiling.inorder import in_order, usable_cores

__all__ = ["Outcome", "Runner", "attempted", "open_runner"]


class Outcome(NamedTuple):
    """What became of one piece of work: its result, or the reason why there is none."""

    result: Any
    reason: str | None
    attempts: int


class Runner(Protocol):
    """Does work on items and yields an `Outcome` for each, in order; a few are held at a time."""

    def run(
        self, work: Callable[[Any], Any], items: Sequence[Any], retries: int
    ) -> Generator[Outcome, None, None]:
        """Do ``work(item)`` for each item, again up to `retries` times if it raises."""


def attempted(work: Callable[[Any], Any], retries: int, item: Any) -> Outcome:
    """Do a piece of work, again if it raises.

    What does not get better by being tried again is raised: input that cannot be used, and cancellation.
    """
    reason = ""
    for attempt in range(1, retries + 2):
        try:
            return Outcome(work(item), None, attempt)
        except (InvalidInput, Cancelled):
            raise
        except Exception as error:  # noqa: BLE001  whatever happens on a tile must not end the others
            reason = told(error)
    return Outcome(None, reason, retries + 1)


def told(error: BaseException) -> str:
    """Return an error as one line."""
    text = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class Threads:
    """Threads of this process; one is the caller's own."""

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def run(
        self, work: Callable[[Any], Any], items: Sequence[Any], retries: int
    ) -> Generator[Outcome, None, None]:
        """See `Runner`."""
        yield from in_order(partial(attempted, work, retries), items, self.threads, "wsinb-workflow")


class OnDask:
    """The workers of a Dask cluster."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def run(
        self, work: Callable[[Any], Any], items: Sequence[Any], retries: int
    ) -> Generator[Outcome, None, None]:
        """See `Runner`; two items for each thread of the cluster are under way at a time."""
        ahead = 2 * max(1, sum(self.client.nthreads().values()))
        waiting: deque[Any] = deque()
        # once a worker, not once a tile; not hashed, since equal code may hold other data
        there = self.client.scatter([work], hash=False)[0]
        try:
            for item in items:
                waiting.append(self.client.submit(attempted, there, retries, item, pure=False))
                if len(waiting) >= ahead:
                    yield _taken(waiting.popleft(), retries)
            while waiting:
                yield _taken(waiting.popleft(), retries)
        finally:
            self.client.cancel([*waiting, there])


def _taken(future: Any, retries: int) -> Outcome:
    try:
        outcome: Outcome = future.result()
    except (InvalidInput, Cancelled):
        raise
    except Exception as error:  # noqa: BLE001  such as a worker that was killed
        return Outcome(None, told(error), retries + 1)
    return outcome


@contextmanager
def open_runner(runner: Any = "threads", threads: int | None = None) -> Iterator[Runner]:
    """Return a runner by name, or for a Dask client; what is opened here is closed again.

    Parameters
    ----------
    runner : {"serial", "threads", "dask"} or distributed.Client
        "dask" is the present client, or else a cluster of processes on this machine.
    threads : int, optional
        How many threads or processes; None is one for each core that may be used.

    Raises
    ------
    InvalidInput
        If it is nothing of these, or Dask is not installed.
    """
    n = usable_cores(threads)
    if runner == "serial":
        yield Threads(1)
    elif runner == "threads":
        yield Threads(n)
    elif runner == "dask":
        with _client(n) as client:
            yield OnDask(client)
    elif hasattr(runner, "submit") and hasattr(runner, "scatter"):
        yield OnDask(runner)
    else:
        raise InvalidInput(f"runner must be 'serial', 'threads', 'dask' or a Dask client, not {runner!r}")


@contextmanager
def _client(n: int) -> Iterator[Any]:
    try:
        # without types
        distributed: Any = importlib.import_module("distributed")
    except ImportError:
        raise InvalidInput("Dask is not installed: pip install 'wsinb[dask]'.") from None
    try:
        present = distributed.get_client()
    except ValueError:
        present = None
    if present is not None:
        yield present
        return
    with (
        distributed.LocalCluster(n_workers=n, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client
