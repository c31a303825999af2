"""Ids as numbers, and the key files of parts."""

from __future__ import annotations

import uuid

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsinb.errors import InvalidInput, StorageError
from wsinb.versions.tables.ids import (
    Ids,
    decode_keys,
    encode_keys,
    id_texts,
    isin,
    last_of_each,
    locate,
    parse_ids,
)

# halves from few values: many ids share one half, as those of version 1 do
HALVES = st.sampled_from([0, 1, 2, 2**63, 2**64 - 1])
IDS = st.lists(st.builds(lambda high, low: str(uuid.UUID(int=high << 64 | low)), HALVES, HALVES), max_size=30)


@given(IDS)
def test_texts_round_trip(texts):
    assert id_texts(parse_ids(texts)) == texts


@given(IDS, IDS)
def test_membership_is_that_of_sets(some, others):
    found = isin(parse_ids(some), parse_ids(others))
    assert list(found) == [text in set(others) for text in some]


@given(IDS)
def test_the_last_of_each_is_kept(texts):
    kept = [text for text, last in zip(texts, last_of_each(parse_ids(texts)), strict=True) if last]
    assert kept == [text for i, text in enumerate(texts) if text not in texts[i + 1 :]]


@given(st.lists(IDS, min_size=2, max_size=2))
def test_key_files_find_every_row_and_nothing_else(lists):
    inside = list(dict.fromkeys(lists[0]))
    ids, rows = decode_keys(encode_keys(parse_ids(inside)), "keys/x")
    at = locate(ids, parse_ids(lists[1]))
    found = [int(rows[position]) if position >= 0 else None for position in at]
    assert found == [inside.index(text) if text in inside else None for text in lists[1]]


def test_damaged_key_files_are_named():
    data = encode_keys(parse_ids([str(uuid.uuid4())]))
    for damaged in (b"", data[:-1], b"XXXX" + data[4:], data + b"0"):
        with pytest.raises(StorageError, match="keys/x is damaged"):
            decode_keys(damaged, "keys/x")


@pytest.mark.parametrize("texts", [["x"], [None], ["00"], ["0" * 32], ["0" * 31 + "g"], [5], ["x" * 36]])
def test_other_texts_are_refused(texts):
    with pytest.raises(InvalidInput, match="UUID"):
        parse_ids(texts)


def test_no_ids():
    none = Ids(np.empty(0, np.uint64), np.empty(0, np.uint64))
    assert id_texts(none) == []
    assert list(locate(none, parse_ids([str(uuid.uuid4())]))) == [-1]
