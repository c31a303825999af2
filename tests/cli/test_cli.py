from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest

import wsinb
from wsinb import errors
from wsinb.cli import main
from wsinb.cli.main import VERBS
from wsinb.testing import synthetic_slide

DECLARED = """\
slides: list[str] = []
count: int = 2  # how many
deep: bool = False
names: list[str] | None = None
"""
RESULT = "from wsinb import jobs\njobs.result(total=count * len(slides))"


def call(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    out, err = capsys.readouterr()
    return int(left.value.code or 0), out, err


def process(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wsinb", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    project = wsinb.create_project(tmp_path / "study")
    project.slides.add(synthetic_slide(tmp_path / "study" / "case-1.tiff", size=(512, 384)))
    return tmp_path / "study"


@pytest.fixture
def job(tmp_path: Path) -> Path:
    cell = nbformat.v4.new_code_cell(DECLARED)
    cell.metadata["tags"] = ["parameters"]
    notebook = nbformat.v4.new_notebook(cells=[cell, nbformat.v4.new_code_cell(RESULT)])
    nbformat.write(notebook, tmp_path / "counted.ipynb")
    return tmp_path / "counted.ipynb"


def test_help_lists_every_verb(capsys):
    code, out, _ = call(capsys, "--help")
    assert code == 0
    for verb, text in VERBS.items():
        assert verb in out
        assert text in out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str, capsys):
    code, out, _ = call(capsys, verb, "--help")
    assert code == 0
    assert "Usage:" in out


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom wsinb.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'pandas', 'papermill', 'IPython', 'wsinb.jobs'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_misspelt_verb_is_a_wrong_call(capsys):
    code, _, err = call(capsys, "rum")
    assert code == 2
    assert "No such command 'rum'" in err


def test_version_is_that_of_the_package(capsys):
    assert call(capsys, "--version")[:2] == (0, f"wsinb, version {wsinb.__version__}\n")


def test_an_error_is_one_sentence_and_its_exit_code(tmp_path: Path):
    done = process("log", "--project", tmp_path / "nowhere")
    assert done.returncode == errors.UnknownProject.exit_code
    assert done.stdout == ""
    assert done.stderr.startswith("wsinb: ")
    assert "nowhere" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["run", "nothing"], errors.UnknownJob),
        (["run", "segment_train", "-p", "widnow=3"], errors.InvalidParameter),
        (["run", "segment_train", "-p", "window=wide"], errors.InvalidParameter),
        (["run", "segment_train", "-p", "window"], errors.InvalidParameter),
        (["run", "segment_train", "-p", "version=v1"], errors.InvalidParameter),
        (["run", "segment_train", "-s", "case-9"], errors.UnknownSlide),
        (["run", "segment_train", "-v", "v9"], errors.UnknownVersion),
        (["log", "--branch", "review"], errors.UnknownVersion),
    ],
)
def test_each_kind_of_error_has_its_exit_code(words: list[str], error: type, study: Path, capsys):
    code, out, err = call(capsys, *words, "--project", study)
    assert (code, out) == (error.exit_code, "")
    assert err.startswith("wsinb: ")


def test_an_interrupt_leaves_with_130(monkeypatch: pytest.MonkeyPatch, study: Path, capsys):
    import wsinb.project

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(wsinb.project, "open_project", interrupt)
    code, _, err = call(capsys, "log", "--project", study)
    assert code == 130
    assert "interrupted" in err


def test_log_lists_versions_the_newest_first(study: Path, capsys):
    code, out, _ = call(capsys, "log", "--project", study / "inside")
    project = wsinb.open_project(study)
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == [commit.id[:12] for commit in project.log()]


def test_log_as_json_has_a_versioned_root(study: Path, capsys):
    _, out, _ = call(capsys, "log", "--project", study, "-o", "json", "-n", 1)
    (commit,) = json.loads(out)["wsinb.log/1"]
    assert commit["id"] == wsinb.open_project(study).head()
    assert set(commit) == {"id", "parents", "author", "time", "message", "changes", "edits"}


def test_run_help_shows_the_parameters_of_the_job(job: Path, capsys):
    for words in (["run", job, "--help"], ["run", job, "--parameters"]):
        code, out, _ = call(capsys, *words)
        assert code == 0
        assert "count: int = 2" in out
        assert "how many" in out
        assert "slides: list" not in out


def test_run_without_a_name_is_a_wrong_call(capsys):
    code, out, _ = call(capsys, "run")
    assert code == 2
    assert "segment_apply, " in out


def test_parameters_as_json(job: Path, capsys):
    _, out, _ = call(capsys, "run", job, "--parameters", "-o", "json")
    listed = json.loads(out)["wsinb.parameters/1"]
    told = {"name": "count", "type": "int", "default": 2, "required": False, "help": "how many"}
    assert listed[1] == {**told, "unit": "", "choices": [], "low": None, "high": None}


def test_run_executes_the_job_and_prints_its_record(study: Path, job: Path):
    done = process(
        "run", job, "-P", study, "-s", "case-*", "-p", "count=5", "-p", "deep=yes", "-p", "names=a,b",
        "-p", "names=c", "--author", "ada", "-o", "json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)["wsinb.run/1"]
    assert record["metrics"] == {"total": 5}
    assert record["author"] == "ada"
    assert [slide["name"] for slide in record["slides"]] == ["case-1"]
    assert record["parameters"] == {"count": 5, "deep": True, "names": ["a", "b", "c"]}
    assert "cells: 3/3" in done.stderr


def test_a_failed_job_says_where_and_why(study: Path, job: Path, capsys):
    job.write_text(job.read_text().replace("jobs.result", "jobs.nothing"))
    code, out, err = call(capsys, "run", job, "-P", study, "-q")
    assert (code, out) == (errors.JobFailed.exit_code, "")
    assert "AttributeError" in err
    assert "failed-jobs" in err


def test_ctrl_c_ends_a_running_job_with_130_and_stores_nothing(study: Path, job: Path):
    job.write_text(job.read_text().replace("from wsinb import jobs", "import time; time.sleep(60)"))
    head = wsinb.open_project(study).head()
    command = [sys.executable, "-m", "wsinb", "run", str(job), "-P", str(study)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        deadline = time.monotonic() + 60
        while not psutil.Process(running.pid).children() and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(1)
        kernels = psutil.Process(running.pid).children()
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
    assert kernels
    assert not any(kernel.is_running() for kernel in kernels)
    assert wsinb.open_project(study).artifacts(head) == []


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["run", "segment_train", "--author", "two\nlines"], errors.InvalidInput),
        (["run", "segment_train", "-p", "model=\udcff"], errors.InvalidParameter),
        (["run", "segment_train", "-b", "review"], errors.UnknownVersion),
        (["log", "--branch", "\udcff"], errors.UnknownVersion),
    ],
)
def test_odd_words_are_refused_in_one_sentence(words: list[str], error: type, study: Path, capsys):
    code, out, err = call(capsys, *words, "--project", study)
    assert (code, out) == (error.exit_code, "")
    assert len(err.splitlines()) == 1


def test_a_folder_name_that_cannot_be_is_no_project(capsys):
    code, _, err = call(capsys, "log", "--project", "a" * 300)
    assert code == errors.UnknownProject.exit_code
    assert len(err.splitlines()) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_output_that_cannot_be_written_is_one_sentence(study: Path):
    command = [sys.executable, "-m", "wsinb", "log", "--project", str(study)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=120, check=False
        )
    assert done.returncode == errors.StorageError.exit_code
    assert done.stderr.splitlines() == ["wsinb: No space left on device: check that place and its disk."]


@pytest.mark.parametrize("newest", [True, False])
def test_a_damaged_or_newer_project_is_one_sentence(study: Path, newest: bool, capsys):
    marker = study / ".wsinb" / "format.json"
    marker.unlink()
    marker.write_text('{"format": 99}' if newest else '{"form')
    code, _, err = call(capsys, "log", "--project", study)
    assert code == errors.StorageError.exit_code
    assert len(err.splitlines()) == 1
    assert str(study) in err
