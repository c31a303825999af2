"""How many threads work, and what happens when one of them fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from wsinb.errors import InvalidInput
from wsinb.trees.threads import run_threads, thread_count, usable_cores

COUNTS = """
import json, os
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
from wsinb.trees import tiling
from wsinb.trees.threads import thread_count
print(json.dumps([tiling.usable_cores(), thread_count(None), thread_count(-1), thread_count(-2)]))
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores are given to processes by Linux only")
def test_only_cores_that_may_be_used_are_counted():
    answer = subprocess.run([sys.executable, "-c", COUNTS], check=True, capture_output=True, text=True).stdout
    assert json.loads(answer) == [1, 1, 1, 1]


def test_what_is_asked_for_is_used():
    assert usable_cores(7) == thread_count(7) == thread_count(np.int64(7)) == 7
    assert thread_count(-1) == thread_count(None) == usable_cores()
    assert thread_count(-1000) == 1


@pytest.mark.parametrize("threads", [0, -1, 1.5, True, "2"])
def test_other_numbers_of_threads_are_refused(threads):
    with pytest.raises(InvalidInput, match="threads must be"):
        usable_cores(threads)


@pytest.mark.parametrize("n_jobs", [0, 1.5, True, "2"])
def test_other_numbers_of_jobs_are_refused(n_jobs):
    with pytest.raises(InvalidInput, match="n_jobs must be"):
        thread_count(n_jobs)


@pytest.mark.parametrize("n_jobs", [1, 2, 5])
def test_each_piece_is_done_once_and_a_failure_is_raised(n_jobs):
    done: list[int] = []
    run_threads(done.append, range(20), n_jobs)
    assert sorted(done) == list(range(20))

    def fail(piece: int) -> None:
        if piece == 3:
            raise ValueError("piece 3")

    with pytest.raises(ValueError, match="piece 3"):
        run_threads(fail, range(20), n_jobs)
