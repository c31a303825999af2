"""Run ``python -m benchmarks.accuracy [--only bccd,wbc] [--seeds 5]``; returns 0 if every target is met.

It reads the real test data beside the repository, or in the folder named by WSINB_TEST_DATA.
"""

from __future__ import annotations

import argparse
import importlib
import sys

# each is a function (seeds: int) -> bool: whether its targets are met
SECTIONS = {
    "bccd": "benchmarks.accuracy.bccd:run",
    "wbc": "benchmarks.accuracy.wbc:run",
}


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections, with commas between")
    parser.add_argument("--seeds", type=int, default=5, help="runs of what is random")
    options = parser.parse_args()
    names = [name for name in options.only.split(",") if name]
    for name in names:
        if name not in SECTIONS:
            parser.error(f"no section {name!r}: choose from {', '.join(SECTIONS)}")
    met = []
    for name in names:
        module, _, function = SECTIONS[name].partition(":")
        met.append(getattr(importlib.import_module(module), function)(options.seeds))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
