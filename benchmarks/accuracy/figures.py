"""How accuracy is reported: one JSON line a figure, means and spreads, and what it is compared with."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Sequence

__all__ = ["better_than", "report"]


def report(
    section: str, method: str, measure: str, values: Sequence[float], target: float | None = None
) -> float:
    """Print the mean of some values and their standard deviation; return the mean.

    Parameters
    ----------
    section, method, measure : str
        Data, how it was done, and what the number is.
    values : sequence of float
        By seed or by fold.
    target : float, optional
        Least mean asked for.
    """
    mean = statistics.fmean(values)
    line: dict[str, object] = {
        "section": section,
        "method": method,
        "measure": measure,
        "mean": round(mean, 4),
        "spread": round(statistics.stdev(values), 4) if len(values) > 1 else None,
        "n": len(values),
    }
    if target is not None:
        line.update(target=target, met=mean >= target)
    print(json.dumps(line))
    sys.stdout.flush()
    return mean


def better_than(section: str, measure: str, ours: float, others: dict[str, float]) -> bool:
    """Print which baselines are beaten, and which are not; return whether all are."""
    wins = {name: ours > value for name, value in others.items()}
    line = {
        "section": section,
        "measure": measure,
        "ours": round(ours, 4),
        "beaten": [name for name, won in wins.items() if won],
        "not_beaten": [name for name, won in wins.items() if not won],
    }
    print(json.dumps(line))
    sys.stdout.flush()
    return all(wins.values())
