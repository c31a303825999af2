"""A slide of dark shapes, and segmenters of it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import shapely

from wsinb.tiles import open_slide, write_pyramid
from wsinb.trees.outlines.polygons import mask_polygons, simplified

SIZE = (420, 300)


def dark_segmenter(level=130):
    """Return a segmenter of two classes; made here, so that it travels to other processes by its code."""

    def dark(images):
        gray = images.mean(axis=-1)
        return (gray < level).astype(np.int32) + (gray < level / 2)

    return dark


@pytest.fixture(scope="session")
def image():
    """Blobs of two darknesses, some that touch, with grain."""
    rng = np.random.default_rng(5)
    picture = np.full((SIZE[1], SIZE[0], 3), 220, np.uint8)
    for _ in range(60):
        centre = (int(rng.integers(0, SIZE[0])), int(rng.integers(0, SIZE[1])))
        cv2.circle(picture, centre, int(rng.integers(3, 28)), (int(rng.choice([20, 100])),) * 3, -1)
    for _ in range(25):
        centre = (int(rng.integers(0, SIZE[0])), int(rng.integers(0, SIZE[1])))
        cv2.circle(picture, centre, int(rng.integers(2, 9)), (220,) * 3, -1)
    return picture


@pytest.fixture(scope="session")
def slide_path(image, tmp_path_factory):
    return write_pyramid(image, tmp_path_factory.mktemp("workflow") / "shapes.tif", mpp=0.5, quality=89)


@pytest.fixture(scope="session")
def shapes_slide(slide_path):
    with open_slide(slide_path) as slide:
        yield slide


@pytest.fixture(scope="session")
def expected(shapes_slide):
    """The polygons of the whole slide at once, by class."""
    classes = dark_segmenter()(shapes_slide.read(0, 0, *SIZE)[None])[0]
    return {number: simplified(mask_polygons(classes == number).polygons, 0) for number in (1, 2)}


def assert_same_tables(one, other):
    """Compare all but the ids and the time, bit by bit."""
    assert len(one) == len(other)
    left, right = (table.drop(columns=["id", "created_at"]) for table in (one, other))
    assert (
        shapely.to_wkb(left.geometry.to_numpy()).tolist()
        == shapely.to_wkb(right.geometry.to_numpy()).tolist()
    )
    columns = [name for name in left.columns if name != "geometry"]
    assert left[columns].equals(right[columns])
