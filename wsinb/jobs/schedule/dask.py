"""`DaskScheduler`: tasks on Dask workers, of this machine or of a cluster."""

from __future__ import annotations

import contextlib
import logging
import queue
from typing import TYPE_CHECKING, Any

from wsinb.errors import InvalidInput
from wsinb.jobs.runs import Outcome
from wsinb.jobs.runs.outcome import FAILED, LOST
from wsinb.jobs.schedule.scheduler import TaskStep
from wsinb.jobs.schedule.workers import do_task, kill_kernels
from wsinb.progress import Cancelled, Step

if TYPE_CHECKING:
    from wsinb.jobs.runs import Plan
    from wsinb.project import Project

__all__ = ["DaskScheduler"]

CONNECT_S = 30
KILL_S = 10


class DaskScheduler:
    """Hands tasks to Dask workers, which need the project's store, the slides and wsinb; see `Scheduler`.

    Raises
    ------
    InvalidInput
        If Dask is not installed, or no scheduler answers at the address.
    """

    def __init__(self, project: Project, plan: Plan) -> None:
        self._project, self._plan = project, plan
        self._events: queue.SimpleQueue[TaskStep | Outcome] = queue.SimpleQueue()
        self._futures: list[Any] = []
        self._stack = contextlib.ExitStack()
        self._client = _connect(plan, self._stack)
        self._client.subscribe_topic(plan.id, self._on_event)

    def submit(self, task: int, attempt: int) -> None:
        """Hand a task to the cluster."""
        future = self._client.submit(
            do_task,
            self._project,
            self._plan,
            task,
            attempt,
            key=f"{self._plan.id}-{task}-{attempt}",
            pure=False,
        )
        self._futures.append(future)
        future.add_done_callback(lambda done: self._on_done(done, task, attempt))

    def next(self) -> TaskStep | Outcome:
        """Return the next event, in the order in which the workers told them."""
        return self._events.get()

    def close(self) -> None:
        """End the kernels of this run on all workers, and whatever was started for it."""
        unfinished = [future for future in self._futures if not future.done()]
        with self._stack, contextlib.suppress(TimeoutError, OSError):
            if unfinished:
                self._client.cancel(unfinished, force=True)
                self._client.sync(self._kill)
            self._client.unsubscribe_topic(self._plan.id)

    async def _kill(self) -> None:
        import asyncio

        killing = self._client._run(kill_kernels, self._plan.id, on_error="ignore")
        await asyncio.wait_for(killing, KILL_S)

    def _on_event(self, event: tuple[float, dict[str, Any]]) -> None:
        told = dict(event[1])
        task = told.pop("task")
        told.pop("worker", None)
        self._events.put(TaskStep(task, Step(told["label"], told["done"], told["total"], told["seconds"])))

    def _on_done(self, future: Any, task: int, attempt: int) -> None:
        from distributed.scheduler import KilledWorker

        if future.status == "finished":
            self._events.put(future.result())
        elif future.status == "error":
            error = future.exception()
            state = LOST if isinstance(error, KilledWorker | OSError | Cancelled) else FAILED
            message = (
                "its worker was lost"
                if isinstance(error, KilledWorker)
                else f"{type(error).__name__}: {error}"
            )
            self._events.put(Outcome(task, attempt, state, message))
        elif future.status == "lost":
            self._events.put(Outcome(task, attempt, LOST, "its worker was lost"))


def _connect(plan: Plan, stack: contextlib.ExitStack) -> Any:
    """Return a client of the cluster that a plan names; the stack closes what was started."""
    try:
        import distributed
    except ImportError as error:
        raise InvalidInput(
            f"The scheduler {plan.scheduler!r} needs Dask: pip install 'wsinb[dask]', or take 'threads'."
        ) from error
    client: Any = distributed.Client
    if plan.scheduler == "gateway":
        return _connect_gateway(plan, stack)
    if plan.scheduler == "processes":
        local: Any = distributed.LocalCluster
        cluster = local(
            n_workers=min(plan.workers, max(1, len(plan.tasks))),
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        )
        stack.enter_context(cluster)
        return stack.enter_context(client(cluster))
    try:
        return stack.enter_context(client(plan.scheduler, timeout=CONNECT_S))
    except (OSError, TimeoutError) as error:
        raise InvalidInput(
            f"No Dask scheduler answers at {plan.scheduler}: start one, or check the address."
        ) from error


def _connect_gateway(plan: Plan, stack: contextlib.ExitStack) -> Any:
    try:
        from dask_gateway import GatewayCluster
    except ImportError as error:
        raise InvalidInput(
            "The scheduler 'gateway' needs Dask Gateway: pip install dask-gateway, and configure its address."
        ) from error
    cluster = stack.enter_context(GatewayCluster())
    cluster.scale(plan.workers)
    return stack.enter_context(cluster.get_client())
