"""In which state a run is."""

from __future__ import annotations

from wsinb.jobs.runs.end import End
from wsinb.jobs.runs.start import Start

__all__ = ["state_of"]

_WITHOUT_END = {True: "running", False: "interrupted", None: "unknown"}


def state_of(start: Start | None, end: End | None) -> str:
    """Return the state of a run.

    Parameters
    ----------
    start : Start or None
        The last one.
    end : End or None
        That of the last start; None if it has not ended.

    Returns
    -------
    str
        ``"done"``, ``"failed"`` or ``"cancelled"`` as it ended; without an end ``"running"`` or
        ``"interrupted"`` where it was begun on this machine, ``"unknown"`` where it was on another.
    """
    if end is not None:
        return end.state
    return "interrupted" if start is None else _WITHOUT_END[start.alive]
