"""Maps: what is written is read, and what differs is found, whatever their size."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinb.versions.graph.maps import differing_names, read_map, read_member, write_map
from wsinb.versions.storage.objects import Objects
from wsinb.versions.storage.posix import PosixStore

NAMES = st.sampled_from([f"slide {i}" for i in range(12)])
# inline, one object, 16 shards, 256 shards
SIZES = [0, 3, 40, 300, 1200]


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    return Objects(PosixStore(tmp_path_factory.mktemp("store")))


@pytest.mark.parametrize("size", SIZES)
def test_maps_round_trip(objects, size):
    entries = {f"slide {i}": {"number": i} for i in range(size)}
    reference = write_map(objects, entries)
    assert read_map(objects, reference) == entries
    assert all(read_member(objects, reference, name) == entries[name] for name in list(entries)[::50])
    assert read_member(objects, reference, "other") is None


@pytest.mark.parametrize("first", SIZES)
@pytest.mark.parametrize("second", SIZES)
@settings(max_examples=5, deadline=None)
@given(one=st.dictionaries(NAMES, st.integers(0, 2)), other=st.dictionaries(NAMES, st.integers(0, 2)))
def test_names_that_differ_are_found(objects, first, second, one, other):
    before = {**{f"more {i}": i for i in range(first)}, **one}
    after = {**{f"more {i}": i for i in range(second)}, **other}
    found = differing_names(objects, write_map(objects, before), write_map(objects, after))
    assert found == {name for name in {**before, **after} if before.get(name) != after.get(name)}


def test_shards_that_both_share_are_not_read(objects, monkeypatch):
    before = {f"slide {i}": i for i in range(1200)}
    after = {**before, "slide 7": -1}
    references = [write_map(objects, each) for each in (before, after)]
    read, get = [], objects.get
    monkeypatch.setattr(objects, "get", lambda sha: read.append(sha) or get(sha))
    assert differing_names(objects, *references) == {"slide 7"}
    assert len(read) == 2
