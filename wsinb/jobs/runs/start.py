"""`Start`: the process that carries a run out."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psutil

__all__ = ["Start"]


@dataclass(frozen=True)
class Start:
    """The process that began a run, or went on with one; that of the caller by default.

    Attributes
    ----------
    host : str
        Name of its machine.
    pid : int
        Its number there.
    born : float
        When it began, in seconds since 1970; numbers of processes are used again.
    time : str
        When it took the run on, in UTC.
    """

    host: str = field(default_factory=platform.node)
    pid: int = field(default_factory=os.getpid)
    born: float = field(default_factory=lambda: psutil.Process().create_time())
    time: str = field(default_factory=lambda: datetime.now(UTC).isoformat())

    @property
    def alive(self) -> bool | None:
        """Whether the process is there; None if it is on another machine, of which nothing is known."""
        if self.host != platform.node():
            return None
        try:
            return abs(psutil.Process(self.pid).create_time() - self.born) < 1
        except psutil.Error:
            return False
