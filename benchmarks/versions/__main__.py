"""Run the benchmarks of versions: ``python -m benchmarks.versions --rows 200000 --only write,boxes``.

Every line has a figure of ours, what it is compared with, and how many times better ours is. Targets are
those for one million rows; with fewer only those of the first write and of the stream are scaled.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.versions import history, peers, slides, streaming, upkept, viewport, writing

SECTIONS: dict[str, Callable[[int, Path], bool]] = {
    "write": writing.run,
    "boxes": viewport.run,
    "history": history.run,
    "upkeep": upkept.run,
    "slides": slides.run,
    "stream": streaming.run,
    "peers": peers.run,
}


def main() -> int:
    """Run what is asked for; return 0 if every target is met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="annotations of the large slide")
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections, with commas between")
    options = parser.parse_args()
    names = [name for name in options.only.split(",") if name]
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        parser.error(f"no section {unknown[0]!r}: choose from {', '.join(SECTIONS)}")
    met = []
    for name in names:
        with tempfile.TemporaryDirectory(prefix="wsinb-") as folder:
            met.append(SECTIONS[name](options.rows, Path(folder)))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
