"""`Client`: executes one notebook on a kernel and watches its messages."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jupyter_core.utils import run_sync
from nbclient.exceptions import DeadKernelError
from papermill.clientwrap import PapermillNotebookClient

from wsinb.jobs.engine.kernel import Kernel
from wsinb.jobs.engine.outputs import OutputLimit
from wsinb.jobs.messages import PROGRESS_MIME, step_from
from wsinb.progress import Step

__all__ = ["Client"]


class Client(PapermillNotebookClient):  # type: ignore[misc]
    """Takes progress messages out of the stream of outputs, and can be stopped by any thread."""

    def __init__(
        self, nb_man: Any, kernel: Kernel, on_step: Callable[[Step], object], **options: Any
    ) -> None:
        super().__init__(nb_man, km=kernel.manager, **options)
        self.kernel = kernel
        self.stopped_by: BaseException | None = None
        self._on_step = on_step
        self._start = time.perf_counter()
        self._limit = OutputLimit()

    def run(self, folder: Path, environment: Mapping[str, str]) -> None:
        """Execute the notebook in a folder on the kernel, which has been started and is left running."""
        try:
            self.start_new_kernel_client()
            run_sync(self._freshen)(folder, environment)
            self.execute()
        finally:
            if self.kc is not None:
                self.kc.stop_channels()

    async def _freshen(self, folder: Path, environment: Mapping[str, str]) -> None:
        await self.kernel.freshen(self.kc, folder, environment)

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Report a progress message; leave every other message to papermill, but what is too long."""
        data = msg["content"].get("data")
        if msg["msg_type"] == "display_data" and isinstance(data, dict) and PROGRESS_MIME in data:
            step = step_from(data[PROGRESS_MIME])
            if step is not None and self.stopped_by is None:
                self._report(step)
            return None
        kept = self._limit.take(msg, cell_index)
        return None if kept is None else super().process_message(kept, cell, cell_index)

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
        self.kernel.kill()
        task = self.task_poll_for_reply
        if task is not None and not task.done():
            task.get_loop().call_soon_threadsafe(task.cancel)

    def _report(self, step: Step) -> None:
        try:
            self._on_step(step)
        except BaseException as error:  # noqa: BLE001 - raised again by the engine, after the kernel is stopped
            # raising here would only end the reading of outputs, while the cell runs on
            self.stop(error)
