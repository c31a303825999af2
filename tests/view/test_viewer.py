"""The widget's Python side, without a browser."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
import shapely
from traitlets import TraitError

import wsinb
from wsinb.annotate import to_features
from wsinb.errors import (
    Conflict,
    InvalidInput,
    UnknownAnnotation,
    UnknownMpp,
    UnknownProject,
    UnknownSlide,
    UnknownVersion,
    UnreadableSlide,
)
from wsinb.frames import Box
from wsinb.view import SlideLayer, SlideViewer

SQUARE = shapely.box(100, 100, 200, 180)


def drawn(geometry=SQUARE, label=None):
    """What the browser sends for a new shape."""
    (feature,) = to_features(wsinb.new_annotations([geometry], label=label))
    return {**feature, "id": None}


def test_a_project_gives_a_viewer_of_a_slide(project):
    viewer = project.view("liver")
    assert viewer.layer.source == {"project": str(project.path), "slide": "liver"}
    assert viewer.crs["name"] == "Simple"
    assert viewer.layers == (viewer.layer,)
    assert repr(viewer) == "SlideViewer('liver' of project 'study', 1024 x 768 px)"


def test_a_slide_gives_a_viewer_of_its_file(slide_path):
    viewer = wsinb.open_slide(slide_path).view()
    assert viewer.layer.source == {"path": str(slide_path)}
    assert len(viewer.drawn) == 0


def test_a_slide_of_the_project_is_found_by_its_file(project, slide_path):
    viewer = SlideViewer(project, wsinb.open_slide(slide_path))
    assert viewer.layer.source["slide"] == "liver"


def test_the_folder_of_a_project_will_do(project):
    assert SlideViewer(str(project.path), "liver").project.name == "study"


@pytest.mark.parametrize(
    ("error", "options"),
    [
        (InvalidInput, {}),
        (UnknownSlide, {"slide": "kidney"}),
        (UnknownVersion, {"slide": "liver", "version": "v9"}),
    ],
)
def test_what_is_not_there_is_refused_at_once(project, error, options):
    with pytest.raises(error):
        SlideViewer(project, **options)


def test_no_project_at_the_folder(tmp_path):
    with pytest.raises(UnknownProject):
        SlideViewer(tmp_path, "liver")


def test_a_version_needs_a_project(slide_path):
    with pytest.raises(InvalidInput, match="needs a project"):
        SlideViewer(slide=slide_path, version="main")


def test_a_file_that_is_no_slide_is_refused(tmp_path):
    (tmp_path / "no.svs").write_bytes(b"not a slide")
    with pytest.raises(UnreadableSlide):
        SlideViewer(slide=tmp_path / "no.svs")


@pytest.mark.parametrize(
    ("trait", "value"),
    [
        ("source", {"url": "http://example.org"}),
        ("source", {"path": ""}),
        ("drawn", [{"shape": "polygon"}]),
        ("drawn", [{"geometry": {"type": "Point", "coordinates": ["a", "b"]}}]),
        ("drawn", [{"surprise": 1}]),
        ("deleted", [1]),
        ("labels", [{"name": "x", "color": "javascript:alert(1)"}]),
        ("view", [0.0, 1.0]),
        ("view", [0.0, 1.0, 2.0, math.inf]),
    ],
)
def test_bad_values_from_the_browser_change_nothing(project, trait, value):
    layer = project.view("liver").layer
    before = getattr(layer, trait)
    with pytest.raises(TraitError):
        setattr(layer, trait, value)
    assert getattr(layer, trait) == before


def test_the_protocol_cannot_be_changed():
    with pytest.raises(TraitError):
        SlideLayer().protocol = 2


def test_drawn_shapes_are_a_table_in_level_0_pixels(project):
    viewer = project.view("liver")
    viewer.layer.drawn = [drawn(label="tumor")]
    (row,) = viewer.drawn.itertuples()
    assert row.geometry.equals(SQUARE)
    assert row.label == "tumor"


def test_a_table_can_be_drawn_from_python(project):
    viewer = project.view("liver")
    viewer.drawn = wsinb.new_annotations([SQUARE], label="tumor")
    assert viewer.layer.drawn[0]["geometry"]["type"] == "Polygon"
    assert viewer.drawn.geometry.iloc[0].equals(SQUARE)


def test_save_commits_and_clears(project):
    viewer = project.view("liver")
    gone = project.read("liver")["id"].iloc[0]
    viewer.layer.drawn = [drawn(label="tumor")]
    viewer.layer.deleted = [gone]
    commit = viewer.save("one more, one less")
    assert viewer.saved == commit.id == project.head()
    assert viewer.layer.drawn == viewer.layer.deleted == []
    table = project.read("liver")
    assert gone not in set(table["id"])
    assert any(geometry.equals(SQUARE) for geometry in table.geometry)


def test_save_builds_on_the_commit_that_was_read(project):
    viewer = project.view("liver")
    viewer.layer.edit_base = project.head()
    touched = project.read("liver")["id"].iloc[0]
    other = project.session(author="colleague")
    other["liver"].delete([touched])
    other.commit("deleted it")
    (feature,) = to_features(project.read("liver", version=viewer.layer.edit_base).query("id == @touched"))
    viewer.layer.drawn = [{**feature, "label": None}]
    with pytest.raises(Conflict):
        viewer.save("relabelled it")
    assert len(viewer.drawn) == 1, "nothing is lost"


def test_save_without_project_or_changes_is_refused(project, slide_path):
    with pytest.raises(InvalidInput, match="nothing to save"):
        project.view("liver").save("nothing")
    with pytest.raises(InvalidInput, match="without a project"):
        SlideViewer(slide=slide_path).save("nowhere")


def test_go_to_sets_centre_and_zoom_before_the_viewer_is_displayed(project):
    viewer = project.view("liver")
    viewer.go_to(300, 200, um_per_px=1.0)
    assert tuple(viewer.center) == (-200, 300)
    assert viewer.zoom == -1
    assert not viewer.layer.fit
    viewer.go_to(300, 200, zoom=99)
    assert viewer.zoom == viewer.max_zoom


@pytest.mark.parametrize("options", [{"um_per_px": 1.0, "zoom": 0}, {"um_per_px": -1.0}, {"zoom": math.nan}])
def test_go_to_refuses_what_makes_no_sense(project, options):
    with pytest.raises(InvalidInput):
        project.view("liver").go_to(0, 0, **options)


def test_go_to_needs_mpp_for_micrometres(project):
    viewer = project.view("liver")
    viewer.slide = type("NoMpp", (), {"mpp": None, "name": "x"})()
    with pytest.raises(UnknownMpp):
        viewer.go_to(0, 0, um_per_px=1.0)


def test_bounds_are_the_slide_until_the_browser_says(project):
    viewer = project.view("liver")
    assert viewer.bounds == Box(0, 0, 1024, 768)
    viewer.layer.view = [10.0, 20.0, 110.0, 70.0]
    assert viewer.bounds == Box(10, 20, 110, 70)


def test_an_annotation_is_gone_to_by_its_id(project):
    row = project.read("liver").iloc[0]
    viewer = project.view("liver")
    viewer.go_to(row.id)
    assert viewer.center == [-row.geometry.envelope.centroid.y, row.geometry.envelope.centroid.x] or (
        math.isclose(-viewer.center[0], row.geometry.envelope.centroid.y)
        and math.isclose(viewer.center[1], row.geometry.envelope.centroid.x)
    )
    with pytest.raises(UnknownAnnotation, match="no annotation"):
        viewer.go_to("0190a7f0-0000-7000-8000-000000000000")


def test_a_box_is_brought_into_view(project):
    viewer = project.view("liver")
    viewer.fit_bounds((100, 100, 500, 300))
    assert tuple(viewer.center) == (-200, 300)
    assert viewer.zoom == 1
    with pytest.raises(InvalidInput, match="no box"):
        viewer.fit_bounds((500, 100, 100, 300))


def test_the_selection_is_read_as_a_table(project):
    rows = project.read("liver")
    viewer = project.view("liver")
    assert len(viewer.selected()) == 0
    viewer.selection = [rows.id.iloc[0], "0190a7f0-0000-7000-8000-000000000000"]
    assert list(viewer.selected().id) == [rows.id.iloc[0]]


def test_the_bounds_can_be_observed(project):
    viewer = project.view("liver")
    heard = []
    viewer.observe(lambda change: heard.append(change["new"]), "bounds")
    viewer.layer.view = [1, 2, 3, 4]
    assert heard == [Box(1, 2, 3, 4)]
    viewer.set_trait("north", 10.0)
    assert viewer.bounds == Box(1, 2, 3, 4)


def test_an_open_session_is_shown_as_it_edits(project):
    session = project.session(author="someone")
    viewer = project.view("liver", session=session)
    assert viewer.layer.draft == {}
    session["liver"].upsert(wsinb.new_annotations([SQUARE]))
    first = dict(viewer.layer.draft)
    assert first["id"] == session.journal
    session["liver"].upsert(wsinb.new_annotations([SQUARE]))
    assert viewer.layer.draft["revision"] > first["revision"]
    session.commit("two squares")
    assert viewer.layer.draft == {}
    viewer.show(None)
    session["liver"].upsert(wsinb.new_annotations([SQUARE]))
    assert viewer.layer.draft == {}


def test_importing_the_room_and_checking_a_common_column_load_nothing_heavy():
    heavy = ["pyarrow", "pandas", "geopandas", "numba", "cv2", "wsinb.versions"]
    code = (
        "import sys, wsinb.view; from wsinb.serve.vectors.colouring import check_colouring; "
        f"check_colouring('change', list); print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_session_of_another_project_is_refused(project, tmp_path):
    other = wsinb.create_project(tmp_path / "other")
    with pytest.raises(InvalidInput, match="its own project"):
        project.view("liver", session=other.session(author="someone"))
