"""The picture that stands for a viewer where a notebook is only read."""

from __future__ import annotations

import base64
import io
import re

import nbformat
import numpy as np
import pytest
import shapely
from PIL import Image

import wsinb
from wsinb.frames import Box
from wsinb.testing import synthetic_regions
from wsinb.view import draw_picture
from wsinb.view.bundle import VIEW_MIME
from wsinb.view.picture import MAX_SHAPES, round_length

TUMOR = synthetic_regions((1024, 768))["tumor"]


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_it_shows_tissue_annotations_and_a_scale_bar(project):
    with_labels = pixels(project.view("liver").picture(512))
    bare = pixels(draw_picture(wsinb.open_slide(project.slides.path("liver")), max_size=512))
    assert with_labels.shape == (384, 512, 3)
    centre = TUMOR[0].centroid
    at = (int(centre.y / 2), int(centre.x / 2))
    assert with_labels[at][1] > bare[at][1] + 20, "green over violet"
    corner = with_labels[-40:, :120]
    assert (corner.sum(axis=2) == 0).any(), "the black bar"


def test_holes_stay_open(project):
    slide = wsinb.open_slide(project.slides.path("liver"))
    ring = shapely.box(300, 100, 700, 600).difference(shapely.box(450, 250, 550, 450))
    labels = {"x": wsinb.Label("x", color="#00ff00")}
    bare = pixels(draw_picture(slide, max_size=512))
    drawn = pixels(draw_picture(slide, wsinb.new_annotations([ring], label="x"), labels, max_size=512))
    assert np.array_equal(bare[175, 250], drawn[175, 250])
    assert not np.array_equal(bare[175, 180], drawn[175, 180])


def test_a_part_is_shown_larger(project):
    slide = wsinb.open_slide(project.slides.path("liver"))
    part = pixels(draw_picture(slide, within=Box(100, 100, 400, 300), max_size=300))
    assert part.shape == (200, 300, 3)
    assert np.array_equal(part[:100], slide.read(100, 100, 300, 200).astype(int)[:100])


def test_the_number_of_shapes_is_bounded(project):
    slide = wsinb.open_slide(project.slides.path("liver"))
    rng = np.random.default_rng(0)
    many = [shapely.Point(x, y).buffer(2, quad_segs=1) for x, y in rng.uniform(0, 700, (MAX_SHAPES + 500, 2))]
    large = shapely.box(800, 300, 1000, 500)
    table = wsinb.new_annotations([*many, large], label="x")
    labels = {"x": wsinb.Label("x", color="#00ff00")}
    drawn = pixels(draw_picture(slide, table, labels, max_size=512))
    bare = pixels(draw_picture(slide, max_size=512))
    assert not np.array_equal(drawn[200, 450], bare[200, 450]), "the largest is among those drawn"


@pytest.mark.parametrize(
    ("limit", "length"), [(1, 1), (1.9, 1), (2, 2), (49, 20), (50, 50), (0.3, 0.2), (1e5, 1e5)]
)
def test_lengths_are_round(limit, length):
    assert round_length(limit) == pytest.approx(length)


def test_the_output_holds_the_live_view_a_picture_and_text(project):
    viewer = project.view("liver")
    bundle = viewer._repr_mimebundle_()
    assert bundle[VIEW_MIME] == {"model_id": viewer.model_id}
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert "liver" in bundle["text/plain"]


def test_an_output_without_a_readable_slide_still_has_the_live_view(project):
    viewer = project.view("liver")
    project.slides.path("liver").unlink()
    viewer.slide.close()
    bundle = viewer._repr_mimebundle_()
    assert VIEW_MIME in bundle
    assert "text/plain" in bundle


@pytest.mark.slow
@pytest.mark.parametrize("keep_state", [True, False])
def test_nbconvert_shows_the_picture_of_an_executed_notebook(project, keep_state):
    from nbclient import NotebookClient
    from nbconvert import HTMLExporter

    source = "import wsinb\nwsinb.open_project('.').view('liver')"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    resources = {"metadata": {"path": str(project.path)}}
    client = NotebookClient(
        notebook, resources=resources, kernel_name="python3", store_widget_state=keep_state
    )
    client.execute()
    (output,) = notebook.cells[0].outputs
    assert {"image/png", "text/plain", VIEW_MIME} <= set(output.data)
    assert ("widgets" in notebook.metadata) == keep_state
    html, _ = HTMLExporter().from_notebook_node(notebook)
    (picture,) = re.findall(r'<img[^>]+src="data:image/png;base64,([^"]+)"', html)
    image = pixels(base64.b64decode(picture))
    assert image.shape[1] == 800
    assert image[300, 200, 0] > image[300, 200, 1], "pink tissue"
