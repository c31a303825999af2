"""What a thousand small commits write, upkeep included, and how fast the table is read afterwards."""

from __future__ import annotations

from pathlib import Path

from benchmarks.versions.measuring import asked, told
from benchmarks.versions.upkeep import measure

__all__ = ["run"]


def run(rows: int, folder: Path) -> bool:
    """Report the figures of `benchmarks.versions.upkeep`; it makes a folder of its own."""
    figures = measure(rows, many=int(0.09 * rows))
    told("1000 small commits: median commit", figures["median_commit_s"] * 1e3, "ms")
    told("compacting afterwards", figures["compact_s"], "s")
    told("1000 small commits: full read as Arrow, against fresh", figures["arrow_after_small_x"], "x")
    told("edited rows: full read as Arrow, against fresh", figures["arrow_after_many_x"], "x")
    told("full read after compacting, against fresh", figures["read_after_compact_x"], "x")
    return all(
        [
            asked("1000 small commits: written, upkeep included", figures["written_mb"], 25, "MB"),
            asked("1000 small commits: worst commit", figures["worst_commit_s"], 0.3, "s"),
            asked("1000 small commits: full read against fresh", figures["read_after_small_x"], 1.25, "x"),
            asked(
                f"{int(0.09 * rows)} edited rows: full read against fresh",
                figures["read_after_many_x"],
                1.3,
                "x",
            ),
        ]
    )
