"""Notebooks on warm kernels: each as in a new one, within its limits, without secrets."""

from __future__ import annotations

import os
import time
from pathlib import Path

import nbformat
import papermill
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsinb.errors import JobFailed
from wsinb.jobs.engine import ENGINE_NAME, Kernel, Limits, Mask, register
from wsinb.jobs.engine.outputs import TEXT_BYTES, OutputLimit

LEAVE = """
import os, sys, json
left = 1
os.environ["LEFT"] = "1"
sys.path.insert(0, "/left")
os.chdir("/")
"""
LOOK = """
import os, sys, json
print(json.dumps(dict(
    pid=os.getpid(), left="left" in globals(), path="/left" in sys.path, folder=os.getcwd(),
    environment={name: os.environ.get(name) for name in ("LEFT", "OWN", "WSINB_JOB_PROGRESS")},
)))
"""


@pytest.fixture(scope="module")
def kernel():
    with Kernel() as shared:
        yield shared


@pytest.fixture
def execute(tmp_path):
    register()

    def execute(*sources, name="n", **options):
        notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, sources)))
        options = {"kernel_folder": str(tmp_path), "progress": None, **options}
        return papermill.execute_notebook(
            notebook,
            str(tmp_path / f"{name}.ipynb"),
            engine_name=ENGINE_NAME,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            **options,
        )

    return execute


def printed(notebook):
    import json

    return json.loads(notebook.cells[-1].outputs[0].text)


def test_a_warm_kernel_is_as_good_as_a_new_one(execute, kernel, tmp_path):
    first = printed(execute(LEAVE, LOOK, kernel=kernel, kernel_environment={"OWN": "a"}))
    assert first["left"]
    assert first["environment"] == {"LEFT": "1", "OWN": "a", "WSINB_JOB_PROGRESS": "1"}
    again = execute(LOOK, kernel=kernel)
    assert printed(again) == {
        "pid": first["pid"],
        "left": False,
        "path": False,
        "folder": str(tmp_path),
        "environment": {"LEFT": None, "OWN": None, "WSINB_JOB_PROGRESS": "1"},
    }
    assert again.cells[0].execution_count == 1


def test_a_cell_that_fails_leaves_a_warm_kernel_usable(execute, kernel):
    with pytest.raises(papermill.PapermillExecutionError):
        execute("x = 1", "1 / 0", kernel=kernel)
    assert printed(execute(LOOK, kernel=kernel))["left"] is False


def test_a_kernel_that_died_is_started_anew(execute, kernel):
    pid = printed(execute(LOOK, kernel=kernel))["pid"]
    kernel.kill()
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=10)
    again = printed(execute(LOOK, kernel=kernel))
    assert again["pid"] != pid


def test_a_kernel_of_its_own_ends_with_the_notebook(execute):
    pid = printed(execute(LOOK))["pid"]
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_notebook_that_takes_too_long_is_stopped(execute, kernel):
    start = time.perf_counter()
    with pytest.raises(JobFailed, match=r"longer than its limit of 0.5 s: raise time_limit"):
        execute("import time\ntime.sleep(60)", kernel=kernel, limits=Limits(seconds=0.5))
    assert time.perf_counter() - start < 30


def test_a_notebook_that_holds_too_much_is_stopped(execute, kernel):
    greedy = "held = bytearray(600 << 20)\nimport time\ntime.sleep(60)"
    with pytest.raises(JobFailed, match=r"more than its limit of 0.50 GB: raise memory_limit"):
        execute(greedy, kernel=kernel, limits=Limits(memory=500_000_000))


def test_what_a_cell_prints_is_kept_up_to_a_megabyte(execute, kernel, tmp_path):
    flood = "for _ in range(100):\n    print('x' * (1 << 20))"
    executed = execute(flood, "print('after')", kernel=kernel)
    assert (tmp_path / "n.ipynb").stat().st_size < 2 * TEXT_BYTES
    text = "".join(output.text for output in executed.cells[0].outputs)
    assert text.endswith("... more text than 1 MB is not kept\n")
    assert executed.cells[1].outputs[0].text == "after\n"


def test_pictures_beyond_the_limit_are_replaced_by_one_sentence():
    limit = OutputLimit()
    message = {"msg_type": "display_data", "content": {"data": {"image/png": "x" * (20 << 20)}}}
    kept = [limit.take(message, 0) for _ in range(4)]
    assert kept[0] is message
    assert kept[1]["content"]["data"] == {"text/plain": "... more data than 32 MB is not kept"}
    assert kept[2:] == [None, None]
    assert limit.take(message, 1) is message


text = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=30)


@given(text, text, text)
def test_no_secret_is_left_in_a_notebook(secret, before, after):
    mask = Mask({"API_TOKEN": secret, "HOME": "/root"})
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(f"{before}{secret}{after}")], metadata={"x": [secret, 1, None]}
    )
    masked = mask.value(notebook)
    nbformat.validate(masked)
    assert secret not in masked.cells[0].source.replace("***", "\0") or secret in "***"
    assert masked.metadata.x[1:] == [1, None]


def test_what_counts_as_a_secret():
    environment = {
        "AWS_SECRET_ACCESS_KEY": "abc/def+ghi",
        "SHORT_KEY": "abc",
        "KEY_FILE": os.fspath(Path(__file__)),
        "EDITOR": "emacs-nox",
    }
    mask = Mask(environment)
    assert mask.text("abc/def+ghi and abc%2Fdef%2Bghi") == "*** and ***"
    for harmless in ("abc", os.fspath(Path(__file__)), "emacs-nox"):
        assert mask.text(harmless) == harmless
    assert mask.text("s3://ada:pass@host/bucket") == "s3://***@host/bucket"
