"""Run ``python -m benchmarks.trees [--only subwindows,live,...] [--small]``; 0 if every target is met.

Each figure is a ratio to a named peer in the same run, one JSON line; labels, areas and numbers of polygons
that must be equal are compared, and a difference raises. `--small` shrinks the sections that take minutes, to
try them: their targets are meant for the full sizes.
"""

from __future__ import annotations

import argparse
import importlib
import sys

# each is a function () -> bool: whether its targets are met; those in SIZED also take `small`
SECTIONS = {
    "subwindows": "benchmarks.trees.subwindows:run",
    "forest": "benchmarks.trees.forest:run",
    "leaves": "benchmarks.trees.leaves:run",
    "polygons": "benchmarks.trees.outlines:polygons",
    "seams": "benchmarks.trees.outlines:seams",
    "training": "benchmarks.trees.training:run",
    "slide": "benchmarks.trees.slide:run",
    "live": "benchmarks.trees.live:run",
}
SIZED = {"polygons", "seams", "training", "slide"}


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections, with commas between")
    parser.add_argument("--small", action="store_true", help="smaller sizes where a section takes minutes")
    arguments = parser.parse_args()
    names = [name for name in arguments.only.split(",") if name]
    for name in names:
        if name not in SECTIONS:
            parser.error(f"no section {name!r}: choose from {', '.join(SECTIONS)}")
    met = []
    for name in names:
        module, _, function = SECTIONS[name].partition(":")
        run = getattr(importlib.import_module(module), function)
        met.append(run(small=arguments.small) if name in SIZED else run())
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
