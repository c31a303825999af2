"""How far a run is, as other processes of the machine see it, and its log."""

from __future__ import annotations

import pytest

from wsinb.errors import JobFailed
from wsinb.jobs import run
from wsinb.jobs.live import live_folder, read_live, read_log
from wsinb.jobs.runs import RunStore
from wsinb.versions.storage.layout import artifact_key

WORK = """
import time
from wsinb import jobs
from wsinb.progress import track
for _ in track(range(20), "work", jobs.progress()):
    time.sleep(0.1)
jobs.result(fine=1)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))


def test_progress_is_seen_from_outside_while_it_goes_on(study, write_job):
    seen = []

    def look(_step):
        (id_,) = RunStore(study.repository.store).ids()
        seen.append(read_live(id_))

    result = run(study, write_job("x: int = 1", WORK), progress=look)
    steps = [step for told in seen if told for step in told["steps"]]
    assert {"work", "cells"} >= {step["label"] for step in steps}
    done = [step["done"] for step in steps if step["label"] == "work"]
    assert done == sorted(done)
    assert len(set(done)) >= 3
    assert read_live(result.id)["tasks"] == {"done": 1}
    assert read_live(result.id)["steps"] == []


def test_the_log_tells_what_happened_and_is_kept_with_the_end(study, write_job, monkeypatch):
    monkeypatch.setenv("API_TOKEN", "open-sesame")
    with pytest.raises(JobFailed):
        run(study, write_job("x: int = 1", "import os\nraise ValueError(os.environ['API_TOKEN'])"))
    runs = RunStore(study.repository.store)
    (id_,) = runs.ids()
    log = read_log(id_)
    words = [line.split(" ", 2)[2].split(":")[0] for line in log.splitlines()]
    assert words == ["started", "failed", "failed"]
    assert "ValueError: ***" in log
    assert "open-sesame" not in log
    assert study.repository.store.get(artifact_key(runs.last_end(id_).log)).decode() == log


def test_a_machine_that_knows_nothing_says_so(study, write_job, monkeypatch, tmp_path):
    assert read_live("20200101T000000-00000000") is None
    assert read_log("20200101T000000-00000000") == ""
    (tmp_path / "data").write_text("no folder")
    assert run(study, write_job("x: int = 1", WORK)).metrics == {"fine": 1}
    assert not live_folder("any").exists()
