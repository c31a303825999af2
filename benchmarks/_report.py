"""How every benchmark measures and reports: interleaved runs, medians, one JSON line per comparison."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping

__all__ = ["compare", "report", "time_interleaved"]


def time_interleaved(
    callables: Mapping[str, Callable[[], object]],
    runs: int = 7,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Run each callable in turn, `runs` times over, after one unmeasured round; return its median seconds.

    Taking turns spreads whatever else the machine does over all of them; what runs on one thread can be timed
    by `time.process_time`, which does not count the time that others take.
    """
    seconds: dict[str, list[float]] = {name: [] for name in callables}
    for call in callables.values():
        call()
    for _ in range(runs):
        for name, call in callables.items():
            start = clock()
            call()
            seconds[name].append(clock() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def report(
    name: str,
    *,
    ours: float,
    peer: float,
    peer_name: str,
    unit: str,
    target: float,
    smaller_is_better: bool = False,
) -> bool:
    """Print one comparison as a JSON line; return whether the target is met.

    Parameters
    ----------
    name : str
        What was measured.
    ours, peer : float
        The two figures, in `unit`.
    target : float
        Least ratio asked for.
    smaller_is_better : bool
        Of figures such as seconds: the ratio is then ``peer / ours``, so that more is always better.
    """
    ratio = peer / ours if smaller_is_better else ours / peer
    line = {
        "name": name,
        "ours": _rounded(ours),
        "peer": _rounded(peer),
        "peer_name": peer_name,
        "ratio": _rounded(ratio),
        "unit": unit,
        "target": target,
        "met": ratio >= target,
    }
    print(json.dumps(line))
    sys.stdout.flush()
    return ratio >= target


def compare(
    name: str,
    ours: Callable[[], object],
    peer: Callable[[], object],
    *,
    peer_name: str,
    amount: float,
    unit: str,
    target: float,
    runs: int = 7,
) -> bool:
    """Time two callables that do `amount` of `unit` each, and `report` their rates (`unit` per second)."""
    seconds = time_interleaved({"ours": ours, "peer": peer}, runs)
    return report(
        name,
        ours=amount / seconds["ours"],
        peer=amount / seconds["peer"],
        peer_name=peer_name,
        unit=f"{unit}/s",
        target=target,
    )


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
