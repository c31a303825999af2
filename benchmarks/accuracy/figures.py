"""How accuracy is reported: figures of methods, a table for each section, a summary of all."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["Clock", "Figure", "Section", "in_columns", "say", "summary"]

SPREAD = "\N{PLUS-MINUS SIGN}"


@dataclass(frozen=True)
class Figure:
    """What a method has reached by one measure.

    Parameters
    ----------
    method, measure : str
        How it was done, and what the number is.
    values : sequence of float
        One a run; runs differ in their seed.
    seconds : float
        Of processor time that one run took, training and prediction.
    target : float, optional
        Least mean asked for.
    baseline : bool
        A simpler method, to be beaten.
    """

    method: str
    measure: str
    values: Sequence[float]
    seconds: float = 0.0
    target: float | None = None
    baseline: bool = False

    @property
    def mean(self) -> float:
        """Mean over the runs."""
        return statistics.fmean(self.values)

    @property
    def spread(self) -> float | None:
        """Standard deviation over the runs; None of one run."""
        return statistics.stdev(self.values) if len(self.values) > 1 else None

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None without one."""
        return None if self.target is None else self.mean >= self.target

    def cells(self) -> tuple[str, ...]:
        """Return the figure as a row of a table."""
        spread = "" if self.spread is None else f" {SPREAD} {self.spread:.4f}"
        met = {None: "", True: "met", False: "MISSED"}[self.met]
        wanted = "" if self.target is None else f">= {self.target:g}"
        runs = str(len(self.values))
        return (
            self.method,
            self.measure,
            f"{self.mean:.4f}{spread}",
            runs,
            wanted,
            met,
            f"{self.seconds:.1f}",
        )


@dataclass
class Section:
    """The figures of one set of data.

    Parameters
    ----------
    name, about : str
        The set, and in one line how it is split.
    figures : list of Figure
        Ours have a target, or neither a target nor `baseline` if they are told for comparison only.
    notes : list of str
        Printed below the table: what was chosen and by what, which pictures are wrong.
    """

    name: str
    about: str
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def not_beaten(self) -> list[str]:
        """Baselines that are at least as good as ours, with their figures."""
        return [
            f"{other.method} in {ours.measure} ({other.mean:.4f} to {ours.mean:.4f})"
            for ours in self.figures if ours.target is not None
            for other in self.figures
            if other.baseline and other.measure == ours.measure and other.mean >= ours.mean
        ]  # fmt: skip

    @property
    def met(self) -> bool:
        """Whether every target is reached and every baseline beaten."""
        return not self.not_beaten and all(figure.met is not False for figure in self.figures)

    def __str__(self) -> str:
        head = ("method", "measure", f"mean {SPREAD} spread", "runs", "target", "", "cpu s a run")
        lines = [f"== {self.name}: {self.about}", *in_columns([head, *(f.cells() for f in self.figures)])]
        beaten = "; ".join(self.not_beaten) or "none"
        return "\n".join([*lines, f"baselines that are not beaten: {beaten}", *self.notes])

    def json_lines(self) -> str:
        """Return one JSON line a figure."""
        return "\n".join(
            json.dumps(
                {
                    "section": self.name,
                    "method": figure.method,
                    "measure": figure.measure,
                    "mean": round(figure.mean, 4),
                    "spread": None if figure.spread is None else round(figure.spread, 4),
                    "values": [round(value, 4) for value in figure.values],
                    "seconds": round(figure.seconds, 1),
                    "target": figure.target,
                    "met": figure.met,
                }
            )
            for figure in self.figures
        )


def summary(sections: Sequence[Section]) -> str:
    """Return a table of the targets of all sections, with the best baseline beside ours."""
    rows: list[tuple[str, ...]] = [("section", "method", "measure", "ours", "target", "", "best baseline")]
    for section in sections:
        for figure in section.figures:
            if figure.target is None:
                continue
            rivals = [each for each in section.figures if each.baseline and each.measure == figure.measure]
            best = max(rivals, key=lambda each: each.mean)
            cells = figure.cells()
            rows.append((section.name, *cells[:3], *cells[4:6], f"{best.mean:.4f} {best.method}"))
    return "\n".join(["== summary", *in_columns(rows)])


def in_columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines whose columns stand below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def say(section: str, method: str, run: object, value: float) -> None:
    """Tell how far a section is, on standard error: what one run has reached."""
    print(f"{section}: {method}, {run}: {value:.4f}", file=sys.stderr, flush=True)


class Clock:
    """Seconds of processor time by name, of all threads, summed; the load of the machine matters little."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Count the time of a block for a name."""
        start = time.process_time()
        yield
        self.seconds[name] += time.process_time() - start
