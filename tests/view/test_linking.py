"""Viewers that move together, and stand side by side."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import wsinb
from wsinb.errors import InvalidInput
from wsinb.view import link, side_by_side, unlink
from wsinb.view.affine import after, check_affine, inverse

numbers = st.floats(-100, 100).map(lambda number: round(number, 3))
affines = st.tuples(*[numbers] * 6).filter(lambda m: abs(m[0] * m[4] - m[1] * m[3]) > 1e-3)


def matrix(affine):
    return np.array([*affine, 0, 0, 1]).reshape(3, 3)


@pytest.fixture
def viewers(slide_path):
    return [wsinb.open_slide(slide_path).view() for _ in range(3)]


def test_linked_viewers_share_a_group_and_a_frame(viewers):
    first, second, third = viewers
    link(first, second, [2, 0, 100, 0, 2, 50])
    link(second, third, [[0, -1, 7], [1, 0, 9]])
    assert first.layer.link["affine"] == [1, 0, 0, 0, 1, 0]
    assert {viewer.layer.link["group"] for viewer in viewers} == {first.layer.link["group"]}
    # from the third slide to the second and on to the first
    assert third.layer.link["affine"] == [0, -2, 114, 2, 0, 68]


@pytest.mark.parametrize("first_pair", [True, False])
def test_whoever_is_linked_already_comes_along(slide_path, first_pair):
    a, b, c, d = (wsinb.open_slide(slide_path).view() for _ in range(4))
    if first_pair:
        link(a, b, [1, 0, 10, 0, 1, 0])
    link(c, d, [2, 0, 5, 0, 2, 5])
    # d lies on a as this says; so c, on which d lies, does too
    link(a, d, [0, -1, 7, 1, 0, 9])
    viewers = [a, b, c, d] if first_pair else [a, c, d]
    assert {viewer.layer.link["group"] for viewer in viewers} == {a.layer.link["group"]}
    frames = {viewer: matrix(viewer.layer.link["affine"]) for viewer in viewers}
    assert np.allclose(np.linalg.inv(frames[a]) @ frames[d], matrix([0, -1, 7, 1, 0, 9]))
    assert np.allclose(np.linalg.inv(frames[c]) @ frames[d], matrix([2, 0, 5, 0, 2, 5]))
    if first_pair:
        assert np.allclose(np.linalg.inv(frames[a]) @ frames[b], matrix([1, 0, 10, 0, 1, 0]))


def test_a_viewer_that_was_unlinked_does_not_come_along(viewers):
    first, second, third = viewers
    link(first, second)
    unlink(second)
    link(third, first)
    assert second.layer.link == {}


@given(affines, affines)
def test_maps_one_after_the_other_are_one_map(second, first):
    assert np.allclose(matrix(after(second, first)), matrix(second) @ matrix(first))


@given(affines)
def test_a_map_and_its_inverse_come_to_nothing(affine):
    assert np.allclose(matrix(after(affine, inverse(affine))), np.eye(3), atol=1e-4)


@given(affines)
def test_an_affine_may_be_a_matrix(affine):
    assert check_affine(matrix(affine)) == check_affine(matrix(affine)[:2]) == check_affine(affine) == affine


@pytest.mark.parametrize(
    "wrong", [None, 3, "abc", [1, 2, 3], np.ones((3, 3)), [1, 0, 0, 2, 0, 0], [np.nan] * 6, [[1, 0], [0, 1]]]
)
def test_what_is_no_map_is_refused(viewers, wrong):
    with pytest.raises(InvalidInput):
        check_affine(wrong)


def test_slides_of_different_scale_lie_on_each_other_in_micrometres(viewers):
    first, second, _ = viewers
    first.slide.mpp, second.slide.mpp = 0.5, 0.25
    link(first, second)
    assert second.layer.link["affine"] == [0.5, 0, 0, 0, 0.5, 0]


def test_unlinked_viewers_move_alone(viewers):
    link(*viewers[:2])
    unlink(viewers[1])
    assert viewers[1].layer.link == {}


def test_a_viewer_is_not_linked_to_itself(viewers):
    with pytest.raises(InvalidInput, match="itself"):
        link(viewers[0], viewers[0])
    with pytest.raises(InvalidInput, match="two or more"):
        side_by_side(viewers[0], viewers[0])


def test_viewers_side_by_side_are_linked_and_have_one_picture(viewers):
    row = side_by_side(*viewers[:2])
    assert viewers[0].layer.link["group"] == viewers[1].layer.link["group"]
    assert "SideBySide(SlideViewer(" in repr(row)
    bundle = row._repr_mimebundle_()
    assert bundle["application/vnd.wsinb.view+json"] == {"model_id": row.model_id}
    single = Image.open(io.BytesIO(viewers[0].picture(max_size=500)))
    both = Image.open(io.BytesIO(row._picture()))
    assert both.size == (2 * single.width, single.height)
