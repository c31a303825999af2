"""Density: every annotation counts once, with its label, layer and score."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinb.annotate import new_annotations
from wsinb.serve.vectors import density
from wsinb.serve.vectors.index import build_index
from wsinb.serve.vectors.tile import encode_tile
from wsinb.testing.vector_tiles import decode_vector_tile, frame_pieces

EXTENT = 4096
ZOOMS = (-1, -2, -3, -5)


def some(n, labels, layers, seed=0):
    """An index of points that is drawn as density at every zoom, with the columns of its annotations."""
    random = np.random.default_rng(seed)
    xy = random.uniform(0, EXTENT, (n, 2))
    frame = new_annotations(
        shapely.points(xy),
        label=np.array([*labels, None], object)[random.integers(0, len(labels) + 1, n)],
        layer=np.array(layers, object)[random.integers(0, len(layers), n)],
        score=np.where(random.random(n) < 0.2, np.nan, random.random(n)),
    )
    index = build_index(frame_pieces(frame), at_once=True)
    object.__setattr__(index, "density_max_zoom", -1)
    return index, frame


def tiles(index, z):
    for x in range(max(1, EXTENT // (512 * 2**-z))):
        for y in range(max(1, EXTENT // (512 * 2**-z))):
            yield decode_vector_tile(encode_tile(index, z, x, y).data)


def name(names, number, none):
    return None if number == none else names[number]


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(0, 300),
    labels=st.integers(0, 4),
    layers=st.integers(1, 4),
    seed=st.integers(0, 9),
    z=st.sampled_from(ZOOMS),
)
def test_counts_by_label_layer_and_score_are_those_of_the_table(n, labels, layers, seed, z):
    index, frame = some(n, [f"label {i}" for i in range(labels)], [f"layer {i}" for i in range(layers)], seed)
    counted = Counter()
    for tile in tiles(index, z):
        columns = tile.cell_label, tile.cell_layer, tile.cell_bin, tile.cell_count
        for label, layer, score_bin, count in zip(*(column.tolist() for column in columns), strict=True):
            key = name(index.labels, label, 65535), name(index.layer_names, layer, 255), score_bin
            counted[key] += count
    steps = np.round(frame["score"].to_numpy(float) * 254)
    bins = [255 if np.isnan(step) else int(step) * 16 // 255 for step in steps]
    texts = [None if label is None or label != label else label for label in frame["label"]]
    assert counted == Counter(zip(texts, frame["layer"], bins, strict=True))


@pytest.mark.parametrize("most", [400, 60, 1])
def test_too_many_entries_are_merged_and_still_count_everything(monkeypatch, most):
    index, frame = some(3000, ["a", "b"], ["one", "two", "three"])
    fine = decode_vector_tile(encode_tile(index, -3, 0, 0).data)
    monkeypatch.setattr(density, "MAX_DENSITY_ENTRIES", most)
    tile = decode_vector_tile(encode_tile(index, -3, 0, 0).data)
    assert tile.cell_count.sum() == len(frame)
    assert tile.score_bins == 1 < fine.score_bins
    assert set(tile.cell_layer) == {255}
    for label in (0, 1, 65535):
        assert (
            tile.cell_count[tile.cell_label == label].sum() == fine.cell_count[fine.cell_label == label].sum()
        )
    entries = np.stack([tile.cell_index, tile.cell_label, tile.cell_bin], axis=1)
    assert len(np.unique(entries, axis=0)) == len(entries)


def test_hundreds_of_labels_and_layers():
    names = [f"label {i:03}" for i in range(300)]
    layers = [f"layer {i:03}" for i in range(300)]
    index, frame = some(5000, names, layers)
    assert index.labels == names
    # a tile can name 255 layers: the others are told together, and counted in the list
    assert index.layer_names == layers[:255]
    assert index.layer_counts == dict(Counter(frame["layer"]))
    (tile,) = tiles(index, -3)
    for number, label in enumerate(names):
        assert tile.cell_count[tile.cell_label == number].sum() == (frame["label"] == label).sum()
    for number, layer in enumerate(layers[:255]):
        assert tile.cell_count[tile.cell_layer == number].sum() == (frame["layer"] == layer).sum()
    others = frame["layer"].isin(layers[255:]).sum()
    assert tile.cell_count[tile.cell_layer == 255].sum() == others
    drawn = [decode_vector_tile(encode_tile(index, 0, x, y).data) for x in range(8) for y in range(8)]
    ids = np.sort(frame["id"].to_numpy(str))
    label_of, layer_of = (dict(zip(frame["id"], frame[name], strict=True)) for name in ("label", "layer"))
    for tile in drawn:
        for row, label, layer in zip(tile.id, tile.label, tile.layer, strict=True):
            said = label_of[ids[row]]
            assert (None if said != said else said) == name(names, label, 65535)
            assert layer == (255 if layer_of[ids[row]] in layers[255:] else layers.index(layer_of[ids[row]]))
