from __future__ import annotations

from pathlib import Path

import pytest

from wsinb.errors import InvalidParameter, UnknownJob, UnknownSlide
from wsinb.jobs import find_job, job_names, select_slides


def test_shipped_jobs_are_found_by_name():
    assert job_names() == ["segment_apply", "segment_train"]
    assert find_job("segment_train").is_file()


def test_unknown_job_lists_what_there_is():
    with pytest.raises(UnknownJob, match=r"did you mean 'segment_apply'.*segment_apply, segment_train"):
        find_job("segment_aply")


def test_a_path_to_a_notebook_is_a_job(write_job):
    path = write_job("x: int = 1")
    assert find_job(path) == Path(path)


def test_a_path_without_a_notebook_is_refused(tmp_path: Path):
    with pytest.raises(UnknownJob, match="no notebook at"):
        find_job(tmp_path / "missing.ipynb")


def test_slides_are_chosen_by_name_and_pattern(study):
    assert select_slides(study, None) == ["case-1", "case-2"]
    assert select_slides(study, []) == ["case-1", "case-2"]
    assert select_slides(study, "case-2") == ["case-2"]
    assert select_slides(study, (name for name in ["case-2"])) == ["case-2"]
    assert select_slides(study, ["*2", "case-1", "case-*"]) == ["case-1", "case-2"]


def test_a_pattern_without_slides_is_refused(study):
    with pytest.raises(UnknownSlide, match="'case-3'"):
        select_slides(study, ["case-1", "case-3"])
    with pytest.raises(InvalidParameter):
        select_slides(study, [1])


def test_a_version_without_slides_is_refused(study):
    first = study.log()[-1].id
    with pytest.raises(InvalidParameter, match="no slides"):
        select_slides(study, None, first)
