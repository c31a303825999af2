"""Shows steps of several labels, each by a bar of its own."""

from __future__ import annotations

from types import TracebackType

from wsinb.progress import Progress, Step, Tracker

__all__ = ["Relay"]


class Relay:
    """Hands steps that were counted elsewhere to a `Progress`; use as a context manager.

    A callable receives every step as it is. Otherwise each label has a bar, closed when its work is done.

    Parameters
    ----------
    progress : bool, callable or None
        As in `wsinb.progress`.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._trackers: dict[str, Tracker] = {}

    def __call__(self, step: Step) -> None:
        """Report one step."""
        if callable(self._progress):
            self._progress(step)
        elif self._progress:
            self._show(step)

    def _show(self, step: Step) -> None:
        tracker = self._trackers.get(step.label)
        if tracker is None or tracker.total != step.total:
            self._close(step.label)
            tracker = self._trackers[step.label] = Tracker(step.total, step.label, self._progress)
        tracker.update(step.done - tracker.done)
        if step.done >= step.total:
            self._close(step.label)

    def __enter__(self) -> Relay:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for label in list(self._trackers):
            self._close(label)

    def _close(self, label: str) -> None:
        tracker = self._trackers.pop(label, None)
        if tracker is not None:
            tracker.__exit__(None, None, None)
