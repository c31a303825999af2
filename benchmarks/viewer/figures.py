"""Figures, printed one by one as they come and as a table at the end."""

from __future__ import annotations

import json
import os
import time

from benchmarks._report import report

__all__ = ["Figures", "percentile"]


def percentile(values: list[float], part: float) -> float:
    """Return the value below which a part (0 to 1) of `values` lies; the nearest one that is there."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(part * (len(ordered) - 1)))]


def slowness() -> float:
    """Return how many times its processor time a second of computing takes: 1 on a free machine."""
    start, processor = time.perf_counter(), time.process_time()
    while time.perf_counter() < start + 1:
        sum(range(1000))
    return (time.perf_counter() - start) / (time.process_time() - processor)


class Figures:
    """Collects figures. Each says what was measured, and either what is asked or that nothing is."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, str, str, str]] = []
        self.met = True

    def at_most(self, name: str, value: float, limit: float, unit: str) -> None:
        """Add a figure that should be at most `limit`."""
        self._add(name, value, unit, f"<= {limit:g}", _compared(name, value, limit, unit, smaller=True))

    def at_least(self, name: str, value: float, limit: float, unit: str) -> None:
        """Add a figure that should be at least `limit`."""
        self._add(name, value, unit, f">= {limit:g}", _compared(name, value, limit, unit, smaller=False))

    def none(self, name: str, count: int) -> None:
        """Add a count of what should not be there."""
        print(json.dumps({"name": name, "ours": count, "target": 0, "met": count == 0}), flush=True)
        self._add(name, count, "", "none", count == 0)

    def told(self, name: str, value: float, unit: str) -> None:
        """Add a figure for which nothing is asked."""
        report(name, ours=value, peer=value, peer_name="none", unit=unit, target=0)
        self._rows.append((name, f"{value:.4g} {unit}", "", ""))

    def beside(self, name: str, ours: float, peer: float, peer_name: str, unit: str) -> None:
        """Add a figure, smaller being better, next to that of a peer in the same run."""
        report(name, ours=ours, peer=peer, peer_name=peer_name, unit=unit, target=1, smaller_is_better=True)
        self._rows.append((name, f"{ours:.4g} {unit}", f"{peer_name}: {peer:.4g}", f"{peer / ours:.3g} x"))

    def note(self, name: str, text: str) -> None:
        """Add words where there is no number."""
        self._rows.append((name, text, "", ""))

    def table(self) -> str:
        """Return all figures as lines in columns; the last one says how busy the machine was."""
        busy = ", ".join(f"{load:.1f}" for load in os.getloadavg())
        self.note("the machine", f"{os.cpu_count()} processors, load of the last 1, 5, 15 minutes {busy}")
        self.note("one thread takes", f"{slowness():.1f} times its processor time just now")
        head = ("measured", "figure", "asked or peer", "")
        widths = [max(len(row[column]) for row in [head, *self._rows]) for column in range(4)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            for row in [head, *self._rows]
        ]
        return "\n".join(line.rstrip() for line in lines)

    def _add(self, name: str, value: float, unit: str, asked: str, met: bool) -> None:
        self.met = self.met and met
        self._rows.append((name, f"{value:.4g} {unit}", asked, "yes" if met else "NO"))


def _compared(name: str, value: float, limit: float, unit: str, *, smaller: bool) -> bool:
    return report(
        name, ours=value, peer=limit, peer_name="asked", unit=unit, target=1, smaller_is_better=smaller
    )
