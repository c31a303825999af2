"""A papermill engine that streams the progress of a notebook.

papermill counts cells; a job on slides spends its time inside one cell. This engine reads the progress
messages of `wsinb.jobs.messages` while the cell runs, hands them on as `Step` values and keeps them out of
the stored notebook.
Kernels are started from the running Python, whatever kernelspecs are installed.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import zmq
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.log import logger

from wsinb.jobs.messages import LISTENING, PROGRESS_MIME, step_from
from wsinb.jobs.relay import Relay
from wsinb.progress import Progress, Step

__all__ = ["ENGINE_NAME", "ProgressEngine", "register"]

ENGINE_NAME = "wsinb"
# what a kernel logs goes to the caller's terminal: being ended is no news there
QUIET = ["--IPKernelApp.log_level=CRITICAL"]


class ProgressEngine(NBClientEngine):  # type: ignore[misc]
    """Runs a notebook cell by cell and reports its progress.

    Takes, beside what papermill's own engine takes, ``progress`` (see `wsinb.progress`; True by default),
    ``kernel_environment`` (added to the kernel's environment) and ``kernel_folder`` (where it works).
    """

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        progress: Progress = True,
        kernel_environment: Mapping[str, str] | None = None,
        kernel_folder: str | None = None,
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        **options: Any,
    ) -> None:
        """Execute the notebook of a papermill execution manager in a kernel of the running Python."""
        environment = {**os.environ, **(kernel_environment or {}), LISTENING: "1"}
        unused = ("input_path", "kernel_name", "timeout", "startup_timeout")
        kept = {name: value for name, value in options.items() if name not in unused}
        with Relay(progress) as relay:
            client = _Client(
                nb_man,
                on_step=relay,
                timeout=execution_timeout,
                startup_timeout=start_timeout,
                kernel_name=kernel_name,
                kernel_manager_class=_ThisPython,
                log=logger,
                **kept,
            )
            options_of_kernel = {"cwd": kernel_folder} if kernel_folder else {}
            try:
                with _interrupts_stop(client):
                    client.execute(env=environment, **options_of_kernel)
            except DeadKernelError:
                if client.stopped_by is None:
                    raise
            if client.stopped_by is not None:
                raise client.stopped_by


def register() -> None:
    """Make the engine known to papermill under the name `ENGINE_NAME`, also where no entry point says so."""
    papermill_engines.register(ENGINE_NAME, ProgressEngine)


class _ThisPython(AsyncKernelManager):
    """Starts kernels from the running Python, so that a job sees the same packages as its caller."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # no user-level kernelspec named "python3" may send the job into another environment
        self._this_python = KernelSpec(**get_kernel_dict(QUIET))
        if self.has_trait("transport_encryption") and zmq.has("curve"):
            self.transport_encryption = "auto"

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel of the running Python."""
        return self._this_python


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """Takes progress messages out of the stream of outputs."""

    def __init__(self, nb_man: Any, on_step: Callable[[Step], object], **options: Any) -> None:
        super().__init__(nb_man, **options)
        self.stopped_by: BaseException | None = None
        self._on_step = on_step
        self._start = time.perf_counter()

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Report a progress message; leave every other message to papermill."""
        data = msg["content"].get("data")
        if msg["msg_type"] == "display_data" and isinstance(data, dict) and PROGRESS_MIME in data:
            step = step_from(data[PROGRESS_MIME])
            if step is not None and self.stopped_by is None:
                self._report(step)
            return None
        return super().process_message(msg, cell, cell_index)

    def execute_cell(self, cell: Any, cell_index: int, **options: Any) -> Any:
        """Execute a cell unless the run is stopped, and report it as done."""
        if self.stopped_by is not None:
            raise DeadKernelError("the run was stopped")
        executed = super().execute_cell(cell, cell_index, **options)
        seconds = time.perf_counter() - self._start
        self._report(Step("cells", cell_index + 1, len(self.nb.cells), seconds))
        return executed

    def stop(self, error: BaseException) -> None:
        """End the run: the kernel is killed, and the engine raises `error`. Any thread may call this."""
        self.stopped_by = self.stopped_by or error
        self.shutdown_kernel = "immediate"  # commits are atomic: nothing is gained by waiting for the cell
        task = self.task_poll_for_reply
        if task is not None and not task.done():
            task.get_loop().call_soon_threadsafe(task.cancel)

    def _report(self, step: Step) -> None:
        try:
            self._on_step(step)
        except BaseException as error:  # noqa: BLE001 - raised again by the engine, after the kernel is stopped
            # raising here would only end the reading of outputs, while the cell runs on
            self.stop(error)


@contextmanager
def _interrupts_stop(client: _Client) -> Iterator[None]:
    """Let Ctrl-C stop the run in order: raised inside the event loop, it would leave the kernel running."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGINT, lambda number, frame: client.stop(KeyboardInterrupt()))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
