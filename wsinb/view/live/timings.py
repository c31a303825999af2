"""How long it took from strokes to what is seen."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Timings"]


@dataclass(frozen=True)
class Timings:
    """Seconds of the last round; None where that has not happened.

    Attributes
    ----------
    retrain : float or None
        From when the strokes were heard of until a model had learned them.
    predict : float or None
        From then, or from when the view was heard of, until the first prediction of the view was sent.
    shown : float or None
        From then, or from when the view was heard of, until the browser had painted it.
    complete : float or None
        The same of the prediction of every pixel; the first one is of every second row and column, or fewer.
    """

    retrain: float | None = None
    predict: float | None = None
    shown: float | None = None
    complete: float | None = None

    def __str__(self) -> str:
        named = vars(self).items()
        known = [f"{name} {seconds:.2f} s" for name, seconds in named if seconds is not None]
        return ", ".join(known) or "nothing yet"
