"""Brings pictures to browsers: read on a thread, so that the kernel goes on meanwhile."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from wsinb.errors import WsinbError
from wsinb.view.confusion.asked import Patches
from wsinb.view.confusion.pictures import Pictures, as_jpeg

__all__ = ["Courier"]

MAX_PAGES = 32
Deliver = Callable[[str, int, "bytes | None", str], object]


class Courier:
    """Reads what is wanted, the page that asked last first, and delivers it one by one.

    Parameters
    ----------
    pictures : Pictures
    deliver : callable
        Is given page, row, a JPEG or None, and the sentence why there is none; called on a thread.
    """

    def __init__(self, pictures: Pictures, deliver: Deliver) -> None:
        self._pictures = pictures
        self._deliver = deliver
        self._wanted: OrderedDict[str, tuple[list[int], int]] = OrderedDict()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def want(self, wanted: Patches) -> None:
        """Take an order; it takes the place of what the page wanted before and has not got."""
        with self._lock:
            self._wanted.pop(wanted.page, None)
            if wanted.rows:
                self._wanted[wanted.page] = (list(reversed(wanted.rows)), wanted.side)
            while len(self._wanted) > MAX_PAGES:
                self._wanted.popitem(last=False)
            if self._wanted and self._thread is None:
                self._thread = threading.Thread(target=self._work, name="wsinb-patches", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Forget all orders."""
        with self._lock:
            self._wanted.clear()

    def _next(self) -> tuple[str, int, int] | None:
        with self._lock:
            if not self._wanted:
                self._thread = None
                return None
            page = next(reversed(self._wanted))
            rows, side = self._wanted[page]
            row = rows.pop()
            if not rows:
                del self._wanted[page]
            return page, row, side

    def _work(self) -> None:
        while (job := self._next()) is not None:
            page, row, side = job
            jpeg, why = self._read(row, side)
            self._deliver(page, row, jpeg, why)

    def _read(self, row: int, side: int) -> tuple[bytes | None, str]:
        try:
            return as_jpeg(self._pictures.read(row, side)), ""
        except (WsinbError, OSError) as error:
            return None, str(error)
        except Exception as error:  # noqa: BLE001 - a picture that a person gave may fail in any way
            return None, f"This picture cannot be read: {error}"
