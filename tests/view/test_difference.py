"""A difference on the picture that stands for a viewer."""

from __future__ import annotations

import io

import numpy as np
import pytest
import shapely
from PIL import Image

import wsinb
from wsinb.errors import InvalidInput, UnknownVersion
from wsinb.versions.changes.fields import kind_for_people
from wsinb.view import SlideViewer
from wsinb.view.difference import KINDS, count_kinds, cut, rgb

PX = 2  # level-0 pixels a picture pixel


@pytest.fixture
def versions(project):
    """Two versions: a shape moved, one relabelled, one deleted, one added."""
    before = project.head()
    project.labels.add(wsinb.Label("stroma", color="#0000ff"))
    table = project.read("liver")
    moved, relabelled, deleted = (table.iloc[[number]].copy() for number in (0, 1, 2))
    moved.geometry = moved.translate(80, 0)
    relabelled["label"] = "stroma"
    session = project.session(author="reader-2")
    session["liver"].upsert(moved)
    session["liver"].upsert(relabelled)
    session["liver"].delete(list(deleted["id"]))
    session["liver"].upsert(wsinb.new_annotations([shapely.box(40, 700, 240, 760)], label="stroma"))
    return before, session.commit("a second look").id


def pixels(viewer):
    return np.asarray(Image.open(io.BytesIO(viewer.picture(512))).convert("RGB")).astype(int)


def strokes(image, kind, geometry):
    """How many pixels of a kind's colour lie along the outline of a geometry."""
    xmin, ymin, xmax, ymax = (round(value / PX) for value in geometry.bounds)
    part = image[max(ymin - 3, 0) : ymax + 4, max(xmin - 3, 0) : xmax + 4]
    return int((np.abs(part - rgb(KINDS[kind].color)).max(axis=2) < 30).sum())


def test_each_kind_has_its_stroke(project, versions):
    before, after = versions
    image = pixels(project.view("liver", version=after, compare=before))
    difference = project.diff(before, after)["liver"]
    for change in difference.changes():
        kind = kind_for_people(change.kind, change.fields)
        row = change.new or change.old
        assert strokes(image, kind, row["geometry"]) > 20, kind
    assert count_kinds(difference) == {"added": 1, "deleted": 1, "moved": 1, "relabelled": 1, "changed": 0}


def test_the_difference_dims_the_rest_and_has_a_legend(project, versions):
    before, after = versions
    plain = pixels(project.view("liver", version=after))
    image = pixels(project.view("liver", version=after, compare=before))
    untouched = project.read("liver", version=before).iloc[3].geometry.centroid
    at = (round(untouched.y / PX), round(untouched.x / PX))
    bare = pixels(SlideViewer(slide=project.slides.open("liver")))
    assert np.abs(image[at] - bare[at]).sum() < 0.6 * np.abs(plain[at] - bare[at]).sum()
    legend = image[6:80, 6:46]
    for kind in ("added", "deleted", "moved", "relabelled"):
        assert (legend == rgb(KINDS[kind].color)).all(axis=2).any(), kind


def test_a_difference_shows_itself(project, versions):
    viewer = project.diff(*versions).view("liver")
    assert (viewer.layer.compare, viewer.layer.version) == versions
    assert np.array_equal(
        pixels(viewer), pixels(project.view("liver", version=versions[1], compare=versions[0]))
    )


def test_without_a_difference_the_legend_says_so(project):
    head = project.head()
    assert pixels(project.view("liver", compare=head)).shape == (384, 512, 3)


def test_what_cannot_be_compared_is_refused(project, slide_path):
    with pytest.raises(UnknownVersion):
        project.view("liver", compare="v9")
    with pytest.raises(InvalidInput, match="needs a project"):
        SlideViewer(slide=slide_path, compare="main")


def test_a_branch_is_shown_and_saved_to(project):
    project.branch("review")
    viewer = project.view("liver", branch="review")
    viewer.drawn = wsinb.new_annotations([shapely.Point(10, 10)])
    commit = viewer.save("on the branch")
    assert project.head("review") == commit.id
    assert project.head() == commit.parents[0]
    with pytest.raises(UnknownVersion):
        project.view("liver", branch="reviews")


def test_dashes_cover_their_part_of_a_line():
    line = np.array([[0, 0], [60, 0], [60, 40]], float)
    strokes = cut(line, (7, 3))
    assert sum(shapely.LineString(stroke).length for stroke in strokes) == pytest.approx(70)
    around = shapely.LineString(line).buffer(1e-6)
    assert all(around.covers(shapely.LineString(stroke)) for stroke in strokes)
    assert len(cut(line, ())) == 1
