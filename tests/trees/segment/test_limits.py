"""Several classes, and limits of area by label."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from wsinb.errors import InvalidInput
from wsinb.tiles import open_slide, write_pyramid
from wsinb.trees import segment_slide
from wsinb.trees.segment import TileModel


class ByColour:
    """A model of three classes that looks at one pixel: reddish, bluish, the rest."""

    def __init__(self):
        self.header = {"labels": ["rest", "red", "blue"], "um_per_px": None, "downsample": 1.0}
        self.header["white_is_background"] = True

    def core_planes(self, plan, core, *, skip_white=False):
        image = plan.read(core).astype(np.float32)
        other = image[..., 1]
        planes = np.stack([image[..., 0] > other + 60, image[..., 2] > other + 60])
        return planes.astype(np.float32) * np.float32(0.9)


@pytest.fixture(scope="module")
def squares(tmp_path_factory):
    """A slide with a red square of 100 px, one of 20 px, and the same in blue, far apart."""
    image = np.full((300, 400, 3), 230, np.uint8)
    for colour, left in (((250, 40, 40), 0), ((40, 40, 250), 200)):
        image[32:132, left + 16 : left + 116] = colour
        image[192:212, left + 16 : left + 36] = colour
    path = write_pyramid(image, tmp_path_factory.mktemp("squares") / "squares.tif", quality=89)
    with open_slide(path) as slide:
        yield slide


def found_areas(table, label):
    own = table[table["label"] == label]
    return sorted(round(area, -2) for area in own.geometry.area if area > 100)


@pytest.mark.parametrize("tile_size", [64, 150, 1024])
def test_any_model_of_tiles_can_segment_with_several_classes(squares, tile_size):
    model: TileModel = ByColour()
    found = segment_slide(squares, model, tile_size=tile_size, tolerance=1, min_area=100)
    assert set(found["label"]) == {"red", "blue"}
    for label, left in (("red", 0), ("blue", 200)):
        assert len(found_areas(found, label)) == 2
        own = shapely.union_all(found.geometry[found["label"] == label].to_numpy())
        large = shapely.box(left + 16, 32, left + 116, 132)
        truth = large.union(shapely.box(left + 16, 192, left + 36, 212))
        assert own.intersection(truth).area / own.union(truth).area > 0.9
    assert found["score"].between(0.85, 0.95).all()


def test_limits_hold_for_the_label_that_they_name(squares):
    found = segment_slide(squares, ByColour(), min_area={"red": 2000, "blue": 100}, max_area={"blue": 2000})
    assert len(found_areas(found, "red")) == 1
    assert found_areas(found, "red")[0] > 8000
    assert len(found_areas(found, "blue")) == 1
    assert found_areas(found, "blue")[0] < 1000


@pytest.mark.parametrize(
    ("limits", "wrong"),
    [
        ({"min_area": {"red": 5}, "max_area": {"red": 1}}, "'red' must satisfy"),
        ({"max_area": {"bleu": 1}}, "'blue'"),
        ({"min_area": {"red": "large"}}, "'large'"),
        ({"min_area": "large"}, "'large'"),
        ({"min_area": float("nan")}, "min_area"),
    ],
)
def test_limits_that_make_no_sense_are_refused(squares, limits, wrong):
    with pytest.raises(InvalidInput, match=wrong):
        segment_slide(squares, ByColour(), **limits)
