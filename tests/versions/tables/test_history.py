"""History files: what was put in is found by id and by depth, from few row groups."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinb.errors import StorageError
from wsinb.versions.storage.layout import history_key, sha256
from wsinb.versions.storage.posix import PosixStore
from wsinb.versions.tables import history
from wsinb.versions.tables.history import Entries, Histories, encode_history
from wsinb.versions.tables.ids import Ids, id_texts


def entries_of(numbers, depth):
    ids = Ids(np.array(numbers, np.uint64), np.array(numbers, np.uint64) % np.uint64(3))
    old, new = np.array(numbers, np.uint64) % np.uint64(2), np.full(len(numbers), depth, np.uint64)
    return Entries.of_change(ids, f"commit-{depth}", depth, old, new)


def put(store, entries):
    data = encode_history(entries)
    store.put_if_absent(history_key(sha256(data)), data)
    return sha256(data)


def rows(entries):
    columns = (entries.depth, entries.commit, entries.op, entries.old, entries.new)
    plain = [column.tolist() for column in columns]
    return sorted(zip(id_texts(entries.ids), *plain, strict=True))


COMMITS = st.lists(st.lists(st.integers(0, 30), unique=True, min_size=1, max_size=8), min_size=1, max_size=8)


@settings(max_examples=50, deadline=None)
@given(commits=COMMITS, split=st.integers(0, 8), depth=st.integers(-1, 9), wanted=st.sets(st.integers(0, 33)))
def test_entries_are_found_by_depth_and_by_id(tmp_path_factory, commits, split, depth, wanted):
    store = PosixStore(tmp_path_factory.mktemp("store"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "ROW_GROUP", 3)
        each = [entries_of(numbers, i) for i, numbers in enumerate(commits)]
        files = [put(store, Entries.concat(some)) for some in (each[:split], each[split:]) if some]
    everything = Entries.concat(each)
    histories = Histories(store)
    assert rows(histories.after(files, depth)) == rows(everything.take(everything.depth > depth))
    ids = Ids(*(np.array([f(n) for n in wanted], np.uint64) for f in (int, lambda n: n % 3)))
    chosen = np.isin(everything.ids.high, ids.high)
    assert rows(histories.of_ids(files, ids)) == rows(everything.take(chosen))
    assert sum(histories.rows(sha) for sha in files) == len(everything)


def test_one_id_reads_one_row_group(tmp_path, monkeypatch):
    store = PosixStore(tmp_path)
    sha = put(store, Entries.concat([entries_of(list(range(4000)), depth) for depth in range(2)]))
    read = []
    original = pq.ParquetFile.read_row_groups

    def reading(self, groups):
        read.append(groups)
        return original(self, groups)

    monkeypatch.setattr(pq.ParquetFile, "read_row_groups", reading)
    assert len(Histories(store).of_ids([sha], entries_of([3000], 0).ids)) == 2
    assert [len(groups) for groups in read] == [1]


def test_a_damaged_or_missing_file_is_named(tmp_path):
    store = PosixStore(tmp_path)
    sha = put(store, entries_of([1, 2], 0))
    store.path(history_key(sha)).write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(StorageError, match=sha):
        Histories(store).entries(sha)
    with pytest.raises(StorageError, match="missing"):
        Histories(store).entries("0" * 64)
