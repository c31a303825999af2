"""What change sets do together: relative to what lies below them all."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinb.annotate.schema import SCHEMA
from wsinb.versions.storage.layout import run_key
from wsinb.versions.storage.objects import Objects
from wsinb.versions.storage.posix import PosixStore
from wsinb.versions.tables.files import NEW, OLD, OP
from wsinb.versions.tables.ids import Ids, id_texts
from wsinb.versions.tables.reading import Tables, overlay_of
from wsinb.versions.upkeep import runs
from wsinb.versions.upkeep.runs import merged, n_gathered, write_runs

BELOW = {0: 100, 1: 101, 2: 102}
"""Hashes of the rows below, by the number of the id."""


def texts(numbers):
    return id_texts(Ids(np.array(numbers, np.uint64), np.array(numbers, np.uint64)))


def overlay(rows):
    """Return a change set of {number: (old, new)}; the hash also stands in the layer, to know a row again."""
    numbers = list(rows)
    table = SCHEMA.empty_table()
    columns = {name: pa.nulls(len(rows), SCHEMA.field(name).type) for name in SCHEMA.names}
    columns["id"] = pa.array(texts(numbers), pa.string())
    columns["layer"] = pa.array([str(new) if new else None for _, new in rows.values()], pa.string())
    table = pa.table(columns, schema=SCHEMA)
    ops = ["add" if not old else "update" if new else "delete" for old, new in rows.values()]
    table = table.append_column(OP, pa.array(ops, pa.string()))
    for place, name in enumerate((OLD, NEW)):
        table = table.append_column(name, pa.array([pair[place] for pair in rows.values()], pa.uint64()))
    return overlay_of(table)


def change_sets(steps):
    """Return the change sets of steps of {number: whether there is a row afterwards}, and the last rows."""
    present, made, number = dict(BELOW), [], 1000
    for step in steps:
        rows = {}
        for which, there in step.items():
            number += 1
            pair = present.get(which, 0), number if there else 0
            if any(pair):
                rows[which] = pair
                present[which] = pair[1]
        made.append(overlay(rows))
    return made, present


STEPS = st.lists(st.dictionaries(st.integers(0, 5), st.booleans(), max_size=5), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, cut=st.integers(0, 6), size=st.integers(1, 6))
def test_a_run_says_what_became_of_each_row_below(tmp_path_factory, steps, cut, size):
    store = PosixStore(tmp_path_factory.mktemp("store"))
    overlays, present = change_sets(steps)
    expected = {
        texts([number])[0]: (BELOW.get(number, 0), now)
        for number, now in present.items()
        if any(number in step for step in steps) and (number in BELOW or now)
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "RUN_ROWS", size)
        tables = Tables(store, Objects(store))
        shas = write_runs(store, tables, merged(overlays[:cut]))
        lower = [tables.run(sha) for sha in shas]
        assert all(len(run.ids) <= size for run in lower)
        # runs of runs and change sets are as those of the change sets alone
        whole = write_runs(store, tables, merged([*lower, *overlays[cut:]]))
    found = {}
    for sha in whole:
        rows = Tables(store, Objects(store)).run(sha).table.to_pylist()
        for row in rows:
            found[row["id"]] = (row[OLD], row[NEW])
            assert row[OP] == ("add" if not row[OLD] else "update" if row[NEW] else "delete")
            assert row["layer"] == (str(row[NEW]) if row[NEW] else None)
        assert store.exists(run_key(sha))
    touched = {id_ for id_, (old, new) in expected.items() if old != new}
    assert {id_: found[id_] for id_ in touched} == {id_: expected[id_] for id_ in touched}
    assert found.keys() == touched


def test_added_and_deleted_again_leaves_no_trace_unless_a_row_lies_below():
    overlays, _ = change_sets([{0: False, 5: True}, {0: True, 5: True}, {0: False, 5: False}])
    run = merged(overlays)
    assert id_texts(run.ids) == texts([0])
    assert (run.old.tolist(), run.new.tolist()) == ([100], [0])


@pytest.mark.parametrize(
    ("sizes", "start", "n"),
    [([], 5, 0), ([15], 5, 0), ([14], 5, 1), ([60, 14], 5, 1), ([56, 14], 5, 2), ([1000, 1, 1], 9, 2)],
)
def test_older_files_are_taken_in_while_they_are_smaller_than_three_times_the_rest(sizes, start, n):
    assert n_gathered(sizes, start) == n
