"""`Kernel`: a kernel of the running Python that executes notebooks, one after another."""

from __future__ import annotations

import contextlib
import os
import queue
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import zmq
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient.exceptions import DeadKernelError

from wsinb.jobs.messages import LISTENING
from wsinb.progress import Cancelled

__all__ = ["Kernel"]

# what a kernel logs goes to the caller's terminal: being ended is no news there
QUIET = ["--IPKernelApp.log_level=CRITICAL"]
ANSWER_S, LOOK_S = 60.0, 0.2
FRESH = "from wsinb.jobs.engine.fresh import make_fresh; make_fresh({folder!r}, {environment!r})"


class Kernel:
    """A kernel that stays warm between notebooks: what is imported stays so, all else is as in a new one.

    Starts with the first notebook. Used by one thread at a time, but `kill` may be called by any.

    Parameters
    ----------
    environment : mapping, optional
        Added to the environment of this process.

    Attributes
    ----------
    was_killed : bool
        Whether `kill` ended it; it starts anew with the next notebook.
    retired : bool
        Whether it never starts again.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self.environment = {**os.environ, **(environment or {}), LISTENING: "1"}
        self.manager = _ThisPython()
        self.was_killed = False
        self.retired = False

    @property
    def process(self) -> psutil.Process | None:
        """Its process; None before it starts and after it ended."""
        pid = getattr(self.manager.provisioner, "pid", None)
        try:
            process = psutil.Process(pid) if pid else None
            return None if process is None or process.status() == psutil.STATUS_ZOMBIE else process
        except psutil.NoSuchProcess:
            return None

    def start(self, folder: Path) -> None:
        """Start the process in a folder, unless it runs.

        Raises
        ------
        Cancelled
            If the kernel was retired.
        """
        if self.retired:
            raise Cancelled("the kernel was stopped")
        if self.was_killed or self.process is None:
            self.close()
            self.manager, self.was_killed = (
                _ThisPython(),
                False,
            )  # one whose kernel was killed starts no other
            run_sync(self.manager._async_start_kernel)(env=self.environment, cwd=str(folder))
            if self.retired:  # meanwhile
                self.kill()

    async def freshen(self, client: Any, folder: Path, environment: Mapping[str, str]) -> None:
        """Make the kernel as good as new for the next notebook: names, working folder, environment.

        Parameters
        ----------
        client : AsyncKernelClient
            Connected to this kernel.
        folder : Path
            Where the notebook works.
        environment : mapping
            Added to the environment for this notebook only.
        """
        code = FRESH.format(folder=str(folder), environment=dict(environment))
        asked = client.execute(code, silent=True, store_history=False)
        reply = await self._reply(client, asked)
        if reply["status"] != "ok":
            raise RuntimeError(f"the kernel could not be made fresh: {reply.get('evalue')}")

    async def _reply(self, client: Any, asked: str) -> dict[str, Any]:
        """Wait for the answer to a request.

        Raises
        ------
        DeadKernelError
            If the kernel ends, or does not answer for long.
        """
        deadline = time.monotonic() + ANSWER_S
        while time.monotonic() < deadline and not self.was_killed and self.process is not None:
            with contextlib.suppress(queue.Empty):
                reply = await client.get_shell_msg(timeout=LOOK_S)
                if reply["parent_header"].get("msg_id") == asked:
                    content: dict[str, Any] = reply["content"]
                    return content
        raise DeadKernelError("the kernel does not answer")

    def kill(self) -> None:
        """End the process and what it started, at once; commits are atomic, nothing is gained by waiting."""
        self.was_killed = True  # a killed process lives on for a moment
        process = self.process
        if process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in process.children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
            process.kill()

    def retire(self) -> None:
        """End the process for good; any thread may call this, also while it starts."""
        self.retired = True
        self.kill()

    def close(self) -> None:
        """End the process and free what belongs to it."""
        self.kill()
        if self.manager.has_kernel:
            run_sync(self.manager._async_shutdown_kernel)(now=True)

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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
