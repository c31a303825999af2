"""Slides that are open while somebody reads them: few at a time, shared by threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from wsinb.tiles import Slide
    from wsinb.versions import SlideEntry

__all__ = ["OpenSlides", "SlideSource"]

MAX_OPEN = 8


class SlideSource(Protocol):
    """A project, as far as its slides are concerned."""

    @property
    def slides(self) -> Any:
        """``wsinb.versions.Slides``."""


@dataclass
class _Open:
    slide: Slide
    users: int = 0


class OpenSlides:
    """Opens slides of a project when they are asked for; those not used are closed beyond `MAX_OPEN`."""

    def __init__(self, project: SlideSource, entries: dict[str, SlideEntry]) -> None:
        self._project = project
        self._entries = entries
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def use(self, name: str) -> Iterator[Slide]:
        """Lend a slide; it stays open as long as it is lent."""
        with self._lock:
            if name not in self._open:
                self._open[name] = _Open(self._project.slides.open_entry(self._entries[name]))
            opened = self._open[name]
            opened.users += 1
            self._open.move_to_end(name)
        try:
            yield opened.slide
        finally:
            with self._lock:
                opened.users -= 1
                self._close_spare()

    def _close_spare(self) -> None:
        spare = [name for name, opened in self._open.items() if not opened.users]
        for name in spare[: max(0, len(self._open) - MAX_OPEN)]:
            self._open.pop(name).slide.close()

    def __reduce__(self) -> tuple[Any, ...]:
        # for worker processes: opened there anew
        return OpenSlides, (self._project, self._entries)
