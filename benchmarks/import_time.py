"""Time that ``import wsinb`` adds to starting Python."""

from __future__ import annotations

import subprocess
import sys

from benchmarks._report import report, time_interleaved

LIMIT_S = 0.3
RUNS = 7


def _python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


def main() -> int:
    """Print the comparison; return 0 if the import takes less than `LIMIT_S` of its own."""
    seconds = time_interleaved(
        {"with": lambda: _python("import wsinb"), "without": lambda: _python("pass")}, RUNS
    )
    # more than the clock's noise, so that the ratio stays finite
    own = max(seconds["with"] - seconds["without"], 1e-4)
    met = report(
        "import wsinb",
        ours=own,
        peer=LIMIT_S,
        peer_name="the limit",
        unit="s",
        target=1,
        smaller_is_better=True,
    )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
