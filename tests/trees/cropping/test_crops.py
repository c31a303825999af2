"""Pictures of annotations."""

from __future__ import annotations

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import shapely

from wsinb.annotate import Label, new_annotations
from wsinb.errors import InvalidInput, SlideNotFound, UnknownLabel, UnknownMpp, UnknownSlide, UnknownVersion
from wsinb.frames import Box
from wsinb.project import create_project
from wsinb.testing import synthetic_slide
from wsinb.trees.cropping import crops
from wsinb.trees.cropping.slides import MAX_OPEN

SCRIPT = "<script>alert(1)</script>"


def test_a_crop_has_the_pixels_of_its_box(crops_project):
    found = crops(crops_project, slides="a", labels="cell")
    with crops_project.slides.open("a") as slide:
        np.testing.assert_array_equal(found[0], slide.read(10, 20, 40, 20))
        np.testing.assert_array_equal(found[-1], slide.read(100, 100, 40, 80))
    assert [image.shape for image in found] == [(20, 40, 3), (80, 40, 3)]


def test_table_labels_and_groups_belong_to_the_pictures(crops_project):
    found = crops(crops_project, labels=["cell", "blob"], um_per_px=1.0, group="patient")
    assert found.labels.tolist() == ["cell", "cell", "blob", "cell"]
    assert found.groups.tolist() == ["p1", "p1", "p1", "p2"]
    assert found.table["slide"].tolist() == ["a", "a", "a", "b"]
    assert found.table["bounds"][0] == Box(10, 20, 50, 40)
    assert found.table.columns.tolist() == ["id", "slide", "label", "layer", "group", "bounds"]
    assert found.version == crops_project.resolve("main")
    assert found.um_per_px == 1.0
    assert found.counts() == {"cell": 3, "blob": 1}


def test_slides_of_different_pixel_size_are_seen_alike(crops_project):
    found = crops(crops_project, labels="cell", um_per_px=2.0)
    # 40 x 20 px of 0.5 um, 40 x 80 px, 40 x 40 px of 1 um
    assert [image.shape for image in found] == [(5, 10, 3), (20, 10, 3), (20, 20, 3)]
    with pytest.raises(InvalidInput, match=r"slide 'a' has 0.5 um per pixel and slide 'b' 1: give um_per_px"):
        crops(crops_project, labels="cell")
    assert len(crops(crops_project, labels="cell", size=16)) == 3


def test_context_is_a_share_of_the_sides(crops_project):
    found = crops(crops_project, slides="a", labels="cell", context=0.25)
    assert found[0].shape == (30, 60, 3)
    with crops_project.slides.open("a") as slide:
        np.testing.assert_array_equal(found[0], slide.read(0, 15, 60, 30))


def test_a_size_makes_squares(crops_project):
    found = crops(crops_project, labels="cell", size=32, context=0.5)
    assert found.stack().shape == (3, 32, 32, 3)
    around = crops(crops_project, labels="cell", size=32, um_per_px=1.0)
    with crops_project.slides.open("b") as slide:
        np.testing.assert_array_equal(around[2], slide.read(34, 34, 32, 32))
    with pytest.raises(InvalidInput, match="leave out context"):
        crops(crops_project, size=32, um_per_px=1.0, context=0.1)


def test_pictures_of_different_sizes_do_not_stack(crops_project):
    with pytest.raises(InvalidInput, match="give size"):
        crops(crops_project, slides="a", labels="cell").stack()


def test_points_are_seen_in_a_window_of_a_fixed_size(crops_project):
    with pytest.raises(InvalidInput, match="1 without area"):
        crops(crops_project, labels="dot", um_per_px=1.0)
    found = crops(crops_project, labels="dot", um_per_px=1.0, size=20)
    with crops_project.slides.open("b") as slide:
        np.testing.assert_array_equal(found[0], slide.read(90, 50, 20, 20))


def test_the_background_is_masked(crops_project):
    found = crops(crops_project, labels="blob", background="#010203")
    corner, centre = found[0][0, 0], found[0][20, 20]
    assert corner.tolist() == [1, 2, 3]
    assert centre.tolist() != [1, 2, 3]
    masked = (found[0] == (1, 2, 3)).all(axis=2).mean()
    assert masked == pytest.approx(1 - np.pi / 4, abs=0.03)


def test_what_has_no_picture_is_counted(crops_project):
    found = crops(crops_project, um_per_px=1.0)
    assert found.skipped == {"without label": 1, "without area": 1, "outside the slide": 1}
    assert "left out: 1 without label, 1 without area, 1 outside the slide" in repr(found)
    # what reaches over the edge is there, with the slide's background
    edge = crops(crops_project, labels="edge")
    assert edge[0].shape == (40, 60, 3)
    assert (edge[0][:, 20:] == 255).all()
    with pytest.raises(InvalidInput, match=r"has a picture \(1 outside the slide\)"):
        crops(crops_project, labels="far")


@pytest.mark.parametrize(
    ("verified", "n"), [(True, 1), (False, 3), ("rejected", 1), (["unverified", "confirmed"], 3), (None, 4)]
)
def test_verified_annotations_can_be_chosen(crops_project, verified, n):
    assert len(crops(crops_project, slides="a", verified=verified)) == n


def test_layers_can_be_chosen(crops_project):
    assert crops(crops_project, slides="a", layers="job").labels.tolist() == ["cell"]


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"labels": "cel"}, UnknownLabel, "did you mean 'cell'"),
        ({"labels": ["cell", "nothing"]}, UnknownLabel, "'nothing'"),
        ({"slides": "c"}, UnknownSlide, "'c'"),
        ({"version": "nowhere"}, UnknownVersion, "nowhere"),
        ({"group": "clinic", "um_per_px": 1.0}, InvalidInput, "update_metadata"),
        ({"um_per_px": 0}, InvalidInput, "um_per_px"),
        ({"context": -1}, InvalidInput, "context"),
        ({"context": float("nan")}, InvalidInput, "context"),
        ({"size": 0}, InvalidInput, "size"),
        ({"background": "white"}, InvalidInput, "background"),
        ({"verified": "maybe"}, InvalidInput, "verdict"),
        ({"um_per_px": 1e-4}, InvalidInput, "coarser um_per_px"),
    ],
)
def test_bad_input_is_refused_early(crops_project, wrong, error, message):
    with pytest.raises(error, match=message):
        crops(crops_project, **wrong)


def test_subsets_are_crops(crops_project):
    found = crops(crops_project, um_per_px=1.0)
    cells = found[found.labels == "cell"]
    assert cells.labels.tolist() == ["cell"] * 3
    np.testing.assert_array_equal(cells[2], found[int(np.flatnonzero(found.labels == "cell")[2])])
    assert len(found[1:3]) == 2
    assert found[[3, 0]].table["id"].tolist() == found.table["id"].to_numpy()[[3, 0]].tolist()
    assert len(found[np.zeros(len(found), bool)]) == len(found[[]]) == 0
    with pytest.raises(InvalidInput, match="mask of 5 values"):
        found[np.ones(3, bool)]
    with pytest.raises(IndexError):
        found[99]
    with pytest.raises(IndexError):
        found[[0, 99]]


def test_iterating_gives_the_same_with_any_number_of_threads(crops_project, rng):
    found = crops(crops_project, um_per_px=1.0)
    mixed = found[rng.integers(0, len(found), 150)]
    expected = [mixed[number] for number in range(len(mixed))]
    for threads in (1, 3):
        for one, other in zip(mixed.images(threads), expected, strict=True):
            np.testing.assert_array_equal(one, other)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("wsinb-crops")]


def test_many_threads_read_at_once(crops_project):
    found = crops(crops_project, um_per_px=1.0)
    expected = list(found)
    with ThreadPoolExecutor(6) as pool:
        for number, image in enumerate(pool.map(lambda at: found[at % len(found)], range(120))):
            np.testing.assert_array_equal(image, expected[number % len(found)])


def test_crops_travel_to_other_processes(crops_project):
    found = crops(crops_project, um_per_px=1.0)
    there = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(there[0], found[0])
    assert there.table.equals(found.table)


def test_few_slides_are_open_at_a_time(tmp_path):
    project = create_project(tmp_path, author="tester")
    synthetic_slide(tmp_path / "s.tif", (64, 64), 1.0)
    names = [f"s{number:02}" for number in range(MAX_OPEN + 4)]
    for name in names:
        project.slides.add(tmp_path / "s.tif", name=name, author="tester")
    project.labels.add(Label("x"), author="tester")
    session = project.session(author="tester")
    for name in names:
        session[name].upsert(new_annotations([shapely.box(5, 5, 20, 20)], label="x"))
    session.commit("all")
    found = crops(project)
    assert len(list(found)) == len(names)
    assert len(found._slides._open) <= MAX_OPEN
    with found._slides.use("s00") as slide:
        list(found)
        assert slide.read(0, 0, 4, 4).shape == (4, 4, 3)


def test_an_earlier_version_has_its_own_pictures(tmp_path):
    project = create_project(tmp_path, author="tester")
    synthetic_slide(tmp_path / "s.tif", (64, 64), None)
    project.slides.add(tmp_path / "s.tif", author="tester")
    project.labels.add([Label("x"), Label("good"), Label(SCRIPT)], author="tester")
    session = project.session(author="tester")
    session["s"].upsert(new_annotations([shapely.box(5, 5, 20, 20)], label="x"))
    first = session.commit("one")
    session = project.session(author="tester")
    session["s"].upsert(new_annotations([shapely.box(5, 5, 30, 20)], label="x"))
    session.commit("two")
    assert len(crops(project, first.id)) == 1
    assert len(crops(project)) == 2
    with pytest.raises(UnknownMpp, match=r"slide s does not know its pixel size.*set_mpp"):
        crops(project, um_per_px=1.0)


def test_a_label_of_the_whole_image_shows_the_whole_image(tmp_path):
    project = create_project(tmp_path, author="tester")
    synthetic_slide(tmp_path / "s.tif", (64, 48), None)
    project.slides.add(tmp_path / "s.tif", author="tester")
    project.labels.add([Label("x"), Label("good"), Label(SCRIPT)], author="tester")
    session = project.session(author="tester")
    session["s"].upsert(new_annotations([None], shape="image", label="good"))
    session.commit("one")
    assert crops(project)[0].shape == (48, 64, 3)


def test_a_contact_sheet_shows_and_escapes(tmp_path):
    project = create_project(tmp_path, author="tester")
    synthetic_slide(tmp_path / "s.tif", (64, 64), None)
    project.slides.add(tmp_path / "s.tif", author="tester")
    project.labels.add([Label("x"), Label("good"), Label(SCRIPT)], author="tester")
    session = project.session(author="tester")
    boxes = [shapely.box(5, 5, 20 + at, 20) for at in range(11)]
    session["s"].upsert(new_annotations(boxes, label=SCRIPT))
    session.commit("one")
    found = crops(project)
    sheet = found._repr_html_()
    assert "<script>" not in sheet
    assert "&lt;script&gt;" in sheet
    assert sheet.count("data:image/png;base64,") == 8
    assert "and 3 more" in sheet
    # a file that is gone is told, and hides nothing else
    (tmp_path / "s.tif").rename(tmp_path / "elsewhere.tif")
    found = crops(project)
    with pytest.raises(SlideNotFound):
        found[0]
    assert "put it back" in found._repr_html_()
