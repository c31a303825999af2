"""A slide of dark discs with holes on a tinted ground."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from wsinb.tiles import open_slide, write_pyramid

DISCS = [(60, 70, 25), (300, 128, 30), (128, 260, 28), (400, 300, 40), (256, 256, 22), (470, 90, 20)]
RING = (180, 120, 34)


@pytest.fixture(scope="session")
def discs_slide(tmp_path_factory):
    """512 x 384 px of 0.5 um; six discs and a ring, each over 1000 square pixels."""
    image = np.full((384, 512, 3), (230, 215, 225), np.uint8)
    for x, y, radius in DISCS:
        cv2.circle(image, (x, y), radius, (90, 40, 120), -1)
    x, y, radius = RING
    cv2.circle(image, (x, y), radius, (90, 40, 120), 14)
    path = tmp_path_factory.mktemp("find") / "discs.tif"
    write_pyramid(image, path, mpp=0.5, quality=89)
    with open_slide(path) as slide:
        yield slide
