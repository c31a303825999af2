"""Name and metadata of a project, metadata of slides: all of it is versioned."""

from __future__ import annotations

import pytest

from wsinb.errors import InvalidInput, UnknownSlide
from wsinb.project import create_project, open_project
from wsinb.testing.entries import add_slides
from wsinb.versions.slidelist import SlideEntry


@pytest.fixture
def project(tmp_path):
    made = create_project(tmp_path / "study", "First")
    entry = SlideEntry("one", "one.svs", "sha256:00", (9, 9), metadata={"patient": "p1", "age": 5})
    add_slides(made, entry)
    return made


def test_renaming_a_project_is_a_commit(project):
    before = project.head()
    project.columns.add("area", "float")
    project.rename(" Second ", author="ann")
    assert (project.name, open_project(project.path).name) == ("Second", "Second")
    assert project.checkout(before).name == "First"
    commit = project.log(limit=1)[0]
    assert (commit.author, commit.message) == ("ann", "Rename project to Second")
    assert commit.edits == {"project": {"updated": ["name"]}}
    assert list(project.columns) == ["area"]


def test_metadata_of_a_project_are_versioned(project):
    assert dict(project.metadata) == {}
    project.set_metadata({"stain": "H&E", "sites": [1, 2]})
    assert dict(open_project(project.path).metadata) == {"stain": "H&E", "sites": [1, 2]}
    assert project.log(limit=1)[0].edits == {"project": {"updated": ["metadata"]}}
    project.set_metadata({})
    assert dict(project.metadata) == {}


def test_metadata_of_a_slide_are_versioned(project):
    before = project.head()
    assert project.slides.set_metadata("one", {"patient": "p2"}).metadata == {"patient": "p2"}
    assert project.slides["one"].metadata == {"patient": "p2"}
    assert project.slides_at(before)["one"].metadata == {"patient": "p1", "age": 5}
    assert project.log(limit=1)[0].edits == {"slides": {"updated": ["one"]}}


@pytest.mark.parametrize("name", ["", "  ", "a\nb", None, 5])
def test_names_that_cannot_be_are_refused(project, name):
    with pytest.raises(InvalidInput, match="printable name"):
        project.rename(name)
    assert project.name == "First"


@pytest.mark.parametrize("metadata", [5, ["a"], {"a": object()}, {"a": float("nan")}])
def test_metadata_that_are_no_json_are_refused(project, metadata):
    head = project.head()
    with pytest.raises(InvalidInput, match="metadata of a project"):
        project.set_metadata(metadata)
    with pytest.raises(InvalidInput, match="metadata of a slide"):
        project.slides.set_metadata("one", metadata)
    assert project.head() == head


def test_metadata_of_an_unknown_slide(project):
    with pytest.raises(UnknownSlide, match="'one'"):
        project.slides.set_metadata("on", {})


def test_some_metadata_of_a_slide_are_changed_and_the_others_stay(project):
    project.slides.update_metadata("one", {"progress": "done", "age": None})
    assert project.slides["one"].metadata == {"patient": "p1", "progress": "done"}
    assert project.log(limit=1)[0].message == "Set age, progress of slide one"
    assert project.log(limit=1)[0].edits == {"slides": {"updated": ["one"]}}


@pytest.mark.parametrize("changes", [{}, {"patient": "p1"}, {"never": None}])
def test_metadata_that_are_so_already_make_no_commit(project, changes):
    head = project.head()
    assert project.slides.update_metadata("one", changes).metadata == {"patient": "p1", "age": 5}
    assert project.head() == head


@pytest.mark.parametrize("member", ["", "two\nlines", "x" * 300])
def test_odd_members_of_metadata_are_not_in_the_message(project, member):
    project.slides.update_metadata("one", {member: 1})
    assert project.slides["one"].metadata[member] == 1
    assert project.log(limit=1)[0].message == "Set metadata of slide one"


def test_true_is_not_one_in_metadata(project):
    project.slides.set_metadata("one", {"n": 1})
    stored = project.slides.update_metadata("one", {"n": True}).metadata["n"]
    assert stored is True


def test_changes_of_metadata_that_cannot_be(project):
    with pytest.raises(InvalidInput, match="metadata of a slide"):
        project.slides.update_metadata("one", {"a": float("nan")})
    with pytest.raises(UnknownSlide, match="'one'"):
        project.slides.update_metadata("on", {"a": 1})
