"""A small slide that every test of this folder may read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from wsinb.testing import synthetic_slide
from wsinb.tiles import Slide, open_slide


@pytest.fixture(scope="session")
def slide_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A JPEG pyramid of 1100 x 900 px: neither side is a multiple of the tiles' 256 px."""
    return synthetic_slide(tmp_path_factory.mktemp("slides") / "small.tif", (1100, 900))


@pytest.fixture(scope="session")
def slide(slide_path: Path) -> Slide:
    return open_slide(slide_path)


@pytest.fixture(scope="session")
def whole(slide: Slide) -> NDArray[np.uint8]:
    """All level-0 pixels."""
    return slide.read(0, 0, *slide.size)
