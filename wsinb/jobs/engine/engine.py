"""`ProgressEngine`: what papermill calls to execute a notebook."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from nbclient.exceptions import DeadKernelError
from papermill.engines import NBClientEngine, papermill_engines
from papermill.log import logger

from wsinb.jobs.engine.client import Client
from wsinb.jobs.engine.kernel import Kernel
from wsinb.jobs.engine.limits import Limits, watched
from wsinb.jobs.relay import Relay
from wsinb.progress import Progress

__all__ = ["ENGINE_NAME", "ProgressEngine", "register"]

ENGINE_NAME = "wsinb"


class ProgressEngine(NBClientEngine):  # type: ignore[misc]
    """Runs a notebook cell by cell and reports its progress.

    Takes, beside what papermill's own engine takes, ``progress`` (see `wsinb.progress`; True by default),
    ``kernel`` (a `Kernel` that stays; by default one that ends with the notebook), ``kernel_environment``
    (added to the kernel's environment), ``kernel_folder`` (where it works) and ``limits``.
    """

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        progress: Progress = True,
        kernel: Kernel | None = None,
        kernel_environment: Mapping[str, str] | None = None,
        kernel_folder: str | None = None,
        limits: Limits | None = None,
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        **options: Any,
    ) -> None:
        """Execute the notebook of a papermill execution manager in a kernel of the running Python."""
        unused = ("input_path", "kernel_name", "timeout", "startup_timeout")
        kept = {name: value for name, value in options.items() if name not in unused}
        with ExitStack() as stack:
            relay = stack.enter_context(Relay(progress))
            used = kernel or stack.enter_context(Kernel())
            folder = Path(kernel_folder) if kernel_folder else Path.cwd()
            used.start(folder)
            client = Client(
                nb_man,
                used,
                on_step=relay,
                timeout=execution_timeout,
                startup_timeout=start_timeout,
                kernel_name=kernel_name,
                log=logger,
                **kept,
            )
            _execute(client, folder, kernel_environment or {}, limits or Limits())


def register() -> None:
    """Make the engine known to papermill under the name `ENGINE_NAME`, also where no entry point says so."""
    papermill_engines.register(ENGINE_NAME, ProgressEngine)


def _execute(client: Client, folder: Path, environment: Mapping[str, str], limits: Limits) -> None:
    """Run a client; what stopped it, if anything did, is raised in place of the death of its kernel."""
    try:
        with _interrupts_stop(client), watched(limits, client.kernel.process, client.stop):
            client.run(folder, environment)
    except (DeadKernelError, RuntimeError) as error:
        if client.stopped_by is None:
            # a kernel that dies while it starts is told by another error
            dead = client.kernel.was_killed or client.kernel.process is None
            raise (DeadKernelError(str(error)) if dead else error) from error
    if client.stopped_by is not None:
        raise client.stopped_by


@contextmanager
def _interrupts_stop(client: Client) -> Iterator[None]:
    """Let Ctrl-C stop the run in order: raised inside the event loop, it would leave the kernel running."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGINT, lambda number, frame: client.stop(KeyboardInterrupt()))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
