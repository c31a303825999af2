"""Run ``python -m benchmarks.trees [--only subwindows,live,...]``; returns 0 if every target is met."""

from __future__ import annotations

import argparse
import importlib
import sys

# each is a function () -> bool: whether its targets are met
SECTIONS = {
    "subwindows": "benchmarks.trees.subwindows:run",
    "forest": "benchmarks.trees.forest:run",
    "leaves": "benchmarks.trees.leaves:run",
    "live": "benchmarks.trees.live:run",
}


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections, with commas between")
    names = [name for name in parser.parse_args().only.split(",") if name]
    for name in names:
        if name not in SECTIONS:
            parser.error(f"no section {name!r}: choose from {', '.join(SECTIONS)}")
    met = []
    for name in names:
        module, _, function = SECTIONS[name].partition(":")
        met.append(getattr(importlib.import_module(module), function)())
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
