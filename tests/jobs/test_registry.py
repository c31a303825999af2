from __future__ import annotations

import shutil
import sys
from pathlib import Path

import nbformat
import pytest

from wsinb.errors import InvalidInput, InvalidParameter, UnknownJob, UnknownSlide
from wsinb.jobs import all_jobs, find_job, groups_of, job_names, select_slides


def test_shipped_jobs_are_found_by_name():
    assert {"segment_apply", "segment_train"} <= set(job_names())
    found = find_job("segment_train")
    assert found.path.is_file()
    assert (found.name, found.origin) == ("segment_train", "wsinb")


@pytest.mark.parametrize("job", all_jobs(), ids=lambda job: job.name)
def test_every_shipped_job_says_what_it_does(job):
    assert job.title != job.name
    assert len(job.help) > 40
    assert job.parameters


def test_unknown_job_lists_what_there_is():
    with pytest.raises(UnknownJob, match=r"did you mean 'segment_apply'.*segment_apply.*segment_train"):
        find_job("segment_aply")


def test_a_path_to_a_notebook_is_a_job(write_job):
    path = write_job("x: int = 1")
    found = find_job(path)
    assert (found.name, found.path, found.origin) == ("job", Path(path), "path")
    assert (found.title, found.help, found.per_slide) == ("job", "", False)


def test_a_path_without_a_notebook_is_refused(tmp_path: Path):
    with pytest.raises(UnknownJob, match="no notebook at"):
        find_job(tmp_path / "missing.ipynb")


def test_a_project_has_jobs_of_its_own(study, write_job):
    folder = study.path / "jobs"
    folder.mkdir()
    for name in ("count", "segment_train"):
        shutil.move(write_job("x: int = 1", name=name), folder)
    assert "count" not in job_names()
    found = {job.name: job for job in all_jobs(study)}
    assert found["count"].origin == found["segment_train"].origin == "project"
    assert found["segment_apply"].origin == "wsinb"
    assert find_job("segment_train", study).path.parent == folder
    assert find_job("segment_train").origin == "wsinb"


def test_packages_offer_jobs_by_entry_points_and_are_not_imported(tmp_path, monkeypatch, write_job):
    package = tmp_path / "site" / "acme_slides"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    shutil.move(write_job("x: int = 1", name="count"), package)
    facts = tmp_path / "site" / "acme_slides-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-slides\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[wsinb.jobs]\nacme = acme_slides\ngone = not_installed_here\n")
    monkeypatch.syspath_prepend(str(package.parent))
    found = find_job("acme/count")
    assert (found.origin, found.path) == ("acme-slides", package / "count.ipynb")
    assert "acme_slides" not in sys.modules


def test_tags_and_the_first_words_of_a_notebook_tell_what_a_job_is(write_job):
    path = Path(write_job("x: int = 1"))
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].metadata.tags.append("per-slide")
    text = "# Count nuclei\n\nTells how many\nthere are.\n\nMore about it."
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell(text))
    nbformat.write(notebook, path)
    found = find_job(path)
    assert (found.title, found.help, found.per_slide) == ("Count nuclei", "Tells how many there are.", True)


def test_slides_are_chosen_by_name_and_pattern(study):
    assert select_slides(study, None) == ["case-1", "case-2"]
    assert select_slides(study, []) == ["case-1", "case-2"]
    assert select_slides(study, "case-2") == ["case-2"]
    assert select_slides(study, (name for name in ["case-2"])) == ["case-2"]
    assert select_slides(study, ["*2", "case-1", "case-*"]) == ["case-1", "case-2"]


def test_slides_may_be_those_of_a_set_or_of_a_part(study):
    study.sets.add("pair", ["case-1", "case-2"], split={"train": 0.5, "test": 0.5})
    study.sets.add("second", ["case-2"])
    parts = study.sets["pair"]
    assert select_slides(study, None, of_set="pair") == ["case-1", "case-2"]
    assert select_slides(study, [], of_set="pair", part="train") == parts.train.slides
    # a job is given all names when it is given none
    assert select_slides(study, ["case-1", "case-2"], of_set="second") == ["case-2"]
    with pytest.raises(InvalidInput, match="no set 'pairs': did you mean 'pair'"):
        select_slides(study, None, of_set="pairs")
    with pytest.raises(InvalidInput, match="no part of set 'pair' named 'trein': did you mean 'train'"):
        select_slides(study, None, of_set="pair", part="trein")
    with pytest.raises(InvalidParameter, match="set 'second' has none of the slides"):
        select_slides(study, "case-1", of_set="second")
    with pytest.raises(InvalidParameter, match="'train' is a part of a set"):
        select_slides(study, None, part="train")


def test_metadata_group_slides(study):
    study.slides.set_metadata("case-1", {"patient": "p1", "stains": ["HE"]})
    study.slides.set_metadata("case-2", {"patient": 2})
    assert groups_of(study, ["case-2", "case-1"], "patient") == {"case-2": 2, "case-1": "p1"}
    for member in ("age", "stains"):
        with pytest.raises(InvalidInput, match=f"slide 'case-1' name no '{member}'.*set_metadata"):
            groups_of(study, ["case-1"], member)


def test_a_pattern_without_slides_is_refused(study):
    with pytest.raises(UnknownSlide, match="'case-3'"):
        select_slides(study, ["case-1", "case-3"])
    with pytest.raises(InvalidParameter):
        select_slides(study, [1])


def test_a_version_without_slides_is_refused(study):
    first = study.log()[-1].id
    with pytest.raises(InvalidParameter, match="no slides"):
        select_slides(study, None, first)
