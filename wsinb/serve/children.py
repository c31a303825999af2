"""`Children`: processes that the server started, and that outlive it."""

from __future__ import annotations

import subprocess
import threading

__all__ = ["Children"]


class Children:
    """Remembers processes until they end, so that none of them stays behind as a zombie."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: list[subprocess.Popen[bytes]] = []

    def add(self, process: subprocess.Popen[bytes]) -> None:
        """Remember a process."""
        self.reap()
        with self._lock:
            self._running.append(process)

    def reap(self) -> None:
        """Take note of those that have ended."""
        with self._lock:
            self._running = [process for process in self._running if process.poll() is None]
