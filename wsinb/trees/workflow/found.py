"""What a workflow found, how long it took, and what failed."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from wsinb.frames import Box
from wsinb.listing import html_table, text_table

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["PHASES", "Failure", "Found"]

PHASES = ("load", "segment", "locate", "merge", "dispatch", "classify")


@dataclass(frozen=True)
class Failure:
    """A tile, or a batch of objects, that failed however often it was tried.

    Attributes
    ----------
    phase : {"tile", "classify"}
    box : Box
        In level-0 pixels: what was not looked at.
    reason : str
        The last error.
    attempts : int
    """

    phase: str
    box: Box
    reason: str
    attempts: int

    def __str__(self) -> str:
        x0, y0, x1, y1 = (round(value) for value in self.box)
        return f"{self.phase} ({x0}, {y0}) to ({x1}, {y1}): {self.reason} ({self.attempts} attempts)"


@dataclass(frozen=True)
class Found:
    """The result of a workflow.

    Attributes
    ----------
    table : GeoDataFrame
        An annotation table in level-0 pixels. Where there are rules, `properties` says which took an object.
    timings : dict of float
        Seconds by phase (load, segment, locate, merge, dispatch, classify), added up over all threads, and
        "total", by the clock.
    failures : tuple of Failure
        What was not looked at, by place; a run with the same checkpoint does only this.
    n_tiles, resumed : int
        Tiles of the slide, and how many of these were finished by an earlier run.
    unmatched : int
        Objects that no rule took; they have no label.
    """

    table: gpd.GeoDataFrame
    timings: dict[str, float]
    failures: tuple[Failure, ...] = ()
    n_tiles: int = 0
    resumed: int = 0
    unmatched: int = 0

    @property
    def complete(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    def _told(self) -> str:
        objects = f"{len(self.table)} object{'s' * (len(self.table) != 1)}"
        # a function of a slide, as the first of a chain, has no tiles and no phases
        place = f" on {self.n_tiles} tiles" if self.n_tiles else ""
        parts = [f"{objects}{place} in {self.timings.get('total', 0.0):.1f} s"]
        if self.resumed:
            parts.append(f"{self.resumed} tiles were finished before")
        if self.unmatched:
            parts.append(f"{self.unmatched} objects taken by no rule")
        if self.failures:
            parts.append(f"{len(self.failures)} failures: {self.failures[0]}")
        return "; ".join(parts)

    def _rows(self) -> list[tuple[str, str]]:
        return [(phase, f"{self.timings[phase]:.2f} s") for phase in PHASES if phase in self.timings]

    def __repr__(self) -> str:
        rows = self._rows()
        return f"<Found: {self._told()}>" + (f"\n{text_table(('phase', 'time'), rows)}" if rows else "")

    def _repr_html_(self) -> str:
        failures = "".join(f"<li>{escape(str(failure))}</li>" for failure in self.failures[:20])
        more = f"<li>and {len(self.failures) - 20} more</li>" if len(self.failures) > 20 else ""
        rows = self._rows()
        table = html_table(("phase", "time"), rows) if rows else ""
        return f"<div>{escape(self._told())}</div>{table}" + (
            f"<ul>{failures}{more}</ul>" if failures else ""
        )
