"""Projects: making, opening, finding, the slide list and the labels."""

from __future__ import annotations

import multiprocessing
import shutil

import numpy as np
import pytest
import shapely

import wsinb
from wsinb import Label
from wsinb.annotate import new_annotations
from wsinb.errors import (
    InvalidInput,
    ProjectExists,
    SlideNotFound,
    StorageError,
    UnknownLabel,
    UnknownMpp,
    UnknownProject,
    UnknownSlide,
    UnreadableSlide,
)
from wsinb.project import create_project, default_author, find_project, open_project
from wsinb.testing import synthetic_slide
from wsinb.tiles import write_pyramid


@pytest.fixture
def slide_file(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (300, 400, 3), dtype=np.uint8)
    path = tmp_path / "elsewhere" / "cmu 1.tif"
    path.parent.mkdir()
    write_pyramid(pixels, path, mpp=0.5)
    return path


@pytest.fixture
def project(tmp_path):
    return create_project(tmp_path / "study", "Study of cells")


def test_a_project_is_made_and_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = create_project("deep/study")
    assert made.name == "study"
    assert made.path == tmp_path / "deep" / "study"
    assert made.format == 1
    assert open_project("deep/study").head() == made.head()
    assert open_project(made.url).name == "study"
    with pytest.raises(ProjectExists, match="open it with open_project"):
        create_project("deep/study")


def test_the_nearest_project_is_found_from_below(project):
    inside = project.path / "a" / "b"
    inside.mkdir(parents=True)
    assert find_project(inside) == find_project(inside / "no such file.svs") == project.path
    assert find_project(project.path.parent) is None
    with pytest.raises(UnknownProject, match="there is one in"):
        open_project(inside)


def test_there_is_no_project_where_none_was_made(tmp_path):
    with pytest.raises(UnknownProject, match="make one with create_project") as caught:
        open_project(tmp_path / "none")
    assert isinstance(caught.value, FileNotFoundError)
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="a file, not a folder"):
        create_project(tmp_path / "file")
    for folder in ("", None, 3):
        with pytest.raises(InvalidInput, match="path"):
            open_project(folder)
    with pytest.raises(InvalidInput, match="printable name"):
        create_project(tmp_path / "x", name="a\nb")


def test_the_author_is_found_in_the_environment(monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_USER", "hub")
    monkeypatch.delenv("WSINB_AUTHOR", raising=False)
    assert default_author() == "hub"
    monkeypatch.setenv("WSINB_AUTHOR", "ann")
    assert default_author() == "ann"
    monkeypatch.delenv("WSINB_AUTHOR")
    monkeypatch.delenv("JUPYTERHUB_USER")
    monkeypatch.setenv("LOGNAME", "login")
    assert default_author() == "login"


def test_a_slide_elsewhere_is_added_by_absolute_path(project, slide_file):
    entry = project.slides.add(slide_file, metadata={"patient": "p1"})
    assert entry == project.slides["cmu 1"]
    assert entry.size == (400, 300)
    assert entry.mpp == pytest.approx((0.5, 0.5), rel=1e-3)
    assert entry.path == slide_file.as_posix()
    assert entry.checksum.startswith("sha256:")
    assert entry.metadata == {"patient": "p1"}
    assert project.log()[0].message == "Add slide cmu 1"
    assert project.log()[0].edits == {"slides": {"added": ["cmu 1"]}}
    assert "cmu 1" in project.slides
    assert list(project.slides) == ["cmu 1"]
    with project.slides.open("cmu 1") as slide:
        assert slide.size == (400, 300)


def test_a_slide_inside_the_project_moves_with_it(project, slide_file, tmp_path, monkeypatch):
    (project.path / "slides").mkdir()
    shutil.copy(slide_file, project.path / "slides" / "a.tif")
    monkeypatch.chdir(tmp_path)
    # a path that is not there from here is seen from the project
    assert project.slides.add("slides/a.tif", name="a").path == "slides/a.tif"
    shutil.move(project.path, tmp_path / "moved")
    moved = open_project(tmp_path / "moved")
    assert moved.slides.path("a") == tmp_path / "moved" / "slides" / "a.tif"
    assert moved.slides.open("a").size == (400, 300)


def test_a_given_mpp_is_stored_and_applied(project, slide_file):
    project.slides.add(slide_file, name="a", mpp=0.25)
    assert project.slides["a"].mpp == (0.25, 0.25)
    assert project.slides.open("a").mpp_xy == pytest.approx((0.25, 0.25))


def test_bad_slides_are_refused_and_nothing_is_committed(project, slide_file, tmp_path):
    project.slides.add(slide_file, name="a")
    head = project.head()
    with pytest.raises(InvalidInput, match="slide 'a' already"):
        project.slides.add(slide_file, name="a")
    for name in ("", " a", "a\n", 3):
        with pytest.raises(InvalidInput, match="printable name"):
            project.slides.add(slide_file, name=name)
    with pytest.raises(SlideNotFound):
        project.slides.add(tmp_path / "missing.svs")
    (tmp_path / "empty.svs").write_bytes(b"")
    with pytest.raises(UnreadableSlide):
        project.slides.add(tmp_path / "empty.svs")
    with pytest.raises(InvalidInput, match="JSON"):
        project.slides.add(slide_file, name="b", metadata={"x": object()})
    with pytest.raises(UnknownSlide, match=r"did you mean 'a'|there is 'a'"):
        project.slides["aa"]
    with pytest.raises(UnknownSlide):
        project.slides.remove("zzz")
    assert project.head() == head


def test_a_moved_file_is_reported_and_can_be_found_again(project, slide_file, tmp_path):
    project.slides.add(slide_file, name="a", metadata={"patient": 1})
    moved = tmp_path / "moved.tif"
    slide_file.rename(moved)
    with pytest.raises(SlideNotFound, match=r"relocate\('a', path\)"):
        project.slides.open("a")
    assert project.slides.relocate("a", moved).path == moved.as_posix()
    assert project.slides.open("a").size == (400, 300)
    assert project.slides["a"].metadata == {"patient": 1}
    write_pyramid(np.zeros((50, 60, 3), np.uint8), slide_file)
    with pytest.raises(InvalidInput, match="checksum differs"):
        project.slides.relocate("a", slide_file)
    moved.unlink()
    slide_file.rename(moved)
    with pytest.raises(InvalidInput, match=r"60 x 50 pixels.*400 x 300"):
        project.slides.open("a")


def test_removing_a_slide_keeps_earlier_versions(project, slide_file):
    project.slides.add(slide_file, name="a")
    session = project.session()
    session["a"].upsert(new_annotations([shapely.Point(1, 1)]))
    commit = session.commit("a point")
    project.slides.remove("a")
    assert len(project.slides) == 0
    assert list(project.slides_at(commit.id)) == ["a"]
    assert len(project.read("a", commit.id)) == 1
    assert slide_file.exists()


def test_labels_are_versioned(project):
    project.labels.add([Label("tumor", key="t"), Label("stroma", order=-1)])
    before = project.head()
    project.labels.add(Label("tumor", color="#000000"))
    assert list(project.labels) == ["stroma", "tumor"]
    assert project.labels["tumor"].color == "#000000"
    assert project.labels_at(before)["tumor"].key == "t"
    assert project.log()[0].edits == {"labels": {"added": [], "updated": ["tumor"]}}
    project.labels.remove("tumor")
    assert "tumor" not in project.labels
    assert len(project.labels) == 1
    with pytest.raises(UnknownLabel):
        project.labels["tumor"]
    with pytest.raises(UnknownLabel):
        project.labels.remove("tumor")
    with pytest.raises(InvalidInput, match="share the key"):
        project.labels.add([Label("a", key="s"), Label("b", key="s")])
    head = project.head()
    project.labels.add([])
    assert project.head() == head
    assert [label["name"] for label in project.labels.to_json()] == ["stroma"]


def test_pages_show_the_project_and_escape_it(tmp_path, slide_file):
    project = create_project(tmp_path / "study", "<script>x</script>")
    project.slides.add(slide_file, name="<i>a</i>")
    project.labels.add(Label("<u>b</u>"))
    html = project._repr_html_()
    for text in ("<script>", "<i>", "<u>"):
        assert text not in html
    assert "&lt;i&gt;a&lt;/i&gt;" in html
    assert "400 × 300" in html
    assert "1 slides, 1 labels" in repr(project)
    assert repr(project.slides) == "Slides(<i>a</i>)"
    assert repr(project.labels) == "LabelSet(<u>b</u>)"


def test_public_names_are_reached_from_the_package(tmp_path):
    assert wsinb.create_project is create_project
    assert wsinb.open_project is open_project


@pytest.mark.realdata
def test_a_real_slide_goes_through_a_project(project, data_dir):
    file = next(path for path in sorted((data_dir / "slides" / "cmu1_small_region_svs").rglob("*.svs")))
    entry = project.slides.add(file)
    session = project.session()
    ids = session[entry.name].upsert(new_annotations([shapely.box(100, 100, 400.3, 300)], label=None))
    session.commit("a region")
    assert list(project.read(entry.name)["id"]) == ids
    slide = project.slides.open(entry.name)
    assert slide.mpp == pytest.approx(entry.mpp[0])


def test_whoever_adds_slides_and_labels_signs_the_commits(tmp_path, slide_file):
    project = create_project(tmp_path / "study", author="ada")
    project.slides.add(slide_file, name="a", author="grace")
    project.labels.add(Label("tumor"), author="mary")
    project.labels.remove("tumor", author="emmy")
    project.slides.remove("a", author="rosa")
    assert [commit.author for commit in project.log()] == ["rosa", "emmy", "mary", "grace", "ada"]


def test_a_project_can_be_sent_to_another_process(tmp_path):
    project = create_project(tmp_path / "study", "A study")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(heads, [project]) == [(project.url, project.head())]


def heads(project):
    return project.url, project.head()


def test_a_folder_name_that_cannot_be_is_refused(tmp_path):
    long = tmp_path / ("a" * 300)
    with pytest.raises(UnknownProject, match="There is no project in"):
        open_project(long)
    assert find_project(long) is None
    with pytest.raises(StorageError, match="choose another folder"):
        create_project(long)


def test_names_too_long_to_be_shown_are_refused(tmp_path):
    project = create_project(tmp_path / "study")
    file = synthetic_slide(tmp_path / "one.tiff", size=(256, 256))
    with pytest.raises(InvalidInput, match="over 200 characters: shorten it"):
        project.slides.add(file, name="x" * 201)
    with pytest.raises(InvalidInput, match="at most 200 characters"):
        project.session(author="x" * 201)
    assert len(project.log()) == 1


def test_the_micrometres_per_pixel_of_a_slide_can_be_set(tmp_path):
    project = create_project(tmp_path / "study")
    project.slides.add(synthetic_slide(tmp_path / "one.tiff", size=(256, 256), mpp=None))
    session = project.session()
    session["one"].upsert(new_annotations([shapely.Point(1, 1)]))
    before = session.commit("drawn").id
    with project.slides.open("one") as slide, pytest.raises(UnknownMpp):
        slide.read(0, 0, 8, 8, um_per_px=1)
    assert project.slides.set_mpp("one", (0.25, 0.5)).mpp == (0.25, 0.5)
    with project.slides.open("one") as slide:
        assert slide.mpp_xy == (0.25, 0.5)
    assert project.slides_at(before)["one"].mpp is None
    assert len(project.read("one")) == 1
    for bad in (0, -1, "x", (1, 2, 3)):
        with pytest.raises(InvalidInput, match="positive micrometres"):
            project.slides.set_mpp("one", bad)
    with pytest.raises(UnknownSlide):
        project.slides.set_mpp("two", 1)
    assert project.slides.set_mpp("one", None).mpp is None
