"""`Live`: how far a run is, told to other processes of this machine while it goes on, and its log."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from wsinb.jobs.engine import Mask
from wsinb.jobs.runs import Plan
from wsinb.progress import Step

__all__ = ["Live", "live_folder", "read_live", "read_log"]

INTERVAL_S = 0.25
TAIL_BYTES = 64 << 10
PROGRESS, LOG = "progress.json", "log.txt"


def live_folder(run: str) -> Path:
    """Return the folder of this user on this machine that tells of a run."""
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()) / "wsinb" / "runs" / run


def read_live(run: str) -> dict[str, Any] | None:
    """Return how far a run is, or was when it ended; None if this machine knows nothing of it.

    Returns
    -------
    dict or None
        `steps`, the newest of each kind of work as ``{label, done, total, seconds}``, the run itself first;
        `tasks`, the number of tasks by state; `time` (UTC).
    """
    try:
        told: dict[str, Any] = json.loads((live_folder(run) / PROGRESS).read_text())
    except (OSError, ValueError):
        return None
    return told


def read_log(run: str) -> str:
    """Return the end of the log of a run; empty if this machine has none."""
    try:
        with (live_folder(run) / LOG).open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL_BYTES))
            return file.read().decode(errors="replace")
    except OSError:
        return ""


class Live:
    """Writes progress at most four times a second, and a log with a line for each event; use with `with`.

    Where the folder cannot be written, nothing is told: the run goes on.

    Parameters
    ----------
    plan : Plan
        Of the run.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan, self._folder = plan, live_folder(plan.id)
        self._steps: dict[str, Step] = {}
        self._states: dict[str, int] = {}
        self._last = 0.0
        self._mask = Mask()

    def step(self, step: Step) -> None:
        """Take note of progress."""
        self._steps[step.label] = step
        if step.done >= step.total and step.label != self._plan.job:
            del self._steps[step.label]
        self._write()

    def state(self, name: str, message: str, states: Mapping[str, int] | None = None) -> None:
        """Take note that something happened, with the number of tasks by state from now on."""
        if states is not None:
            self._states = dict(states)
        line = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {name}: {' '.join(self._mask.text(message).split())}\n"
        with suppress(OSError), (self._folder / LOG).open("a", encoding="utf-8") as file:
            file.write(line)
        self._write(at_once=True)

    def log(self) -> bytes:
        """Return the whole log."""
        try:
            return (self._folder / LOG).read_bytes()
        except OSError:
            return b""

    def __enter__(self) -> Live:
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._steps.clear()
        self._write(at_once=True)

    def _write(self, *, at_once: bool = False) -> None:
        now = time.monotonic()
        if not at_once and now - self._last < INTERVAL_S:
            return
        self._last = now
        steps = sorted(self._steps.values(), key=lambda step: step.label != self._plan.job)
        told = {
            "steps": [asdict(step) for step in steps],
            "tasks": self._states,
            "time": datetime.now(UTC).isoformat(),
        }
        temporary = self._folder / f".{PROGRESS}.{os.getpid()}"
        with suppress(OSError):
            temporary.write_text(self._mask.text(json.dumps(told)))
            temporary.replace(self._folder / PROGRESS)
