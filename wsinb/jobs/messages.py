"""What a notebook tells the program that runs it: its progress and its result.

Both are display messages with a MIME type of our own, so they cost nothing outside a job and need no other
channel. Progress is only sent where `ProgressEngine` listens; the engine keeps it out of the stored notebook.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from wsinb.errors import InvalidInput
from wsinb.numbers import real
from wsinb.progress import Progress, Step

__all__ = ["LISTENING", "PROGRESS_MIME", "RESULT_MIME", "progress", "result", "step_from"]

PROGRESS_MIME = "application/vnd.wsinb.progress+json"
RESULT_MIME = "application/vnd.wsinb.result+json"
LISTENING = "WSINB_JOB_PROGRESS"  # set in the environment of a kernel whose progress is read
INTERVAL_S = 0.1


def progress() -> Progress:
    """Return what a notebook hands to long functions as ``progress``.

    Run as a job, the steps travel to the program that started it; run by hand, a bar is shown.
    """
    return _Sender() if os.environ.get(LISTENING) else True


def result(commit: str | None = None, **metrics: Any) -> None:
    """Tell the result of the notebook; call it once, in the last cell.

    Parameters
    ----------
    commit : str, optional
        Id of the commit that holds the result; None if nothing was committed.
    **metrics
        Numbers, texts, or lists and dicts of them, kept in the job record.

    Raises
    ------
    InvalidInput
        If a metric cannot be written as JSON.
    """
    from IPython.display import publish_display_data

    message = {"commit": commit, "metrics": metrics}
    try:
        plain = json.loads(json.dumps(message, allow_nan=False, default=_plain))
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"A result holds only finite numbers, texts, lists and dicts: {error}.") from error
    lines = [f"{name}: {value}" for name, value in plain["metrics"].items()]
    lines.insert(0, f"commit: {commit}" if commit else "nothing committed")
    data = {RESULT_MIME: plain, "text/plain": "\n".join(lines)}
    publish_display_data(data)  # type: ignore[no-untyped-call]


def step_from(message: object) -> Step | None:
    """Return the step that a progress message tells, or None if it is none."""
    if not isinstance(message, Mapping):
        return None
    label, done, total = message.get("label"), message.get("done"), message.get("total")
    seconds = message.get("seconds")
    if not isinstance(label, str) or any(real(n) is None for n in (done, total, seconds)):
        return None
    return Step(label[:200], int(done), int(total), float(seconds))  # type: ignore[arg-type]


class _Sender:
    """Sends steps as display messages, at most every `INTERVAL_S` seconds and always the last of a label."""

    def __init__(self) -> None:
        self._last = 0.0

    def __call__(self, step: Step) -> None:
        now = time.perf_counter()
        if now - self._last < INTERVAL_S and step.done < step.total:
            return
        self._last = now
        from IPython.display import publish_display_data

        data = {PROGRESS_MIME: asdict(step)}
        publish_display_data(data)  # type: ignore[no-untyped-call]


def _plain(value: Any) -> Any:
    """Return a numpy scalar or array as plain Python."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
