"""A thread that does what was asked for last."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Callable, Iterable

from wsinb.progress import Cancelled

__all__ = ["Abandoned", "Newest"]

QUIET_S = 0.05
LONGEST_S = 0.4


_ALL: weakref.WeakSet[Newest] = weakref.WeakSet()


@atexit.register
def _stop_all() -> None:
    # compiled code that still runs while the interpreter goes would take it down
    for newest in list(_ALL):
        newest.stop()


class Abandoned(Cancelled):
    """Something newer was asked for."""


class Newest:
    """Works in the background; what is asked for meanwhile is done next, all of it at once.

    Parameters
    ----------
    work : callable
        Is given the set of things that were asked for, as texts; may call `check`.
    failed : callable
        Is given what `work` raised, but for `Cancelled`.
    patient : iterable of str
        Things of which more may come at once: they are waited for until 50 ms are quiet, 0.4 s at most.
    """

    def __init__(
        self,
        work: Callable[[frozenset[str]], None],
        failed: Callable[[Exception], None],
        patient: Iterable[str] = (),
    ) -> None:
        self._work, self._failed, self._patient = work, failed, frozenset(patient)
        self._wanted: set[str] = set()
        self._changed = threading.Condition()
        self._stopped = False
        self._busy = False
        self._last = 0.0
        self._thread = threading.Thread(target=self._run, name="wsinb-live", daemon=True)
        self._thread.start()
        _ALL.add(self)

    def ask(self, thing: str) -> None:
        """Want a thing; returns at once."""
        with self._changed:
            self._wanted.add(thing)
            self._last = time.monotonic()
            self._changed.notify_all()

    def check(self, *things: str) -> None:
        """Raise `Abandoned` if one of these, or anything if none is named, was asked for since work began."""
        if self._stopped or (self._wanted & set(things) if things else self._wanted):
            raise Abandoned("something newer was asked for")

    @property
    def stopped(self) -> bool:
        """Whether nothing will be done any more."""
        return self._stopped

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until everything is done; returns whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._stopped or not (self._wanted or self._busy), timeout)

    def stop(self, timeout: float | None = 10.0) -> None:
        """Do nothing more; what is being done ends at its next `check`."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout)

    def _take(self) -> frozenset[str]:
        """Wait until something is wanted, and nothing more comes at once; empty when it is to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or bool(self._wanted))
            end = time.monotonic() + LONGEST_S
            while not self._stopped and self._wanted <= self._patient:
                left = min(self._last + QUIET_S, end) - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            taken = frozenset() if self._stopped else frozenset(self._wanted)
            self._wanted.clear()
            self._busy = bool(taken)
            return taken

    def _run(self) -> None:
        while wanted := self._take():
            try:
                self._work(wanted)
            except Cancelled:
                pass
            except Exception as error:  # noqa: BLE001  a thread has nobody to tell but its owner
                self._failed(error)
            finally:
                with self._changed:
                    self._busy = False
                    self._changed.notify_all()
