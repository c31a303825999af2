"""Who holds a journal, and whether that process is still there."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["Holder", "is_held", "take_lock"]

_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)


@dataclass(frozen=True)
class Holder:
    """A process: its host, its number, and when it began (ticks since the host did), if that is known."""

    host: str
    pid: int
    started: int | None

    @classmethod
    def here(cls) -> Holder:
        """Return this process."""
        return cls(socket.gethostname(), os.getpid(), _started(os.getpid()))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Holder | None:
        """Read what `to_json` wrote; None where that is damaged."""
        host, pid, started = data.get("host"), data.get("pid"), data.get("started")
        numbers = [number for number in (pid, started) if number is not None]
        if not isinstance(host, str) or pid is None or not all(_is_count(number) for number in numbers):
            return None
        return cls(host, int(pid), started)

    def to_json(self) -> dict[str, Any]:
        """Return the members of a line of a journal."""
        return asdict(self)

    def runs(self) -> bool | None:
        """Say whether the process is there; None if it belongs to another host."""
        if self.host != socket.gethostname():
            return None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except (PermissionError, OverflowError):
            pass  # the process of another user
        return self.started is None or _started(self.pid) in (None, self.started)


def take_lock(handle: int) -> bool | None:
    """Lock an open file until it is closed; False if another holds it, None if there are no locks here."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return None
        raise
    return True


def is_held(path: Path) -> bool | None:
    """Say whether a process holds the lock of a file; None if there are no locks here."""
    handle = os.open(path, os.O_RDONLY)
    try:
        taken = take_lock(handle)
    except OSError:
        return None  # some network file systems lock only what can be written
    finally:
        os.close(handle)
    return None if taken is None else not taken


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63


def _started(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        return int(stat.rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None
