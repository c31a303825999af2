"""Probabilities as a slide of their own."""

from __future__ import annotations

import numpy as np
import pytest

from wsinb.errors import InvalidInput, StorageError
from wsinb.frames import Box
from wsinb.progress import Cancelled
from wsinb.tiles import open_slide
from wsinb.trees.segment import write_probabilities


@pytest.fixture(scope="module")
def truth(trees_slide, tumour_model):
    """The probabilities of tumour, predicted at once, (h, w)."""
    width, height = (int(np.ceil(length / 4)) for length in trees_slide.size)
    return tumour_model.predict_proba(trees_slide.read(0, 0, width, height, downsample=4))[..., 1]


def test_the_picture_opens_as_a_slide_with_the_probabilities(trees_slide, tumour_model, truth, tmp_path):
    path = write_probabilities(
        trees_slide, tumour_model, "tumor", tmp_path / "map.tif", tile_size=100, skip_white=False
    )
    assert path == tmp_path / "map.tif"
    with open_slide(path) as picture:
        assert picture.size == (truth.shape[1], truth.shape[0])
        assert picture.mpp == pytest.approx(trees_slide.mpp * 4)
        values = picture.read(0, 0, *picture.size)
    assert (values == values[..., :1]).all()
    error = np.abs(values[..., 0] / 255 - truth)
    assert error.mean() < 0.01
    assert error.max() < 0.1
    assert list(tmp_path.iterdir()) == [path]


def test_the_background_is_what_the_others_leave(trees_slide, tumour_model, truth, tmp_path):
    path = write_probabilities(
        trees_slide,
        tumour_model,
        "background",
        tmp_path / "map.tif",
        skip_white=False,
        within=Box(0, 0, 400, 400),
    )
    with open_slide(path) as picture:
        values = picture.read(0, 0, *picture.size)[..., 0] / 255
    assert np.abs(values[:96, :96] - (1 - truth[:96, :96])).mean() < 0.01
    assert values[110:, 110:].min() > 0.97


def test_probabilities_have_the_colours_that_are_given(trees_slide, tumour_model, tmp_path):
    colours = np.zeros((256, 3), np.uint8)
    colours[:, 2] = 200
    path = write_probabilities(
        trees_slide, tumour_model, "tumor", tmp_path / "map.tif", colours=colours, within=Box(0, 0, 64, 64)
    )
    with open_slide(path) as picture:
        assert np.abs(picture.read(0, 0, 30, 30).reshape(-1, 3).mean(axis=0) - (0, 0, 200)).max() < 4


def test_nothing_is_left_behind_when_it_is_cancelled(trees_slide, tumour_model, tmp_path):
    def stop(step):
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        write_probabilities(trees_slide, tumour_model, "tumor", tmp_path / "map.tif", progress=stop)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_is_refused(trees_slide, tumour_model, tmp_path):
    with pytest.raises(InvalidInput, match="'tumor'"):
        write_probabilities(trees_slide, tumour_model, "tumour", tmp_path / "map.tif")
    with pytest.raises(InvalidInput, match="256"):
        write_probabilities(
            trees_slide, tumour_model, "tumor", tmp_path / "map.tif", colours=np.zeros((3, 3))
        )
    with pytest.raises(StorageError, match="another folder"):
        write_probabilities(trees_slide, tumour_model, "tumor", tmp_path / "nowhere" / "map.tif")
