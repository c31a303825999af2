"""Area resampling against a slow reference."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinb.tiles.resample import area_resample

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
FINE = 20


def reference(x: float, y: float, step: float, width: int, height: int) -> np.ndarray:
    """Mean over areas, by cutting each pixel into FINE x FINE pieces: exact for multiples of 1 / FINE."""
    fine = IMAGE.repeat(FINE, 0).repeat(FINE, 1).astype(float)
    edge, left, top = round(step * FINE), round(x * FINE), round(y * FINE)
    cut = fine[top : top + edge * height, left : left + edge * width]
    return cut.reshape(height, edge, width, edge, 3).mean((1, 3))


@st.composite
def grids(draw: st.DrawFn) -> tuple[float, float, float, int, int]:
    step = draw(st.integers(4, 5 * FINE)) / FINE
    width, height = draw(st.integers(1, int(50 / step))), draw(st.integers(1, int(40 / step)))
    x = draw(st.integers(0, int((50 - step * width) * FINE + 1e-9))) / FINE
    y = draw(st.integers(0, int((40 - step * height) * FINE + 1e-9))) / FINE
    return x, y, step, width, height


@given(grids())
@settings(max_examples=200, deadline=None)
def test_every_pixel_is_the_mean_of_the_area_it_covers(grid: tuple[float, float, float, int, int]) -> None:
    got = area_resample(IMAGE, *grid)
    assert got.dtype == np.uint8
    assert np.abs(got - reference(*grid)).max() <= 0.51


def test_a_grid_up_to_the_very_edge_of_the_picture() -> None:
    assert (
        np.abs(area_resample(IMAGE, 0.5, 0.5, 1.5, 33, 26) - reference(0.5, 0.5, 1.5, 33, 26)).max() <= 0.51
    )


def test_a_step_that_is_no_fraction_keeps_a_constant_picture_constant() -> None:
    flat = np.full((40, 50, 3), 77, np.uint8)
    assert (area_resample(flat, 0.123, 0.456, np.pi / 2, 30, 24) == 77).all()
