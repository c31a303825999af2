"""The content hash of a row: what docs/format.md says, and what counts as a change."""

from __future__ import annotations

import hashlib
import struct

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinb.annotate import empty_annotations, to_arrow
from wsinb.annotate.schema import SCHEMA
from wsinb.testing.annotations import annotation_tables
from wsinb.versions.tables import hashes
from wsinb.versions.tables.hashes import BOOKKEEPING, HASHED, hash_rows

OWN = pa.schema(
    [
        ("c_0000aaaa", pa.float64()),
        ("c_0000bbbb", pa.int64()),
        ("c_0000cccc", pa.string()),
        ("c_0000dddd", pa.bool_()),
        ("c_0000eeee", pa.timestamp("us", tz="UTC")),
    ]
)
own_values = st.fixed_dictionaries(
    {
        "c_0000aaaa": st.none() | st.floats(allow_nan=False),
        "c_0000bbbb": st.none() | st.integers(-(2**63), 2**63 - 1),
        "c_0000cccc": st.none() | st.text(),
        "c_0000dddd": st.none() | st.booleans(),
        "c_0000eeee": st.none() | st.integers(-(10**15), 10**15),
    }
)


def framed(value):
    return b"\xff\xff\xff\xff" if value is None else struct.pack("<I", len(value)) + value


def as_bytes(value, kind):
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    codes = {"double": "<d", "int32": "<i", "int64": "<q", "bool": "<?"}
    return struct.pack(codes[str(kind)], value + 0.0 if isinstance(value, float) else value)


def by_the_book(row, schema):
    """The hash of one row, written as the format page tells it."""
    content = b"".join(framed(as_bytes(row[name], schema.field(name).type)) for name in HASHED)
    for key in sorted(set(schema.names) - set(SCHEMA.names)):
        if row[key] is not None:
            content += framed(key.encode()) + framed(as_bytes(row[key], schema.field(key).type))
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little") or 1


@settings(max_examples=60, deadline=None)
@given(gdf=annotation_tables(min_size=0, max_size=6), data=st.data())
def test_hashes_are_those_that_the_format_specifies(gdf, data):
    table = to_arrow(gdf).replace_schema_metadata(None)
    rows = data.draw(st.lists(own_values, min_size=len(gdf), max_size=len(gdf)))
    times = [row["c_0000eeee"] for row in rows]
    for field in OWN:
        column = pa.array(
            [row[field.name] for row in rows], pa.int64() if "time" in str(field.type) else field.type
        )
        table = table.append_column(field.name, column.cast(field.type))
    numbers = table.set_column(table.num_columns - 1, "c_0000eeee", pa.array(times, pa.int64()))
    expected = [by_the_book(row, numbers.schema) for row in numbers.to_pylist()]
    assert hash_rows(table).tolist() == expected
    assert hash_rows(table.slice(1)).tolist() == expected[1:]


def test_an_empty_table_has_no_hashes():
    result = hash_rows(to_arrow(empty_annotations()))
    assert (result.shape, result.dtype) == ((0,), np.uint64)


def row(**columns):
    blank = dict.fromkeys(SCHEMA.names)
    return pa.Table.from_pylist([{**blank, "layer": "manual", "score": 0.5, **columns}], SCHEMA)


@pytest.mark.parametrize("name", HASHED)
def test_every_column_of_the_content_changes_the_hash(name):
    values = {"geometry": b"\x01", "score": 0.25, "z": 1, "t": 1, "c": 1}
    changed = row(**{name: values.get(name, "other")})
    assert hash_rows(changed)[0] != hash_rows(row())[0]


@pytest.mark.parametrize("name", [*BOOKKEEPING, "id"])
def test_who_and_when_do_not_change_the_hash(name):
    assert hash_rows(row(**{name: 7 if name.endswith("_at") else "x"}))[0] == hash_rows(row())[0]


def test_null_is_not_empty_and_values_do_not_run_together():
    texts = [
        ("label", None, "properties", None),
        ("label", "", "properties", None),
        ("label", None, "properties", ""),
    ]
    found = {hash_rows(row(**{a: x, b: y}))[0] for a, x, b, y in texts}
    found |= {
        hash_rows(row(shape="a", shape_params="bc"))[0],
        hash_rows(row(shape="ab", shape_params="c"))[0],
    }
    assert len(found) == 5


def test_minus_zero_is_zero():
    assert hash_rows(row(score=-0.0))[0] == hash_rows(row(score=0.0))[0]


def test_a_column_of_nulls_changes_no_hash():
    assert hash_rows(row().append_column("c_00000000", pa.nulls(1, pa.float64())))[0] == hash_rows(row())[0]


def test_columns_of_change_sets_do_not_count():
    with_op = row().append_column("_op", pa.array(["add"])).append_column("_new", pa.array([7], pa.uint64()))
    assert hash_rows(with_op)[0] == hash_rows(row())[0]


def test_batches_give_the_same_hashes(monkeypatch):
    table = pa.concat_tables([row(z=i) for i in range(10)])
    whole = hash_rows(table)
    monkeypatch.setattr(hashes, "BATCH", 3)
    assert (hash_rows(table) == whole).all()
    assert len(set(whole.tolist())) == 10
