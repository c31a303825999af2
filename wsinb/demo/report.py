"""What was made, as a value, as JSON and as lines of text."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["FORMAT", "MARKER", "DemoReport", "read_marker", "write_marker"]

FORMAT = "wsinb.demo/1"
MARKER = "wsinb-demo.json"


@dataclass(frozen=True)
class DemoReport:
    """The outcome of a demo.

    Attributes
    ----------
    folder : str
        The project's folder.
    slide_size : list of int
        Width and height of the slide, level-0 px.
    versions : list of str
        Commit ids, the oldest first.
    polygons : int
        Number of polygons that the job found.
    dice : float
        Agreement with the known regions that training has not seen, 0 to 1.
    seconds : dict
        Duration of each step.
    """

    folder: str
    slide_size: list[int]
    versions: list[str]
    polygons: int
    dice: float
    seconds: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values, with the version of its form."""
        return {"format": FORMAT, **asdict(self)}

    def lines(self) -> list[str]:
        """Return the report for a reader."""
        width, height = self.slide_size
        return [
            f"The demo project is in {self.folder}.",
            f"A slide of {width:,} x {height:,} pixels, {len(self.versions)} versions; "
            f"the job found {self.polygons} polygons, Dice {self.dice:.3f} on regions it was not trained on.",
            "Seconds: " + ", ".join(f"{step} {value:.1f}" for step, value in self.seconds.items()) + ".",
        ]


def read_marker(folder: Path) -> dict[str, Any] | None:
    """Return what the marker of a demo folder says, or None if there is none that can be read."""
    try:
        marker = json.loads((folder / MARKER).read_text())
    except (OSError, ValueError):
        return None
    return marker if isinstance(marker, dict) and marker.get("format") == FORMAT else None


def write_marker(folder: Path, content: dict[str, Any]) -> None:
    """Write the marker of a demo folder in one move."""
    temporary = folder / f".{MARKER}.tmp"
    temporary.write_text(json.dumps({**content, "format": FORMAT}, indent=1) + "\n")
    temporary.replace(folder / MARKER)
