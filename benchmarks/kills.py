"""Kill writers at random moments and look for what they were promised.

Several processes commit to one branch, in a folder or on a real S3 server on this machine; at a
random moment they are killed, all at once. Afterwards everything that was acknowledged must be
there, nothing may be there in part, and the project must be writable.

    python -m benchmarks.kills --runs 200
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from wsinb.testing.kills import Round, kill_writers, new_project
from wsinb.testing.s3 import BUCKET, ENVIRONMENT, running_s3

LONGEST_S = {"posix": 0.5, "s3": 1.5}
"""How long writers may write once all are up."""


@contextlib.contextmanager
def _places(kinds: list[str]) -> Iterator[dict[str, str]]:
    """Give the beginning of the addresses of each kind of place."""
    with contextlib.ExitStack() as stack:
        places = {}
        if "posix" in kinds:
            places["posix"] = stack.enter_context(tempfile.TemporaryDirectory()) + "/{}"
        if "s3" in kinds:
            # journals of object stores lie there
            os.environ["JUPYTER_DATA_DIR"] = stack.enter_context(tempfile.TemporaryDirectory())
            os.environ.update(ENVIRONMENT)
            places["s3"] = f"s3://{BUCKET}/{{}}?endpoint={stack.enter_context(running_s3())}"
        yield places


def main() -> int:
    """Run as many rounds as asked for; return 1 if anything was lost or torn."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=200, help="rounds in all (200)")
    parser.add_argument("--writers", type=int, nargs="+", default=[2, 8], help="processes at once (2 8)")
    parser.add_argument("--places", nargs="+", default=["posix", "s3"], choices=["posix", "s3"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--minutes", type=float, default=60.0, help="begin no round after these (60)")
    given = parser.parse_args()
    end = time.monotonic() + 60 * given.minutes
    moments = random.Random(given.seed)
    found: dict[str, Round] = {}
    with _places(given.places) as places:
        kinds = [(place, writers) for place in places for writers in given.writers]
        for run in range(given.runs):
            if time.monotonic() > end:
                break
            place, writers = kinds[run % len(kinds)]
            name = f"{place}, {writers} writers"
            url = places[place].format(uuid.uuid4().hex)
            new_project(url)
            one = kill_writers(url, writers, moments.uniform(0, LONGEST_S[place]))
            sum_ = found.setdefault(name, Round(0, 0))
            sum_.acknowledged += one.acknowledged
            sum_.landed += one.landed
            sum_.lost += one.lost
            sum_.torn += one.torn
            done = f"{run + 1} of {given.runs} rounds"
            print(f"\r{done}: {sum(r.acknowledged for r in found.values())} acknowledged", end="", flush=True)
    print()
    for name, result in found.items():
        print(
            f"{name}: {result.acknowledged} commits acknowledged, {result.landed} landed, "
            f"{len(result.lost)} lost, {len(result.torn)} torn"
        )
    if given.json:
        given.json.write_text(json.dumps({name: vars(result) for name, result in found.items()}, indent=1))
    return int(any(result.lost or result.torn for result in found.values()))


if __name__ == "__main__":
    sys.exit(main())
