"""What is peculiar to object stores: requests, forks, renewal."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import timedelta

import pyarrow.parquet as pq
import pytest
import shapely

from wsinb.annotate import new_annotations
from wsinb.testing.faults import faulty_server
from wsinb.versions.storage import cloud
from wsinb.versions.storage.layout import artifact_key
from wsinb.versions.storage.ranges import BLOCK, Blocks, RangeFile
from wsinb.versions.storage.urls import Address

FORKED = """
import os, sys
from wsinb.errors import StorageError
from wsinb.project import create_project, open_project

def child(use):
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            print("child:", use(), flush=True)
        except StorageError as error:
            print("child:", error, flush=True)
        os._exit(0)
    os.waitpid(pid, 0)

url = sys.argv[1]
child(lambda: create_project(url).name)
project = open_project(url)
child(lambda: project.head())
print("parent:", project.name)
"""


def test_a_forked_process_is_told_and_never_hangs(place_at):
    place = place_at("s3")
    done = subprocess.run(
        [sys.executable, "-c", FORKED, place.url], capture_output=True, text=True, timeout=60, check=True
    )
    name = place.url.split("?")[0].rsplit("/", 1)[1]
    first, second, last = done.stdout.splitlines()
    assert (first, last) == (f"child: {name}", f"parent: {name}")
    assert "forked from one that used an object store: start processes with" in second


@pytest.fixture
def counted(s3_server):
    with faulty_server(s3_server) as server:
        yield server


def test_a_commit_takes_few_requests(place_at, counted):
    place = place_at("s3")
    place.create("one")
    project = type(place)("s3", place.url.replace(place.url.split("endpoint=")[1], counted.address)).open()
    session = project.session()
    session["one"].upsert(new_annotations([shapely.Point(1, 1)]))
    before = len(counted.asked)
    session.commit("one point")
    methods = [method for method, _ in counted.asked[before:]]
    assert methods.count("PUT") == 3  # the change set, the commit, the entry of the branch
    assert len(methods) <= 6


def test_a_small_file_takes_one_request_and_a_row_group_few(place_at, counted):
    place = place_at("s3")
    project = place.create("one")
    session = project.session()
    session["one"].upsert(new_annotations(shapely.points([[i % 997, i // 997] for i in range(25_000)])))
    session.commit("bulk")
    store = project.repository.store
    behind = Address.parse(place.url, {"endpoint": counted.address}).store(".wsinb")
    (key,) = store.list("keys/")
    (part,) = store.list("parts/")
    for _ in range(3):
        assert behind.open(f"keys/{key}").read() == store.get(f"keys/{key}")
    assert len(counted.asked) == 1
    counted.asked.clear()
    file = pq.ParquetFile(behind.open(f"parts/{part}"))
    file.read_row_group(0)
    assert len(counted.asked) <= 3
    file.read()
    assert len(counted.asked) <= 1 + -(-len(store.get(f"parts/{part}")) // BLOCK)


def test_what_was_fetched_ahead_is_not_fetched_again(place_at, counted):
    place = place_at("s3")
    project = place.create("one")
    session = project.session()
    for n in (25_000, 1, 2, 3):
        session["one"].upsert(new_annotations(shapely.points([[i % 997, i // 997] for i in range(n)])))
        session.commit(f"{n} points")
    store = project.repository.store
    behind = Address.parse(place.url, {"endpoint": counted.address}).store(".wsinb")
    keys = [entry.key for entry in store.entries("") if entry.key.endswith((".parquet", ".keys"))]
    assert len(keys) >= 5
    behind.warm(keys)
    asked = len(counted.asked)
    behind.warm(keys)
    for key in keys:
        reader = behind.open(key)
        if key.endswith(".parquet"):
            assert pq.ParquetFile(reader).metadata.num_rows
    assert len(counted.asked) == asked
    for key in keys:
        assert behind.open(key).read() == store.get(key)


def test_a_large_file_that_is_young_is_not_sent_again_and_an_old_one_is(place_at, monkeypatch):
    store = place_at("memory").store()
    data = os.urandom(cloud.PIECE + 1)
    key = artifact_key(hashlib.sha256(data).hexdigest())
    assert store.put_if_absent(key, data)
    assert not store.put_if_absent(key, data)
    (before,) = store.entries("")
    monkeypatch.setattr(cloud, "RENEWED_AFTER", timedelta(0))
    assert store.put_if_absent(key, data)
    assert next(store.entries("")).modified > before.modified


def test_reading_on_asks_for_more_and_more_at_once():
    data = os.urandom(20 * BLOCK + 5)
    asked = []

    def fetch(key, start, stop):
        asked.append((start // BLOCK, -(-stop // BLOCK)))
        return data[start:stop], len(data)

    file = RangeFile(Blocks(fetch), "a")
    assert b"".join(iter(lambda: file.read(BLOCK // 2), b"")) == data
    assert asked == [(0, 1), (1, 2), (2, 4), (4, 8), (8, 16), (16, 21)]
    asked.clear()
    blocks = Blocks(fetch)
    RangeFile(blocks, "a").seek(0)
    assert blocks.read("a", 7 * BLOCK + 1, 9 * BLOCK, None) == data[7 * BLOCK + 1 : 9 * BLOCK]
    assert blocks.read("a", 6 * BLOCK, 10 * BLOCK, None) == data[6 * BLOCK : 10 * BLOCK]
    assert asked == [(0, 1), (7, 9), (6, 10)]


def test_journals_of_an_object_store_are_kept_by_project_on_this_machine(place_at, monkeypatch, tmp_path):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    store = place_at("memory").store()
    assert store.journal_folder("7f1d") == tmp_path / "wsinb" / "journals" / "7f1d"
