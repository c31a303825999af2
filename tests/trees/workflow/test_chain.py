"""Workflows inside what others found."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely

from wsinb.annotate import new_annotations, validate
from wsinb.errors import InvalidInput
from wsinb.trees.workflow import Workflow, chain

from .conftest import SIZE, assert_same_tables, dark_segmenter

WINDOWS = [shapely.Point(120, 150).buffer(80), shapely.box(250, 20, 400, 120)]


def windows(slide):
    """Return two places of a slide."""
    return new_annotations(WINDOWS, label=["round", "square"], layer="places")


def parents(table):
    return [json.loads(text)["parent"] for text in table["properties"]]


@pytest.mark.parametrize("tile_size", [40, 64, 500])
def test_the_second_looks_inside_the_objects_of_the_first(shapes_slide, tile_size):
    second = Workflow(dark_segmenter(), tile_size=tile_size, overlap=5)
    found = chain(windows, second).run(shapes_slide)
    assert len(found.first.table) == 2
    for place, geometry in zip(found.first.table["id"], found.first.table.geometry, strict=True):
        inside = found.second.table[np.array(parents(found.second.table)) == place]
        # coordinates are those of the slide, and the same as where the whole slide is looked at
        direct = second.run(shapes_slide, within=geometry).table
        one, other = (
            sorted(table.geometry, key=lambda polygon: (polygon.bounds, polygon.area))
            for table in (inside, direct)
        )
        assert len(one) == len(other) > 0
        assert shapely.equals(one, other).all()
    assert len(validate(found.table)) == len(found.first.table) + len(found.second.table)
    assert found.complete


def test_objects_can_be_selected(shapes_slide):
    second = Workflow(dark_segmenter())
    by_label = chain(windows, second, "square").run(shapes_slide)
    large = chain(windows, second, lambda objects: objects.geometry.area > 16000).run(shapes_slide)
    assert shapely.box(250, 20, 400, 120).covers(by_label.second.table.geometry.union_all())
    assert set(parents(large.second.table)) == set(large.first.table["id"][:1])
    none = chain(windows, second, "triangle").run(shapes_slide)
    assert len(none.second.table) == 0
    assert len(none.table) == 2


def test_a_window_may_be_seen_whole_and_wider(shapes_slide):
    everything = Workflow(lambda images: np.ones(images.shape[:3], int), tile_size=64)
    box = chain(windows, everything, "round", inside="box").run(shapes_slide)
    assert box.second.table.geometry.iloc[0].equals(shapely.box(40, 70, 200, 230))
    wide = chain(windows, everything, "round", inside="box", margin=0.5).run(shapes_slide)
    assert wide.second.table.geometry.iloc[0].equals(shapely.box(0, 0, 280, 300))
    thing = chain(windows, everything, "round").run(shapes_slide).second.table.geometry.iloc[0]
    assert thing.symmetric_difference(WINDOWS[0]).area < 0.03 * WINDOWS[0].area


def test_chains_can_be_chained_and_run_anywhere(shapes_slide, tmp_path):
    first = Workflow(dark_segmenter(), labels=["background", "cell", "core"], min_area=300, layer="one")
    second = Workflow(dark_segmenter(60), labels=["background", "deep", "deeper"], layer="two", tile_size=50)
    third = Workflow(lambda images: np.ones(images.shape[:3], int), layer="three")
    whole = chain(chain(first, second), third, "deeper")
    found = whole.run(shapes_slide, runner="serial", checkpoint=tmp_path)
    assert set(found.table["layer"]) <= {"one", "two", "three"}
    again = whole.run(shapes_slide, checkpoint=tmp_path)
    assert again.first.first.resumed == again.first.first.n_tiles
    assert_same_tables(found.first.first.table, again.first.first.table)
    assert found.timings["total"] > 0
    assert "first" in repr(found)
    assert "phase" in found._repr_html_()


def test_windows_at_the_edge_are_cut_off(shapes_slide):
    def corner(slide):
        return new_annotations([shapely.box(SIZE[0] - 30, SIZE[1] - 20, SIZE[0] + 50, SIZE[1] + 50)])

    everything = Workflow(lambda images: np.ones(images.shape[:3], int), border="extend")
    found = chain(corner, everything, inside="box").run(shapes_slide)
    assert found.second.table.geometry.iloc[0].bounds == (390, 280, 420, 300)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((None, Workflow(dark_segmenter())), {}, "a chain is made of"),
        ((windows, windows), {}, "a chain is made of"),
        ((windows, Workflow(dark_segmenter())), {"inside": "hull"}, "inside must be"),
        ((windows, Workflow(dark_segmenter())), {"margin": -1, "inside": "box"}, "margin must be"),
        ((windows, Workflow(dark_segmenter())), {"margin": 1}, "give inside='box'"),
    ],
)
def test_bad_chains_are_refused(arguments, options, message):
    with pytest.raises(InvalidInput, match=message):
        chain(*arguments, **options)
