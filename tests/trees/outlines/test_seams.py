"""Polygons of tiles joined over seams."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from wsinb.trees.outlines import joining
from wsinb.trees.outlines.joining import join_along_seams
from wsinb.trees.outlines.polygons import mask_polygons
from wsinb.trees.outlines.seams import Found, Piece, SeamMerger

masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=16))


def pieces_of(mask, tile):
    """Outline a mask tile by tile."""
    for y in range(0, mask.shape[0], tile):
        for x in range(0, mask.shape[1], tile):
            polygons, component = mask_polygons(mask[y : y + tile, x : x + tile])
            moved = shapely.transform(polygons, lambda xy, corner=(x, y): xy + np.array(corner))
            n_pixels = np.bincount(component.ravel())[1:].tolist()
            found = [Found(polygon, 1, n, n / 2) for polygon, n in zip(moved, n_pixels, strict=True)]
            yield Piece(y // tile, x // tile, found, component)


def merged(mask, tile):
    merger, done = SeamMerger(), []
    for piece in pieces_of(mask, tile):
        done += merger.add(piece)
    return done + merger.finish()


def check(mask, tile):
    """What tiles give is what the whole mask gives."""
    found, expected = merged(mask, tile), mask_polygons(mask).polygons
    assert all(shapely.is_valid([item.polygon for item in found]))
    assert [item.n_pixels for item in found] == [item.polygon.area for item in found]
    assert [item.probability_sum for item in found] == [item.n_pixels / 2 for item in found]
    tree = shapely.STRtree(expected)
    partner = [
        [k for k in tree.query(item.polygon) if shapely.equals(expected[k], item.polygon)] for item in found
    ]
    assert sorted(partner) == [[k] for k in range(len(expected))]


@pytest.mark.parametrize("least", [0, 10**9], ids=["coverage", "union"])
@settings(max_examples=100, deadline=None)
@given(mask=masks, tile=st.integers(1, 9))
def test_tiles_give_the_polygons_of_the_whole(least, mask, tile):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(joining, "MANY_CORNERS", least)
        check(mask, tile)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_large_polygons_with_holes_are_joined_exactly(share):
    check(np.random.default_rng(0).random((150, 170)) < share, 64)


def test_corners_on_straight_lines_are_left_out():
    whole = join_along_seams([shapely.box(0, 0, 8, 5), shapely.box(8, 0, 12, 5), shapely.box(0, 5, 8, 9)])
    assert len(whole.exterior.coords) == 7
    assert whole.equals(shapely.box(0, 0, 12, 5) | shapely.box(0, 5, 8, 9))


def test_what_does_not_fit_together_is_joined_all_the_same(monkeypatch):
    monkeypatch.setattr(joining, "MANY_CORNERS", 0)
    polygons = [shapely.box(0, 0, 8, 5), shapely.box(6, 0, 12, 5)]
    assert joining.joined(polygons).equals(shapely.box(0, 0, 12, 5))
