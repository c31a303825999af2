"""Run ``python -m benchmarks.accuracy [bccd wbc em_membrane dsb2018] [--seeds 5]``.

Each section prints a table, and a summary ends them; returns 0 if every target is met and every baseline
beaten. It reads the real test data beside the repository, or in the folder named by WSINB_TEST_DATA.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time

from benchmarks.accuracy.figures import Section, summary

# each is a function (seeds: int) -> Section
SECTIONS = {
    "bccd": "benchmarks.accuracy.bccd:run",
    "wbc": "benchmarks.accuracy.wbc:run",
    "em_membrane": "benchmarks.accuracy.em_membrane:run",
    "dsb2018": "benchmarks.accuracy.dsb2018:run",
}


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sections", nargs="*", help=f"sections, by default all: {' '.join(SECTIONS)}")
    parser.add_argument("--only", default="", help="sections, with commas between")
    parser.add_argument("--seeds", type=int, default=5, help="runs of what is random")
    parser.add_argument("--json", action="store_true", help="print one JSON line a figure, no tables")
    options = parser.parse_args()
    names = [*options.sections, *filter(None, options.only.split(","))] or list(SECTIONS)
    for name in names:
        if name not in SECTIONS:
            parser.error(f"no section {name!r}: choose from {', '.join(SECTIONS)}")
    if options.seeds < 1:
        parser.error(f"--seeds must be at least 1, not {options.seeds}")
    done: list[Section] = []
    for name in names:
        module, _, function = SECTIONS[name].partition(":")
        start, cpu = time.perf_counter(), time.process_time()
        done.append(getattr(importlib.import_module(module), function)(options.seeds))
        if options.json:
            print(done[-1].json_lines(), flush=True)
        else:
            took = (
                f"{time.perf_counter() - start:.0f} s in all, {time.process_time() - cpu:.0f} s of processors"
            )
            print(f"{done[-1]}\n{took}\n", flush=True)
    if not options.json:
        print(summary(done))
    return 0 if all(section.met for section in done) else 1


if __name__ == "__main__":
    sys.exit(main())
